"""When people write and agents answer: time that only passes on working days."""

from bisect import bisect_right
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import accumulate
from random import Random
from typing import Final

_HOUR: Final = timedelta(hours=1)
_OPENS: Final = timedelta(hours=8)
_CLOSES: Final = timedelta(hours=18)
_SATURDAY: Final = 5
# How many of a hundred tickets are opened in each hour of the day, never none; and how a weekend's hour compares.
_BY_HOUR: Final = (1, 1, 0.5, 0.5, 0.5, 1, 2, 4, 8, 11, 11, 10, 6, 6, 8, 9, 8, 6, 3, 2, 1, 1, 1, 0.5)
_ON_WEEKENDS: Final = 0.2


def moments(rng: Random, begin: datetime, end: datetime, count: int) -> Iterator[datetime]:
    """When customers wrote, between two full hours, in order: mostly on working days, in their busy hours."""
    sums = list(accumulate(_busyness(begin + _HOUR * n) for n in range((end - begin) // _HOUR)))
    place = 0.0
    for left in range(count, 0, -1):
        # The least of as many numbers as are left, anywhere between the last one and 1.
        place += (1 - place) * (1 - (1 - rng.random()) ** (1 / left))
        weight = place * sums[-1]
        hour = min(bisect_right(sums, weight), len(sums) - 1)
        before = sums[hour - 1] if hour else 0.0
        # Never quite the next hour, whatever is rounded.
        yield begin + _HOUR * (hour + min((weight - before) / (sums[hour] - before), 0.9999))


def _busyness(hour: datetime) -> float:
    return _BY_HOUR[hour.hour] * (1 if hour.weekday() < _SATURDAY else _ON_WEEKENDS)


def later(at: datetime, delay: timedelta) -> datetime:
    """The moment when the office has been open for so long since then."""
    day = _midnight(at)
    opened = max(at - day, _OPENS)
    while True:
        if day.weekday() < _SATURDAY and opened < _CLOSES:
            if opened + delay < _CLOSES:
                return day + opened + delay
            delay -= _CLOSES - opened
        day, opened = day + timedelta(days=1), _OPENS


def _midnight(at: datetime) -> datetime:
    return at.replace(hour=0, minute=0, second=0, microsecond=0)
