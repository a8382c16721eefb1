import multiprocessing
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from helpdesk.core import redis
from helpdesk.core.redis import RedisDown


def ping() -> bool:
    return bool(redis.call(lambda client: client.ping()))


def seconds_until_refused() -> float:
    began = time.monotonic()
    with pytest.raises(RedisDown):
        ping()
    return time.monotonic() - began


def test_a_hung_redis_costs_a_quarter_second_once_and_then_nothing(own_valkey):
    assert ping()
    own_valkey.freeze()

    first, second = seconds_until_refused(), seconds_until_refused()

    assert 0.2 < first < 0.4
    assert second < 0.01


def test_a_hung_redis_costs_a_new_connection_no_more(own_valkey):
    own_valkey.freeze()

    assert seconds_until_refused() < 0.4


def test_a_hung_redis_holds_nobody_in_a_crowd_longer(own_valkey):
    assert ping()
    own_valkey.freeze()

    with ThreadPoolExecutor(100) as threads:
        waits = list(threads.map(lambda _: seconds_until_refused(), range(100)))

    assert max(waits) < 0.8


def test_a_stopped_redis_is_noticed_at_once(own_valkey):
    assert ping()
    own_valkey.kill()

    assert seconds_until_refused() < 0.1


def test_a_redis_that_came_back_is_found_again(own_valkey):
    own_valkey.kill()
    seconds_until_refused()
    own_valkey.start()

    assert seconds_until_refused() < 0.01
    time.sleep(redis.REST)
    assert ping()
    assert ping()


def test_while_it_is_down_only_one_caller_a_second_tries(own_valkey):
    own_valkey.freeze()
    seconds_until_refused()
    time.sleep(redis.REST)

    with ThreadPoolExecutor(20) as threads:
        waits = list(threads.map(lambda _: seconds_until_refused(), range(20)))

    assert sum(wait > 0.1 for wait in waits) == 1


def test_a_restarted_redis_leaves_no_dead_connection_behind(own_valkey):
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: ping(), range(50)))
    own_valkey.restart()

    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(lambda _: ping(), range(50)))


def test_a_crowd_shares_few_connections(own_valkey):
    barrier = threading.Barrier(100)

    def together(_: int) -> bool:
        barrier.wait()
        return all(ping() for _ in range(10))

    with ThreadPoolExecutor(100) as threads:
        assert all(threads.map(together, range(100)))
    with own_valkey.client() as client:
        assert len(client.client_list()) <= redis.CONNECTIONS + 1


@pytest.mark.filterwarnings("ignore:.*use of fork.*:DeprecationWarning")
def test_a_child_of_fork_has_connections_of_its_own(own_valkey):
    assert ping()
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe()

    def child() -> None:
        theirs.send([ping() for _ in range(5)])

    process = context.Process(target=child)
    process.start()
    answers: Any = ours.recv() if ours.poll(10) else None
    process.join(10)

    assert answers == [True] * 5
    assert ping()


def test_a_tcp_address_that_swallows_packets_costs_no_more(settings):
    settings.REDIS_URL = "redis://203.0.113.1:6379/0"

    assert seconds_until_refused() < 0.4
