"""Only the bookkeeping of what was delivered long ago is dropped: in small batches, and never what happened."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from helpdesk.events.models import EventReceipt, EventRecord
from helpdesk.events.operations import prune_receipts, pruning, sweep
from helpdesk.events.tasks import prune_receipts as prune_task
from tests.factories import ticket_of
from tests.people import NOON

LATER = NOON + timedelta(days=8)


def records(number: int, *, at: datetime = NOON) -> list[EventRecord]:
    return EventRecord.objects.bulk_create(
        EventRecord(
            type="rang",
            subject_type="bell",
            subject_id=n,
            staff_only=False,
            occurred_at=at,
            data={},
            body={"message": "x"},
            changes={},
            audience=[],
            pushed_to_agents=False,
        )
        for n in range(number)
    )


def receipts(of: list[EventRecord], state: str = "done", *, due: datetime = NOON) -> None:
    EventReceipt.objects.bulk_create(
        EventReceipt(record=record, subscriber=f"{state} {due}", state=state, due_at=due) for record in of
    )


def test_many_are_dropped_batch_by_batch_and_the_events_stay(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pruning, "BATCH", 100)
    receipts(records(1_050))

    with CaptureQueriesContext(connection) as statements:
        assert prune_receipts(now=LATER) == 1_050

    deletions = [statement["sql"] for statement in statements if statement["sql"].startswith("DELETE")]
    assert len(deletions) == 11
    assert EventReceipt.objects.count() == 0
    assert EventRecord.objects.count() == 1_050


def test_what_is_pending_or_parked_stays_however_old(db: None) -> None:
    old = records(3)
    for state in ("pending", "parked", "done"):
        receipts(old, state)

    assert prune_receipts(now=NOON + timedelta(days=10_000)) == 3
    assert set(EventReceipt.objects.values_list("state", flat=True)) == {"pending", "parked"}


def test_what_was_done_lately_stays_for_as_long_as_the_setting_says(db: None, settings: Any) -> None:
    some = records(1)
    receipts(some, due=NOON)
    receipts(some, due=LATER - timedelta(days=6))

    settings.EVENT_RECEIPT_DAYS = 30
    assert prune_receipts(now=LATER) == 0
    settings.EVENT_RECEIPT_DAYS = 7
    assert prune_receipts(now=LATER) == 1
    assert EventReceipt.objects.get().due_at == LATER - timedelta(days=6)


def test_it_ends_when_its_time_is_over_and_the_next_one_goes_on(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pruning, "BATCH", 10)
    receipts(records(25))
    with monkeypatch.context() as hurried:
        hurried.setattr(pruning, "BUDGET", timedelta(0))
        assert prune_receipts(now=LATER) == 0

    assert prune_receipts(now=LATER) == 25


def test_nothing_is_done_again_because_nobody_remembers_that_it_was(
    committing: Any, customer: Any, mailoutbox: list[Any]
) -> None:
    with committing():
        ticket_of(customer, now=NOON)
    sweep(now=NOON + timedelta(hours=1))
    assert EventReceipt.objects.exclude(state="done").count() == 0
    prune_receipts(now=LATER)
    assert EventReceipt.objects.count() == 0

    sent = len(mailoutbox)
    assert sweep(now=LATER) == 0
    assert EventReceipt.objects.count() == 0
    assert len(mailoutbox) == sent


def test_they_are_found_by_an_index_of_their_own(db: None) -> None:
    """At the beginning of a million it must not look at those that stay."""
    some = records(2_000)
    receipts(some, due=LATER)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE events_eventreceipt")
    old = EventReceipt.objects.filter(state="done", due_at__lt=NOON).order_by("due_at").values("pk")[:100]

    assert "event_receipt_done" in old.explain()


def test_beat_does_it_every_hour(db: None, settings: Any) -> None:
    receipts(records(1))
    prune_task()

    assert EventReceipt.objects.count() == 0
    assert settings.CELERY_BEAT_SCHEDULE["prune-receipts"] == {
        "task": "helpdesk.events.tasks.prune_receipts",
        "schedule": timedelta(hours=1),
    }
