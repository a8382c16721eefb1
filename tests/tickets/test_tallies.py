"""The counts of the whole lists are what counting would find, though nothing is counted; and how pages are chosen."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from helpdesk.tickets.models import Comment, Tally, Ticket
from helpdesk.tickets.operations.comments import delete_comment
from helpdesk.tickets.operations.merges import merge_ticket, unmerge_ticket
from helpdesk.tickets.operations.splits import split_comment
from helpdesk.tickets.operations.tallies import add_up
from helpdesk.tickets.operations.tickets import delete_ticket, restore_ticket
from tests.factories import comment_on, ticket_of
from tests.people import NOON
from tests.tickets.loads import LATER, load, story_of

Api = Callable[[Any], Any]
LISTS = {"/api/tickets/": Ticket, "/api/comments/": Comment}


@pytest.fixture
def told(api_as: Api, agent: Any, admin: Any, customer: Any) -> Callable[[], dict[str, int]]:
    """What each list says to each role; what it says is what there is to see."""

    def counts() -> dict[str, int]:
        found = {}
        for url, model in LISTS.items():
            for user in (agent, admin, customer):
                body = api_as(user).get(url).json()
                assert body["count"] == model.objects.visible_to(user).count(), (url, user)
                assert "count_exact" not in body
                found[f"{url}{user.role}"] = body["count"]
        return found

    return counts


@contextmanager
def statements() -> Iterator[Callable[[], str]]:
    with CaptureQueriesContext(connection) as captured:
        yield lambda: "\n".join(query["sql"] for query in captured)


def test_whatever_comes_and_goes_the_counts_are_right(
    told: Callable[[], dict[str, int]], customer: Any, agent: Any, admin: Any
) -> None:
    ticket, other = ticket_of(customer), ticket_of(customer)
    reply = comment_on(ticket, customer)
    comment_on(ticket, agent, is_internal=True)
    comment_on(other, customer)
    gone = comment_on(ticket, customer)
    before = told()
    delete_comment(by=admin, comment_id=gone.pk, now=LATER)
    assert told()["/api/comments/agent"] == before["/api/comments/agent"] - 1
    about = {"by": agent, "ticket_id": ticket.pk, "now": LATER}
    delete_ticket(**about)
    assert told() == {
        "/api/tickets/agent": 1,
        "/api/tickets/admin": 1,
        "/api/tickets/customer": 1,
        "/api/comments/agent": 1,
        "/api/comments/admin": 1,
        "/api/comments/customer": 1,
    }
    restore_ticket(**about | {"by": admin})
    assert told()["/api/comments/agent"] == 3
    split_comment(**about, comment_id=reply.pk)
    assert told()["/api/tickets/agent"] == 3
    merge_ticket(**about, into=other.pk)
    assert told()["/api/comments/agent"] == 3
    delete_ticket(**about)
    assert told()["/api/tickets/agent"] == 2
    restore_ticket(**about | {"by": admin})
    unmerge_ticket(**about)
    assert told()["/api/comments/agent"] == 3


def test_whoever_writes_to_the_tables_themselves_is_counted_too(
    told: Callable[[], dict[str, int]], customer: Any
) -> None:
    tickets = [ticket_of(customer) for _ in range(3)]
    for ticket in tickets:
        comment_on(ticket, customer)
    Ticket.objects.filter(pk__in=[ticket.pk for ticket in tickets[:2]]).update(deleted_at=NOON)
    assert told()["/api/comments/agent"] == 1
    Comment.objects.filter(ticket=tickets[0]).update(ticket=tickets[2])
    assert told()["/api/comments/agent"] == 2
    Comment.objects.filter(ticket=tickets[1]).delete()
    Comment.objects.filter(ticket=tickets[2]).delete()
    assert told()["/api/comments/agent"] == 0
    connection.check_constraints()
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE tickets_ticket CASCADE")
    assert told()["/api/tickets/agent"] == 0


def test_a_load_is_counted(told: Callable[[], dict[str, int]], customer: Any) -> None:
    from helpdesk.tickets.operations.bulk_load import Said

    load(*(story_of(customer, Said(by=customer, at=LATER, content="Still burning.")) for _ in range(5)))

    assert set(told().values()) == {5}


def test_what_is_rolled_back_was_never_counted(told: Callable[[], dict[str, int]], customer: Any) -> None:
    with transaction.atomic():
        ticket_of(customer)
        transaction.set_rollback(True)

    assert told()["/api/tickets/agent"] == 0


def test_adding_up_leaves_one_row_a_kind_and_the_counts(told: Callable[[], dict[str, int]], customer: Any) -> None:
    for _ in range(4):
        comment_on(ticket_of(customer), customer)
    before = told()

    add_up()

    assert sorted(Tally.objects.values_list("of", "number")) == [("comments", 4), ("tickets", 4)]
    assert told() == before


def test_an_agent_who_sees_only_some_has_them_counted(api_as: Api, agent: Any, customer: Any, settings: Any) -> None:
    ticket_of(customer)
    ticket_of(customer, assigned_to=agent.pk)
    comment_on(ticket_of(customer), customer)
    settings.AGENT_SCOPE = "assigned"

    client = api_as(agent)

    assert [client.get(url).json()["count"] for url in LISTS] == [1, 0]


@pytest.mark.parametrize("url", LISTS)
def test_the_whole_list_is_not_read_to_count_it(api_as: Api, agent: Any, customer: Any, url: str) -> None:
    comment_on(ticket_of(customer), customer)

    with statements() as said:
        api_as(agent).get(url)

    assert "tickets_tally" in said()
    assert "COUNT(" not in said()


def test_hits_are_counted_without_reading_a_column_of_theirs(api_as: Api, agent: Any, customer: Any) -> None:
    ticket_of(customer, priority="urgent")

    with statements() as said:
        api_as(agent).get("/api/tickets/?priority=urgent")

    assert re.search(r"COUNT\(\*\) FROM \(SELECT 1 AS \S+ FROM", said())


def test_a_deep_page_is_chosen_by_ids_alone(api_as: Api, agent: Any, customer: Any) -> None:
    for n in range(5):
        ticket_of(customer, now=NOON + timedelta(seconds=n))
    client = api_as(agent)
    newest_first = [row["id"] for row in client.get("/api/tickets/").json()["results"]]

    with pytest.MonkeyPatch.context() as patch, statements() as said:
        patch.setattr("helpdesk.api.pagination.SHALLOW", 2)
        page = client.get("/api/tickets/?page_size=2&page=2").json()

    assert [row["id"] for row in page["results"]] == newest_first[2:4]
    assert page["count"] == 5
    assert re.search(r'IN \(SELECT \S+ (AS \S+ )?FROM "tickets_ticket" \S+ .* LIMIT 3 OFFSET 2\)', said())
