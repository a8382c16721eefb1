"""Somebody has read. The count is taken anew under the lock, so it is right whatever was written meanwhile."""

from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from helpdesk.accounts.models import User
from helpdesk.chat.events import MessagesRead
from helpdesk.chat.models import Member, Message
from helpdesk.chat.operations.conversations import lock_conversation
from helpdesk.core.errors import FieldError, Invalid
from helpdesk.events.operations import publish


class NoSuchMessage(Invalid):
    """Of another conversation, or not there: all alike."""

    def __init__(self) -> None:
        message = _("There is no such message in this conversation.")
        super().__init__(message, errors=[FieldError("up_to", "does_not_exist", message)])


@transaction.atomic
def mark_read(*, by: User, conversation_id: int, up_to: int, now: datetime) -> None:
    """Everything up to this message; what was read once stays read."""
    conversation = lock_conversation(conversation_id, by=by)
    messages = Message.objects.filter(conversation=conversation)
    if not messages.filter(pk=up_to).exists():
        raise NoSuchMessage
    member = Member.objects.select_for_update(of=("self",)).get(conversation=conversation, user=by)
    if up_to <= member.read_up_to:
        return
    unread = messages.filter(pk__gt=up_to).exclude(author=by).count()
    has_news = unread != member.unread_count
    member.read_up_to, member.unread_count = up_to, unread
    # They are here: what is left begins to wait anew.
    member.waiting_since = now if unread and settings.CHAT_EMAIL_MINUTES else None
    member.mailed_at = None
    member.save(update_fields=["read_up_to", "unread_count", "waiting_since", "mailed_at"])
    if has_news:
        pair = [conversation.low_id, conversation.high_id]
        event = MessagesRead(conversation_id=conversation.pk, member_ids=pair, message_id=up_to, reader=by.username)
        publish(event, by=by, now=now)
