from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from django.db import connection
from django.utils import timezone

from helpdesk.limits import durable_log
from helpdesk.limits.models import Hit
from helpdesk.limits.rates import Rate, Verdict


def test_of_60_parallel_guesses_exactly_20_pass(transactional_db, key):
    def guess(_: int) -> Verdict:
        try:
            return durable_log.charge(key, Rate(20, 60))
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as threads:
        verdicts = list(threads.map(guess, range(60)))

    assert sum(verdict.allowed for verdict in verdicts) == 20
    assert Hit.objects.filter(key=key).count() == 20


def test_the_budget_counts_down_and_waits_for_the_oldest_guess(db, key):
    first, second, third = (durable_log.charge(key, Rate(2, 60)) for _ in range(3))

    assert [(v.allowed, v.remaining) for v in (first, second, third)] == [(True, 1), (True, 0), (False, 0)]
    assert 59 < third.wait < first.wait == 60


def test_a_guess_is_free_again_after_the_window(db, key):
    long_ago = timezone.now() - timedelta(seconds=61)
    Hit.objects.create(key=key, at=long_ago, expires_at=long_ago + timedelta(seconds=60))

    assert durable_log.charge(key, Rate(1, 60)).allowed


def test_expired_rows_of_anybody_are_swept_up(db, key):
    long_ago = timezone.now() - timedelta(hours=1)
    Hit.objects.bulk_create([Hit(key=f"{key}:{n}", at=long_ago, expires_at=long_ago) for n in range(150)])

    durable_log.charge(key, Rate(1, 60))
    durable_log.charge(key, Rate(1, 60))

    assert list(Hit.objects.values_list("key", flat=True)) == [key]
