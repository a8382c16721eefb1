"""Whoever follows `access_granted` and `access_revoked` knows which tickets they may see, live and after a resume."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

from django.db import transaction
from django.test import override_settings
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from helpdesk.accounts.models import User
from helpdesk.core.errors import DomainError
from helpdesk.events.models import EventRecord
from helpdesk.events.operations.sequencing import sequence
from helpdesk.events.queries import head_position
from helpdesk.realtime.queries import hearers, missed
from helpdesk.realtime.telling import Told
from helpdesk.tickets.models import Team, Ticket
from helpdesk.tickets.operations import teams, tickets
from tests.factories import comment_on, ticket_of
from tests.people import NOON, AdminFactory, AgentFactory, UserFactory
from tests.tickets.queues import team_of

whom = st.integers(0, 5)
which = st.integers(0, 3)
team = st.none() | st.integers(0, 1)
STEPS = st.one_of(
    st.tuples(st.just("open"), whom, team),
    st.tuples(st.just("open_for"), whom),
    st.tuples(st.just("assign"), which, st.none() | whom),
    st.tuples(st.just("move"), which, team),
    st.tuples(st.just("both"), which, st.none() | whom, team),
    st.tuples(st.sampled_from(["delete", "restore"]), which),
    st.tuples(st.just("members"), st.integers(0, 1), st.sets(st.integers(2, 4))),
    st.tuples(st.just("comment"), whom, which),
)


def ticket(index: int) -> Ticket:
    return Ticket.objects.order_by("pk")[index]


def team_id(index: int | None) -> int | None:
    return None if index is None else Team.objects.order_by("pk")[index].pk


def change(people: list[User], index: int, **changes: Any) -> None:
    tickets.update_ticket(by=people[5], ticket_id=ticket(index).pk, changes=changes, now=NOON)


def pk(people: list[User], index: int | None) -> int | None:
    return None if index is None else people[index].pk


DO: dict[str, Callable[..., Any]] = {
    "open": lambda people, by, team: ticket_of(people[by], **({} if by < 2 else {"team": team_id(team)})),
    "open_for": lambda people, whom: ticket_of(people[5], created_by=people[whom].pk),
    "assign": lambda people, which, to: change(people, which, assigned_to=pk(people, to)),
    "move": lambda people, which, team: change(people, which, team=team_id(team)),
    "both": lambda people, which, to, team: change(people, which, assigned_to=pk(people, to), team=team_id(team)),
    "delete": lambda people, which: tickets.delete_ticket(by=people[5], ticket_id=ticket(which).pk, now=NOON),
    "restore": lambda people, which: tickets.restore_ticket(by=people[5], ticket_id=ticket(which).pk, now=NOON),
    "members": lambda people, team, who: teams.update_team(
        by=people[5], team_id=team_id(team), changes={"members": [people[index].pk for index in sorted(who)]}, now=NOON
    ),
    "comment": lambda people, by, which: comment_on(ticket(which), people[by]),
}


def seen(user: User) -> set[int]:
    return set(Ticket.objects.visible_to(user).values_list("pk", flat=True))


def follow(known: set[int], user: User, frames: Iterable[tuple[EventRecord, Told]]) -> set[int]:
    """What a client makes of it, as the reference says."""
    for record, told in frames:
        is_of_tickets = record.subject_type == "ticket"
        if told.granted or (told.event and record.type == "ticket_created"):
            known = known | {record.subject_id} if is_of_tickets else seen(user)
        if told.revoked:
            known = known - {record.subject_id} if is_of_tickets else seen(user)
    return known


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=st.lists(STEPS, min_size=4, max_size=20), scope=st.sampled_from(["all", "team", "assigned"]))
def test_who_follows_the_frames_knows_which_tickets_they_see(db: None, steps: list[Any], scope: str) -> None:
    with transaction.atomic(), override_settings(AGENT_SCOPE=scope):
        people = [UserFactory(), UserFactory(), AgentFactory(), AgentFactory(), AgentFactory(), AdminFactory()]
        team_of(people[2], people[3])
        team_of(people[3], name="Phones")
        ticket_of(people[0])
        sequence()
        connected = {user.pk: user for user in people}
        began = position = head_position()
        at_the_start = {user.pk: seen(user) for user in people}
        live = dict(at_the_start)
        opened: dict[int, set[int]] = {user.pk: set() for user in people}
        for name, *arguments in steps:
            with suppress(DomainError, IndexError), transaction.atomic():
                done = DO[name](people, *arguments)
                if name == "open":
                    # Its answer says so.
                    opened[done.created_by_id].add(done.pk)
                    live[done.created_by_id] = live[done.created_by_id] | {done.pk}
            sequence()
            records = list(EventRecord.objects.filter(position__gt=position).order_by("position"))
            heard = hearers(records, connected)
            for user in people:
                told = [(record, heard[record.pk][user.pk].all) for record in records if user.pk in heard[record.pk]]
                live[user.pk] = follow(live[user.pk], user, told)
                if not user.is_agent:
                    # Not even that there is a ticket with this number.
                    assert {record.data["creator_id"] for record, _told in told} <= {user.pk}
            position = head_position()

        for user in people:
            assert live[user.pk] == seen(user)
            back = follow(
                at_the_start[user.pk] | opened[user.pk], user, missed(user, position=began, upto=head_position())
            )
            assert back == seen(user)
        transaction.set_rollback(True)
