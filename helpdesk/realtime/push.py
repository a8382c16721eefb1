"""The wake-up after a commit: hubs look into PostgreSQL at once, instead of at their next poll.

A process has one thread with an event loop of its own for it. `async_to_sync` outside a running loop makes a loop and a
connection for each message, 13 times the CPU; inside Daphne it would wait for the loop that serves the sockets.
"""

import asyncio
import contextlib
import os
import threading
import time
from functools import lru_cache

import structlog
from channels.layers import get_channel_layer
from redis.exceptions import RedisError

from helpdesk.core import redis
from helpdesk.core.redis import PATIENCE, REST, RedisDown
from helpdesk.events.declaration import Event
from helpdesk.events.models import EventRecord
from helpdesk.realtime import groups

logger = structlog.get_logger(__name__)


def wake(_event: Event, record: EventRecord) -> None:
    """Tell all hubs that the stream has grown.

    Without Redis this costs 250 ms at most and is done all the same: a hub looks once a second by itself, so a
    wake-up that is repeated later would wake nobody.
    """
    with contextlib.suppress(RedisDown):
        _waker().wake(record.position or 0)


class Waker:
    """One message at a time. Who comes while one is on its way shares the next, so a rush costs only a few."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._turn = asyncio.Lock()
        self._next: asyncio.Task[None] | None = None
        self._position = 0
        self._resting_until = 0.0
        threading.Thread(target=self._loop.run_forever, name="realtime-push", daemon=True).start()

    def wake(self, position: int) -> None:
        """Raises RedisDown: after 250 ms or, while it is known, at once."""
        asyncio.run_coroutine_threadsafe(self._share(position), self._loop).result()

    async def _share(self, position: int) -> None:
        self._position = max(self._position, position)
        if self._next is None:
            self._next = asyncio.create_task(self._send())
        await self._next

    async def _send(self) -> None:
        async with self._turn:
            # What commits from here on needs another message.
            self._next = None
            # As a rule one server answers to both addresses. Where it does not, a poll finds the event a second later.
            if time.monotonic() < self._resting_until or redis.is_resting():
                raise RedisDown("resting")
            try:
                async with asyncio.timeout(PATIENCE):
                    message = {"type": "stream.grew", "position": self._position}
                    await get_channel_layer().group_send(groups.HUBS, message)
            except (RedisError, OSError) as error:  # TimeoutError is an OSError
                if not self._resting_until:
                    logger.warning("channel_layer_down", reason=type(error).__name__)
                self._resting_until = time.monotonic() + REST
                raise RedisDown(type(error).__name__) from error
            self._resting_until = 0.0


@lru_cache(maxsize=1)
def _waker() -> Waker:
    return Waker()


# The child of a fork() has none of its parent's threads.
os.register_at_fork(after_in_child=_waker.cache_clear)
