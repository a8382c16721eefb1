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
from helpdesk.tickets.operations.drafts import save_draft
from helpdesk.tickets.operations.links import link_tickets
from tests.factories import (
    attachment_on,
    category_of,
    chat_of,
    comment_on,
    file_in,
    message_in,
    tag_of,
    team_of,
    ticket_of,
)
from tests.people import NOON, AdminFactory, AgentFactory, UserFactory

Api = Callable[[Any], Any]

START = Cursor(position=0, at=NOON)

# What a GET takes, for each role. One of them is always: whose token is this?
STATEMENTS: dict[str, dict[str, int]] = {
    "/api/tickets/": {"customer": 2, "agent": 2, "admin": 2},
    "/api/tickets/?status=open&ordering=-priority": {"customer": 2, "agent": 2, "admin": 2},
    "/api/tickets/?mine=true": {"customer": 2, "agent": 2, "admin": 2},
    "/api/tickets/?deleted=true": {"admin": 2},
    "/api/tickets/?team={team}": {"agent": 2, "admin": 2},
    # One more asks which categories are below it, or which tag is called so.
    "/api/tickets/?category={category}": {"customer": 3, "agent": 3, "admin": 3},
    "/api/tickets/?tag=tag 0": {"customer": 3, "agent": 3, "admin": 3},
    # One more looks whether the words are rare.
    "/api/tickets/?search=printer": {"customer": 3, "agent": 3, "admin": 3},
    # One more finds the comments of those that the words do not stand in.
    "/api/tickets/?search=printer%20-zebra&highlight=true": {"customer": 4, "agent": 4, "admin": 4},
    "/api/tickets/?search=burn&highlight=true": {"customer": 3, "agent": 3, "admin": 3},
    # One more counts whether they can be compared.
    "/api/tickets/?search=printer&ordering=relevance": {"customer": 4, "agent": 4, "admin": 4},
    "/api/tickets/{ticket}/": {"customer": 4, "agent": 4, "admin": 4},
    # May the caller see it, what happened to it, who took part, what the comments said, and where it was filed.
    "/api/tickets/{ticket}/?at=2030-01-01": {"customer": 9, "agent": 9, "admin": 9},
    # The ticket's being there, the ticket, its decisions.
    "/api/tickets/{ticket}/assignment/explain/": {"agent": 4, "admin": 4},
    # One more for the ticket itself, one for all the actors.
    "/api/tickets/{ticket}/timeline/": {"customer": 4, "agent": 4, "admin": 4},
    "/api/tickets/{ticket}/draft/": {"customer": 3, "agent": 3, "admin": 3},
    "/api/tickets/{ticket}/comments/": {"customer": 4, "agent": 4, "admin": 4},
    "/api/tickets/{ticket}/links/": {"customer": 3, "agent": 3, "admin": 3},
    "/api/comments/": {"customer": 3, "agent": 3, "admin": 3},
    "/api/comments/?ticket={ticket}": {"customer": 3, "agent": 3, "admin": 3},
    "/api/comments/{comment}/": {"customer": 3, "agent": 3, "admin": 3},
    "/api/categories/": {"customer": 2, "agent": 2, "admin": 2},
    "/api/categories/{category}/": {"customer": 2, "agent": 2, "admin": 2},
    "/api/tags/": {"customer": 2, "agent": 2, "admin": 2},
    "/api/teams/": {"customer": 1, "agent": 2, "admin": 2},
    "/api/teams/{team}/": {"customer": 1, "agent": 2, "admin": 2},
    "/api/attachments/{attachment}/": {"customer": 2, "agent": 2, "admin": 2},
    "/api/users/": {"customer": 1, "agent": 2, "admin": 2},
    "/api/users/?is_active=true&search=o": {"agent": 2, "admin": 2},
    "/api/users/{agent}/": {"customer": 1, "agent": 2, "admin": 2},
    "/api/users/{agent}/workload/": {"customer": 1, "agent": 2, "admin": 2},
    "/api/auth/identities/": {"customer": 2, "agent": 2, "admin": 2},
    "/api/users/me/": {"customer": 1, "agent": 1, "admin": 1},
    "/api/auth/sessions/": {"customer": 2, "agent": 2, "admin": 2},
    "/api/chat/contacts/": {"customer": 2, "agent": 2, "admin": 2},
    "/api/chat/contacts/?search=a": {"customer": 2, "agent": 2, "admin": 2},
    # One more for all the files of the last messages.
    "/api/chat/conversations/": {"customer": 3, "agent": 3, "admin": 3},
    "/api/chat/conversations/{conversation}/": {"customer": 3, "agent": 3},
    # May the caller see it, the messages, and all their files.
    "/api/chat/conversations/{conversation}/messages/": {"customer": 4, "agent": 4},
    "/api/chat/conversations/{conversation}/messages/?search=burns": {"customer": 4, "agent": 4},
    "/api/chat/attachments/{chat_file}/": {"customer": 2, "agent": 2},
    "/api/chat/unread/": {"customer": 2, "agent": 2, "admin": 2},
    # Where the stream ends, and what is in it.
    f"/api/events/?after={START}": {"customer": 3, "agent": 3, "admin": 3},
    "/api/events/": {"customer": 2, "agent": 2, "admin": 2},
    "/api/presence/?users={agent}": {"customer": 2, "agent": 2, "admin": 2},
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
    teams = [team_of(agent, *(AgentFactory() for _ in range(n % 3)), name=f"Team {n}") for n in range(rows)]
    categories = [category_of(f"Category {n}", team=teams[n]) for n in range(rows)]
    tags = [tag_of(f"tag {n}").name for n in range(rows)]
    filed = {"category": categories[0].pk, "tags": tags, "team": teams[0].pk}
    for n in range(rows):
        now = NOON + timedelta(seconds=n)
        ticket = ticket_of(agent, created_by=customer.pk, assigned_to=agent.pk, now=now, **filed)
        _delete(ticket_of(customer), people["admin"])
        UserFactory()
    for _ in range(rows):
        other = ticket_of(customer)
        link_tickets(by=agent, ticket_id=ticket.pk, kind="parent_of", other_id=other.pk, now=NOON)
    for n in range(rows):
        author = AgentFactory() if n % 2 else customer
        comment = comment_on(ticket, author, content=f"Comment {n}", now=NOON + timedelta(minutes=n))
        comment_on(ticket, agent, is_internal=True, now=NOON + timedelta(minutes=n))
        attachment_on(ticket, author, comment)
        attachment = attachment_on(ticket, customer, content=b"%d" % n)
    chat = chat_of(customer, agent)
    for n in range(rows):
        said = file_in(chat, (customer, agent)[n % 2], filename="burns.txt")
        for user in people.values():
            file_in(chat_of(user, AgentFactory()), user)
    for user in people.values():
        save_draft(by=user, ticket_id=ticket.pk, content="x", now=NOON)
    talk = {"conversation": chat.pk, "chat_file": said.attachments.get().pk}
    ids = talk | {"category": categories[0].pk, "team": teams[0].pk, "attachment": attachment.pk}
    return ids | {"ticket": ticket.pk, "comment": comment.pk, "agent": agent.pk, "rows": rows, "people": people}


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
    if role == "customer" and path.startswith(("/api/users/", "/api/teams/")) and not path.endswith("/me/"):
        assert response.status_code == 403
        return
    assert response.status_code == 200
    body = response.json()
    rows = body.get("results") or body.get("comments")
    if rows is not None and path not in {"/api/events/", "/api/auth/identities/"}:
        assert len(rows) >= min(desk["rows"], 20)


@pytest.mark.parametrize("desk", [1, 20], indirect=True, ids=["1 row", "20 rows"])
@pytest.mark.parametrize("scope", ["team", "assigned"])
@pytest.mark.parametrize("path", [path for path, roles in STATEMENTS.items() if "agent" in roles])
def test_a_narrowed_agent_costs_no_more(
    desk: Any, db: None, api_as: Api, django_assert_num_queries: Any, settings: Any, scope: str, path: str
) -> None:
    settings.AGENT_SCOPE = scope
    client = api_as(desk["people"]["agent"])
    with django_assert_num_queries(STATEMENTS[path]["agent"]):
        response = client.get(path.format(**desk))
    assert response.status_code == 200
    if path == "/api/tickets/":
        assert len(response.json()["results"]) == desk["rows"]


# A write also looks the row up, locks it, writes it, what a search reads of it, its event and who will hear of it, and
# reads the answer.
WRITES: dict[str, tuple[str, str, dict[str, Any] | None]] = {
    "open": ("post", "/api/tickets/", {"title": "x", "description": "x"}),
    "patch": ("patch", "/api/tickets/{ticket}/", {"priority": "urgent"}),
    "close": ("post", "/api/tickets/{ticket}/close/", None),
    "comment": ("post", "/api/tickets/{ticket}/comments/", {"content": "x"}),
    "edit a comment": ("patch", "/api/comments/{comment}/", {"content": "y"}),
    "delete a comment": ("delete", "/api/comments/{comment}/", None),
    "delete": ("delete", "/api/tickets/{ticket}/", None),
    "keep a draft": ("put", "/api/tickets/{ticket}/draft/", {"content": "x"}),
    "discard a draft": ("delete", "/api/tickets/{ticket}/draft/", None),
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
    assert taken[0] == taken[1] <= 14


def test_a_chat_costs_no_more_when_it_is_long(api_as: Api, customer: Any, agent: Any) -> None:
    chat, client = chat_of(customer, agent), api_as(customer)
    taken = []
    for messages in (1, 20):
        for _ in range(messages):
            last = message_in(chat, agent)
        for part, body in (("messages", {"content": "x"}), ("read", {"up_to": last.pk})):
            with CaptureQueriesContext(connection) as statements:
                assert client.post(f"/api/chat/conversations/{chat.pk}/{part}/", body).status_code < 300
            taken.append(len(statements))
    assert taken[:2] == taken[2:]
    assert max(taken) <= 14


def test_every_list_stays_at_two_statements_or_under() -> None:
    lists = [
        path
        for path in STATEMENTS
        if path.startswith("/api/tickets/?") and not any(word in path for word in ("search", "category", "tag"))
    ]
    assert "/api/tickets/?team={team}" in lists
    assert {number for path in lists for number in STATEMENTS[path].values()} == {2}
