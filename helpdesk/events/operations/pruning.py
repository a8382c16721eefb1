"""Drop the bookkeeping of what was delivered long ago. What happened is never dropped."""

import time
from datetime import datetime, timedelta

from django.conf import settings

from helpdesk.events.models import EventReceipt

# One short transaction each: nobody waits for it, and a killed one has lost nothing.
BATCH = 2_000
# How long it takes new batches; well below what Celery allows a task. The next one goes on.
BUDGET = timedelta(seconds=100)


def prune_receipts(*, now: datetime) -> int:
    """Drop the receipts that were done `EVENT_RECEIPT_DAYS` ago; return how many.

    Nothing asks for them: a part is done again only while it is pending, and no receipt is ever written for an event
    that was published before. What is pending or parked stays, however old.
    """
    began, pruned = time.monotonic(), 0
    # The moment by which it had to be done is known to a minute of that at which it was.
    done = EventReceipt.objects.filter(
        state=EventReceipt.State.DONE, due_at__lt=now - timedelta(days=settings.EVENT_RECEIPT_DAYS)
    )
    while time.monotonic() - began < BUDGET.total_seconds():
        batch = list(done.order_by("due_at").values_list("pk", flat=True)[:BATCH])
        pruned += done.filter(pk__in=batch).delete()[0]
        if len(batch) < BATCH:
            break
    return pruned
