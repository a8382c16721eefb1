"""The spine: an event commits with its change, is numbered once, and reaches every subscriber."""

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone

from helpdesk.events import operations
from helpdesk.events.declaration import EVENT_TYPES, Event
from helpdesk.events.models import EventReceipt, EventRecord
from helpdesk.events.operations.dispatching import ATTEMPTS_BEFORE_PARKING, next_attempt
from helpdesk.events.operations.sweeping import LEASE, _calm, _claim
from helpdesk.events.subscriptions import subscribe, unsubscribe
from tests.people import NOON


@dataclass(frozen=True, kw_only=True)
class Rang(Event, name="test_rang"):
    bell: int
    note: str = ""

    @property
    def subject(self) -> tuple[str, int]:
        return ("bell", self.bell)

    @property
    def message(self) -> str:
        return f"Bell {self.bell} rang"


# No part of the product's catalogue: known only while these tests run.
EVENT_TYPES.pop("test_rang")


@pytest.fixture(autouse=True)
def rang_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(EVENT_TYPES, "test_rang", Rang)


@pytest.fixture
def hear() -> Iterator[Any]:
    """`hear(name, receiver)` subscribes for the length of the test."""
    names: list[str] = []

    def connect(name: str, receiver: Any) -> None:
        names.append(name)
        subscribe(Rang, name=name)(receiver)

    yield connect
    for name in names:
        unsubscribe(Rang, name=name)


def ring(bell: int = 1, **fields: Any) -> EventRecord:
    with transaction.atomic():
        return operations.publish(Rang(bell=bell, **fields), by=None, now=timezone.now())


def states() -> dict[str, str]:
    return dict(EventReceipt.objects.values_list("subscriber", "state"))


def test_an_event_outside_a_transaction_is_a_mistake_of_ours(transactional_db: None) -> None:
    with pytest.raises(RuntimeError, match="transaction"):
        operations.publish(Rang(bell=1), by=None, now=NOON)


def test_an_event_name_is_declared_once() -> None:
    with pytest.raises(TypeError, match="twice"):
        type("Again", (Event,), {}, name="test_rang")
    assert EVENT_TYPES["test_rang"] is Rang


def test_an_event_without_a_subject_or_a_sentence_cannot_be_made() -> None:
    with pytest.raises(TypeError, match=r"abstract methods '?message'?, '?subject"):
        Event()  # type: ignore[abstract]


def test_a_subscriber_has_a_name_of_its_own(hear: Any) -> None:
    hear("test.ear", lambda event, record: None)

    with pytest.raises(ValueError, match="already"):
        subscribe(Rang, name="test.ear")(lambda event, record: None)


def test_an_exception_before_the_commit_leaves_no_event_and_tells_nobody(transactional_db: None, hear: Any) -> None:
    heard: list[int] = []
    hear("test.ear", lambda event, record: heard.append(event.bell))

    with pytest.raises(ZeroDivisionError), transaction.atomic():
        operations.publish(Rang(bell=1), by=None, now=NOON)
        raise ZeroDivisionError

    assert (EventRecord.objects.count(), EventReceipt.objects.count(), heard) == (0, 0, [])


def test_after_the_commit_it_has_a_position_and_every_subscriber_has_heard_it(
    transactional_db: None, hear: Any
) -> None:
    heard: list[tuple[str, Event, int | None]] = []
    hear("test.left", lambda event, record: heard.append(("left", event, record.position)))
    hear("test.right", lambda event, record: heard.append(("right", event, record.position)))

    ring(7, note="ding")

    event = Rang(bell=7, note="ding")
    assert heard == [("left", event, 1), ("right", event, 1)]
    assert states() == {"test.left": "done", "test.right": "done"}


@pytest.mark.failing_subscriber
def test_a_failing_subscriber_stops_no_other_and_keeps_its_part(transactional_db: None, hear: Any) -> None:
    heard: list[str] = []
    broken = True

    def deaf(event: Event, record: EventRecord) -> None:
        if broken:
            raise ConnectionError("nobody home")
        heard.append("deaf")

    hear("test.deaf", deaf)
    hear("test.ear", lambda event, record: heard.append("ear"))

    record = ring()

    assert heard == ["ear"]
    receipt = EventReceipt.objects.get(subscriber="test.deaf")
    assert (receipt.state, receipt.attempts, receipt.error) == ("pending", 1, "ConnectionError: nobody home")

    broken = False
    assert operations.sweep(now=receipt.due_at - timedelta(seconds=1)) == 0
    assert operations.sweep(now=receipt.due_at) == 1
    assert heard == ["ear", "deaf"]
    assert states() == {"test.deaf": "done", "test.ear": "done"}
    assert operations.sweep(now=timezone.now() + timedelta(days=1)) == 0
    assert record.receipts.count() == 2


