"""Finish what a crash or a failing subscriber left open."""

import time
from collections.abc import Collection
from datetime import datetime, timedelta
from itertools import groupby

from django.db import transaction

from helpdesk.events.models import EventReceipt
from helpdesk.events.operations.dispatching import dispatch
from helpdesk.events.operations.sequencing import sequence

BATCH = 200
# How long a sweep may take over one batch before another may repeat it.
LEASE = timedelta(seconds=60)


def sweep(*, now: datetime) -> int:
    """Number what has no position, call again what is due; return how many parts were tried."""
    sequence()
    began, tried, moment = time.monotonic(), 0, now
    while claimed := _claim(now=moment):
        for record, receipts in groupby(claimed, key=lambda receipt: receipt.record):
            dispatch(record, list(receipts), now=moment)
        tried += len(claimed)
        # A lease given by a clock that stands still would have expired when a long sweep gives it.
        moment = now + timedelta(seconds=time.monotonic() - began)
    return tried


def _claim(*, now: datetime) -> list[EventReceipt]:
    """Take a batch of due parts for ourselves. The subscribers run outside this transaction: they may be slow."""
    with transaction.atomic():
        due = list(
            EventReceipt.objects.select_for_update(skip_locked=True, of=("self",))
            .select_related("record")
            # One that committed after the numbering waits for the next sweep: subscribers rely on the position.
            .filter(state=EventReceipt.State.PENDING, due_at__lte=now, record__position__isnull=False)
            .order_by("record_id", "id")[:BATCH]
        )
        EventReceipt.objects.filter(pk__in=[receipt.pk for receipt in due]).update(due_at=now + LEASE)
    return due


def retry_parked(*, now: datetime, only: Collection[int] | None = None) -> int:
    """Give every parked part a fresh start, or only those of these ids; return how many there were."""
    parked = EventReceipt.objects.filter(state=EventReceipt.State.PARKED)
    chosen = parked if only is None else parked.filter(pk__in=only)
    return chosen.update(state=EventReceipt.State.PENDING, attempts=0, due_at=now, error="")
