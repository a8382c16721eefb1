"""Time that only passes on working days."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from helpdesk.demo.office_hours import later, moments
from tests.people import NOON

FRIDAY = datetime(2026, 11, 20, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("at", "delay", "then"),
    [
        (FRIDAY + 9 * HOUR, 2 * HOUR, FRIDAY + 11 * HOUR),
        (FRIDAY + 3 * HOUR, 2 * HOUR, FRIDAY + 10 * HOUR),
        (FRIDAY + 17 * HOUR, 2 * HOUR, FRIDAY + timedelta(days=3, hours=9)),
        (FRIDAY + 20 * HOUR, 1 * HOUR, FRIDAY + timedelta(days=3, hours=9)),
        (FRIDAY + timedelta(days=1, hours=12), 1 * HOUR, FRIDAY + timedelta(days=3, hours=9)),
        (FRIDAY + 9 * HOUR, 25 * HOUR, FRIDAY + timedelta(days=4, hours=14)),
        (FRIDAY + 17 * HOUR, 1 * HOUR, FRIDAY + timedelta(days=3, hours=8)),
    ],
)
def test_a_delay_passes_while_the_office_is_open(at, delay, then):
    assert later(at, delay) == then


@pytest.mark.parametrize("days", [1, 2, 90, 700])
def test_moments_come_in_order_and_fill_the_time_between_begin_and_end(days):
    begin = NOON - timedelta(days=days)

    for seed in range(20):
        found = list(moments(Random(seed), begin, NOON, 500))

        assert len(found) == 500
        assert found == sorted(found)
        assert begin <= found[0] < found[-1] < NOON
        assert found[-1] - found[0] > timedelta(days=days) * 0.8


@pytest.mark.parametrize("count", [0, 1])
def test_few_moments_are_exact_too(count):
    assert len(list(moments(Random(1), NOON - timedelta(days=1), NOON, count))) == count


def test_a_single_moment_may_be_any():
    days = {at.date() for seed in range(200) for at in moments(Random(seed), NOON - timedelta(days=20), NOON, 1)}

    assert len(days) > 12


def test_most_people_write_on_working_days_in_the_daytime():
    found = list(moments(Random(1), NOON - timedelta(days=90), NOON, 2000))

    weekend = sum(at.weekday() >= 5 for at in found)
    by_hour = Counter(at.hour for at in found)
    assert 0 < weekend < 2000 / 7
    assert sum(by_hour[hour] for hour in range(8, 18)) > 1400
    assert sum(by_hour[hour] for hour in range(6)) > 0
