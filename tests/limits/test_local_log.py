import time
from concurrent.futures import ThreadPoolExecutor

from helpdesk.limits import local_log
from helpdesk.limits.rates import Rate


def test_of_300_requests_in_50_threads_exactly_100_pass(key):
    with ThreadPoolExecutor(50) as threads:
        verdicts = list(threads.map(lambda _: local_log.charge(key, Rate(100, 60)), range(300)))

    assert sum(verdict.allowed for verdict in verdicts) == 100


def test_a_request_is_free_again_when_the_oldest_has_left(key):
    rate = Rate(1, 1)
    first, second = local_log.charge(key, rate), local_log.charge(key, rate)

    time.sleep(second.wait + 0.01)

    assert (first.allowed, second.allowed, local_log.charge(key, rate).allowed) == (True, False, True)


def test_a_flood_of_addresses_does_not_fill_the_memory(monkeypatch, key):
    monkeypatch.setattr(local_log, "CALLERS", 10)

    for number in range(100):
        local_log.charge(f"{key}:{number}", Rate(1, 60))
        local_log.charge(f"{key}:me", Rate(1000, 60))

    assert len(local_log._logs) <= 11
    assert local_log.charge(f"{key}:me", Rate(1000, 60)).remaining == 1000 - 101
