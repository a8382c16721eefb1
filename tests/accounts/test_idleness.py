"""How long a session may be left alone: known to the moment by Redis, and never forgotten without it."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from rest_framework.test import APIClient

from config.settings.components.auth import idle_timeouts
from helpdesk.accounts.models import Session, User
from helpdesk.accounts.roles import Role
from helpdesk.realtime import queries
from tests.accounts.devices import bearer, endings, me, refresh, sid, sign_in
from tests.people import NOON, UserFactory
from tests.servers import Valkey

Api = Callable[[Any], Any]

TIMEOUT = 300


@pytest.fixture
def clock(db: None, settings: Any, own_valkey: Valkey) -> Iterator[Any]:
    """Five minutes for customers, and a Redis of this test's own."""
    settings.SESSION_IDLE_TIMEOUT = {"customer": TIMEOUT, "agent": 900}
    with time_machine.travel(NOON, tick=False) as clock:
        yield clock


def codes(pair: dict[str, str]) -> tuple[tuple[int, str], tuple[int, str]]:
    """What access and refresh are answered with."""
    answers = bearer(pair).get("/api/users/me/"), refresh(pair)
    return tuple((answer.status_code, answer.json().get("code", "")) for answer in answers)  # type: ignore[return-value]


IDLE = ((401, "session_idle"), (401, "session_idle"))


# --- off, and on -----------------------------------------------------------------------------------------------------


def test_without_a_timeout_a_session_may_sleep_and_redis_is_not_asked(db: None, settings: Any) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    with time_machine.travel(NOON, tick=False) as clock:
        pair = sign_in(UserFactory())
        clock.shift(6 * 86_400)
        assert refresh(pair).status_code == 200
    assert endings() == []


def test_a_session_left_alone_is_refused_by_its_own_code_and_ends(clock: Any) -> None:
    pair = sign_in(UserFactory())
    clock.shift(TIMEOUT - 1)
    assert me(pair) == 200
    clock.shift(TIMEOUT)

    # However often one asks, and by whichever token first.
    assert codes(pair) == IDLE
    assert codes(pair) == IDLE
    verified = APIClient().post("/api/auth/token/verify/", {"token": pair["access"]})
    assert (verified.status_code, verified.json()["code"]) == (401, "session_idle")
    assert endings() == [("session_ended", "idle", sid(pair), None)]


def test_a_refresh_token_that_comes_first_is_refused_likewise(clock: Any) -> None:
    pair = sign_in(UserFactory())
    clock.shift(TIMEOUT)
    answer = refresh(pair)
    assert (answer.status_code, answer.json()["code"]) == (401, "session_idle")
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert endings() == [("session_ended", "idle", sid(pair), None)]


def test_the_code_is_for_those_who_were_idle_alone(clock: Any, admin: Any) -> None:
    pair = sign_in(UserFactory())
    assert APIClient().post("/api/auth/logout/", {"refresh": pair["refresh"]}).status_code == 204
    clock.shift(10 * TIMEOUT)
    assert codes(pair) == ((401, "token_not_valid"), (401, "token_not_valid"))


def test_each_request_counts_from_anew(clock: Any) -> None:
    pair = sign_in(UserFactory())
    for _ in range(10):
        clock.shift(TIMEOUT - 1)
        assert me(pair) == 200
    pair = refresh(pair).json()
    clock.shift(TIMEOUT - 1)
    assert me(pair) == 200


def test_each_role_has_its_own(clock: Any) -> None:
    pairs = {role: sign_in(UserFactory(role=role)) for role in Role.values}
    clock.shift(TIMEOUT)
    assert {role: me(pair) for role, pair in pairs.items()} == {"customer": 401, "agent": 200, "admin": 200}
    clock.shift(900)
    assert {role: me(pair) for role, pair in pairs.items()} == {"customer": 401, "agent": 401, "admin": 200}


# --- what PostgreSQL is told -----------------------------------------------------------------------------------------


def test_it_is_written_through_once_a_minute(clock: Any, django_assert_num_queries: Any) -> None:
    pair = sign_in(UserFactory())
    client = bearer(pair)
    for second in range(1, 181):
        clock.shift(1)
        with django_assert_num_queries(1 if second % 60 else 2):
            client.get("/api/users/me/")
    assert Session.objects.get().last_seen_at == NOON + timedelta(minutes=3)


