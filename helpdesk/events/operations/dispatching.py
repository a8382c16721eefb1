"""Tell each subscriber; remember who has heard it and who has not."""

from datetime import datetime, timedelta

import structlog

from helpdesk.events.models import EventReceipt, EventRecord
from helpdesk.events.subscriptions import receiver_of

logger = structlog.get_logger(__name__)

FIRST_RETRY = timedelta(seconds=5)
LONGEST_RETRY = timedelta(minutes=10)
# About an hour of trying.
ATTEMPTS_BEFORE_PARKING = 14


def dispatch(record: EventRecord, receipts: list[EventReceipt], *, now: datetime) -> None:
    """Call each receipt's subscriber. One that fails does not stop the others, and keeps its part for the sweeper."""
    done: list[int] = []
    for receipt in receipts:
        receive = receiver_of(record.type, receipt.subscriber)
        if receive is None:
            _fail(receipt, "no such subscriber", now=now, park=True)
            continue
        try:
            receive(record.event(), record)
        except Exception as error:
            logger.exception("subscriber_failed", subscriber=receipt.subscriber, event_id=record.pk)
            _fail(receipt, f"{type(error).__name__}: {error}", now=now)
        else:
            done.append(receipt.pk)
    if done:
        EventReceipt.objects.filter(pk__in=done).update(state=EventReceipt.State.DONE, error="")


def _fail(receipt: EventReceipt, error: str, *, now: datetime, park: bool = False) -> None:
    attempts = receipt.attempts + 1
    parked = park or attempts >= ATTEMPTS_BEFORE_PARKING
    if parked:
        logger.error("event_parked", subscriber=receipt.subscriber, event_id=receipt.record_id, reason=error)
    EventReceipt.objects.filter(pk=receipt.pk).update(
        state=EventReceipt.State.PARKED if parked else EventReceipt.State.PENDING,
        attempts=attempts,
        due_at=next_attempt(attempts, now=now),
        # An error may quote anything; PostgreSQL stores no NUL.
        error=error.replace("\0", "")[:2000],
    )


def next_attempt(attempts: int, *, now: datetime) -> datetime:
    """Doubling from five seconds to ten minutes."""
    doublings = min(attempts - 1, 10)
    return now + min(FIRST_RETRY * (1 << doublings), LONGEST_RETRY)
