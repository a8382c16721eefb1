"""What a client says by opening a socket: who it is, which protocol it speaks, and after what it resumes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from django.conf import settings

from helpdesk.realtime.asgi import Scope

SUBPROTOCOL: Final = "helpdesk.v1"
_BEARER: Final = "bearer."


@dataclass(frozen=True, kw_only=True)
class Handshake:
    """A token or a ticket, whichever was found first.

    `speaks_protocol` is false for a plain connection, which only gets what the simplest client can show.
    """

    token: str | None
    ticket: str | None = None
    subprotocol: str | None
    speaks_protocol: bool
    after: str | None
    origin_allowed: bool


def read_handshake(scope: Scope) -> Handshake:
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    query = dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))
    offered: list[str] = scope["subprotocols"]
    subprotocol = SUBPROTOCOL if SUBPROTOCOL in offered else None
    bearer = _from_subprotocols(offered)
    ticket = None if bearer else query.get("ticket")
    return Handshake(
        token=bearer or (None if ticket else _from_authorization(headers) or query.get("token")),
        ticket=ticket,
        subprotocol=subprotocol,
        speaks_protocol=subprotocol is not None or query.get("v") == "1" or "after" in query,
        after=query.get("after") or None,
        origin_allowed=_origin_allowed(headers),
    )


def _from_subprotocols(offered: list[str]) -> str | None:
    return next((item.removeprefix(_BEARER) for item in offered if item.startswith(_BEARER)), None)


def _from_authorization(headers: Mapping[str, str]) -> str | None:
    scheme, _space, token = headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def _origin_allowed(headers: Mapping[str, str]) -> bool:
    """Programs and phones send no Origin; a browser sends that of the page, which must be ours or a known one."""
    origin = headers.get("origin")
    if origin is None or "*" in settings.ALLOWED_ORIGINS or origin in settings.ALLOWED_ORIGINS:
        return True
    try:
        host = urlsplit(origin).netloc
    except ValueError:
        return False
    return host != "" and host.lower() == headers.get("host", "").lower()
