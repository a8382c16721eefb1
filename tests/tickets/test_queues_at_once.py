"""Many allocators at once, on committed rows: nobody gets more than they take, and no ticket goes to two."""

from collections import Counter
from functools import partial
from typing import Any

import pytest

from helpdesk.events.models import EventRecord
from helpdesk.tickets.models import AssignmentDecision, Ticket, Workload
from helpdesk.tickets.operations import assignment_queue, tickets
from helpdesk.tickets.operations.workloads import update_workload
from tests.factories import ticket_of
from tests.people import NOON, AgentFactory, UserFactory
from tests.tickets.queues import loads, team_of, waiting
from tests.tickets.test_concurrency import at_once

ALLOCATORS = 8


@pytest.mark.slow
@pytest.mark.parametrize("strategy", ["round_robin", "least_loaded"])
def test_eight_allocators_never_exceed_a_capacity_and_leave_nobody_free(
    transactional_db: None, settings: Any, strategy: str
) -> None:
    settings.AGENT_CAPACITY = 3
    # Nobody else gives out what comes.
    settings.AUTO_ASSIGNMENT = False
    ann, bob, cem, dan = (AgentFactory(username=name) for name in ("ann", "bob", "cem", "dan"))
    # Two teams share an agent, so their allocators meet; and one agent has a ticket of no team.
    first = team_of(ann, bob, cem, assignment=strategy)
    second = team_of(cem, dan, name="Keyboards", assignment=strategy)
    Workload.objects.create(user=bob, capacity=1)
    ticket_of(UserFactory(), assigned_to=ann.pk)
    full = {"ann": 3, "bob": 1, "cem": 3, "dan": 3}
    creator = UserFactory()
    for _round in range(6):
        for _ in range(12):
            waiting(first, creator)
            waiting(second, creator)

        drains = [partial(assignment_queue.drain, team.pk, now=NOON) for team in (first, second) * (ALLOCATORS // 2)]
        given = at_once(drains)

        assert loads() == full
        assert sum(given) == 10 - 1
        # Everybody is free again, but for the ticket of no team.
        Ticket.objects.filter(team__isnull=False).update(status="closed", closed_at=NOON, assigned_to=None)
    chosen = AssignmentDecision.objects.exclude(chosen=None).values_list("ticket", flat=True)
    assert Counter(chosen).most_common(1)[0][1] == 1
    told = EventRecord.objects.filter(type="ticket_assigned", actor_id=None).values_list("subject_id", flat=True)
    assert sorted(told) == sorted(chosen)


@pytest.mark.slow
def test_requests_that_free_agents_and_open_tickets_at_once_end_with_everybody_full(
    transactional_db: None, settings: Any
) -> None:
    """As on a busy desk: whoever commits gives out, beside those who claim and those who change what they take."""
    ann, bob = AgentFactory(username="ann"), AgentFactory(username="bob")
    team = team_of(ann, bob, assignment="least_loaded")
    for agent in (ann, bob):
        update_workload(by=agent, user_id=agent.pk, changes={"capacity": 4}, now=NOON)
    settings.AUTO_ASSIGNMENT = False
    queue = [waiting(team) for _ in range(40)]
    settings.AUTO_ASSIGNMENT = True
    assert assignment_queue.share_out_all(now=NOON) == 8
    held = Ticket.objects.filter(assigned_to__isnull=False, status="open").order_by("pk")
    solved = list(held[::2])

    calls: list[Any] = [partial(tickets.close_ticket, by=ann, ticket_id=ticket.pk, now=NOON) for ticket in solved]
    calls += [
        partial(tickets.update_ticket, by=ann, ticket_id=ticket.pk, changes={"title": "x"}, now=NOON)
        for ticket in queue[-4:]
    ]
    calls += [partial(assignment_queue.share_out_all, now=NOON)] * 4
    at_once(calls)

    unsolved = Ticket.objects.filter(status="open", assigned_to__isnull=False)
    assert Counter(unsolved.values_list("assigned_to__username", flat=True)) == {"ann": 4, "bob": 4}


@pytest.mark.slow
def test_a_claim_and_the_queue_at_once_give_a_ticket_to_one_of_them(transactional_db: None, settings: Any) -> None:
    settings.AUTO_ASSIGNMENT = False
    ann, bob = AgentFactory(username="ann"), AgentFactory(username="bob")
    team = team_of(ann, assignment="round_robin")
    for _round in range(20):
        ticket = waiting(team)
        outcome: list[str] = []

        def claim(ticket_id: int = ticket.pk, outcome: list[str] = outcome) -> None:
            try:
                tickets.claim_ticket(by=bob, ticket_id=ticket_id, now=NOON)
                outcome.append("bob")
            except tickets.AlreadyAssigned as error:
                outcome.append(error.extra["assigned_to"]["username"])

        at_once([claim, partial(assignment_queue.drain, team.pk, now=NOON)])

        told = EventRecord.objects.filter(type="ticket_assigned", subject_id=ticket.pk)
        assert [record.changes["assigned_to"]["to"]["username"] for record in told] == outcome
        Ticket.objects.update(status="closed", closed_at=NOON)
