"""Tokens that open one door once: in a mail's link, or for a socket."""

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Final

from django.utils.translation import gettext_lazy as _

from helpdesk.accounts.enums import Purpose
from helpdesk.accounts.models import OneTimeToken, Session, User
from helpdesk.core.errors import FieldError, Invalid
from helpdesk.core.redaction import ONE_TIME


class LinkNotValid(Invalid):
    """Unknown, used, too old, of an inactive person or of an address that is not theirs any more: all alike."""

    code = "link_not_valid"


LIFETIMES: Final[dict[str, timedelta]] = {
    Purpose.VERIFY_EMAIL: timedelta(days=7),
    Purpose.RESET_PASSWORD: timedelta(hours=1),
    Purpose.INVITATION: timedelta(days=7),
    Purpose.SOCKET: timedelta(seconds=30),
}
# What lets somebody choose a password.
PASSWORD_LINKS: Final = (Purpose.RESET_PASSWORD, Purpose.INVITATION)
# A mail that is tried again brings another token, and the first may have arrived all the same. So many stay good.
MOST_UNUSED: Final = 5
BYTES: Final = 32


def mint(
    *, user: User, purpose: Purpose, now: datetime, email: str = "", session: Session | None = None, suffix: str = ""
) -> str:
    """A new token; it is nowhere else from here on. The suffix may be read by anybody, and changed by nobody."""
    # Here the dead ones stay few without a timetable.
    user.one_time_tokens.filter(expires_at__lte=now).delete()
    text = ONE_TIME + secrets.token_urlsafe(BYTES) + suffix
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


def mint_link(*, user: User, purpose: Purpose, now: datetime) -> str:
    """For a mail that leaves now, to the address of now. The tokens of a few mails before it stay good."""
    unused = user.one_time_tokens.filter(purpose=purpose, used_at=None).order_by("-id")
    unused.filter(pk__in=list(unused.values_list("pk", flat=True)[MOST_UNUSED - 1 :])).delete()
    return mint(user=user, purpose=purpose, now=now, email=user.email)


def spend_link(text: str, *purposes: Purpose, now: datetime) -> User:
    """Whose mail it came in. It proves the address that it was sent to: another one by now, and it opens nothing.

    The person is locked first, as by whoever withdraws tokens: or the two would wait for each other.
    """
    people = User.objects.filter(one_time_tokens__digest=_digest(text), is_active=True)
    user = people.select_for_update(no_key=True, of=("self",)).first()
    if user is not None and any(_is_spent(text, purpose, user, now=now) for purpose in purposes):
        return user
    message = _("This link was used before, or is too old.")
    raise LinkNotValid(message, errors=[FieldError("token", "link_not_valid", message)])


def _is_spent(text: str, purpose: Purpose, user: User, *, now: datetime) -> bool:
    token = spend(text, purpose=purpose, now=now)
    return token is not None and token.email == user.email


def withdraw_password_links(*, user: User) -> None:
    for purpose in PASSWORD_LINKS:
        withdraw(user=user, purpose=purpose)


def withdraw(*, user: User, purpose: Purpose) -> None:
    """Whatever was sent before opens nothing any more."""
    user.one_time_tokens.filter(purpose=purpose, used_at=None).delete()


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode(errors="surrogatepass")).digest()
