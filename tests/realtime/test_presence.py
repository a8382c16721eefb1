"""Who is online, across processes and devices."""

import time
from typing import Any

import pytest

from helpdesk.core.redis import RedisDown
from helpdesk.realtime import presence
from tests.servers import Valkey

LIMIT = 20


@pytest.fixture(autouse=True)
def quick(valkey_here: Valkey, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Sockets live 900 ms; who left is here for 100 ms more."""
    settings.PRESENCE_SECONDS = 0.9
    monkeypatch.setattr(presence, "here", {})
    return settings


def enter(user_id: int, socket: str) -> presence.Entry:
    return presence.enter(user_id, socket, limit=LIMIT)


def swept(*, seconds: float = 0.6) -> list[int]:
    """Who is told to be gone within that time, looking as often as processes do."""
    gone: list[int] = []
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        gone += presence.sweep()
        time.sleep(0.02)
    return gone


def test_a_silent_process_is_found_out_within_a_minute() -> None:
    from config.settings.components.channels import PRESENCE_SECONDS

    assert PRESENCE_SECONDS == 45
    assert PRESENCE_SECONDS + PRESENCE_SECONDS / 45 < 60


def test_two_tabs_are_one_person_who_comes_once_and_leaves_once() -> None:
    assert enter(7, "a") == presence.Entry(sockets=1, came=True)
    assert enter(7, "b") == presence.Entry(sockets=2, came=False)
    assert presence.online([7, 8]) == {7: True, 8: False}

    presence.leave([(7, "a")])
    assert swept(seconds=0.3) == []
    assert presence.online([7]) == {7: True}

    presence.leave([(7, "b")])
    assert swept() == [7]
    sight = presence.look([7])[7]
    assert not sight.online
    assert sight.last_seen is not None


def test_a_reload_is_no_news() -> None:
    enter(7, "a")
    presence.leave([(7, "a")])

    assert enter(7, "b") == presence.Entry(sockets=1, came=False)
    assert swept(seconds=0.4) == []


def test_sockets_that_nobody_names_again_run_out_and_one_caller_tells() -> None:
    enter(7, "a")
    enter(8, "b")
    until = time.monotonic() + 1.6
    gone: list[int] = []
    while time.monotonic() < until:
        presence.refresh([(8, "b")])
        gone += presence.sweep() + presence.sweep()
        time.sleep(0.03)

    assert gone == [7]
    assert presence.online([7, 8]) == {7: False, 8: True}
    assert presence.refresh([(7, "a")]) == [7]


def test_one_socket_too_many_is_counted_and_not_taken_in() -> None:
    for number in range(LIMIT):
        assert enter(7, f"s{number}").sockets == number + 1

    assert enter(7, "more").sockets == LIMIT + 1
    assert enter(7, "and more").sockets == LIMIT + 1
    assert enter(7, "s0").sockets == LIMIT
    presence.leave([(7, "s0")])
    assert enter(7, "more").sockets == LIMIT


def test_after_a_flush_processes_put_their_people_back_and_nobody_is_told(valkey_here: Valkey) -> None:
    enter(7, "a")
    with valkey_here.client() as client:
        client.flushdb()

    assert presence.online([7]) == {7: False}
    assert presence.refresh([(7, "a")]) == []
    assert presence.online([7]) == {7: True}


def test_after_an_outage_nobody_is_told_to_be_gone_before_all_processes_have_spoken() -> None:
    swept(seconds=0.2)
    enter(7, "a")
    time.sleep(1)

    assert presence.sweep() == []
    assert presence.refresh([(7, "a")]) == []
    assert swept(seconds=0.3) == []


def test_without_redis_a_process_knows_its_own(valkey_here: Valkey, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presence, "here", {7: 1})
    valkey_here.kill()
    begun = time.monotonic()

    assert presence.online([7, 8]) == {7: True, 8: False}
    assert time.monotonic() - begun < 2
    with pytest.raises(RedisDown):
        enter(7, "a")
