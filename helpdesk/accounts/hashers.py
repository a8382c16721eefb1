"""How passwords are hashed: at the cost that OWASP names as its minimum, and never many at once.

Django's own parameters take 100 MiB a sign-in. With these, four at once take 76 MiB, however many sign in. They have
threads of their own: a request's thread comes and goes, and the C library would keep what was freed in each of them.
"""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Any, Final, TypeVar

from django.contrib.auth.hashers import Argon2PasswordHasher, PBKDF2PasswordHasher
from django.db import connection
from django.utils.translation import gettext_lazy as _

from helpdesk.core.errors import Unavailable

T = TypeVar("T")

AT_ONCE: Final = 4  # in one process
PATIENCE: Final = 10.0  # seconds in the queue; who would wait longer is told to come back


class TooManyHashes(Unavailable):
    """Nothing was hashed, and so nothing was decided."""

    def __init__(self) -> None:
        super().__init__(_("Too many people are signing in right now. Try again in a moment."))


@lru_cache(maxsize=1)
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(AT_ONCE, thread_name_prefix="hasher")


# A child of fork() has none of its parent's threads.
os.register_at_fork(after_in_child=_threads.cache_clear)


def _in_turn(work: Callable[[], T]) -> T:
    if not connection.in_atomic_block:
        # Who waits holds no connection: a rush of people would leave none for everybody else.
        connection.close()
    waiting = _threads().submit(work)
    try:
        return waiting.result(timeout=PATIENCE)
    except TimeoutError:
        if waiting.cancel():
            raise TooManyHashes from None
        return waiting.result()  # its turn has come


class Argon2Hasher(Argon2PasswordHasher):
    time_cost = 2
    memory_cost = 19 * 1024  # KiB
    parallelism = 1

    def encode(self, password: str, salt: str) -> str:
        encode = super().encode
        return _in_turn(lambda: encode(password, salt))

    def verify(self, password: str, encoded: str) -> bool:
        verify = super().verify
        return _in_turn(lambda: verify(password, encoded))


class PBKDF2Hasher(PBKDF2PasswordHasher):
    """For rows that were brought from elsewhere; renewed when their owner signs in."""

    # `verify` hashes by it too.
    def encode(self, password: str, salt: str, iterations: Any = None) -> str:
        encode = super().encode
        return _in_turn(lambda: encode(password, salt, iterations))
