"""Many thin clients on a loop of their own, for a test that goes on meanwhile."""

import asyncio
import threading
from collections.abc import Callable, Sequence
from typing import Any, Self, TypeVar

from tests.servers import Daphne, eventually
from tests.sockets.thin import Thin, connect
from tests.wire import read_frame

T = TypeVar("T")
PATH = "/ws/notifications/"


class Crowd:
    def __enter__(self) -> Self:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._clients: list[Thin] = []
        return self

    def __exit__(self, *_error: object) -> None:
        self.drop(self._clients)
        eventually(lambda: all(client.lost for client in self._clients))
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def open(self, server: Daphne, tokens: Sequence[str], *, after: Sequence[str] | None = None) -> list[Thin]:
        """One each, which have had their welcome; with a cursor each to go on from, if they come back."""
        return self._wait(self._open(server.port, list(zip(tokens, after or [""] * len(tokens), strict=True))))

    def do(self, what: Callable[..., T], *args: Any) -> T:
        async def done() -> T:
            return what(*args)

        return self._wait(done())

    def drop(self, clients: Sequence[Thin]) -> None:
        self.do(lambda: [client.abort() for client in clients])

    async def _open(self, port: int, asked: list[tuple[str, str]]) -> list[Thin]:
        opened = await asyncio.gather(*(self._one(port, token, after) for token, after in asked))
        self._clients += opened
        return list(opened)

    async def _one(self, port: int, token: str, after: str) -> Thin:
        query = f"?after={after}" if after else ""
        client = await connect(port, PATH + query, protocols=f"helpdesk.v1, bearer.{token}")
        await client.welcomed
        return client

    def _wait(self, what: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(what, self._loop).result(60)


def frames(client: Thin) -> list[Any]:
    return [read_frame(text) for text in client.texts]


def ids(client: Thin) -> list[int]:
    """Of the events, as they came."""
    return [frame["id"] for frame in frames(client) if "id" in frame]


def last_cursor(client: Thin) -> str:
    return next(str(frame["cursor"]) for frame in reversed(frames(client)) if "cursor" in frame)
