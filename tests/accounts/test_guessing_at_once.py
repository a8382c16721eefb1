"""A hundred guesses at once over HTTP, and how many of them the hasher of the server saw."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from django.db import connection

from helpdesk.accounts.models import User
from helpdesk.events.models import EventRecord
from helpdesk.limits.models import Hit
from tests.accounts.loud_hasher import SAID, LoudHasher
from tests.people import PASSWORD, UserFactory, access_token
from tests.servers import Daphne, Valkey, eventually

Start = Callable[..., Daphne]


@pytest.fixture
def server(start_daphne: Start) -> Daphne:
    return _start(start_daphne)


def _start(start_daphne: Start, **env: str) -> Daphne:
    user = UserFactory(username="ada", email="ada@example.org")
    User.objects.filter(pk=user.pk).update(password=LoudHasher().encode(PASSWORD, "salt-of-sixteen-letters"))
    given = {
        "RATE_LIMIT_ENABLED": "true",
        "RATE_LIMIT_ANON": "1000/min",
        "HELPDESK_TEST_HASHER": "tests.accounts.loud_hasher.LoudHasher",
        "TRUSTED_PROXIES": "127.0.0.1",
    }
    return start_daphne(**(given | env))


def guess(server: Daphne, tries: list[tuple[str, str]]) -> dict[int, int]:
    """`tries`: (name, address), all at once. How often each status was answered."""
    connection.close()
    with httpx.Client(base_url=server.base_url, timeout=120) as http, ThreadPoolExecutor(100) as threads:
        responses = list(
            threads.map(
                lambda one: http.post(
                    "/api/auth/token/",
                    json={"username": one[0], "password": "wrong"},
                    headers={"X-Forwarded-For": one[1]},
                ),
                tries,
            )
        )
    statuses = [response.status_code for response in responses]
    return {status: statuses.count(status) for status in set(statuses)}


@pytest.mark.slow
@pytest.mark.parametrize("redis", ["there", "gone"])
def test_of_100_wrong_ones_at_once_no_more_than_the_limit_are_hashed(
    server: Daphne, valkey: Valkey, redis: str
) -> None:
    """By ten in a quarter of an hour, for one account from one address."""
    if redis == "gone":
        valkey.kill()
    names = ["ada", "ADA", "ada@example.org", "Ada@Example.org"] * 25

    answers = guess(server, [(name, "203.0.113.7") for name in names])

    assert answers == {401: 10, 429: 90}
    assert server.output().count(SAID) == 10
    assert EventRecord.objects.filter(type="sign_in_refused").count() == 10
    assert Hit.objects.filter(key__startswith="guess:").count() == (30 if redis == "gone" else 0)


@pytest.mark.slow
def test_a_hundred_addresses_together_have_the_guesses_of_the_account(server: Daphne) -> None:
    answers = guess(server, [("ada", f"203.0.113.{number}") for number in range(100)])

    assert answers == {401: 30, 429: 70}
    assert server.output().count(SAID) == 30


@pytest.mark.slow
def test_an_address_has_its_guesses_whomever_they_are_for(start_daphne: Start) -> None:
    server = _start(start_daphne, SIGN_IN_LIMIT_ADDRESS="20/15min")

    answers = guess(server, [(f"nobody-{number}", "203.0.113.7") for number in range(60)])

    assert answers == {401: 20, 429: 40}
    assert server.output().count(SAID) == 20
    assert EventRecord.objects.filter(type="unknown_sign_in_refused").count() == 20


@pytest.mark.slow
def test_who_waits_for_the_hasher_keeps_nobody_else_from_the_database(start_daphne: Start) -> None:
    """By a pool of one connection."""
    token = access_token(UserFactory())
    slow = "tests.accounts.loud_hasher.SlowHasher"
    server = _start(start_daphne, DATABASE_POOL_SIZE="1", HELPDESK_TEST_HASHER=slow)
    with ThreadPoolExecutor(1) as thread:
        guesses = thread.submit(guess, server, [(f"nobody-{number}", "203.0.113.7") for number in range(6)])
        eventually(lambda: server.output().count(SAID) >= 4)

        me = httpx.get(f"{server.base_url}/api/users/me/", headers={"Authorization": f"Bearer {token}"}, timeout=60)

        assert me.status_code == 200
        assert not guesses.done()
        assert set(guesses.result()) <= {401, 503}


def test_the_hasher_is_counted_for_a_good_one_too(server: Daphne) -> None:
    """Or the numbers above would prove nothing."""
    answer: Any = httpx.post(
        f"{server.base_url}/api/auth/token/", json={"username": "ada", "password": PASSWORD}, timeout=60
    )

    assert answer.status_code == 200
    assert server.output().count(SAID) == 1
