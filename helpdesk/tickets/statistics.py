"""Numbers for a glance at the desk: each from one index, and no slower because the desk is old."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from django.db.models import Count, Q
from django.db.models.functions import TruncDate

from helpdesk.tickets.enums import UNSOLVED, Priority
from helpdesk.tickets.models import TicketQuerySet

# So many are counted, in whichever order they lie: a desk with more has other worries than the exact number.
MOST_COUNTED: Final = 200_000


@dataclass(frozen=True)
class Workload:
    """How many tickets wait; every choice is there, also with 0."""

    total: int
    by_status: dict[str, int]
    by_priority: dict[str, int]

    @property
    def is_capped(self) -> bool:
        return self.total >= MOST_COUNTED


@dataclass(frozen=True)
class Day:
    """A day of UTC."""

    day: date
    created: int
    resolved: int


def workload(tickets: TicketQuerySet) -> Workload:
    """One statement. An index holds the unsolved ones alone, however many were solved before."""
    waiting = tickets.filter(status__in=UNSOLVED).order_by().values("status", "priority")[:MOST_COUNTED]
    counted = waiting.aggregate(
        total=Count("*"),
        **{f"status_{status}": Count("status", filter=Q(status=status)) for status in UNSOLVED},
        **{f"priority_{priority}": Count("priority", filter=Q(priority=priority)) for priority in Priority},
    )
    return Workload(
        total=counted["total"],
        by_status={str(status): counted[f"status_{status}"] for status in UNSOLVED},
        by_priority={str(priority): counted[f"priority_{priority}"] for priority in Priority},
    )


def daily(tickets: TicketQuerySet, *, now: datetime, days: int) -> list[Day]:
    """The last days, oldest first, today among them. Two statements: each reads its dates out of an index."""
    first = now.astimezone(UTC).date() - timedelta(days=days - 1)
    created, resolved = (_by_day(tickets, column, since=first) for column in ("created_at", "resolved_at"))
    every = (first + timedelta(days=n) for n in range(days))
    return [Day(day=day, created=created.get(day, 0), resolved=resolved.get(day, 0)) for day in every]


def _by_day(tickets: TicketQuerySet, column: str, *, since: date) -> dict[date, int]:
    recent = tickets.filter(**{f"{column}__gte": datetime.combine(since, time.min, UTC)})
    counted = recent.order_by().values(day=TruncDate(column, tzinfo=UTC)).annotate(number=Count("*"))
    return dict(counted.values_list("day", "number"))
