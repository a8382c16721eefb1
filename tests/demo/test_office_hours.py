"""Time that only passes on working days."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from helpdesk.demo.office_hours import later, moment
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
def test_every_moment_lies_between_begin_and_end(days):
    begin = NOON - timedelta(days=days)

    moments = [moment(Random(seed), begin, NOON) for seed in range(500)]

    assert begin <= min(moments) < max(moments) < NOON
    assert max(moments) - min(moments) > timedelta(days=days) * 0.8


def test_most_people_write_on_working_days_in_the_daytime():
    moments = [moment(Random(seed), NOON - timedelta(days=90), NOON) for seed in range(2000)]

    weekend = sum(at.weekday() >= 5 for at in moments)
    by_hour = Counter(at.hour for at in moments)
    assert 0 < weekend < 2000 / 7
    assert sum(by_hour[hour] for hour in range(8, 18)) > 1400
    assert sum(by_hour[hour] for hour in range(6)) > 0
