"""A Valkey (or Redis) of our own on a Unix socket."""

import asyncio
from pathlib import Path

from .binaries import valkey_binary
from .places import Places
from .processes import Processes


async def start_valkey(processes: Processes, places: Places) -> str:
    """Answers with its REDIS_URL once it answers to PING.

    It keeps nothing on disk: PostgreSQL remembers, and a cache that came back from before a restart would be stale.
    """
    socket = places.sockets / "valkey.sock"
    socket.unlink(missing_ok=True)
    server = await processes.start(
        "valkey",
        valkey_binary(),
        *("--port", "0", "--unixsocket", socket, "--unixsocketperm", "700"),
        *("--dir", places.sockets, "--save", "", "--appendonly", "no"),
        kind="service",
        quiet=True,
    )
    await processes.until(lambda: _answers(socket), server)
    return f"unix://{socket}?db=0"


async def _answers(socket: Path) -> bool:
    try:
        async with asyncio.timeout(1):
            reader, writer = await asyncio.open_unix_connection(socket)
            writer.write(b"PING\r\n")
            answer = await reader.readline()
            writer.close()
    except OSError:
        return False
    return answer.startswith(b"+PONG")
