"""A repair of Celery's connection to Redis, without which a worker dies of a restarted broker (kombu 5.7)."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import kombu.transport.redis
from redis.exceptions import ConnectionError as NotConnected


class Channel(kombu.transport.redis.Channel):
    """Says "not connected" where the original trips over its missing connection.

    A task that was running when the broker went away acknowledges, or puts back, its message on a connection that was
    closed meanwhile. Celery expects an error of the connection then, and goes on; an AttributeError ends the worker.
    """

    @contextmanager
    def conn_or_acquire(self, client: Any = None) -> Iterator[Any]:
        if client is None and (self.connection is None or self.connection.client is None):
            raise NotConnected("This channel was closed with its connection.")
        with super().conn_or_acquire(client) as connected:
            yield connected
