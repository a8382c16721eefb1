"""When people write and agents answer: time that only passes on working days."""

from datetime import datetime, timedelta
from random import Random
from typing import Final

_OPENS: Final = timedelta(hours=8)
_CLOSES: Final = timedelta(hours=18)
_SATURDAY: Final = 5
# How many of a hundred tickets are opened in each hour of the day, and how often a weekend's is kept.
_BY_HOUR: Final = (1, 1, 0, 0, 0, 1, 2, 4, 8, 11, 11, 10, 6, 6, 8, 9, 8, 6, 3, 2, 1, 1, 1, 0)
_ON_WEEKENDS: Final = 0.2


def moment(rng: Random, begin: datetime, end: datetime) -> datetime:
    """When a customer wrote, between the two: mostly on a working day, in its busy hours."""
    days = (end - begin).days
    for _try in range(10):
        day = _midnight(begin) + timedelta(days=rng.randint(0, days))
        at = day + timedelta(hours=rng.choices(range(24), _BY_HOUR)[0], seconds=rng.uniform(0, 3600))
        if begin <= at < end and (day.weekday() < _SATURDAY or rng.random() < _ON_WEEKENDS):
            return at
    return begin + (end - begin) * rng.random()


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
