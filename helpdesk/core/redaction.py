"""Secrets never reach a log, whatever was written into the line."""

import re
from collections.abc import Mapping, MutableMapping
from typing import Any, Final

REDACTED: Final = "[redacted]"

SECRET_KEYS: Final = frozenset(
    {
        "access",
        "api_key",
        "appsecret_proof",
        "authorization",
        "bearer",
        "code_verifier",
        "cookie",
        "password",
        "refresh",
        "sec_websocket_protocol",
        "secret",
        "set_cookie",
        "ticket",  # the one-time ticket of a socket; a help desk's ticket is `ticket_id`
        "token",
    }
)
SECRET_ENDINGS: Final = ("_key", "_password", "_secret", "_token")

# What every one-time token begins with, so that this file, and scanners for secrets, know one where they see it.
ONE_TIME: Final = "hdt_"

_NAMES: Final = (
    r"(?:\w*(?:token|password|secret)|access|refresh|authorization|cookie|ticket|code_verifier|appsecret_proof)"
)
PATTERNS: Final = (
    # ?token=…&ticket=…
    (re.compile(rf"(?i)\b({_NAMES})=[^&\s\"'<>,;)\]}}]+"), rf"\1={REDACTED}"),
    # The same inside of printed JSON or a printed dict.
    (re.compile(rf"(?i)([\"']{_NAMES}[\"']\s*:\s*)(\"[^\"]*\"|'[^']*')"), rf"\1'{REDACTED}'"),
    # Authorization: Bearer …, and the subprotocol bearer.…
    (re.compile(r"(?i)\b(bearer|basic)([ .])[\w.~+/=-]{8,}"), rf"\1\2{REDACTED}"),
    # A signed token, wherever it stands.
    (re.compile(r"eyJ[\w-]{5,}\.[\w-]+(?:\.[\w-]*)?"), REDACTED),
    # A one-time token likewise.
    (re.compile(rf"\b{ONE_TIME}[\w.~-]{{16,}}"), REDACTED),
    # scheme://user:password@host
    (re.compile(r"(://[^\s:/@]*:)[^\s@/]+@"), rf"\1{REDACTED}@"),
)


def clean(value: Any) -> Any:
    if isinstance(value, str):
        return _clean_text(value)
    if isinstance(value, bytes):
        return _clean_text(value.decode(errors="replace"))
    if isinstance(value, Mapping):
        return {key: REDACTED if _is_secret(key) else clean(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [clean(inner) for inner in value]
    if isinstance(value, bool | int | float | None):
        return value
    return _clean_text(str(value))


def redact(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A structlog processor: the last before the line is written."""
    for key, value in event.items():
        if not key.startswith("_"):  # structlog's own
            event[key] = REDACTED if _is_secret(key) else clean(value)
    return event


def _is_secret(key: object) -> bool:
    name = str(key).lower().replace("-", "_")
    return name in SECRET_KEYS or name.endswith(SECRET_ENDINGS)


def _clean_text(text: str) -> str:
    for pattern, replacement in PATTERNS:
        text = pattern.sub(replacement, text)
    return text