def test_a_flushed_redis_lets_nobody_in_who_was_out_and_nobody_out_who_was_in(clock: Any, own_valkey: Valkey) -> None:
    idle, busy = sign_in(UserFactory()), sign_in(UserFactory())
    for _ in range(5):
        clock.shift(60)
        assert me(busy) == 200
    with own_valkey.client() as client:
        client.flushall()

    assert me(busy) == 200
    assert codes(idle) == IDLE


@pytest.mark.parametrize("value", ["", "x", "-5", "1e400", "nan", "[1]", "99999999999999"])
def test_nonsense_in_redis_lets_nobody_in(clock: Any, own_valkey: Valkey, value: str) -> None:
    pair = sign_in(UserFactory())
    with own_valkey.client() as client:
        client.set(f"seen:{sid(pair)}", value)
    assert me(pair) == 200
    with own_valkey.client() as client:
        client.set(f"seen:{sid(pair)}", value)
    clock.shift(TIMEOUT)
    assert codes(pair) == IDLE


def test_while_redis_is_down_postgresql_alone_decides_and_knows_every_use(clock: Any, own_valkey: Valkey) -> None:
    idle, busy = sign_in(UserFactory()), sign_in(UserFactory())
    own_valkey.kill()
    for _ in range(5):
        clock.shift(100)
        assert me(busy) == 200
    assert Session.objects.get(pk=sid(busy)).last_seen_at == NOON + timedelta(seconds=500)
    clock.shift(TIMEOUT - 1)
    assert me(busy) == 200

    assert codes(idle) == IDLE
    clock.shift(TIMEOUT)
    assert codes(busy) == IDLE


def test_a_redis_that_comes_back_with_what_was_does_not_make_anybody_older(clock: Any, own_valkey: Valkey) -> None:
    pair = sign_in(UserFactory())
    clock.shift(30)
    assert me(pair) == 200
    clock.shift(TIMEOUT - 20)
    assert me(pair) == 200  # written through
    with own_valkey.client() as client:
        client.set(f"seen:{sid(pair)}", int(NOON.timestamp() * 1000))
    clock.shift(TIMEOUT - 1)
    assert me(pair) == 200


# --- sockets ---------------------------------------------------------------------------------------------------------


def test_to_listen_is_not_to_use(clock: Any, django_assert_num_queries: Any) -> None:
    idle, busy = sign_in(UserFactory()), sign_in(UserFactory())
    ids = [Session.objects.get(pk=sid(pair)).pk for pair in (idle, busy)]
    clock.shift(TIMEOUT - 1)
    with django_assert_num_queries(1):
        assert set(queries.sessions(ids)) == set(ids)
    assert me(busy) == 200
    clock.shift(1)

    assert set(queries.sessions(ids)) == {ids[1]}
    assert codes(idle) == IDLE
    assert endings() == [("session_ended", "idle", str(ids[0]), None)]


# --- the setting -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "timeouts"),
    [
        ("0", {"customer": 0, "agent": 0, "admin": 0}),
        ("300", {"customer": 300, "agent": 300, "admin": 300}),
        ("customer=0,agent=900,admin=300", {"customer": 0, "agent": 900, "admin": 300}),
        ("admin=300", {"admin": 300}),
        ("agent = 900, admin = 300", {"agent": 900, "admin": 300}),
    ],
)
def test_the_setting_is_one_number_or_one_for_each_role(text: str, timeouts: dict[str, int]) -> None:
    assert idle_timeouts(text) == timeouts
    assert timeouts.keys() <= set(Role.values)


@pytest.mark.parametrize(
    "text", ["", "x", "-1", "1.5", "boss=3", "agent=", "agent=x", "agent=1,", "agent=1=2", "9" * 20, "agent"]
)
def test_what_cannot_be_read_stops_the_start(text: str) -> None:
    with pytest.raises(ValueError):
        idle_timeouts(text)


def test_a_new_role_brings_its_timeout_along(clock: Any) -> None:
    user = UserFactory(role="agent")
    pair = sign_in(user)
    clock.shift(600)
    assert me(pair) == 200
    clock.shift(600)
    User.objects.filter(pk=user.pk).update(role="customer")
    assert codes(pair) == IDLE
