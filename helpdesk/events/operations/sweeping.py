"""Finish what a crash or a failing subscriber left open."""

import time
from collections.abc import Collection
from datetime import datetime, timedelta
from itertools import groupby

from django.db import transaction

from helpdesk.events.models import EventReceipt
from helpdesk.events.operations.dispatching import URGENT_RETRY, settle, tell
from helpdesk.events.operations.sequencing import sequence

BATCH = 200
# How long a sweep may take over one batch before another may repeat it.
LEASE = timedelta(seconds=60)
# How long a sweep takes new batches; well below what Celery allows a task. The next one goes on.
BUDGET = timedelta(seconds=100)


def sweep(*, now: datetime) -> int:
    """Number what has no position, call again what is due; return how many parts were claimed.

    What fell due since is the next sweep's: this one would never end while more fails than it can try in the meantime.
    """
    sequence()
    began, claims, moment, without_redis = time.monotonic(), 0, now, set[str]()
    while claimed := _claim(due_by=now, now=moment, without=without_redis):
        done: list[int] = []
        for record, receipts in groupby(claimed, key=lambda receipt: receipt.record):
            done += tell(record, list(receipts), now=moment, without_redis=without_redis)
        settle(done)
        if without_redis:
            _give_back(claimed, now=moment)
        claims += len(claimed)
        # A lease given by a clock that stands still would have expired when a long sweep gives it.
        moment = now + timedelta(seconds=time.monotonic() - began)
        if moment - now > BUDGET:
            break
    return claims


def _claim(*, due_by: datetime, now: datetime, without: Collection[str]) -> list[EventReceipt]:
    """Take a batch of due parts for ourselves. The subscribers run outside this transaction: they may be slow."""
    with transaction.atomic():
        due = list(
            EventReceipt.objects.select_for_update(skip_locked=True, of=("self",))
            .select_related("record")
            # One that committed after the numbering waits for the next sweep: subscribers rely on the position.
            .filter(state=EventReceipt.State.PENDING, due_at__lte=due_by, record__position__isnull=False)
            .exclude(subscriber__in=without)
            .order_by("record_id", "id")[:BATCH]
        )
        EventReceipt.objects.filter(pk__in=[receipt.pk for receipt in due]).update(due_at=now + LEASE)
    return due


def _give_back(claimed: list[EventReceipt], *, now: datetime) -> None:
    """What was claimed and not tried must not wait for its lease to end."""
    untouched = EventReceipt.objects.filter(state=EventReceipt.State.PENDING, due_at=now + LEASE)
    untouched.filter(pk__in=[receipt.pk for receipt in claimed]).update(due_at=now + URGENT_RETRY)


def retry_parked(*, now: datetime, only: Collection[int] | None = None) -> int:
    """Give every parked part a fresh start, or only those of these ids; return how many there were."""
    parked = EventReceipt.objects.filter(state=EventReceipt.State.PARKED)
    chosen = parked if only is None else parked.filter(pk__in=only)
    return chosen.update(state=EventReceipt.State.PENDING, attempts=0, due_at=now, error="")
