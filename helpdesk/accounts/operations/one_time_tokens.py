"""Tokens that open one door once: in a mail's link, or for a socket."""

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Final

from helpdesk.accounts.enums import Purpose
from helpdesk.accounts.models import OneTimeToken, Session, User
from helpdesk.core.redaction import ONE_TIME

LIFETIMES: Final[dict[str, timedelta]] = {
    Purpose.VERIFY_EMAIL: timedelta(days=7),
    Purpose.RESET_PASSWORD: timedelta(hours=1),
    Purpose.INVITATION: timedelta(days=7),
    Purpose.SOCKET: timedelta(seconds=30),
}
BYTES: Final = 32


def mint(*, user: User, purpose: Purpose, now: datetime, email: str = "", session: Session | None = None) -> str:
    """A new token; it is nowhere else from here on."""
    # Here the dead ones stay few without a timetable.
    user.one_time_tokens.filter(expires_at__lte=now).delete()
    text = ONE_TIME + secrets.token_urlsafe(BYTES)
    OneTimeToken.objects.create(
        user=user,
        purpose=purpose,
        digest=_digest(text),
        email=email,
        session=session,
        created_at=now,
        expires_at=now + LIFETIMES[purpose],
    )
    return text


def spend(text: str, *, purpose: Purpose, now: datetime) -> OneTimeToken | None:
    """The token, used up with the transaction that asks; None for one that is spent, too old or unknown.

    The row lock lets parallel uses queue up, and only the first finds it.
    """
    token = (
        OneTimeToken.objects.select_for_update(of=("self",))
        .select_related("user", "session")
        .filter(digest=_digest(text), purpose=purpose, used_at=None, expires_at__gt=now)
        .first()
    )
    if token is not None:
        token.used_at = now
        token.save(update_fields=["used_at"])
    return token


def withdraw(*, user: User, purpose: Purpose) -> None:
    """Whatever was sent before opens nothing any more."""
    user.one_time_tokens.filter(purpose=purpose, used_at=None).delete()


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode(errors="surrogatepass")).digest()
