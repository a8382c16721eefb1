"""Urgent subscribers: told before anybody else can know, and made up for by the next sweep."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from helpdesk.core.redis import RedisDown
from helpdesk.events.declaration import EVENT_TYPES, Event
from helpdesk.events.models import EventReceipt, EventRecord
from helpdesk.events.operations import publish, sweep
from helpdesk.events.operations.dispatching import URGENT_ATTEMPTS_BEFORE_PARKING, URGENT_RETRY
from helpdesk.events.subscriptions import subscribe, unsubscribe

pytestmark = pytest.mark.django_db(transaction=True)


@dataclass(frozen=True, kw_only=True)
class Alarm(Event, name="test_alarm"):
    @property
    def subject(self) -> tuple[str, int]:
        return ("bell", 1)

    @property
    def message(self) -> str:
        return "Alarm"


# No part of the product's catalogue: known only while these tests run.
EVENT_TYPES.pop("test_alarm")


@pytest.fixture(autouse=True)
def alarm_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(EVENT_TYPES, "test_alarm", Alarm)


@pytest.fixture
def hear() -> Iterator[Any]:
    def connect(name: str, receiver: Any, *, urgent: bool) -> None:
        subscribe(Alarm, name=name, urgent=urgent)(receiver)

    yield connect
    for name in ("test.calm", "test.urgent"):
        unsubscribe(Alarm, name=name)


def ring() -> EventRecord:
    with transaction.atomic():
        return publish(Alarm(), by=None, now=timezone.now())


def test_who_is_urgent_hears_it_before_it_has_a_position_and_the_others_after(hear: Any) -> None:
    heard: list[tuple[str, bool]] = []
    # Subscribed in the other order.
    hear("test.calm", lambda _event, record: heard.append(("calm", record.position is not None)), urgent=False)
    hear("test.urgent", lambda _event, record: heard.append(("urgent", record.position is not None)), urgent=True)

    ring()

    assert heard == [("urgent", False), ("calm", True)]
    assert set(EventReceipt.objects.values_list("state", flat=True)) == {"done"}


def test_what_a_crash_left_is_due_at_once_for_the_urgent_and_after_a_grace_for_the_others(hear: Any) -> None:
    heard: list[str] = []
    hear("test.calm", lambda *_: heard.append("calm"), urgent=False)
    hear("test.urgent", lambda *_: heard.append("urgent"), urgent=True)
    ring()
    # As a process leaves it that dies right after its commit.
    EventRecord.objects.update(position=None)
    EventReceipt.objects.update(state="pending")
    heard.clear()

    sweep(now=timezone.now())

    assert heard == ["urgent"]


def test_a_sweep_calls_the_urgent_before_it_gives_positions_and_the_newest_first(hear: Any) -> None:
    heard: list[tuple[int, bool]] = []
    hear("test.urgent", lambda _event, record: heard.append((record.pk, record.position is not None)), urgent=True)
    first, second = ring(), ring()
    # As two processes leave it that die right after their commits.
    EventRecord.objects.update(position=None)
    EventReceipt.objects.update(state="pending")
    heard.clear()

    sweep(now=timezone.now())

    assert heard == [(second.pk, False), (first.pk, False)]
    assert not EventRecord.objects.filter(position=None).exists()


def test_who_dies_during_a_long_sweep_is_made_up_for_by_that_sweep(hear: Any) -> None:
    heard: list[str] = []

    def dies_meanwhile(*_: Any) -> None:
        if not heard:
            heard.append("calm")
            EventReceipt.objects.filter(pk=left.pk).update(state="pending", due_at=timezone.now())

    hear("test.urgent", lambda *_: heard.append("urgent"), urgent=True)
    ring()
    left = EventReceipt.objects.get()
    hear("test.calm", dies_meanwhile, urgent=False)
    ring()
    EventReceipt.objects.filter(subscriber="test.calm").update(state="pending", due_at=timezone.now())
    heard.clear()

    sweep(now=timezone.now())

    assert heard == ["calm", "urgent"]


@pytest.mark.failing_subscriber
def test_who_is_urgent_and_fails_is_called_again_by_every_sweep_without_growing_patience(hear: Any) -> None:
    calls: list[int] = []

    def fails(*_: Any) -> None:
        calls.append(1)
        raise RedisDown("resting")

    hear("test.urgent", fails, urgent=True)
    ring()
    now = timezone.now()
    for _ in range(20):
        now += timedelta(seconds=4)
        sweep(now=now)

    receipt = EventReceipt.objects.get()
    assert (len(calls), receipt.attempts, receipt.state) == (21, 21, "pending")
    assert receipt.due_at == now + URGENT_RETRY
    assert receipt.error == "Redis is down: resting"


@pytest.mark.failing_subscriber
def test_who_is_urgent_and_fails_for_an_hour_is_parked(hear: Any) -> None:
    def fails(*_: Any) -> None:
        raise RedisDown("resting")

    hear("test.urgent", fails, urgent=True)
    ring()
    EventReceipt.objects.update(attempts=URGENT_ATTEMPTS_BEFORE_PARKING - 1)

    sweep(now=timezone.now() + timedelta(minutes=1))

    assert EventReceipt.objects.get().state == "parked"


@pytest.mark.failing_subscriber
def test_a_sweep_ends_also_when_what_failed_falls_due_again_before_it_has_tried_the_rest(hear: Any) -> None:
    calls: list[int] = []

    def fails(*_: Any) -> None:
        calls.append(1)
        time.sleep(0.4)
        if len(calls) < 20:  # or a sweep that does not end would not
            raise ConnectionError

    hear("test.urgent", fails, urgent=True)
    for _ in range(3):
        ring()
    calls.clear()

    assert sweep(now=timezone.now() + timedelta(seconds=4)) == 3
    assert len(calls) == 3


@pytest.mark.failing_subscriber
def test_during_an_outage_of_redis_a_sweep_asks_once_and_the_rest_wait_for_the_next(hear: Any) -> None:
    """A hundred thousand may wait after an hour: each try would cost a write, and their turn."""
    calls: list[str] = []
    down = True

    def fails(*_: Any) -> None:
        calls.append("urgent")
        if down:
            raise RedisDown("resting")

    hear("test.urgent", fails, urgent=True)
    hear("test.calm", lambda *_: calls.append("calm"), urgent=False)
    for _ in range(5):
        ring()
    EventReceipt.objects.filter(subscriber="test.calm").update(state="pending")
    now = timezone.now() + timedelta(minutes=1)
    for _ in range(3):
        calls.clear()
        now += timedelta(seconds=4)
        sweep(now=now)
        assert calls.count("urgent") == 1
        waiting = EventReceipt.objects.filter(subscriber="test.urgent", state="pending", due_at=now + URGENT_RETRY)
        assert waiting.count() == 5
    assert not EventReceipt.objects.filter(subscriber="test.calm", state="pending").exists()

    down = False
    sweep(now=now + timedelta(seconds=4))

    assert set(EventReceipt.objects.values_list("state", "error")) == {("done", "")}
