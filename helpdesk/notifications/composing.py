"""A mail from what was told when it happened, in the recipient's language: later changes do not rewrite it."""

import re
from datetime import datetime
from typing import Any, Final

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template import Context
from django.template.loader import get_template
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from helpdesk.events.declaration import Event
from helpdesk.notifications import chat_mails
from helpdesk.notifications.account_mails import address_of, is_about_account, link_of
from helpdesk.notifications.enums import Template
from helpdesk.notifications.models import EmailLog, mail_domain
from helpdesk.notifications.sanitizing import document
from helpdesk.tickets.enums import Priority, Status
from helpdesk.tickets.events import TicketEvent

SUBJECTS: Final[dict[str, str | Promise]] = {
    Template.TICKET_CREATED: _("New ticket: %(title)s"),
    Template.TICKET_RECEIPT: _("We have received your ticket: %(title)s"),
    Template.TICKET_ASSIGNED: _("Assigned to you: %(title)s"),
    Template.STATUS_CHANGED: _("%(new_status)s: %(title)s"),
    Template.COMMENT_ADDED: _("New comment: %(title)s"),
    Template.NOTE_ADDED: _("Internal note: %(title)s"),
    Template.EMAIL_VERIFICATION: _("Verify your e-mail address"),
    Template.REGISTERED_AGAIN: _("You have an account already"),
    Template.PASSWORD_RESET: _("Choose a new password"),
    Template.INVITATION: _("You are invited to the help desk"),
    Template.PASSWORD_CHANGED: _("Your password was changed"),
    Template.EMAIL_CHANGED: _("Your e-mail address was changed"),
    Template.IDENTITY_LINKED: _("Another way into your account"),
    Template.MESSAGES_WAITING: _("%(other)s has written to you"),
}
SUBJECT_LENGTH: Final = 200
_CHOICES: Final[dict[str, Any]] = {"priority": Priority, "old_status": Status, "new_status": Status}
# What would begin a new line, and with it a new header.
_BREAKS: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def compose(email: EmailLog, *, now: datetime) -> EmailMultiAlternatives:
    """The message, ready to be sent; its text says all that its HTML says. A link that opens something is made here."""
    event: Any = email.event.event()
    language = email.recipient.language
    with translation.override(language):
        labels = {field: choices(value).label for field, choices in _CHOICES.items() if (value := _field(event, field))}
        subject = _subject(email.template, event, labels)
        context = {
            "actor": email.event.body["actor"],
            "event": event,
            "labels": labels,
            "link": _link(email, event, now=now),
        }
        text = _render(f"{email.template}.txt", context, escape=False)
        html = _render(f"{email.template}.html", context, escape=True)
    message = EmailMultiAlternatives(
        subject=subject,
        body=text,
        to=[address_of(email.template, event, email.recipient)],
        headers=_headers(email, event),
    )
    message.attach_alternative(document(html, title=subject, language=language), "text/html")
    return message


def _link(email: EmailLog, event: Any, *, now: datetime) -> str:
    if is_about_account(event):
        return link_of(email, now=now)
    if chat_mails.is_about_chat(event):
        return chat_mails.link_of(event)
    home, path = str(settings.PUBLIC_URL), str(settings.TICKET_PATH)
    return home.rstrip("/") + path.format(id=event.ticket_id)


def _render(name: str, context: dict[str, Any], *, escape: bool) -> str:
    """Django escapes by default whatever the file is called; in a text it would garble."""
    template: Any = get_template(f"notifications/email/{name}")
    rendered: str = template.template.render(Context(context, autoescape=escape))
    return rendered


def _subject(template: str, event: Any, labels: dict[str, str]) -> str:
    words = str(SUBJECTS[template]) % {"title": _field(event, "title"), "other": _field(event, "other"), **labels}
    line = " ".join(_BREAKS.sub(" ", words).split())
    if len(line) > SUBJECT_LENGTH:
        line = line[: SUBJECT_LENGTH - 1] + "…"
    about_ticket = isinstance(event, TicketEvent)
    return f"[Ticket #{event.ticket_id}] {line}" if about_ticket else line


def _headers(email: EmailLog, event: Any) -> dict[str, str]:
    return {
        "Message-ID": email.message_id,
        # No vacation notice, no bounce of a bounce: machines must not answer machines.
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
        "Precedence": "bulk",
        "X-Helpdesk-Event": email.event.type,
        **_thread(event),
    }


def _thread(event: Event) -> dict[str, str]:
    if chat_mails.is_about_chat(event):
        return chat_mails.thread_of(event)
    if not isinstance(event, TicketEvent):
        return {}
    # The thread's root is no mail that anybody got: it only keeps a ticket's mails together.
    root = f"<ticket-{event.ticket_id}@{mail_domain()}>"
    return {"In-Reply-To": root, "References": root, "X-Helpdesk-Ticket": str(event.ticket_id)}


def _field(event: Event, name: str) -> str | None:
    return getattr(event, name, None)