@pytest.mark.failing_subscriber
def test_what_fails_for_an_hour_is_parked_visibly_and_can_be_retried(
    transactional_db: None, hear: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    def deaf(event: Event, record: EventRecord) -> None:
        raise ConnectionError

    hear("test.deaf", deaf)
    ring()
    now = timezone.now()
    for _ in range(ATTEMPTS_BEFORE_PARKING - 1):
        assert EventReceipt.objects.get().state == "pending"
        now += timedelta(minutes=11)
        operations.sweep(now=now)

    assert states() == {"test.deaf": "parked"}
    assert operations.sweep(now=now + timedelta(days=1)) == 0

    call_command("retry_parked")
    assert capsys.readouterr().out == "1 parked parts will be tried again.\n"
    assert (EventReceipt.objects.get().state, EventReceipt.objects.get().attempts) == ("pending", 0)


@pytest.mark.failing_subscriber
def test_an_error_that_postgresql_cannot_store_is_kept_all_the_same(transactional_db: None, hear: Any) -> None:
    def deaf(event: Event, record: EventRecord) -> None:
        raise ConnectionError("550 no\0body")

    hear("test.deaf", deaf)
    ring()

    assert [(r.state, r.error) for r in EventReceipt.objects.all()] == [("pending", "ConnectionError: 550 nobody")]


@pytest.mark.failing_subscriber
def test_an_error_that_quotes_a_secret_is_kept_without_it(transactional_db: None, hear: Any) -> None:
    def deaf(event: Event, record: EventRecord) -> None:
        raise ConnectionError("no answer from redis://:hunter2@cache:6379/0?password=hunter2")

    hear("test.deaf", deaf)
    ring()

    error = EventReceipt.objects.get().error
    assert "cache:6379" in error
    assert "hunter2" not in error


def test_a_sweep_leaves_what_has_no_position_yet_to_the_next(transactional_db: None, hear: Any) -> None:
    heard: list[int | None] = []
    hear("test.ear", lambda event, record: heard.append(record.position))
    ring()
    EventRecord.objects.update(position=None)
    EventReceipt.objects.update(state="pending", due_at=NOON - timedelta(days=1))

    assert _claim(_calm(NOON), "record_id", now=NOON, lease=LEASE, without=()) == []

    operations.sweep(now=NOON)
    assert heard == [1, 1]


@pytest.mark.failing_subscriber
def test_a_part_whose_subscriber_is_gone_is_parked_with_that_reason(transactional_db: None, hear: Any) -> None:
    def deaf(event: Event, record: EventRecord) -> None:
        raise ConnectionError

    hear("test.deaf", deaf)
    ring()
    unsubscribe(Rang, name="test.deaf")

    operations.sweep(now=timezone.now() + timedelta(hours=1))

    assert [(r.state, r.error) for r in EventReceipt.objects.all()] == [("parked", "no such subscriber")]


def test_a_subscriber_added_later_starts_with_its_first_event(transactional_db: None, hear: Any) -> None:
    heard: list[int] = []
    ring(1)
    hear("test.late", lambda event, record: heard.append(event.bell))

    operations.sweep(now=timezone.now() + timedelta(hours=1))
    ring(2)

    assert heard == [2]


def test_the_back_off_doubles_up_to_ten_minutes() -> None:
    waits = [(next_attempt(n, now=NOON) - NOON).total_seconds() for n in (1, 2, 3, 7, 8, 50)]
    assert waits == [5, 10, 20, 320, 600, 600]


def test_two_sweepers_do_not_take_the_same_part(transactional_db: None, hear: Any) -> None:
    heard: list[int] = []
    EventRecord.objects.all()
    hear("test.slow", lambda event, record: (time.sleep(0.01), heard.append(event.bell)))
    now = timezone.now()
    with transaction.atomic():
        records = [
            EventRecord(
                type="test_rang", subject_type="bell", subject_id=n, staff_only=False, occurred_at=now,
                data={"bell": n, "note": ""}, body={}, changes={}, audience=[], pushed_to_agents=False,
            )
            for n in range(50)
        ]  # fmt: skip
        EventRecord.objects.bulk_create(records)
        EventReceipt.objects.bulk_create(EventReceipt(record=r, subscriber="test.slow", due_at=now) for r in records)

    in_threads([lambda: operations.sweep(now=now)] * 2)

    assert sorted(heard) == list(range(50))


def in_threads(calls: list[Any]) -> None:
    errors: list[BaseException] = []

    def run(call: Any) -> None:
        try:
            call()
        except BaseException as error:  # noqa: BLE001
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert errors == []


@pytest.mark.slow
def test_a_reader_of_positions_skips_none_sees_none_twice_and_sees_each_subject_in_order(
    transactional_db: None,
) -> None:
    """Interleaved, deliberately slow transactions: primary keys are handed out early and committed late."""
    writers, rounds = 8, 25
    per_subject: dict[int, list[int]] = {bell: [] for bell in range(4)}
    locks = {bell: threading.Lock() for bell in range(4)}
    done = threading.Event()
    read: list[tuple[int, int, int]] = []

    def write(writer: int) -> None:
        for number in range(rounds):
            bell = (writer + number) % 4
            # As the row lock does in an operation: one change of a subject at a time.
            with locks[bell], transaction.atomic():
                record = operations.publish(Rang(bell=bell), by=None, now=NOON)
                per_subject[bell].append(record.pk)
                time.sleep(0.001 * (writer * 7 % 5))

    def follow() -> None:
        position = 0
        while True:
            last_look = done.is_set()
            page = list(
                EventRecord.objects.filter(position__gt=position)
                .order_by("position")
                .values_list("position", "subject_id", "pk")[:7]
            )
            read.extend(page)
            if page:
                position = page[-1][0]
            elif last_look:
                return

    reader = threading.Thread(target=lambda: (follow(), connection.close()))
    reader.start()
    in_threads([lambda writer=writer: write(writer) for writer in range(writers)])
    operations.sweep(now=timezone.now())
    done.set()
    reader.join(30)

    assert [position for position, _, _ in read] == list(range(1, writers * rounds + 1))
    for bell, ids in per_subject.items():
        assert [pk for _, subject, pk in read if subject == bell] == ids
