"""Whether this process has been asked to end: it takes nobody in any more, and finishes what it has begun.

Who ends it says so here (`helpdesk.edge`); who answers or holds people listens here. A request that waits for news
stops waiting: `await draining.begun()`.
"""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

logger = structlog.get_logger(__name__)

Farewell = Callable[[], Awaitable[None]]


class Draining:
    def __init__(self) -> None:
        self.is_on = False
        self._waiting: set[asyncio.Future[None]] = set()
        self._farewells: list[Farewell] = []

    def begin(self) -> None:
        """In the thread of the loop; for good."""
        self.is_on = True
        for waits in self._waiting:
            if not waits.done():
                waits.set_result(None)

    async def begun(self) -> None:
        """Answers when it begins, and at once from then on."""
        if self.is_on:
            return
        waits = asyncio.get_running_loop().create_future()
        self._waiting.add(waits)
        try:
            await waits
        finally:
            self._waiting.discard(waits)

    def before_end(self, farewell: Farewell) -> None:
        """Do it once draining has begun: end what would never end by itself."""
        self._farewells.append(farewell)

    async def say_farewell(self) -> None:
        """All at once; of one that fails the others hear nothing."""
        for end in await asyncio.gather(*(farewell() for farewell in self._farewells), return_exceptions=True):
            if isinstance(end, Exception):
                logger.error("farewell_failed", exc_info=end)


draining = Draining()
