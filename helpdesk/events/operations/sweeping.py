"""Finish what a crash or a failing subscriber left open."""

import time
from collections.abc import Collection
from datetime import datetime, timedelta
from itertools import groupby

from django.db import transaction
from django.db.models import Q

from helpdesk.events.events import DeliveriesRetried
from helpdesk.events.models import EventReceipt
from helpdesk.events.operations.dispatching import URGENT_RETRY, settle, tell
from helpdesk.events.operations.publishing import Actor, publish
from helpdesk.events.operations.sequencing import sequence
from helpdesk.events.subscriptions import urgent_names

BATCH = 200
# How long a sweep may take over one batch before another may repeat it.
LEASE = timedelta(seconds=60)
# What is urgent is quick, and done twice rather than late.
URGENT_LEASE = timedelta(seconds=5)
# How long a sweep takes new batches; well below what Celery allows a task. The next one goes on.
BUDGET = timedelta(seconds=100)


def sweep(*, now: datetime) -> int:
    """Call again what is urgent and due, number what has no position, call again what else is due; return how many
    parts were claimed.

    What fell due since is the next sweep's: this one would never end while more fails than it can try in the meantime.
    But between two batches it looks for what is urgent and was never tried, since somebody may have died.
    """
    began, claims, moment, without_redis = time.monotonic(), 0, now, set[str]()
    while True:
        # The newest first: of an hour without Redis, the oldest pages have left by themselves.
        urgent = _urgent(now, moment)
        claimed = _round(urgent, "-record_id", now=moment, lease=URGENT_LEASE, without_redis=without_redis)
        if moment == now:
            sequence()
        claimed += _round(_calm(now), "record_id", now=moment, lease=LEASE, without_redis=without_redis)
        claims += claimed
        # A lease given by a clock that stands still would have expired when a long sweep gives it.
        moment = now + timedelta(seconds=time.monotonic() - began)
        if not claimed or moment - now > BUDGET:
            return claims


def _urgent(began: datetime, moment: datetime) -> Q:
    return Q(subscriber__in=urgent_names()) & (Q(due_at__lte=began) | Q(due_at__lte=moment, attempts=0))


def _calm(began: datetime) -> Q:
    # One that committed after the numbering waits for the next sweep: these subscribers rely on the position.
    return ~Q(subscriber__in=urgent_names()) & Q(due_at__lte=began, record__position__isnull=False)


def _round(due: Q, first: str, *, now: datetime, lease: timedelta, without_redis: set[str]) -> int:
    """One batch, claimed, told and settled; how many parts it had."""
    claimed = _claim(due, first, now=now, lease=lease, without=without_redis)
    done: list[int] = []
    for record, receipts in groupby(claimed, key=lambda receipt: receipt.record):
        done += tell(record, list(receipts), now=now, without_redis=without_redis)
    settle(done)
    if without_redis:
        _give_back(claimed, now=now, lease=lease)
    return len(claimed)


def _claim(due: Q, first: str, *, now: datetime, lease: timedelta, without: Collection[str]) -> list[EventReceipt]:
    """Take a batch of due parts for ourselves. The subscribers run outside this transaction: they may be slow."""
    with transaction.atomic():
        taken = list(
            EventReceipt.objects.select_for_update(skip_locked=True, of=("self",))
            .select_related("record")
            .filter(due, state=EventReceipt.State.PENDING)
            .exclude(subscriber__in=without)
            .order_by(first, "id")[:BATCH]
        )
        EventReceipt.objects.filter(pk__in=[receipt.pk for receipt in taken]).update(due_at=now + lease)
    return taken


def _give_back(claimed: list[EventReceipt], *, now: datetime, lease: timedelta) -> None:
    """What was claimed and not tried must not wait for its lease to end."""
    untouched = EventReceipt.objects.filter(state=EventReceipt.State.PENDING, due_at=now + lease)
    untouched.filter(pk__in=[receipt.pk for receipt in claimed]).update(due_at=now + URGENT_RETRY)


@transaction.atomic
def retry_parked(*, by: Actor | None, now: datetime, only: Collection[int] | None = None) -> int:
    """Give every parked part a fresh start, or only those of these ids; return how many there were."""
    parked = EventReceipt.objects.filter(state=EventReceipt.State.PARKED)
    chosen = parked if only is None else parked.filter(pk__in=only)
    count = chosen.update(state=EventReceipt.State.PENDING, attempts=0, due_at=now, error="")
    if count:
        publish(DeliveriesRetried(deliveries=count), by=by, now=now)
    return count
