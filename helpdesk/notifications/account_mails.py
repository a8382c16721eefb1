"""What is particular to mails about one's account: the link with its token, and where it goes.

The token is made when the mail is sent. Neither the event nor the row holds it, and a mail that is sent again brings
another one.
"""

from datetime import datetime
from typing import Final

from django.conf import settings

from helpdesk.accounts.enums import Purpose
from helpdesk.accounts.events import UserEvent, UserUpdated
from helpdesk.accounts.models import User
from helpdesk.accounts.operations.one_time_tokens import mint_link
from helpdesk.events.declaration import Event
from helpdesk.notifications.enums import Template
from helpdesk.notifications.models import EmailLog

# Which door the link of a mail opens, and the setting that names the page.
_LINKS: Final[dict[str, tuple[Purpose, str]]] = {
    Template.EMAIL_VERIFICATION: (Purpose.VERIFY_EMAIL, "EMAIL_VERIFY_PATH"),
    Template.PASSWORD_RESET: (Purpose.RESET_PASSWORD, "PASSWORD_RESET_PATH"),
    Template.INVITATION: (Purpose.INVITATION, "INVITATION_PATH"),
}


def is_about_account(event: Event) -> bool:
    return isinstance(event, UserEvent)


def link_of(email: EmailLog, *, now: datetime) -> str:
    """With a fresh token; empty for a mail that only tells."""
    if email.template not in _LINKS:
        return ""
    purpose, setting = _LINKS[email.template]
    token = mint_link(user=email.recipient, purpose=purpose, now=now)
    home, path = str(settings.PUBLIC_URL), str(getattr(settings, setting))
    return home.rstrip("/") + path.format(token=token)


def address_of(template: str, event: Event, user: User) -> str:
    """Where it goes: that an address was changed is said at the old one."""
    if template == Template.EMAIL_CHANGED and isinstance(event, UserUpdated):
        return str(event.values["email"][0])
    return user.email


def why_not(email: EmailLog) -> str:
    """Why it is of no use any more; empty if it is."""
    user = email.recipient
    if email.event.subject_id != user.pk:
        return "It is about somebody else's account."
    if email.template == Template.EMAIL_VERIFICATION and user.email_verified:
        return "The address is verified already."
    if email.template == Template.INVITATION and user.has_usable_password():
        return "The recipient has a password already."
    return ""
