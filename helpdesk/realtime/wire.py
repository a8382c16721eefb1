"""The frames that the server sends, as text, and how it reads those of a client."""

from collections.abc import Collection, Iterator
from dataclasses import replace
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
from helpdesk.events.visibility import may_be_lost
from helpdesk.realtime.telling import Told

HEARTBEAT: Final = 25  # seconds
LARGEST_FRAME: Final = 64 * 1024  # bytes

# All that a plain connection gets, besides "pong": the simplest client shows every frame.
PLAIN_EVENTS: Final = frozenset({"ticket_created", "status_changed", "comment_added"})


class MalformedFrame(Invalid):
    code = "malformed_frame"


def event(record: EventRecord) -> str:
    return text(record.wire(str(cursor_of(record))))


def frames(record: EventRecord, told: Told, *, event: str | None = None) -> Iterator[str]:
    """All that one socket is told by an event, in its order; `event` is its text, where it has been made already.

    What comes before the event has a cursor before it: whoever goes on from there hears the event.
    """
    cursor = cursor_of(record)
    ticket = record.subject_id if may_be_lost(record.subject_type) else None
    if told.granted:
        before = replace(cursor, position=cursor.position - 1) if told.event or told.revoked else cursor
        yield access("access_granted", ticket=ticket, cursor=before)
    if told.event:
        yield event or text(record.wire(str(cursor)))
    if told.revoked:
        yield access("access_revoked", ticket=ticket, cursor=cursor)


def welcome(*, user: User, cursor: Cursor, recovered: bool | None, subjects: Collection[str] | None = None) -> str:
    """`recovered`: whether the client has missed nothing since its cursor; None for one that brought no cursor.

    `subjects`: what it is subscribed to again; None for one that brought no cursor.
    """
    frame = {"cursor": str(cursor), "user": user.as_dict(), "heartbeat": HEARTBEAT, "recovered": recovered}
    again = {} if subjects is None else {"subscribed": [id_of(subject) for subject in subjects]}
    return text({"type": "welcome", **frame, **again})


def access(kind: str, *, ticket: int | None, cursor: Cursor) -> str:
    """`access_granted` or `access_revoked`; no ticket: reload the lists."""
    return text({"type": kind, "ticket": ticket, "cursor": str(cursor)})


def id_of(subject: str) -> int:
    return int(subject.partition(":")[2])


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
