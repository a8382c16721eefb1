import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from helpdesk.core import redis
from helpdesk.limits import shared_log
from helpdesk.limits.rates import Rate


def test_of_300_parallel_requests_exactly_100_pass(key):
    with ThreadPoolExecutor(50) as threads:
        verdicts = list(threads.map(lambda _: shared_log.charge(key, Rate(100, 60)), range(300)))

    assert sum(verdict.allowed for verdict in verdicts) == 100


def test_no_second_whatever_its_beginning_sees_more_than_the_limit(key):
    passed = []
    until = time.monotonic() + 2.2
    while time.monotonic() < until:
        if shared_log.charge(key, Rate(5, 1)).allowed:
            # The log's own clock: what it wrote last.
            passed.append(redis.call(lambda client: int(client.lindex(f"limit:{key}", -1))))

    assert len(passed) >= 10
    assert all(sixth - first >= 1_000_000 for first, sixth in zip(passed, passed[5:], strict=False))


def test_the_budget_counts_down_and_waits_for_the_oldest_request(key):
    first = shared_log.charge(key, Rate(2, 60))
    second = shared_log.charge(key, Rate(2, 60))
    third = shared_log.charge(key, Rate(2, 60))

    assert [(v.allowed, v.remaining) for v in (first, second, third)] == [(True, 1), (True, 0), (False, 0)]
    assert 59 < third.wait < second.wait < first.wait == 60


def test_a_refused_request_costs_nothing(key):
    rate = Rate(1, 1)
    assert shared_log.charge(key, rate).allowed
    refused = shared_log.charge(key, rate)
    while not refused.allowed and refused.wait > 0.05:
        time.sleep(0.04)
        refused = shared_log.charge(key, rate)

    time.sleep(0.06)

    assert shared_log.charge(key, rate).allowed


def test_a_log_that_nobody_charges_vanishes(key):
    shared_log.charge(key, Rate(2, 60))

    assert 59_000 < redis.call(lambda client: client.pttl(f"limit:{key}")) <= 60_000


def test_a_clock_set_back_neither_frees_nor_locks(key):
    ahead = int(time.time() * 1_000_000) + 3_000_000
    redis.call(lambda client: client.rpush(f"limit:{key}", ahead))

    verdict = shared_log.charge(key, Rate(2, 60))

    assert (verdict.allowed, verdict.remaining, verdict.wait) == (True, 0, 60)
    assert redis.call(lambda client: client.lrange(f"limit:{key}", 0, -1)) == [str(ahead).encode()] * 2


def test_a_restarted_redis_learns_the_script_again(key, own_valkey):
    assert shared_log.charge(key, Rate(2, 60)).remaining == 1

    own_valkey.restart()

    assert shared_log.charge(key, Rate(2, 60)).remaining == 1


def test_without_redis_it_says_so(key, own_valkey):
    own_valkey.kill()

    with pytest.raises(redis.RedisDown):
        shared_log.charge(key, Rate(2, 60))
