"""Guesses at a secret: three logs, charged together or not at all."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection

from helpdesk.core import redis
from helpdesk.limits import guesses
from helpdesk.limits.guesses import Guess
from helpdesk.limits.models import Hit
from tests.servers import Valkey

HERE, THERE, ELSEWHERE = "203.0.113.7", "198.51.100.1", "192.0.2.1"


@pytest.fixture(params=["redis", "database"])
def logs(request: pytest.FixtureRequest, settings: Any, own_valkey: Valkey, db: None) -> Callable[[], dict[str, int]]:
    """How many guesses each key holds, wherever they are counted."""
    settings.SIGN_IN_LIMIT_ACCOUNT, settings.SIGN_IN_LIMIT_ADDRESS, settings.SIGN_IN_LIMIT_BOTH = (
        "5/min",
        "6/min",
        "3/15min",
    )
    if request.param == "database":
        own_valkey.kill()

        def held() -> dict[str, int]:
            keys = list(Hit.objects.values_list("key", flat=True))
            return {key: keys.count(key) for key in keys}
    else:

        def held() -> dict[str, int]:
            return redis.call(
                lambda client: {key.decode().removeprefix("limit:"): client.llen(key) for key in client.scan_iter()}
            )

    return held


def guess(account: str = "user:1", address: str = HERE) -> Guess:
    return guesses.charge(account=account, address=address)


def allowed(*tries: tuple[str, str]) -> list[bool]:
    return [guess(account, address).allowed for account, address in tries]


def test_one_address_has_the_fewest_guesses_at_one_account(logs: Any) -> None:
    tries = [guess() for _ in range(4)]

    assert [one.allowed for one in tries] == [True, True, True, False]
    assert 890 < tries[3].wait <= 900


def test_one_address_cannot_lock_an_account_for_the_others(logs: Any) -> None:
    """What is refused is charged nowhere."""
    assert allowed(*[("user:1", HERE)] * 50).count(True) == 3

    assert allowed(("user:1", THERE), ("user:1", THERE)) == [True, True]


def test_many_addresses_have_no_more_guesses_together_than_the_account_has(logs: Any) -> None:
    tries = [("user:1", f"203.0.113.{number}") for number in range(20)]

    assert allowed(*tries).count(True) == 5


def test_one_address_has_no_more_guesses_at_all_accounts_together_than_it_has(logs: Any) -> None:
    tries = [(f"user:{number}", HERE) for number in range(20)]

    assert allowed(*tries).count(True) == 6
    assert allowed(("user:7", THERE)) == [True]


def test_what_is_given_back_is_that_one_guess_and_no_other(logs: Any) -> None:
    guess(), guess()
    before = logs()

    guess().give_back()

    assert logs() == before
    assert allowed(*[("user:1", HERE)] * 2) == [True, False]


def test_a_refused_one_has_nothing_to_give_back(logs: Any) -> None:
    for _ in range(3):
        guess()

    guess().give_back()

    assert not guess().allowed


def test_no_account_is_named_in_a_key(logs: Any) -> None:
    guess("name:hunter2, my password")

    assert len(logs()) == 3
    assert all("hunter2" not in key and "name" not in key and len(key) <= 80 for key in logs())
    assert [key for key in logs() if HERE in key] == [f"guess:address:{HERE}"]


def test_with_redis_gone_it_is_given_back_to_nobody_and_nothing_breaks(
    settings: Any, own_valkey: Valkey, db: None
) -> None:
    one = guess()
    own_valkey.kill()

    one.give_back()

    # Nothing was counted in PostgreSQL for it, and nothing is taken away there.
    assert Hit.objects.count() == 0
    assert guess().allowed
    assert Hit.objects.count() == 3


@pytest.mark.parametrize("counted_in", ["redis", "database"])
def test_of_60_parallel_guesses_no_more_than_the_limit_are_allowed(
    settings: Any, own_valkey: Valkey, transactional_db: None, counted_in: str
) -> None:
    settings.SIGN_IN_LIMIT_BOTH = "10/15min"
    if counted_in == "database":
        own_valkey.kill()

    def one(_: int) -> bool:
        try:
            return guess().allowed
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(one, range(60))).count(True) == 10
    assert Hit.objects.count() == (30 if counted_in == "database" else 0)
