"""The wake-up after a commit: hubs look into PostgreSQL at once, instead of at their next poll.

A process has one thread with an event loop of its own for it. `async_to_sync` outside a running loop makes a loop and a
connection for each message, 13 times the CPU; inside Daphne it would wait for the loop that serves the sockets.
"""

import asyncio
import os
import threading
import time
from functools import lru_cache

import structlog
from channels.layers import get_channel_layer
from redis.exceptions import RedisError

from helpdesk.core.redis import PATIENCE, REST, RedisDown
from helpdesk.events.declaration import Event
from helpdesk.events.models import EventRecord
from helpdesk.realtime import groups

logger = structlog.get_logger(__name__)


def wake(_event: Event, record: EventRecord) -> None:
    """Tell all hubs that the stream has grown; raises RedisDown, after 250 ms or, while it is known, at once."""
    _waker().send(record.position)


class Waker:
    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._resting_until = 0.0
        threading.Thread(target=self._loop.run_forever, name="realtime-push", daemon=True).start()

    def send(self, position: int | None) -> None:
        if time.monotonic() < self._resting_until:
            raise RedisDown("resting")
        try:
            asyncio.run_coroutine_threadsafe(_send(position), self._loop).result()
        except (RedisError, OSError) as error:  # TimeoutError is an OSError
            if not self._resting_until:
                logger.warning("channel_layer_down", reason=type(error).__name__)
            self._resting_until = time.monotonic() + REST
            raise RedisDown(type(error).__name__) from error
        self._resting_until = 0.0


async def _send(position: int | None) -> None:
    async with asyncio.timeout(PATIENCE):
        await get_channel_layer().group_send(groups.HUBS, {"type": "stream.grew", "position": position})


@lru_cache(maxsize=1)
def _waker() -> Waker:
    return Waker()


# The child of a fork() has none of its parent's threads.
os.register_at_fork(after_in_child=_waker.cache_clear)
