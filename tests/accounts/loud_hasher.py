"""The hasher of production, which says each time that it was reached: for a server's log. And one that takes its time."""

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from helpdesk.accounts import hashers
from helpdesk.accounts.hashers import Argon2Hasher

log = logging.getLogger(__name__)
SAID = "a password was hashed"


class LoudHasher(Argon2Hasher):
    def encode(self, password: str, salt: str) -> str:
        log.warning(SAID)
        return super().encode(password, salt)

    def verify(self, password: str, encoded: str) -> bool:
        log.warning(SAID)
        return super().verify(password, encoded)


class SlowHasher(Argon2Hasher):
    def params(self) -> Any:
        # Asked for in its thread.
        log.warning(SAID)
        time.sleep(5)
        return super().params()


@contextmanager
def busy_hashers() -> Iterator[None]:
    """All that may hash at once in this process are at it, and nobody waits for long."""
    done, patience = threading.Event(), hashers.PATIENCE
    for _ in range(hashers.AT_ONCE):
        hashers._threads().submit(done.wait)
    hashers.PATIENCE = 0.05  # type: ignore[misc]
    try:
        yield
    finally:
        hashers.PATIENCE = patience  # type: ignore[misc]
        done.set()
