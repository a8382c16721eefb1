"""Answers whose time must not tell what happened behind them.

An address that is known and one that is not cost different statements. Doing the work of the other one in vain can
only be nearly equal, and stays so until somebody changes either. So both take a while that is longer than either. A
busy machine may need more: then it answers at once, and what shows is the difference itself and not a whole step.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.db import close_old_connections


@contextmanager
def evenly() -> Iterator[None]:
    """What raises goes at once: bad input, which says nothing about anybody's address."""
    began = time.monotonic()
    yield
    rest = began + settings.EVEN_ANSWER_SECONDS - time.monotonic()
    if rest > 0:
        # Nobody else shall wait for our connection meanwhile.
        close_old_connections()
        time.sleep(rest)
