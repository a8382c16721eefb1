"""What the sockets ask PostgreSQL."""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.test import override_settings
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from helpdesk.accounts.models import Session, User
from helpdesk.core.errors import DomainError
from helpdesk.events.models import EventRecord
from helpdesk.events.operations.sequencing import sequence
from helpdesk.realtime.queries import hearers, missed, sessions
from helpdesk.tickets.models import Comment, Membership, Team, Ticket
from helpdesk.tickets.operations import comments, tickets
from tests.factories import comment_on, ticket_of
from tests.people import NOON, AdminFactory, AgentFactory, UserFactory
from tests.pushed import pushed_to

PEOPLE = 6
whom = st.integers(0, PEOPLE - 1)
which = st.integers(0, 2)
STEPS = st.one_of(
    st.tuples(st.just("open"), whom, st.none() | whom),
    st.tuples(st.just("comment"), whom, which, st.booleans()),
    st.tuples(st.sampled_from(["edit", "erase"]), which),
    st.tuples(st.just("assign"), whom, which, st.none() | whom),
    st.tuples(st.just("move"), whom, which, st.sampled_from(["pending", "resolved", "closed", "open"])),
    st.tuples(st.sampled_from(["delete", "restore"]), whom, which),
    st.tuples(st.just("role"), whom, st.sampled_from(["customer", "agent", "admin"])),
    st.tuples(st.just("ban"), whom),
    st.tuples(st.just("join"), whom),
    st.tuples(st.just("leave"), whom),
    st.tuples(st.just("queue"), which),
)


def ticket(index: int) -> Ticket:
    return Ticket.objects.order_by("pk")[index]


def comment(index: int) -> Comment:
    return Comment.objects.order_by("pk")[index]


def pk(people: list[User], index: int | None) -> int | None:
    return None if index is None else people[index].pk


def change(by: User, index: int, **changes: Any) -> None:
    tickets.update_ticket(by=by, ticket_id=ticket(index).pk, changes=changes, now=NOON)


def edit(index: int) -> None:
    comments.edit_comment(
        by=comment(index).author, comment_id=comment(index).pk, content=f"Not {comment(index).content}", now=NOON
    )


# Who may do what is not the question here, so anybody does anything.
DO: dict[str, Callable[..., Any]] = {
    "open": lambda people, by, to: ticket_of(people[by], assigned_to=pk(people, to)),
    "comment": lambda people, by, which, note: comment_on(ticket(which), people[by], is_internal=note),
    "edit": lambda _people, which: edit(which),
    "erase": lambda _people, which: comments.delete_comment(
        by=comment(which).author, comment_id=comment(which).pk, now=NOON
    ),
    "assign": lambda people, by, which, to: change(people[by], which, assigned_to=pk(people, to)),
    "move": lambda people, by, which, status: change(people[by], which, status=status),
    "delete": lambda people, by, which: tickets.delete_ticket(by=people[by], ticket_id=ticket(which).pk, now=NOON),
    "restore": lambda people, by, which: tickets.restore_ticket(by=people[by], ticket_id=ticket(which).pk, now=NOON),
    "role": lambda people, who, role: User.objects.filter(pk=people[who].pk).update(role=role),
    "join": lambda people, who: Membership.objects.get_or_create(team=Team.objects.get(), user=people[who]),
    "leave": lambda people, who: Membership.objects.filter(user=people[who]).delete(),
    "queue": lambda _people, which: Ticket.objects.filter(pk=ticket(which).pk).update(team=Team.objects.get()),
    "ban": lambda people, who: User.objects.filter(pk=people[who].pk).update(is_active=False),
}


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    steps=st.lists(STEPS, min_size=4, max_size=25),
    scope=st.sampled_from(["all", "team", "assigned"]),
    wanted=st.lists(st.tuples(which, st.sets(whom)), max_size=3),
)
def test_a_live_event_is_heard_by_exactly_those_to_whom_it_is_pushed_on_resume(
    db: None, steps: list[Any], scope: str, wanted: list[tuple[int, set[int]]]
) -> None:
    with transaction.atomic(), override_settings(AGENT_SCOPE=scope):
        Team.objects.create(name="Printers")
        people = [UserFactory(), UserFactory(), AgentFactory(), AgentFactory(), AdminFactory(), UserFactory()]
        ticket_of(people[0])
        for name, *arguments in steps:
            # What the desk does not allow, or what is not there, does not happen.
            with suppress(DomainError, IndexError):
                DO[name](people, *arguments)
            people = [User.objects.get(pk=user.pk) for user in people]
        sequence()
        records = list(EventRecord.objects.all())
        connected = {user.pk: user for user in User.objects.all()}

        subscribed = {
            f"ticket:{ticket(index).pk}": {people[who].pk for who in who_subscribed}
            for index, who_subscribed in wanted
            if index < Ticket.objects.count()
        }

        heard = hearers(records, connected, subscribed)

        for user in connected.values():
            own = {topic for topic, user_ids in subscribed.items() if user.pk in user_ids}
            live = {record.pk: heard[record.pk][user.pk] for record in records if user.pk in heard[record.pk]}
            # A socket that did not subscribe, and one that did.
            for subjects, told in ((set(), lambda hearing: hearing.all), (own, lambda hearing: hearing.subscribed)):
                pushed = set(pushed_to(user, subjects).values_list("pk", flat=True))
                assert {pk for pk, hearing in live.items() if told(hearing).event} == pushed
                missed_ = missed(user, position=0, upto=len(records), subjects=subjects)
                assert {pk: told(hearing) for pk, hearing in live.items() if any(told(hearing))} == {
                    record.pk: told_ for record, told_ in missed_ if any(told_)
                }
        transaction.set_rollback(True)


