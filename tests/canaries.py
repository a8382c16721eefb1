"""No secret reaches a log line, whichever test is running: a plugin of pytest, see tests/conftest.py.

Every line of this process is formatted as production formats it, and every log of a server is read when it ends. A line
with one of these fails the test that was running, or the one that ended the server:

- a password of the standing cast, and any text that begins with `canary-`: so should each secret that a test invents
- an access or refresh token, be it in `Authorization`, a subprotocol or a query, and a one-time token
- the secret key, and each value of a setting or variable that is called `…_KEY`, `…_SECRET`, `…_PASSWORD` or `…_TOKEN`

A test of logs that has to write one on purpose says so: `@pytest.mark.tells_secrets`.
"""

import logging
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

import pytest
import structlog

from helpdesk.core.redaction import ONE_TIME, SECRET_ENDINGS

CANARY = "canary-"
# Shorter ones stand in ordinary words.
SHORTEST = 8


@lru_cache(maxsize=1)
def _leak() -> re.Pattern[str]:
    # Not at import: the servers are started without Django too.
    from tests.people import PASSWORD

    return re.compile(rf"{re.escape(PASSWORD)}|{CANARY}[\w-]|eyJ[\w-]{{10,}}\.[\w-]{{4,}}|\b{ONE_TIME}[\w-]{{16,}}")


def leaks(text: str, env: Mapping[str, str] | None = None) -> list[str]:
    """The lines that hold a secret: one of those above, or of the server that was given this environment."""
    named = [*_of_settings(), *_secrets_in((env or {}).items())]
    if not _leak().search(text) and not any(secret in text for secret in named):
        return []
    return [line for line in text.splitlines() if _leak().search(line) or any(secret in line for secret in named)]


@lru_cache(maxsize=1)
def _of_settings() -> tuple[str, ...]:
    from django.conf import settings

    return tuple(_secrets_in((name, getattr(settings, name)) for name in dir(settings) if name.isupper()))


def _secrets_in(values: Iterable[tuple[str, Any]]) -> list[str]:
    return [
        value
        for name, value in values
        if name.lower().endswith(SECRET_ENDINGS) and isinstance(value, str) and len(value) >= SHORTEST
    ]


class Watch(logging.Handler):
    """Reads each line as it would be written; keeps those that tell too much."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        # What is wrong with a record is the business of the handler that writes it.
        try:
            line = self.format(record)
        except (TypeError, ValueError, KeyError):
            return
        self.told += leaks(line)


@lru_cache(maxsize=1)
def watch() -> Watch:
    from django.conf import settings

    lines = settings.LOGGING["formatters"]["json"]
    handler = Watch()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=lines["processors"], foreign_pre_chain=lines["foreign_pre_chain"]
        )
    )
    return handler


@pytest.fixture(autouse=True)
def no_secret_is_logged(request: pytest.FixtureRequest) -> Iterator[None]:
    root = logging.getLogger()
    # Again where a test has configured logging anew.
    if watch() not in root.handlers:
        root.addHandler(watch())
    yield
    told, watch().told = watch().told, []
    if request.node.get_closest_marker("tells_secrets") is None:
        assert told == [], "a secret was written into the log"
