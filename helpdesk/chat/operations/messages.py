"""Something is said. Message, counts, event and the timer of the mail are one transaction under one lock."""

from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import transaction
from django.db.models import Case, F, Q, When
from django.utils.translation import gettext_lazy as _

from helpdesk.accounts.models import User
from helpdesk.chat.events import EXCERPT, MessageSent
from helpdesk.chat.models import Attachment, Conversation, Member, Message
from helpdesk.chat.operations.conversations import lock_conversation, require_reachable
from helpdesk.core.errors import Conflict
from helpdesk.events.operations import publish
from helpdesk.files.keeping import Take, keep
from helpdesk.files.receiving import Checked

# Who never looks is reminded once in so long, however much is written.
MAIL_AGAIN: Final = timedelta(days=1)


class RefReused(Conflict):
    code = "ref_reused"

    def __init__(self) -> None:
        super().__init__(_("This ref was used for another message. Take a new one."))


@transaction.atomic
def send_message(*, by: User, conversation_id: int, content: str, now: datetime, ref: str | None = None) -> Message:
    """Say it; under a `ref` that the author has used here before, it has been said already."""
    conversation = lock_conversation(conversation_id, by=by)
    if ref is not None:
        before = Message.objects.filter(conversation=conversation, author=by, ref=ref).first()
        if before is not None:
            if before.content != content:
                raise RefReused
            return before
    require_reachable(conversation, by=by)
    message = _write(conversation, by=by, content=content, ref=ref, now=now)
    _tell(conversation, message, by=by)
    return message


def send_file(*, by: User, conversation_id: int, file: Checked, now: datetime) -> Message:
    """A message that is a checked file."""
    return keep(
        file,
        lambda take: _send_file(by=by, conversation_id=conversation_id, file=file, take=take, now=now),
        now=now,
    )


@transaction.atomic
def _send_file(*, by: User, conversation_id: int, file: Checked, take: Take, now: datetime) -> Message:
    conversation = lock_conversation(conversation_id, by=by)
    require_reachable(conversation, by=by)
    message = _write(conversation, by=by, content="", ref=None, now=now)
    Attachment.objects.create(
        message=message, blob=take(), filename=file.filename, content_type=file.content_type, size=file.size
    )
    _tell(conversation, message, by=by, attachments=1)
    return message


def _write(conversation: Conversation, *, by: User, content: str, ref: str | None, now: datetime) -> Message:
    at = max(now, conversation.updated_at)
    message = Message.objects.create(conversation=conversation, author=by, content=content, ref=ref, created_at=at)
    conversation.updated_at = at
    conversation.save(update_fields=["updated_at"])
    other = ~Q(user=by.pk)
    waits: dict[str, Case] = {}
    if settings.CHAT_EMAIL_MINUTES:
        unmailed = Q(mailed_at=None) | Q(mailed_at__lt=at - MAIL_AGAIN)
        starts = other & Q(waiting_since=None) & unmailed
        waits["waiting_since"] = Case(When(starts, then=at), default=F("waiting_since"))
    Member.objects.filter(conversation=conversation).update(
        last_message=message,
        updated_at=at,
        unread_count=F("unread_count") + Case(When(other, then=1), default=0),
        **waits,
    )
    return message


def _tell(conversation: Conversation, message: Message, *, by: User, attachments: int = 0) -> None:
    event = MessageSent(
        conversation_id=conversation.pk,
        member_ids=[conversation.low_id, conversation.high_id],
        message_id=message.pk,
        author=by.username,
        excerpt=message.content[:EXCERPT],
        attachments=attachments,
    )
    publish(event, by=by, now=message.created_at)
