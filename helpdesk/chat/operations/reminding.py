"""Who was away for a while is told by mail that something waits: once, however much it is."""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import transaction

from helpdesk.accounts.queries import last_seen
from helpdesk.chat.events import MessagesWaiting
from helpdesk.chat.models import Member
from helpdesk.events.operations import publish

BATCH: Final = 100

# Who of these people has a socket open now.
Online = Callable[[Collection[int]], Mapping[int, bool]]


def remind(*, now: datetime, online: Online) -> int:
    """Owe a mail to everybody whose time is over; return how many that are. What fails is due at the next call."""
    if not settings.CHAT_EMAIL_MINUTES:
        return 0
    before, count = now - timedelta(minutes=settings.CHAT_EMAIL_MINUTES), 0
    while True:
        due = Member.objects.filter(waiting_since__lte=before).order_by("waiting_since", "pk")
        chosen = dict(due.values_list("pk", "user_id")[:BATCH])
        # Redis is asked outside the transaction.
        here = {user_id for user_id, is_here in online(set(chosen.values())).items() if is_here}
        settled, mailed = _settle(chosen.keys(), here=here, before=before, now=now)
        count += mailed
        if settled < BATCH:
            return count


@transaction.atomic
def _settle(chosen: Collection[int], *, here: set[int], before: datetime, now: datetime) -> tuple[int, int]:
    members = list(
        Member.objects.select_for_update(skip_locked=True, of=("self",))
        .select_related("user", "other", "conversation")
        .filter(pk__in=chosen, waiting_since__lte=before)
        .order_by("waiting_since", "pk")
    )
    seen = last_seen({member.user_id for member in members})
    mailed = 0
    for member in members:
        since, member.waiting_since = member.waiting_since, None
        # Whoever has come since then has heard of it, or will see it.
        came = member.user_id in here or (since and seen.get(member.user_id, since) > since)
        if not came and member.unread_count and member.user.is_active:
            member.mailed_at = now
            mailed += 1
            _tell(member, now=now)
        member.save(update_fields=["waiting_since", "mailed_at"])
    return len(members), mailed


def _tell(member: Member, *, now: datetime) -> None:
    conversation = member.conversation
    event = MessagesWaiting(
        conversation_id=conversation.pk,
        member_ids=[conversation.low_id, conversation.high_id],
        recipient_id=member.user_id,
        other=member.other.get_full_name(),
        unread=member.unread_count,
    )
    publish(event, by=None, now=now)
