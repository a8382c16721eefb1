"""One question to a provider, bounded in time and size. No secret reaches a log."""

import json
import logging
import time
from collections.abc import Mapping
from functools import lru_cache
from http import HTTPStatus
from ssl import SSLContext
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
from django.conf import settings
from django.db import connection

from helpdesk.accounts.social.errors import ProviderDown

log = logging.getLogger(__name__)

LARGEST_ANSWER: Final = 256 * 1024
# The provider's trouble, not the client's.
TROUBLES: Final = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS})


def ask(method: str, url: str, **options: Any) -> tuple[int, dict[str, Any]]:
    """Status, 200 or 4xx, and the JSON object that came with it; raises ProviderDown for any other outcome."""
    # It may take seconds, and meanwhile another request has a use for our connection to the database.
    if not connection.in_atomic_block:
        connection.close()
    try:
        status, body = _answer(method, url, options)
    # UnicodeError and InvalidURL: what cannot even be asked.
    except (httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError) as error:
        _tell(url, type(error).__name__)
        raise ProviderDown from None
    if status != HTTPStatus.OK and (not HTTPStatus.BAD_REQUEST <= status < 500 or status in TROUBLES):  # noqa: PLR2004
        _tell(url, str(status))
        raise ProviderDown
    return status, _object(body, url, needed=status == HTTPStatus.OK)


def _answer(method: str, url: str, options: Mapping[str, Any]) -> tuple[int, bytes]:
    """httpx bounds every wait; the whole is bounded here."""
    patience: float = settings.SOCIAL_TIMEOUT
    deadline = time.monotonic() + patience
    body = bytearray()
    with (
        httpx.Client(verify=_certificates(), timeout=patience, follow_redirects=False) as client,
        client.stream(method, url, **options) as response,
    ):
        for chunk in response.iter_bytes():
            body += chunk
            if len(body) > LARGEST_ANSWER:
                raise httpx.DecodingError("too large")
            if time.monotonic() > deadline:
                raise httpx.ReadTimeout("too slow")
    return response.status_code, bytes(body)


def _object(body: bytes, url: str, *, needed: bool) -> dict[str, Any]:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        value = None
    if isinstance(value, dict):
        return value
    if not needed:
        return {}
    _tell(url, "no JSON object")
    raise ProviderDown


@lru_cache(maxsize=1)
def _certificates() -> SSLContext:
    """Reading them takes longer than the rest of a question."""
    return httpx.create_ssl_context()


def _tell(url: str, why: str) -> None:
    log.warning("a provider is down: %s: %s", urlsplit(url).netloc, why)
