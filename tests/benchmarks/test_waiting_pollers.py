"""Who waits for events holds neither a thread nor a connection, and all hear of one event."""

import asyncio
from collections.abc import Callable

from tests.benchmarks.waiting_pollers import measure, people
from tests.servers import Daphne

# `python -m tests.benchmarks.waiting_pollers` does the same with 500, and shows the times.
POLLERS = 60


def test_who_waits_holds_neither_a_thread_nor_a_connection(start_daphne: Callable[..., Daphne]) -> None:
    daphne = start_daphne(LIST_CACHE_SECONDS="0")
    found = asyncio.run(measure(daphne, people(POLLERS), rounds=2, lists=10))
    print(found)

    assert len(found.told) == 2 * POLLERS
    # The threads of those who arrive may not all have ended; each who waits with one would be far more.
    assert found.threads["beside"] < found.threads["alone"] + POLLERS / 2
    # At most the pool has filled meanwhile, which is smaller than they are many.
    assert found.connections["beside"] <= found.connections["alone"] + 10 < found.connections["alone"] + POLLERS
