"""How many SQL statements a request takes, signing in included: few, and no more at twenty rows than at one."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import TestCase
from django.test.utils import CaptureQueriesContext

from helpdesk.accounts.models import Session
from helpdesk.events.cursors import Cursor
from tests.factories import attachment_on, comment_on, ticket_of
from tests.people import NOON, AdminFactory, AgentFactory, UserFactory

Api = Callable[[Any], Any]

START = Cursor(position=0, at=NOON)

# What a GET takes, for each role. One of them is always: whose token is this?
STATEMENTS: dict[str, dict[str, int]] = {
    "/api/tickets/": {"customer": 2, "agent": 2, "admin": 2},
    "/api/tickets/?status=open&ordering=-priority": {"customer": 2, "agent": 2, "admin": 2},
    "/api/tickets/?mine=true": {"customer": 2, "agent": 2, "admin": 2},
    "/api/tickets/?deleted=true": {"admin": 2},
    # One more looks whether the words are rare.
    "/api/tickets/?search=printer": {"customer": 3, "agent": 3, "admin": 3},
    # One for the comments, one for all the files.
    "/api/tickets/{ticket}/": {"customer": 4, "agent": 4, "admin": 4},
    # One more for the ticket itself, one for all the actors.
    "/api/tickets/{ticket}/timeline/": {"customer": 4, "agent": 4, "admin": 4},
    # One more for all the files.
    "/api/tickets/{ticket}/comments/": {"customer": 4, "agent": 4, "admin": 4},
    "/api/comments/": {"customer": 3, "agent": 3, "admin": 3},
    "/api/comments/?ticket={ticket}": {"customer": 3, "agent": 3, "admin": 3},
    "/api/comments/{comment}/": {"customer": 3, "agent": 3, "admin": 3},
    "/api/attachments/{attachment}/": {"customer": 2, "agent": 2, "admin": 2},
    "/api/users/": {"customer": 1, "agent": 2, "admin": 2},
    "/api/users/?is_active=true&search=o": {"agent": 2, "admin": 2},
    "/api/users/{agent}/": {"customer": 1, "agent": 2, "admin": 2},
    "/api/auth/identities/": {"customer": 2, "agent": 2, "admin": 2},
    "/api/users/me/": {"customer": 1, "agent": 1, "admin": 1},
    "/api/auth/sessions/": {"customer": 2, "agent": 2, "admin": 2},
    # Where the stream ends, and what is in it.
    f"/api/events/?after={START}": {"customer": 3, "agent": 3, "admin": 3},
    "/api/events/": {"customer": 2, "agent": 2, "admin": 2},
}


@pytest.fixture(scope="module")
def desk(request: pytest.FixtureRequest, django_db_setup: None, django_db_blocker: Any) -> Iterator[Any]:
    """So many tickets, comments, people and events of everybody's that a list page is full of them.

    Made once for all questions, which change nothing: they are asked inside this one's transaction.
    """
    with django_db_blocker.unblock(), transaction.atomic():
        with TestCase.captureOnCommitCallbacks(execute=True):
            made = _full_desk(rows=request.param)
        with django_db_blocker.block():
            yield made
        transaction.set_rollback(True)


def _full_desk(*, rows: int) -> dict[str, Any]:
    people = {"customer": UserFactory(), "agent": AgentFactory(), "admin": AdminFactory()}
    customer, agent = people["customer"], people["agent"]
    Session.objects.bulk_create(Session(user=user) for user in people.values() for _ in range(rows))
    for n in range(rows):
        ticket = ticket_of(agent, created_by=customer.pk, assigned_to=agent.pk, now=NOON + timedelta(seconds=n))
        _delete(ticket_of(customer), people["admin"])
        UserFactory()
    for n in range(rows):
        author = AgentFactory() if n % 2 else customer
        comment = comment_on(ticket, author, content=f"Comment {n}", now=NOON + timedelta(minutes=n))
        comment_on(ticket, agent, is_internal=True, now=NOON + timedelta(minutes=n))
        attachment_on(ticket, author, comment)
        attachment = attachment_on(ticket, customer, content=b"%d" % n)
    return {
        "attachment": attachment.pk,
        "ticket": ticket.pk,
        "comment": comment.pk,
        "agent": agent.pk,
        "rows": rows,
        "people": people,
    }


def _delete(ticket: Any, by: Any) -> None:
    from helpdesk.tickets.operations.tickets import delete_ticket

    delete_ticket(by=by, ticket_id=ticket.pk, now=NOON)


@pytest.mark.parametrize("desk", [1, 20], indirect=True, ids=["1 row", "20 rows"])
@pytest.mark.parametrize(
    ("path", "role", "statements"),
    [(path, role, number) for path, roles in STATEMENTS.items() for role, number in roles.items()],
)
def test_a_read_takes_so_many_statements(
    desk: Any,
    db: None,
    api_as: Api,
    django_assert_num_queries: Any,
    path: str,
    role: str,
    statements: int,
) -> None:
    client = api_as(desk["people"][role])
    with django_assert_num_queries(statements):
        response = client.get(path.format(**desk))
    if role == "customer" and path.startswith("/api/users/") and "me" not in path:
        assert response.status_code == 403
        return
    assert response.status_code == 200
    body = response.json()
    rows = body.get("results") or body.get("comments")
    if rows is not None and path not in {"/api/events/", "/api/auth/identities/"}:
        assert len(rows) >= min(desk["rows"], 20)


# A write also looks the row up, locks it, writes it, its event and who will hear of it, and reads the answer.
WRITES: dict[str, tuple[str, str, dict[str, Any] | None]] = {
    "open": ("post", "/api/tickets/", {"title": "x", "description": "x"}),
    "patch": ("patch", "/api/tickets/{ticket}/", {"priority": "urgent"}),
    "close": ("post", "/api/tickets/{ticket}/close/", None),
    "comment": ("post", "/api/tickets/{ticket}/comments/", {"content": "x"}),
    "edit a comment": ("patch", "/api/comments/{comment}/", {"content": "y"}),
    "delete a comment": ("delete", "/api/comments/{comment}/", None),
    "delete": ("delete", "/api/tickets/{ticket}/", None),
}


@pytest.mark.parametrize("name", WRITES)
def test_a_write_takes_no_more_on_a_long_ticket(api_as: Api, customer: Any, admin: Any, name: str) -> None:
    method, path, body = WRITES[name]
    client = api_as(admin)
    taken = []
    for comments in (1, 20):
        ticket = ticket_of(customer)
        for n in range(comments):
            comment = comment_on(ticket, admin, now=NOON + timedelta(minutes=n))
        with CaptureQueriesContext(connection) as statements:
            response = getattr(client, method)(path.format(ticket=ticket.pk, comment=comment.pk), body)
        assert response.status_code < 300
        taken.append(len(statements))
    assert taken[0] == taken[1] <= 13


def test_every_list_stays_at_two_statements_or_under() -> None:
    lists = [
        path for path in STATEMENTS if path.startswith("/api/tickets/") and "{" not in path and "search" not in path
    ]
    assert {number for path in lists for number in STATEMENTS[path].values()} == {2}
