"""Queues that give out by themselves: who gets what, why, and when somebody comes free."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from helpdesk.accounts.models import User
from helpdesk.events.models import EventReceipt, EventRecord
from helpdesk.events.operations import sweep
from helpdesk.tickets.models import AssignmentDecision, Membership, Team, Ticket
from helpdesk.tickets.operations import assignment, assignment_queue, comments, teams, tickets
from helpdesk.tickets.operations.workloads import update_workload
from tests.factories import ticket_of
from tests.people import NOON, AdminFactory, AgentFactory, UserFactory
from tests.tickets.queues import in_queue, loads, team_of, waiting

Committing = Callable[[], Any]


@pytest.fixture
def ann(db: None) -> User:
    return AgentFactory(username="ann")


@pytest.fixture
def bob(db: None) -> User:
    return AgentFactory(username="bob")


def takes(agent: User, capacity: int | None = None, **changes: Any) -> None:
    changes |= {} if capacity is None else {"capacity": capacity}
    update_workload(by=agent, user_id=agent.pk, changes=changes, now=NOON)


def assignee(ticket: Ticket) -> str | None:
    user = Ticket.objects.get(pk=ticket.pk).assigned_to
    return user.username if user else None


def reasons(ticket: Ticket) -> list[tuple[str | None, str, dict[str, str]]]:
    """Of each decision about it, oldest first: who got it, why, and what was said of each candidate."""
    return [
        (
            decision.chosen.username if decision.chosen else None,
            decision.reason,
            {candidate["user"]["username"]: candidate["reason"] for candidate in decision.candidates},
        )
        for decision in AssignmentDecision.objects.filter(ticket=ticket).order_by("id")
    ]


# --- who gets it -----------------------------------------------------------------------------------------------------


def test_in_turn_everybody_gets_as_many_also_at_one_moment(committing: Committing, ann: User, bob: User) -> None:
    team = team_of(ann, bob, AgentFactory(username="cem"), assignment="round_robin")
    given = []
    for _ in range(6):
        with committing():
            ticket = waiting(team)
        given.append(assignee(ticket))

    assert given == ["ann", "bob", "cem"] * 2
    assert reasons(ticket) == [("cem", "next_in_turn", dict.fromkeys(["ann", "bob", "cem"], "free"))]


def test_whoever_has_least_gets_the_next_whoever_gave_them_the_others(
    committing: Committing, ann: User, bob: User
) -> None:
    team = team_of(ann, bob, assignment="least_loaded")
    for _ in range(2):
        ticket_of(assigned_to=ann.pk)
    given = []
    for _ in range(3):
        with committing():
            ticket = waiting(team)
        given.append(assignee(ticket))

    assert given == ["bob", "bob", "ann"]
    assert [(who, why) for who, why, _ in reasons(ticket)] == [("ann", "least_loaded")]


def test_it_is_told_as_every_assignment_by_nobody(committing: Committing, ann: User) -> None:
    with committing():
        ticket = waiting(team_of(ann, assignment="round_robin"))

    record = EventRecord.objects.get(type="ticket_assigned")
    assert (record.actor_id, record.body["actor"], record.audience) == (
        None,
        None,
        sorted([ticket.created_by_id, ann.pk]),
    )
    assert record.changes == {"assigned_to": {"from": None, "to": ann.as_dict()}}
    assert Ticket.objects.get().version == ticket.version + 1 == record.data["version"]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [({"available": False}, "away"), ({"capacity": 0}, "full"), ({"is_active": False}, "not_an_agent"),
     ({"role": "customer"}, "not_an_agent")],
)  # fmt: skip
def test_nobody_gets_a_ticket_who_is_away_full_or_no_agent_and_it_is_written_down(
    committing: Committing, ann: User, bob: User, changes: dict[str, Any], reason: str
) -> None:
    if changes.keys() & {"available", "capacity"}:
        takes(ann, **changes)
    else:
        User.objects.filter(pk=ann.pk).update(**changes)
    alone, both = team_of(ann, assignment="round_robin"), team_of(ann, bob, name="B", assignment="round_robin")
    with committing():
        unlucky, lucky = waiting(alone), waiting(both)

    assert (assignee(unlucky), assignee(lucky)) == (None, "bob")
    assert reasons(unlucky) == [(None, "nobody_free", {"ann": reason})]
    assert reasons(lucky) == [("bob", "next_in_turn", {"ann": reason, "bob": "free"})]


def test_a_team_without_members_keeps_its_tickets(committing: Committing, db: None) -> None:
    with committing():
        ticket = waiting(team_of(assignment="least_loaded"))

    assert (assignee(ticket), reasons(ticket)) == (None, [(None, "no_members", {})])


@pytest.mark.parametrize("changes", [{"members": True}, {"assignment": "least_loaded"}])
def test_a_team_that_gets_somebody_who_is_free_gives_out_what_waits(
    committing: Committing, ann: User, bob: User, changes: dict[str, Any]
) -> None:
    team = team_of(
        *([] if "members" in changes else [ann]), assignment="round_robin" if "members" in changes else "manual"
    )
    with committing():
        ticket = waiting(team)
    assert assignee(ticket) is None

    with committing():
        named = {"members": [ann.pk]} if "members" in changes else changes
        teams.update_team(by=bob, team_id=team.pk, changes=named, now=NOON)

    assert assignee(ticket) == "ann"


def test_a_ticket_that_comes_into_a_queue_is_given_out(committing: Committing, ann: User, bob: User) -> None:
    team, ticket = team_of(ann, assignment="round_robin"), ticket_of()
    with committing():
        tickets.update_ticket(by=bob, ticket_id=ticket.pk, changes={"team": team.pk}, now=NOON)

    assert assignee(ticket) == "ann"


def test_looking_at_a_queue_again_writes_nothing_down_again(committing: Committing, ann: User) -> None:
    takes(ann, 0)
    team = team_of(ann, assignment="round_robin")
    with committing():
        ticket = waiting(team)
    for _ in range(3):
        assignment_queue.share_out(ticket_id=ticket.pk, freed=[], now=NOON)
        assignment_queue.share_out_all(now=NOON)

    assert len(reasons(ticket)) == 1


@pytest.mark.parametrize(("how", "setting"), [("manual", "on"), ("round_robin", "off")])
def test_nothing_is_given_out_where_a_team_or_the_setting_says_so(
    committing: Committing, settings: Any, ann: User, how: str, setting: str
) -> None:
    settings.AUTO_ASSIGNMENT = setting == "on"
    with committing():
        ticket = waiting(team_of(ann, assignment=how))
    assignment_queue.share_out_all(now=NOON)

    assert (assignee(ticket), reasons(ticket)) == (None, [])


def test_the_most_urgent_is_next_and_among_equals_the_oldest(ann: User) -> None:
    takes(ann, 1)
    team = team_of(ann, assignment="round_robin")
    names = {}
    for name, priority, minutes in (("late", "high", 2), ("first", "high", 1), ("low", "low", 0), ("now", "urgent", 3)):
        names[waiting(team, priority=priority, now=NOON + timedelta(minutes=minutes)).pk] = name
    given = []
    while assignment_queue.share_out_all(now=NOON):
        ticket = Ticket.objects.get(assigned_to=ann, status="open")
        given.append(names[ticket.pk])
        tickets.close_ticket(by=ann, ticket_id=ticket.pk, now=NOON)

    assert given == ["now", "first", "late", "low"]


def test_the_default_capacity_is_a_setting(ann: User, settings: Any) -> None:
    settings.AGENT_CAPACITY = 3
    team = team_of(ann, assignment="least_loaded")
    for _ in range(5):
        waiting(team)

    assert assignment_queue.share_out_all(now=NOON) == 3
    assert loads() == {"ann": 3}


# --- what puts a ticket into a queue ---------------------------------------------------------------------------------


def reopened(ticket: Ticket, by: User) -> None:
    tickets.reopen_ticket(by=by, ticket_id=ticket.pk, now=NOON)


def restored(ticket: Ticket, by: User) -> None:
    tickets.restore_ticket(by=by, ticket_id=ticket.pk, now=NOON)


def woken(ticket: Ticket, _by: User) -> None:
    comments.add_comment(by=ticket.created_by, ticket_id=ticket.pk, content="Still on fire.", now=NOON)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"status": "closed", "closed_at": NOON}, reopened),
        ({"status": "resolved", "resolved_at": NOON}, woken),
        ({"deleted_at": NOON}, restored),
    ],
    ids=["reopened", "woken", "restored"],
)
def test_what_comes_back_to_the_queue_is_given_out(
    committing: Committing, ann: User, before: dict[str, Any], after: Callable[[Ticket, User], None]
) -> None:
    ticket = waiting(team_of(ann, assignment="round_robin"))
    Ticket.objects.filter(pk=ticket.pk).update(**before)
    assert assignment_queue.share_out_all(now=NOON) == 0

    with committing():
        after(Ticket.objects.get(pk=ticket.pk), AdminFactory())

    assert assignee(ticket) == "ann"


def test_what_was_given_back_goes_to_somebody_else_or_waits(committing: Committing, ann: User, bob: User) -> None:
    team = team_of(ann, bob, assignment="round_robin")
    takes(bob, available=False)
    with committing():
        ticket = waiting(team)
    assert assignee(ticket) == "ann"

    with committing():
        assignment.unassign_ticket(by=ann, ticket_id=ticket.pk, now=NOON)
    assert assignee(ticket) is None
    assert reasons(ticket)[-1] == (None, "nobody_free", {"ann": "gave_it_back", "bob": "away"})

    with committing():
        takes(bob, available=True)
    assert assignee(ticket) == "bob"


def test_one_that_nobody_may_have_does_not_hold_up_the_others(committing: Committing, ann: User) -> None:
    team = team_of(ann, assignment="round_robin")
    with committing():
        first = waiting(team, priority="urgent")
    with committing():
        assignment.unassign_ticket(by=ann, ticket_id=first.pk, now=NOON)
    with committing():
        second = waiting(team)

    assert (assignee(first), assignee(second)) == (None, "ann")


# --- who comes free --------------------------------------------------------------------------------------------------


def solve(ticket: Ticket, by: User) -> None:
    tickets.update_ticket(by=by, ticket_id=ticket.pk, changes={"status": "resolved"}, now=NOON)


FREEING: dict[str, Callable[[Ticket, User], Any]] = {
    "solved": solve,
    "closed": lambda ticket, by: tickets.close_ticket(by=by, ticket_id=ticket.pk, now=NOON),
    "deleted": lambda ticket, by: tickets.delete_ticket(by=by, ticket_id=ticket.pk, now=NOON),
    "unassigned": lambda ticket, by: assignment.unassign_ticket(by=by, ticket_id=ticket.pk, now=NOON),
    "given to a colleague": lambda ticket, by: assignment.assign_ticket(
        by=by, ticket_id=ticket.pk, user_id=by.pk, now=NOON
    ),
    "stolen": lambda ticket, by: tickets.claim_ticket(by=by, ticket_id=ticket.pk, steal=True, now=NOON),
    "a higher capacity": lambda ticket, _by: takes(ticket.assigned_to, 2),
}


@pytest.mark.parametrize("how", FREEING)
def test_who_comes_free_gets_what_waits(committing: Committing, ann: User, admin: User, how: str) -> None:
    takes(ann, 1)
    # Their ticket need not be of the team.
    held = ticket_of(assigned_to=ann.pk)
    with committing():
        ticket = waiting(team_of(ann, assignment="least_loaded"))
    assert assignee(ticket) is None

    with committing():
        FREEING[how](held, admin)

    assert assignee(ticket) == "ann"
    assert [(who, why) for who, why, _ in reasons(ticket)] == [(None, "nobody_free"), ("ann", "least_loaded")]


def test_who_is_available_again_gets_as_much_as_they_take(committing: Committing, ann: User) -> None:
    takes(ann, 2, available=False)
    team = team_of(ann, assignment="round_robin")
    with committing():
        for _ in range(3):
            waiting(team)
    assert loads() == {}

    with committing():
        takes(ann, available=True)

    assert loads() == {"ann": 2}


def test_whoever_joined_the_team_is_found_at_the_next_look(ann: User, committing: Committing) -> None:
    team = team_of(assignment="round_robin")
    with committing():
        ticket = waiting(team)
    Membership.objects.create(team=team, user=ann)

    from helpdesk.tickets import tasks

    tasks.share_out()

    assert assignee(ticket) == "ann"


def test_a_long_queue_is_given_out_in_several_goes(ann: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assignment_queue, "BATCH", 2)
    team = team_of(ann, assignment="round_robin")
    for _ in range(5):
        waiting(team)

    assert [assignment_queue.share_out_all(now=NOON) for _ in range(4)] == [2, 2, 1, 0]


# --- nothing is lost -------------------------------------------------------------------------------------------------


def test_a_process_that_dies_after_the_commit_leaves_it_to_the_sweeper(ann: User) -> None:
    """Without `committing`, what waits for the commit never runs, as if the process had died there."""
    ticket = waiting(team_of(ann, assignment="round_robin"))
    assert EventReceipt.objects.get(subscriber="tickets.assignment").state == "pending"

    sweep(now=timezone.now() + timedelta(minutes=1))

    assert assignee(ticket) == "ann"


def test_hearing_it_twice_gives_nothing_twice(ann: User, bob: User, committing: Committing) -> None:
    team = team_of(ann, bob, assignment="round_robin")
    with committing():
        ticket = waiting(team)
    for _ in range(3):
        EventReceipt.objects.filter(subscriber="tickets.assignment").update(state="pending", due_at=NOON)
        sweep(now=timezone.now() + timedelta(minutes=1))

    assert (assignee(ticket), len(reasons(ticket))) == ("ann", 1)
    assert EventRecord.objects.filter(type="ticket_assigned").count() == 1


# --- what it costs ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("members", [1, 20])
def test_giving_out_costs_the_same_for_any_number_of_members(
    db: None, members: int, django_assert_num_queries: Any
) -> None:
    team = team_of(*AgentFactory.create_batch(members), assignment="least_loaded")
    for _ in range(2):
        waiting(team)
    assignment_queue.drain(team.pk, now=NOON)  # makes the rows to lock
    waiting(team)

    # Its transaction, and that of finding that nothing waits any more.
    with django_assert_num_queries(17):
        assert assignment_queue.drain(team.pk, now=NOON) == 1


def test_a_queue_in_which_nothing_waits_costs_one_statement(ann: User, django_assert_num_queries: Any) -> None:
    team = team_of(ann, assignment="round_robin")
    ticket = in_queue(ticket_of(UserFactory(), assigned_to=ann.pk), team)
    with django_assert_num_queries(1):
        assignment_queue.share_out(ticket_id=ticket.pk, freed=[ann.pk], now=NOON)
    assert Team.objects.count() == 1


def test_what_a_person_assigns_between_counting_and_assigning_counts(
    ann: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    takes(ann, 1)
    ticket = waiting(team_of(ann, assignment="round_robin"))
    by_hand = ticket_of()
    looked = assignment_queue.candidates_of

    def counted_before(team: Team) -> Any:
        candidates = looked(team)
        Ticket.objects.filter(pk=by_hand.pk).update(assigned_to=ann)
        return candidates

    monkeypatch.setattr(assignment_queue, "candidates_of", counted_before)

    assert assignment_queue.share_out_all(now=NOON) == 0
    assert (assignee(ticket), loads()) == (None, {"ann": 1})
