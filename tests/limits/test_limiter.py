import pytest

from helpdesk.core import redis
from helpdesk.limits import limiter
from helpdesk.limits.models import Hit


def test_a_user_and_an_address_have_budgets_of_their_own(settings, own_valkey):
    settings.RATE_LIMIT_USER, settings.RATE_LIMIT_ANON = "100/min", "20/min"

    user, other, address = limiter.charge_user(7), limiter.charge_user(8), limiter.charge_address("7")

    assert [charge.verdict.remaining for charge in (user, other, address)] == [99, 99, 19]
    assert redis.call(lambda client: sorted(client.keys())) == [b"limit:anon:7", b"limit:user:7", b"limit:user:8"]


def test_the_headers_tell_the_policy_and_what_is_left(settings, own_valkey):
    settings.RATE_LIMIT_USER = "100/min"

    limiter.charge_user(7)
    headers = limiter.charge_user(7).headers

    assert headers == {"RateLimit-Policy": '"user";q=100;w=60', "RateLimit": '"user";r=98;t=60'}


def test_without_redis_this_process_counts(settings, own_valkey, key):
    settings.RATE_LIMIT_ANON = "2/min"
    own_valkey.kill()

    assert [limiter.charge_address(key).verdict.allowed for _ in range(3)] == [True, True, False]


def test_without_redis_the_database_counts_what_must_stay_closed(settings, own_valkey, key, db):
    settings.RATE_LIMIT_ANON = "2/min"
    own_valkey.kill()

    charges = [limiter.charge_address(key, fallback="database") for _ in range(3)]

    assert [charge.verdict.allowed for charge in charges] == [True, True, False]
    assert list(Hit.objects.values_list("key", flat=True)) == [f"anon:{key}"] * 2


@pytest.mark.parametrize("fallback", ["process", "database"])
def test_a_hung_redis_holds_nobody_up(settings, own_valkey, key, db, fallback):
    limiter.charge_address(key)
    own_valkey.freeze()

    assert limiter.charge_address(key, fallback=fallback).verdict.allowed
