"""A large file is never in the server's memory, neither on its way in nor out."""

from collections.abc import Callable

import pytest

from tests.benchmarks.large_files import MOST, measure
from tests.servers import Daphne

# Three times what it may take. `python -m tests.benchmarks.large_files` does the same with 1 GiB.
SIZE = 192


@pytest.mark.slow
def test_a_file_of_192_mib_takes_less_than_64_mib(start_daphne: Callable[..., Daphne]) -> None:
    taken = measure(start_daphne(ATTACHMENT_MAX_BYTES=str(2**31 - 1)), SIZE)
    print(taken)
    assert len(taken) == 3
    assert max(grown for grown, _seconds in taken.values()) < MOST
