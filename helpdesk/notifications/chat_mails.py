"""What is particular to mails about a conversation: they say who has written, and never what.

A chat is between two. Mail passes through other hands, and lies about in mailboxes that others read.
"""

from typing import TypeGuard

from django.conf import settings

from helpdesk.chat.events import MessagesWaiting
from helpdesk.chat.queries import is_unread
from helpdesk.events.declaration import Event
from helpdesk.notifications.models import EmailLog, mail_domain


def is_about_chat(event: Event) -> TypeGuard[MessagesWaiting]:
    return isinstance(event, MessagesWaiting)


def link_of(event: MessagesWaiting) -> str:
    home, path = str(settings.PUBLIC_URL), str(settings.CHAT_PATH)
    return home.rstrip("/") + path.format(id=event.conversation_id)


def thread_of(event: MessagesWaiting) -> dict[str, str]:
    """The mails of one conversation keep together."""
    root = f"<chat-{event.conversation_id}@{mail_domain()}>"
    return {"In-Reply-To": root, "References": root}


def why_not(email: EmailLog, event: MessagesWaiting) -> str:
    """Why it is of no use any more; empty if it is."""
    if event.recipient_id != email.recipient_id:
        return "It is about somebody else's conversation."
    if not is_unread(conversation_id=event.conversation_id, user_id=email.recipient_id):
        return "The messages have been read by now."
    return ""