def test_nobody_connected_costs_no_statement(customer: User, django_assert_num_queries: Any) -> None:
    ticket_of(customer)
    records = list(EventRecord.objects.all())

    with django_assert_num_queries(0):
        assert hearers(records, {}) == {records[0].pk: {}}


@pytest.mark.parametrize("connected", [1, 30])
def test_a_batch_costs_one_statement_for_any_number_of_users(
    db: None, connected: int, django_assert_num_queries: Any
) -> None:
    customers = [UserFactory() for _ in range(connected)]
    people = {user.pk: user for user in [*customers, *(AgentFactory() for _ in range(connected))]}
    for customer in customers:
        comment_on(ticket_of(customer), AdminFactory())
    records = list(EventRecord.objects.all())

    with django_assert_num_queries(1):
        heard = hearers(records, people)

    assert sum(len(user_ids) for user_ids in heard.values()) == connected * connected + connected


@pytest.mark.parametrize("connected", [2, 25])
def test_agents_who_each_see_something_else_are_asked_about_in_one_statement(
    db: None, connected: int, django_assert_num_queries: Any
) -> None:
    agents = {user.pk: user for user in AgentFactory.create_batch(connected)}
    for agent_id in agents:
        ticket_of(UserFactory(), assigned_to=agent_id)
    records = list(EventRecord.objects.filter(type="ticket_created"))

    with override_settings(AGENT_SCOPE="assigned"), django_assert_num_queries(1):
        heard = hearers(records, agents)

    assert sorted(user_ids for user_ids in map(list, heard.values())) == [[pk] for pk in sorted(agents)]


def test_more_scopes_than_one_statement_holds_are_asked_for_in_several(
    db: None, django_assert_num_queries: Any
) -> None:
    agent = AgentFactory()
    customers = [UserFactory() for _ in range(101)]
    for customer in customers:
        comment_on(ticket_of(customer), agent)
    records = list(EventRecord.objects.filter(type="comment_added"))

    with django_assert_num_queries(3):
        heard = hearers(records, {customer.pk: customer for customer in customers})

    assert all(len(user_ids) == 1 for user_ids in heard.values())


def test_sessions_that_are_over_are_told_with_the_others_and_break_nothing(
    db: None, settings: Any, customer: User, stranger: User, agent: User
) -> None:
    """One that ended after it had been idle in PostgreSQL's eyes: an error here would close everybody's sockets."""
    settings.SESSION_IDLE_TIMEOUT = dict.fromkeys(("customer", "agent", "admin"), 300)
    long_ago, now = timezone.now() - timedelta(hours=1), timezone.now()
    User.objects.filter(pk=stranger.pk).update(is_active=False)
    ended = Session.objects.create(user=customer, last_seen_at=long_ago, ended_at=long_ago)
    inactive = Session.objects.create(user=stranger, last_seen_at=long_ago)
    too_old = Session.objects.create(user=agent, last_seen_at=long_ago, created_at=now - timedelta(days=31))
    here = Session.objects.create(user=agent, last_seen_at=now)

    assert set(sessions([row.pk for row in (ended, inactive, too_old, here)])) == {ended.pk, inactive.pk, here.pk}
