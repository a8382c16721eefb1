"""A pool whose connections have died together."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

POOL = 10


@pytest.fixture
def full_pool(transactional_db: None) -> Iterator[list[int]]:
    """Every connection that this process may have is open and idle; answers with their backends' ids."""
    connection.close()
    connection.close_pool()
    together = Barrier(POOL)

    def backend() -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            together.wait(timeout=10)
            pid = cursor.fetchone()[0]
        connection.close()
        return pid

    with ThreadPoolExecutor(POOL) as threads:
        yield list(threads.map(lambda _: backend(), range(POOL)))
    connection.close()
    connection.close_pool()


def test_the_first_question_after_a_restart_is_answered_at_once(full_pool: list[int]) -> None:
    assert len(set(full_pool)) == POOL
    with connection._nodb_cursor() as cursor:
        cursor.execute("SELECT count(pg_terminate_backend(pid)) FROM unnest(%s) AS pid", [full_pool])

    began = time.monotonic()
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        assert cursor.fetchone() == (1,)

    # One by one, the pool gives up after its five seconds.
    assert time.monotonic() - began < 2.5
