"""Tell each subscriber; remember who has heard it and who has not."""

from datetime import datetime, timedelta

import structlog

from helpdesk.core import redaction
from helpdesk.core.redis import RedisDown
from helpdesk.events.models import EventReceipt, EventRecord
from helpdesk.events.subscriptions import is_urgent, receiver_of

logger = structlog.get_logger(__name__)

FIRST_RETRY = timedelta(seconds=5)
LONGEST_RETRY = timedelta(minutes=10)
# About an hour of trying.
ATTEMPTS_BEFORE_PARKING = 14
URGENT_ATTEMPTS_BEFORE_PARKING = 720
# Not in the same sweep again, but in the next.
URGENT_RETRY = timedelta(seconds=1)


def tell(
    record: EventRecord, receipts: list[EventReceipt], *, now: datetime, without_redis: set[str] | None = None
) -> list[int]:
    """Call each receipt's subscriber; return the ids of the receipts that are done, for `settle`.

    One that fails does not stop the others, and keeps its part for the sweeper. Subscribers named in `without_redis`
    are not called, and who misses Redis is added: after an hour without it a hundred thousand parts may wait.
    """
    done: list[int] = []
    missing = set() if without_redis is None else without_redis
    for receipt in receipts:
        if receipt.subscriber in missing:
            continue
        receive = receiver_of(record.type, receipt.subscriber)
        if receive is None:
            _fail(receipt, "no such subscriber", now=now, park=True)
            continue
        try:
            receive(record.event(), record)
        except RedisDown as error:
            # Whoever called Redis has said so, once.
            missing.add(receipt.subscriber)
            _fail(receipt, f"Redis is down: {error}", now=now)
        except Exception as error:
            logger.exception("subscriber_failed", subscriber=receipt.subscriber, event_id=record.pk)
            _fail(receipt, f"{type(error).__name__}: {error}", now=now)
        else:
            done.append(receipt.pk)
    return done


def settle(done: list[int]) -> None:
    if done:
        EventReceipt.objects.filter(pk__in=done).update(state=EventReceipt.State.DONE, error="")


def _fail(receipt: EventReceipt, error: str, *, now: datetime, park: bool = False) -> None:
    attempts, urgent = receipt.attempts + 1, is_urgent(receipt.subscriber)
    parked = park or attempts >= (URGENT_ATTEMPTS_BEFORE_PARKING if urgent else ATTEMPTS_BEFORE_PARKING)
    if parked:
        logger.error("event_parked", subscriber=receipt.subscriber, event_id=receipt.record_id, reason=error)
    EventReceipt.objects.filter(pk=receipt.pk).update(
        state=EventReceipt.State.PARKED if parked else EventReceipt.State.PENDING,
        attempts=attempts,
        due_at=now + URGENT_RETRY if urgent else next_attempt(attempts, now=now),
        # An error may quote anything, and this is read in the admin. PostgreSQL stores no NUL.
        error=str(redaction.clean(error.replace("\0", "")))[:2000],
    )


def next_attempt(attempts: int, *, now: datetime) -> datetime:
    """Doubling from five seconds to ten minutes."""
    doublings = min(attempts - 1, 10)
    return now + min(FIRST_RETRY * (1 << doublings), LONGEST_RETRY)
