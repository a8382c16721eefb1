"""Handing tasks over: bounded, and silent about a broker that is gone."""

import threading
import time
from collections.abc import Callable, Iterator

import kombu.pools
import pytest

from helpdesk.notifications import broker
from helpdesk.notifications.broker import enqueue
from helpdesk.notifications.tasks import send_event_emails
from tests.servers import Valkey


@pytest.fixture(autouse=True)
def _healthy() -> Iterator[None]:
    broker._closed_until = 0
    yield
    broker._closed_until = 0


def hand_over() -> tuple[bool, float]:
    """What came of it, and after how many seconds."""
    began = time.monotonic()
    taken = enqueue(send_event_emails, event_id=1)
    return taken, time.monotonic() - began


def queued(valkey: Valkey) -> int:
    with valkey.client(2) as client:
        return int(client.llen("mail"))  # type: ignore[arg-type]


def test_a_task_is_handed_over_once(valkey_here: Valkey) -> None:
    assert hand_over()[0] is True
    assert queued(valkey_here) == 1


@pytest.mark.parametrize("outage", ["stop", "freeze"])
@pytest.mark.parametrize("connected", [True, False])
def test_a_broker_that_is_gone_costs_a_quarter_of_a_second_and_then_nothing(
    valkey_here: Valkey, outage: str, *, connected: bool
) -> None:
    if connected:
        hand_over()
    getattr(valkey_here, outage)()

    taken, seconds = hand_over()
    assert (taken, seconds < 0.4) == (False, True)

    began = time.monotonic()
    assert [enqueue(send_event_emails, event_id=1) for _ in range(100)] == [False] * 100
    assert time.monotonic() - began < 0.1


def test_a_rush_against_a_hung_broker_waits_together(valkey_here: Valkey, monkeypatch: pytest.MonkeyPatch) -> None:
    hand_over()
    valkey_here.freeze()
    asked: list[bool] = []
    apply_async = send_event_emails.apply_async

    def counted(*args: object, **kwargs: object) -> None:
        asked.append(True)
        apply_async(*args, **kwargs)

    monkeypatch.setattr(send_event_emails, "apply_async", counted)
    outcomes: list[tuple[bool, float]] = []
    threads = [threading.Thread(target=lambda: outcomes.append(hand_over())) for _ in range(40)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert {taken for taken, _seconds in outcomes} == {False}
    assert max(seconds for _taken, seconds in outcomes) < 0.6
    # Those who got a connection at once; nobody who waited for one asked in vain.
    assert len(asked) <= kombu.pools.get_limit()


@pytest.mark.parametrize(("outage", "recovery"), [("stop", "start"), ("freeze", "thaw")])
def test_a_broker_that_is_back_is_found_within_a_second(valkey_here: Valkey, outage: str, recovery: str) -> None:
    hand_over()
    getattr(valkey_here, outage)()
    hand_over()
    getattr(valkey_here, recovery)()
    time.sleep(broker.REST)

    assert [hand_over()[0] for _ in range(3)] == [True] * 3


def test_while_it_is_gone_one_at_a_time_asks_for_it(valkey_here: Valkey, monkeypatch: pytest.MonkeyPatch) -> None:
    valkey_here.freeze()
    hand_over()
    time.sleep(broker.REST)
    asked: list[bool] = []
    publish: Callable[..., None] = broker._publish

    def counted(*args: object, **kwargs: object) -> None:
        asked.append(True)
        publish(*args, **kwargs)

    monkeypatch.setattr(broker, "_publish", counted)
    threads = [threading.Thread(target=hand_over) for _ in range(10)]
    for thread in threads:
        thread.start()
        time.sleep(0.01)
    for thread in threads:
        thread.join()

    assert asked == [True]


def test_a_rush_of_our_own_is_not_taken_for_an_outage(valkey_here: Valkey, monkeypatch: pytest.MonkeyPatch) -> None:
    from kombu.exceptions import LimitExceeded

    def busy(*_args: object, **_kwargs: object) -> None:
        raise LimitExceeded(10)

    with monkeypatch.context() as patch:
        patch.setattr(broker, "_publish", busy)
        assert hand_over()[0] is False

    assert hand_over()[0] is True
