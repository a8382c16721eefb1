"""The queues of teams that share out by themselves: who is free gets what waits, and never more than they take.

Nobody is told "this ticket goes to that agent": whatever may have made a difference asks for a queue to be drained, and
the draining looks at how it stands. So asking twice, or late, does no harm.
"""

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime
from enum import Enum, auto
from typing import Final

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from helpdesk.events.models import EventRecord
from helpdesk.events.operations import publish
from helpdesk.tickets.enums import UNSOLVED, Assignment
from helpdesk.tickets.models import AssignmentDecision, Membership, Team, Ticket
from helpdesk.tickets.operations.assignment_candidates import (
    Candidate,
    add_workloads,
    candidates_of,
    lock_workloads,
    next_of,
    turn_after,
)
from helpdesk.tickets.operations.tickets import apply_changes, lock_ticket
from helpdesk.tickets.workloads import LoadOf

# A request that frees an agent gives out so many at once; the next look gives out more.
BATCH: Final = 25
# Why the chosen one, or nobody, and why not a candidate.
NOBODY: Final = "nobody_free"
NO_MEMBERS: Final = "no_members"
GAVE_IT_BACK: Final = "gave_it_back"
_WHY: Final[dict[str, str]] = {Assignment.ROUND_ROBIN: "next_in_turn", Assignment.LEAST_LOADED: "least_loaded"}


class _Step(Enum):
    GIVEN = auto()
    # Somebody was faster, or there was something to prepare: look again.
    AGAIN = auto()
    # Only those who had this ticket before are free.
    PASSED = auto()
    DONE = auto()


def share_out(*, ticket_id: int | None, freed: Collection[int], now: datetime) -> int:
    """Drain the queue that the ticket stands in, and those of the teams of these agents; return how many were given."""
    teams = Q(memberships__user__in=freed)
    if ticket_id is not None:
        teams |= Q(pk__in=Ticket.objects.filter(pk=ticket_id).order_by().values("team"))
    return _drain_all(teams, arrived=ticket_id, now=now)


def share_out_all(*, now: datetime) -> int:
    """Drain every queue: what no event told of, and what was too much for one draining."""
    return _drain_all(Q(), arrived=None, now=now)


def _drain_all(which: Q, *, arrived: int | None, now: datetime) -> int:
    """One statement where nothing waits."""
    if not settings.AUTO_ASSIGNMENT:
        return 0
    waiting = Exists(Ticket.objects.waiting().filter(team=OuterRef("pk")))
    teams = Team.objects.filter(which, waiting).exclude(assignment=Assignment.MANUAL)
    ids = teams.order_by("pk").values_list("pk", flat=True).distinct()
    return sum(drain(team_id, arrived=arrived, now=now) for team_id in ids)


def drain(team_id: int, *, now: datetime, arrived: int | None = None) -> int:
    """Give out what waits, one ticket a transaction, until nothing waits or nobody is free; return how many.

    `arrived` has just come to the queue: that nobody was free for it is written down.
    """
    given, passed = 0, set[int]()
    while given < BATCH:
        step = _give_next(team_id, passed, arrived=arrived, now=now)
        given += step is _Step.GIVEN
        if step is _Step.DONE:
            break
    return given


@transaction.atomic
def _give_next(team_id: int, passed: set[int], *, arrived: int | None, now: datetime) -> _Step:
    """The members' workloads are locked first, then the ticket: nobody who holds a ticket asks for the others."""
    team = Team.objects.exclude(assignment=Assignment.MANUAL).filter(pk=team_id).first()
    waiting = Ticket.objects.waiting().filter(team=team_id)
    ticket_id = waiting.exclude(pk__in=passed).values_list("pk", flat=True).first()
    if team is None or ticket_id is None:
        return _Step.DONE
    locked = lock_workloads(team)
    candidates = candidates_of(team)
    if not {candidate.user.pk for candidate in candidates} <= locked:
        add_workloads(team)
        return _Step.AGAIN
    if next_of(candidates, team.assignment) is None:
        if arrived and (unlucky := waiting.filter(pk=arrived).first()):
            _decide(unlucky, team, candidates, None, now=now)
        return _Step.DONE
    ticket = lock_ticket(ticket_id, deleted=True)
    if not _is_waiting(ticket, team):
        return _Step.AGAIN
    candidates = _without_who_gave_it_back(candidates, ticket)
    chosen = next_of(candidates, team.assignment)
    if chosen is None:
        passed.add(ticket.pk)
        _decide(ticket, team, candidates, None, now=now)
        return _Step.PASSED
    return _give(ticket, team, candidates, chosen, now=now)


def _give(ticket: Ticket, team: Team, candidates: list[Candidate], chosen: Candidate, *, now: datetime) -> _Step:
    written, events = apply_changes(ticket, {"assigned_to": chosen.user}, now=now)
    # The statement that assigns counts: a person may have assigned something since the candidates were looked at.
    still_free = Ticket.objects.alias(load=LoadOf(chosen.user)).filter(pk=ticket.pk, load__lt=chosen.capacity)
    if not still_free.update(**{column: getattr(ticket, column) for column in written}):
        return _Step.AGAIN
    for event in events:
        publish(event, by=None, now=now)
    _decide(ticket, team, candidates, chosen, now=now)
    # Who has left the team meanwhile has no turn any more.
    Membership.objects.filter(pk=chosen.membership.pk).update(last_assigned_at=turn_after(candidates, now=now))
    return _Step.GIVEN


def _is_waiting(ticket: Ticket, team: Team) -> bool:
    """As it stands now that it is locked; `TicketQuerySet.waiting`, said of one."""
    free = ticket.assigned_to_id is None and ticket.deleted_at is None
    return free and ticket.team_id == team.pk and ticket.status in UNSOLVED


def _without_who_gave_it_back(candidates: Iterable[Candidate], ticket: Ticket) -> list[Candidate]:
    """Whoever had it last and has it no more is not given it again."""
    records = EventRecord.objects.filter(subject_type="ticket", subject_id=ticket.pk, type="ticket_assigned")
    last = records.order_by("-id").values_list("data", flat=True).first()
    had_it = (last or {}).get("old_assignee") or {}
    return [
        replace(candidate, obstacle=candidate.obstacle or GAVE_IT_BACK)
        if candidate.user.pk == had_it.get("id")
        else candidate
        for candidate in candidates
    ]


def _decide(
    ticket: Ticket, team: Team, candidates: list[Candidate], chosen: Candidate | None, *, now: datetime
) -> None:
    """That nobody got it is written down once for as long as nothing is different: a queue is looked at often."""
    decision = AssignmentDecision(
        ticket=ticket,
        team=team,
        strategy=team.assignment,
        candidates=[candidate.as_dict() for candidate in candidates],
        chosen=chosen.user if chosen else None,
        reason=_WHY[team.assignment] if chosen else NOBODY if candidates else NO_MEMBERS,
        decided_at=now,
    )
    if chosen is None:
        last = AssignmentDecision.objects.filter(ticket=ticket).order_by("-id").first()
        if last and (last.reason, last.candidates) == (decision.reason, decision.candidates):
            return
    decision.save()
