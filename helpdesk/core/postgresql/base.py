"""Django's PostgreSQL, with a pool that gets over a restart of the server at once."""

from typing import Any

from django.db.backends.postgresql import base
from psycopg import Connection
from psycopg_pool import ConnectionPool


class DatabaseWrapper(base.DatabaseWrapper):
    @property
    def pool(self) -> ConnectionPool[Any] | None:
        pool: ConnectionPool[Any] | None = super().pool
        # Django names the check, and takes no other.
        if pool and pool._check is ConnectionPool.check_connection:  # noqa: SLF001
            pool._check = lambda connection: check(pool, connection)  # noqa: SLF001
        return pool


def check(pool: ConnectionPool[Any], connection: Connection[Any]) -> None:
    """Raises what the connection died of, after all others of the pool were replaced.

    They died together. Asking for one after the other, the pool waits 1, 2 and 4 seconds in between: longer than a
    request has.
    """
    try:
        pool.check_connection(connection)
    except Exception:
        pool.drain()
        raise
