"""A network between a client and a server that can break: in a thread of this process."""

import asyncio
import contextlib
import threading
from dataclasses import dataclass, field

from tests.servers.process import HOST, free_port


@dataclass
class Proxy:
    """Everything is passed on, until it is cut or frozen."""

    to_port: int
    port: int = field(default_factory=free_port)
    connections: int = 0  # since the beginning
    is_away: bool = False  # refuses who comes

    def __post_init__(self) -> None:
        self._writers: set[asyncio.StreamWriter] = set()
        self._frozen: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    @property
    def base_url(self) -> str:
        return f"http://{HOST}:{self.port}"

    def start(self) -> None:
        self._thread.start()
        listening = asyncio.start_server(self._pass_on, HOST, self.port)
        self._server = asyncio.run_coroutine_threadsafe(listening, self._loop).result(10)

    def stop(self) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def cut(self) -> None:
        """Break every connection without a word."""
        asyncio.run_coroutine_threadsafe(self._cut(), self._loop).result(10)

    def freeze(self) -> None:
        """Pass nothing on any more in the connections of now; those that follow are well."""
        self._frozen |= self._writers

    async def _cut(self) -> None:
        for writer in self._writers:
            writer.transport.abort()

    async def _end(self) -> None:
        self._server.close()
        await self._cut()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        if self.is_away:
            writer.transport.abort()
            return
        with contextlib.suppress(OSError):
            there, answer = await asyncio.open_connection(HOST, self.to_port)
            pair = {writer, answer}
            self._writers |= pair
            try:
                await asyncio.gather(self._pump(reader, answer), self._pump(there, writer))
            finally:
                self._writers -= pair
        writer.transport.abort()

    async def _pump(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await source.read(65536):
                if target not in self._frozen:
                    target.write(data)
                    await target.drain()
        if target not in self._frozen:
            target.close()
