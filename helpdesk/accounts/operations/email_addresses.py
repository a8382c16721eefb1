"""Proving that an address is one's own."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from helpdesk.accounts.enums import Purpose
from helpdesk.accounts.events import EmailVerificationRequested, EmailVerified
from helpdesk.accounts.models import User
from helpdesk.accounts.operations.identities import unlink_all
from helpdesk.accounts.operations.one_time_tokens import spend_link
from helpdesk.accounts.operations.pace import pause_before
from helpdesk.core.errors import Conflict
from helpdesk.events.operations import publish


class NothingToVerify(Conflict):
    code = "nothing_to_verify"


class AskedTooOften(Exception):
    """Enough mails are on their way."""

    def __init__(self, pause: timedelta) -> None:
        super().__init__()
        self.pause = pause


@transaction.atomic
def request_verification(*, by: User, now: datetime) -> None:
    """One more mail with a link; the locked row lets parallel wishes queue up to be counted."""
    user = User.objects.select_for_update(no_key=True).get(pk=by.pk)
    if user.email_verified or not user.email:
        raise NothingToVerify(_("You have no e-mail address that waits for being verified."))
    if pause := pause_before(EmailVerificationRequested, user=user, now=now):
        raise AskedTooOften(pause)
    publish(EmailVerificationRequested(user=user.as_dict()), by=user, now=now)


@transaction.atomic
def verify_email(*, token: str, now: datetime) -> None:
    user = spend_link(token, Purpose.VERIFY_EMAIL, now=now)
    # Linked before anybody had shown that the address is theirs: it may have been somebody else, who would stay in.
    # Who has no password keeps the only way in.
    if mark_verified(user, now=now) and user.has_usable_password():
        unlink_all(user=user, now=now)


def mark_verified(user: User, *, now: datetime) -> bool:
    """The person, who is locked, read what was sent there, of whatever kind it was; return whether that was news."""
    if user.email_verified:
        return False
    user.email_verified = True
    user.save(update_fields=["email_verified"])
    publish(EmailVerified(user=user.as_dict()), by=user, now=now)
    return True
