"""Redis, never longer than it deserves: one client a process, every wait bounded, and a breaker.

Redis here only ever helps. Whoever calls it says what happens without it, by catching `RedisDown`.
"""

import logging
import os
import threading
import time
from collections.abc import Callable
from functools import lru_cache
from typing import Final, TypeVar

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

T = TypeVar("T")

log = logging.getLogger(__name__)

PATIENCE: Final = 0.25  # seconds for one answer of Redis
# Seconds for a free connection. Only our own rush makes anybody wait that long: when Redis hangs, those in
# front give up after PATIENCE, and the breaker sends away those behind them.
QUEUE: Final = 1.0
REST: Final = 1.0  # seconds between two tries while Redis is down
CONNECTIONS: Final = 16  # more do not help: one process is busy long before


class RedisDown(Exception):
    """Redis did not answer in time, or is known not to."""


class Redis:
    """The connections of this process to one address, and what is known about its health."""

    def __init__(self, url: str) -> None:
        pool = redis.BlockingConnectionPool.from_url(
            url,
            max_connections=CONNECTIONS,
            timeout=PATIENCE,
            socket_timeout=PATIENCE,
            socket_connect_timeout=PATIENCE,
            retry=Retry(NoBackoff(), 0),
            # Fewer questions when a connection opens: no HELLO, no CLIENT SETINFO.
            protocol=2,
            driver_info=None,
        )
        self._client = redis.Redis(connection_pool=pool)
        self._free = threading.BoundedSemaphore(CONNECTIONS)
        self._closed_until = 0.0

    def call(self, use: Callable[[redis.Redis], T]) -> T:
        self._refuse_while_resting()
        if not self._free.acquire(timeout=QUEUE):
            raise RedisDown("no free connection")
        try:
            self._refuse_while_resting()
            return self._try(use)
        finally:
            self._free.release()

    def is_resting(self) -> bool:
        return time.monotonic() < self._closed_until

    def _refuse_while_resting(self) -> None:
        if self.is_resting():
            raise RedisDown("resting")

    def _try(self, use: Callable[[redis.Redis], T]) -> T:
        known_down = self._closed_until > 0
        if known_down:
            # This caller tries; meanwhile the others do without.
            self._closed_until = time.monotonic() + REST
        try:
            answer = use(self._client)
        except (redis.RedisError, OSError) as error:
            self._closed_until = time.monotonic() + REST
            if not known_down:
                log.warning("redis is down: %s", type(error).__name__)
            raise RedisDown(type(error).__name__) from error
        if known_down:
            log.warning("redis is back")
        self._closed_until = 0.0
        return answer


@lru_cache(maxsize=4)
def _redis(url: str) -> Redis:
    return Redis(url)


# A child of fork() shares no socket and no lock with its parent.
os.register_at_fork(after_in_child=_redis.cache_clear)


def call(use: Callable[[redis.Redis], T]) -> T:
    """What `use` gets from Redis; raises RedisDown, after PATIENCE at the latest."""
    return _redis(settings.REDIS_URL).call(use)


def is_resting() -> bool:
    """Whether Redis is known to be away, and not asked for a moment."""
    return _redis(settings.REDIS_URL).is_resting()
