"""Which subjects a session's sockets subscribed to, in PostgreSQL."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from helpdesk.accounts.models import Session
from helpdesk.core.errors import Conflict
from helpdesk.realtime.models import SocketSubscription

MOST: Final = 500  # a session
LIFETIME: Final = timedelta(days=30)  # as long as a cursor
BATCH: Final = 1_000


class TooManySubscriptions(Conflict):
    code = "too_many_subscriptions"


@transaction.atomic
def remember(session_id: UUID, subjects: Collection[str], *, now: datetime) -> None:
    """Raises TooManySubscriptions, and has added none of them then."""
    # One after the other, or two tabs would both find room for the last one.
    Session.objects.select_for_update(no_key=True).get(pk=session_id)
    had = set(remembered(session_id))
    if len(had | set(subjects)) > MOST:
        raise TooManySubscriptions(_("A session subscribes to 500 tickets at most. Unsubscribe from others first."))
    SocketSubscription.objects.bulk_create(
        SocketSubscription(session_id=session_id, subject=subject, created_at=now) for subject in set(subjects) - had
    )
    SocketSubscription.objects.of(session_id).filter(subject__in=had & set(subjects)).update(created_at=now)


def forget(session_id: UUID, subjects: Collection[str]) -> None:
    SocketSubscription.objects.of(session_id).filter(subject__in=subjects).delete()


def remembered(session_id: UUID) -> list[str]:
    """In the order in which they came."""
    return list(
        SocketSubscription.objects.of(session_id).order_by("created_at", "pk").values_list("subject", flat=True)
    )


def prune(*, now: datetime) -> int:
    """Those of sessions that are over, and those that nobody renewed for as long as a cursor lives; in batches."""
    over = Q(session__ended_at__isnull=False) | Q(created_at__lt=now - LIFETIME)
    pruned = 0
    while ids := list(SocketSubscription.objects.filter(over).values_list("pk", flat=True)[:BATCH]):
        pruned += SocketSubscription.objects.filter(pk__in=ids).delete()[0]
    return pruned
