"""Who of a team could take a ticket of its queue, and who is next."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db.models import F, OuterRef
from django.db.models.functions import Coalesce

from helpdesk.accounts.models import User
from helpdesk.accounts.roles import Permission
from helpdesk.tickets.enums import Assignment
from helpdesk.tickets.models import Membership, Team, Workload
from helpdesk.tickets.workloads import LoadOf

TICK: Final = timedelta(microseconds=1)


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A member as the allocator found them; `obstacle`: why they get nothing, or empty."""

    membership: Membership
    open_tickets: int
    capacity: int
    obstacle: str

    @property
    def user(self) -> User:
        return self.membership.user

    def as_dict(self) -> dict[str, Any]:
        """What the decision keeps."""
        last = self.membership.last_assigned_at
        return {
            "user": self.user.as_dict(),
            "open_tickets": self.open_tickets,
            "capacity": self.capacity,
            "last_assigned_at": last.isoformat() if last else None,
            "eligible": not self.obstacle,
            "reason": self.obstacle or "free",
        }


def lock_workloads(team: Team) -> set[int]:
    """Whose rows there are, locked until the end of the transaction: nobody else counts their tickets meanwhile.

    In one order, so that the allocators of two teams with the same members cannot deadlock.
    """
    rows = Workload.objects.filter(user__memberships__team=team).order_by("pk").select_for_update(of=("self",))
    return set(rows.values_list("pk", flat=True))


def add_workloads(team: Team) -> None:
    """A row for each member who has none, which changes nothing but can be locked."""
    without = team.memberships.filter(user__workload=None).order_by("user").values_list("user", flat=True)
    Workload.objects.bulk_create([Workload(user_id=user_id) for user_id in without], ignore_conflicts=True)


def candidates_of(team: Team) -> list[Candidate]:
    """All members in the order of their ids. To be asked after the locks, in a statement of its own: one that waited
    for a lock counts what was there before it waited."""
    members = team.memberships.select_related("user").order_by("user")
    rows = members.annotate(
        load=LoadOf(OuterRef("user")),
        capacity=Coalesce(F("user__workload__capacity"), settings.AGENT_CAPACITY),
        available=Coalesce(F("user__workload__available"), True),
    )
    return [_candidate(row) for row in rows]


def _candidate(row: Any) -> Candidate:
    obstacles = {
        "not_an_agent": not row.user.may(Permission.BE_ASSIGNED),
        "away": not row.available,
        "full": row.load >= row.capacity,
    }
    obstacle = next((name for name, stands_in_the_way in obstacles.items() if stands_in_the_way), "")
    return Candidate(membership=row, open_tickets=row.load, capacity=row.capacity, obstacle=obstacle)


def next_of(candidates: Iterable[Candidate], strategy: str) -> Candidate | None:
    free = [candidate for candidate in candidates if not candidate.obstacle]
    return min(free, key=_ORDERS[strategy], default=None)


def turn_after(candidates: Iterable[Candidate], *, now: datetime) -> datetime:
    """The time of a turn that begins now: later than every other, also where one moment sees many of them."""
    turns = [candidate.membership.last_assigned_at for candidate in candidates]
    latest = max((turn for turn in turns if turn), default=None)
    return max(now, latest + TICK) if latest else now


def _turn(candidate: Candidate) -> tuple[bool, float, int]:
    """Whose turn was longest ago comes first, and before them who had none."""
    last = candidate.membership.last_assigned_at
    return last is not None, last.timestamp() if last else 0, candidate.user.pk


_ORDERS: Final[Mapping[str, Callable[[Candidate], tuple[Any, ...]]]] = {
    Assignment.ROUND_ROBIN: _turn,
    Assignment.LEAST_LOADED: lambda candidate: (candidate.open_tickets, *_turn(candidate)),
}
