"""How passwords are hashed: at the cost that OWASP names as its minimum, and never many at once.

Django's own parameters take 100 MiB a sign-in. With these, four at once take 76 MiB, however many sign in.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore
from typing import Any, Final

from django.contrib.auth.hashers import Argon2PasswordHasher, PBKDF2PasswordHasher
from django.utils.translation import gettext_lazy as _

from helpdesk.core.errors import Unavailable

AT_ONCE: Final = 4  # in one process
PATIENCE: Final = 10.0  # seconds in the queue; who would wait longer is told to come back

_free = BoundedSemaphore(AT_ONCE)


class TooManyHashes(Unavailable):
    """Nothing was hashed, and so nothing was decided."""

    def __init__(self) -> None:
        super().__init__(_("Too many people are signing in right now. Try again in a moment."))


@contextmanager
def _one_of_few() -> Iterator[None]:
    if not _free.acquire(timeout=PATIENCE):
        raise TooManyHashes
    try:
        yield
    finally:
        _free.release()


class Argon2Hasher(Argon2PasswordHasher):
    time_cost = 2
    memory_cost = 19 * 1024  # KiB
    parallelism = 1

    def encode(self, password: str, salt: str) -> str:
        with _one_of_few():
            return super().encode(password, salt)

    def verify(self, password: str, encoded: str) -> bool:
        with _one_of_few():
            return super().verify(password, encoded)


class PBKDF2Hasher(PBKDF2PasswordHasher):
    """For rows that were brought from elsewhere; renewed when their owner signs in."""

    # `verify` hashes by it too.
    def encode(self, password: str, salt: str, iterations: Any = None) -> str:
        with _one_of_few():
            return super().encode(password, salt, iterations)
