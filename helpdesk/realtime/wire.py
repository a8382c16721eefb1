"""The frames that the server sends, as text, and how it reads those of a client."""

from datetime import datetime
from typing import Any, Final

import orjson
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from helpdesk.accounts.models import User
from helpdesk.api.renderers import dumps
from helpdesk.core.errors import Invalid
from helpdesk.events.cursors import Cursor
from helpdesk.events.models import EventRecord
from helpdesk.events.queries import cursor_of

HEARTBEAT: Final = 25  # seconds
LARGEST_FRAME: Final = 64 * 1024  # bytes

# All that a plain connection gets, besides "pong": the simplest client shows every frame.
PLAIN_EVENTS: Final = frozenset({"ticket_created", "status_changed", "comment_added"})


class MalformedFrame(Invalid):
    code = "malformed_frame"


def event(record: EventRecord) -> str:
    return text(record.wire(str(cursor_of(record))))


def welcome(*, user: User, cursor: Cursor, recovered: bool | None) -> str:
    """`recovered`: whether the client has missed nothing since its cursor; None for one that brought no cursor."""
    frame = {"cursor": str(cursor), "user": user.as_dict(), "heartbeat": HEARTBEAT, "recovered": recovered}
    return text({"type": "welcome", **frame})


def heartbeat(*, position: int, now: datetime) -> str:
    return text({"type": "heartbeat", "cursor": str(Cursor(position=position, at=now))})


def pong() -> str:
    return text({"type": "pong"})


def error(code: str, detail: str | Promise, *, ref: Any = None) -> str:
    """`ref` is that of the client's frame, if it had one."""
    named = {"ref": ref} if isinstance(ref, str) else {}
    return text({"type": "error", "code": code, "detail": detail, **named})


def is_too_big(frame: str | bytes) -> bool:
    # The number of characters is known for nothing, and never more than that of bytes.
    return len(frame) > LARGEST_FRAME or (isinstance(frame, str) and len(frame.encode()) > LARGEST_FRAME)


def read(frame: str | bytes) -> dict[str, Any]:
    """The object in a client's text frame."""
    if isinstance(frame, bytes):
        raise MalformedFrame(_("Send text frames, not binary ones."))
    try:
        content = orjson.loads(frame)
    except orjson.JSONDecodeError:
        raise MalformedFrame(_("This frame is not JSON.")) from None
    if not isinstance(content, dict) or not isinstance(content.get("type"), str):
        raise MalformedFrame(_("A frame is a JSON object with a “type”."))
    return content


def text(frame: dict[str, Any]) -> str:
    return dumps(frame).decode()
