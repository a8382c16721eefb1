"""The keys that a provider signs with, remembered by this process."""

import threading
import time
from functools import lru_cache
from http import HTTPStatus
from typing import Any, Final

import jwt
from django.conf import settings

from helpdesk.accounts.social import http
from helpdesk.accounts.social.errors import ProviderDown

FRESH: Final = 3600  # seconds; a key that the provider took back is good for no longer
REST: Final = 5  # seconds between two tries while the provider is down
# A shared secret is not published: whoever lists one among these is mistaken.
TYPES: Final = frozenset({"RSA", "EC"})


class KeySet:
    """Asked anew when the keys are old, and for one that is not among them: a provider changes them as it likes."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._lock = threading.Lock()
        self._keys: dict[str, jwt.PyJWK] = {}
        self._fetched_at: float | None = None
        self._failed_at: float | None = None

    def find(self, kid: str) -> jwt.PyJWK | None:
        """None for an unknown one; raises ProviderDown where only the provider could tell."""
        if kid in self._keys and self._younger_than(FRESH):
            return self._keys[kid]
        # One asks for all; those who waited find what it brought.
        with self._lock:
            if not self._younger_than(FRESH) or (kid not in self._keys and self._may_look_again()):
                self._fetch()
            return self._keys.get(kid)

    def _younger_than(self, seconds: float) -> bool:
        return self._fetched_at is not None and time.monotonic() - self._fetched_at < seconds

    def _may_look_again(self) -> bool:
        return not self._younger_than(settings.SOCIAL_KEYS_REFETCH)

    def _fetch(self) -> None:
        if self._failed_at is not None and time.monotonic() - self._failed_at < REST:
            raise ProviderDown
        try:
            keys = _published(self._url)
        except ProviderDown:
            self._failed_at = time.monotonic()
            raise
        self._keys = dict(filter(None, map(_key, keys)))
        self._fetched_at, self._failed_at = time.monotonic(), None


def _published(url: str) -> list[Any]:
    status, body = http.ask("GET", url)
    keys = body.get("keys")
    if status != HTTPStatus.OK or not isinstance(keys, list):
        raise ProviderDown
    return keys


def _key(data: Any) -> tuple[str, jwt.PyJWK] | None:
    """None for what no signature can be checked with: a key that is odd must not take the others along."""
    if not isinstance(data, dict) or data.get("kty") not in TYPES or data.get("use", "sig") != "sig":
        return None
    kid = data.get("kid")
    try:
        return (kid, jwt.PyJWK(data)) if isinstance(kid, str) else None
    except (jwt.PyJWTError, ValueError, TypeError):
        return None


@lru_cache(maxsize=16)
def key_set(url: str) -> KeySet:
    return KeySet(url)
