"""Cursors of the event stream: opaque to clients, bound to no process."""

import base64
import binascii
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.utils.translation import gettext_lazy as _

from helpdesk.core.errors import FieldError, Gone, Invalid

LIFETIME = timedelta(days=30)
# Fewer digits than a bigint, and than a year that datetime knows.
_SHAPE = re.compile(r"([0-9]{1,18})\.([0-9]{1,11})", re.ASCII)


class CursorExpired(Gone):
    code = "cursor_expired"


@dataclass(frozen=True)
class Cursor:
    """A position, and the moment at which it was the newest thing its holder knew."""

    position: int
    at: datetime

    def __str__(self) -> str:
        text = f"{self.position}.{int(self.at.timestamp())}"
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read_cursor(text: str, *, now: datetime) -> Cursor:
    """Raise `Invalid` for what is no cursor, `CursorExpired` for one older than 30 days, by its age alone."""
    try:
        padded = text.encode("ascii") + b"=" * (-len(text) % 4)
        decoded = base64.b64decode(padded, altchars=b"-_", validate=True).decode("ascii")
        position, seconds = _SHAPE.fullmatch(decoded).groups()  # type: ignore[union-attr]  # None is caught below
        cursor = Cursor(position=int(position), at=datetime.fromtimestamp(int(seconds), UTC))
    except (ValueError, binascii.Error, AttributeError):
        message = _("This is no cursor.")
        raise Invalid(message, errors=[FieldError("after", "invalid", message)]) from None
    if now - cursor.at > LIFETIME:
        raise CursorExpired(_("This cursor is older than 30 days. Reload, and go on from a new one."))
    return cursor
