"""Those who listen, in a process of their own: told over a pipe what to open and how much to wait for.

with Audience() as audience:
    audience.open(port=…, path="/ws/notifications/", tokens=[…])
    heard = audience.hear(trigger, events=1)
"""

import asyncio
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Self

from tests.servers.process import ROOT
from tests.sockets.thin import Thin, connect, descriptors

AT_ONCE = 20  # handshakes
SOURCES = 4  # local addresses, each with ports of its own


@dataclass(frozen=True, kw_only=True)
class Heard:
    """Seconds from the trigger until the first, the middle and the last socket had all events."""

    first: float
    median: float
    last: float
    frames: int
    lost: int  # sockets


class Audience:
    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.benchmarks.audience"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def open(self, *, port: int, path: str, tokens: Sequence[str]) -> float:
        """How many seconds it took."""
        seconds: float = self._ask({"port": port, "path": path, "tokens": list(tokens)})["seconds"]
        return seconds

    def hear(self, trigger: Callable[[], float], *, events: int = 1, seconds: float = 60) -> Heard:
        """What comes after the trigger, which says when it was pulled."""
        self._ask({"events": events, "seconds": seconds})
        began = trigger()
        answer = self._answer()
        times = [moment - began for moment in answer["moments"]]
        middle = statistics.median(times) if times else float("nan")
        return Heard(
            first=min(times, default=float("nan")),
            median=middle,
            last=max(times, default=float("nan")),
            frames=answer["frames"],
            lost=answer["lost"],
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._process.kill()
        self._process.communicate()

    def _ask(self, what: dict[str, Any]) -> Any:
        assert self._process.stdin
        self._process.stdin.write(json.dumps(what) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> Any:
        assert self._process.stdout
        answer = json.loads(self._process.stdout.readline())
        assert "error" not in answer, answer
        return answer


async def main() -> None:
    descriptors(12_000)
    reader = asyncio.StreamReader(limit=1 << 24)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    clients: list[Thin] = []
    while line := await reader.readline():
        asked = json.loads(line)
        try:
            if "port" in asked:
                began = time.monotonic()
                clients += await opened(**asked)
                say({"seconds": time.monotonic() - began})
            else:
                await hear(clients, **asked)
        except Exception as error:  # noqa: BLE001 - whoever asked is told
            say({"error": repr(error)})


async def opened(*, port: int, path: str, tokens: list[str]) -> list[Thin]:
    turn = asyncio.Semaphore(AT_ONCE)

    async def one(number: int, token: str) -> Thin:
        async with turn:
            protocols = f"helpdesk.v1, bearer.{token}" if token else ""
            source = f"127.0.0.{1 + number % SOURCES}"
            client = await connect(port, path, source=source, protocols=protocols, keep=False)
            if token:
                await client.welcomed
            return client

    return await asyncio.gather(*(one(number, token) for number, token in enumerate(tokens)))


async def hear(clients: list[Thin], *, events: int, seconds: float) -> None:
    waited_for, over = len(clients), asyncio.Event()

    def heard(client: Thin) -> None:
        nonlocal waited_for
        if len(client.arrivals) == events:
            waited_for -= 1
            if not waited_for:
                over.set()

    for client in clients:
        client.arrivals.clear()
        client.on_event = lambda client=client: heard(client)  # type: ignore[misc]
    say({"ready": True})
    try:
        async with asyncio.timeout(seconds):
            await over.wait()
    except TimeoutError:
        pass
    say(
        {
            "moments": [client.arrivals[events - 1] for client in clients if len(client.arrivals) >= events],
            "frames": sum(len(client.arrivals) for client in clients),
            "lost": sum(client.lost for client in clients),
        }
    )


def say(what: Any) -> None:
    print(json.dumps(what), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
