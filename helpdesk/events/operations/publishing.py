"""An event commits with its change, or neither does."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

from django.db import connection, transaction
from django.utils import timezone

from helpdesk.core import faults
from helpdesk.events.declaration import Event
from helpdesk.events.models import EventReceipt, EventRecord
from helpdesk.events.operations.dispatching import settle, tell
from helpdesk.events.operations.sequencing import sequence
from helpdesk.events.subscriptions import is_urgent, subscriber_names

# How long the publishing process has for its own dispatch before a sweep takes over.
GRACE = timedelta(seconds=5)
# So many records go into one statement.
BATCH: Final = 500


class Actor(Protocol):
    pk: int
    username: str


def publish(event: Event, *, by: Actor | None, now: datetime) -> EventRecord:
    """Write the event beside the change that it tells of; after the commit, number it and tell the subscribers."""
    if not connection.in_atomic_block:
        raise RuntimeError("publish() belongs into the transaction of the change.")
    record = record_of(event, by=by, now=now)
    record.save(force_insert=True)
    receipts = EventReceipt.objects.bulk_create(
        # What is urgent is done twice rather than late.
        EventReceipt(record=record, subscriber=name, due_at=now if is_urgent(name) else now + GRACE)
        for name in subscriber_names(event.name)
    )
    # Robust: the change is committed, so its answer must not become an error because the telling failed. (No `partial`:
    # Django asks what failed for its `__qualname__`, and would raise in place of it.)
    transaction.on_commit(lambda: _tell(record, receipts), robust=True)
    return record


def publish_all(events: Sequence[Event], *, by: Actor | None, now: datetime) -> None:
    """As `publish`, for the many events of one change to many rows: a few statements, however many there are.

    What is not urgent is the next sweep's: whoever made the change would wait for hundreds of mails to be written down.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("publish_all() belongs into the transaction of the change.")
    made = [record_of(event, by=by, now=now) for event in events]
    records = EventRecord.objects.bulk_create(made, batch_size=BATCH)
    receipts = EventReceipt.objects.bulk_create(
        (
            EventReceipt(record=record, subscriber=name, due_at=now)
            for record in records
            for name in subscriber_names(record.type)
        ),
        batch_size=BATCH * 4,
    )
    urgent = [receipt for receipt in receipts if is_urgent(receipt.subscriber)]
    transaction.on_commit(lambda: _tell_urgent(urgent), robust=True)


def record_of(event: Event, *, by: Actor | None, now: datetime) -> EventRecord:
    """The row that tells of the event, not yet written."""
    kind, subject_id = event.subject
    return EventRecord(
        type=event.name,
        subject_type=kind,
        subject_id=subject_id,
        staff_only=event.staff_only,
        actor_id=by.pk if by else None,
        occurred_at=now,
        data=event.as_data(),
        body=body_of(event, by=by),
        changes=event.changes,
        audience=sorted(event.audience),
        pushed_to_agents=event.pushed_to_agents,
        gained_by=sorted(event.gained_by),
        lost_by=sorted(event.lost_by),
    )


def body_of(event: Event, *, by: Actor | None) -> dict[str, Any]:
    """The members of the wire that are the event's own; one of them may stand in the place of the sentence."""
    return {"actor": by.username if by else None, "message": event.message, **event.members}


def _tell(record: EventRecord, receipts: list[EventReceipt]) -> None:
    faults.reach("events.committed")
    urgent = [receipt for receipt in receipts if is_urgent(receipt.subscriber)]
    done = tell(record, urgent, now=timezone.now())
    record.position = sequence(record.pk)
    others = [receipt for receipt in receipts if receipt not in urgent]
    settle(done + tell(record, others, now=timezone.now()))


def _tell_urgent(receipts: list[EventReceipt]) -> None:
    faults.reach("events.committed")
    done: list[int] = []
    for receipt in receipts:
        done += tell(receipt.record, [receipt], now=timezone.now())
    sequence()
    settle(done)
