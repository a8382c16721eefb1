"""Cursors of the event stream: opaque to clients, bound to no process."""

import base64
import binascii
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.utils.translation import gettext_lazy as _

from helpdesk.core.errors import FieldError, Gone, Invalid

LIFETIME = timedelta(days=30)
_HIGHEST = 2**63 - 1


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
        position, _dot, seconds = base64.b64decode(padded, altchars=b"-_", validate=True).decode("ascii").partition(".")
        if not (position.isdecimal() and seconds.isdecimal() and len(position) < 20 and len(seconds) < 12):
            raise ValueError(text)
        cursor = Cursor(position=int(position), at=datetime.fromtimestamp(int(seconds), UTC))
        if cursor.position > _HIGHEST:
            raise ValueError(text)
    except (ValueError, UnicodeError, binascii.Error, OverflowError, OSError):
        message = _("This is no cursor.")
        raise Invalid(message, errors=[FieldError("after", "invalid", message)]) from None
    if now - cursor.at > LIFETIME:
        raise CursorExpired(_("This cursor is older than 30 days. Reload, and go on from a new one."))
    return cursor
