"""Writing comments and internal notes, flat and nested, and what a customer's comment wakes."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from helpdesk.events.models import EventRecord
from helpdesk.tickets.models import Comment, Ticket
from helpdesk.tickets.operations.tickets import update_ticket
from tests.factories import ticket_of
from tests.people import NOON

Api = Callable[[Any], Any]

HOUR = timedelta(hours=1)


def say(client: Any, url: str, ticket: Any, /, **body: Any) -> Any:
    return client.post(
        url, {"content": "Water helps."} | ({"ticket": ticket.pk} if url == "/api/comments/" else {}) | body
    )


def told(ticket: Any) -> list[str]:
    records = EventRecord.objects.filter(subject_id=ticket.pk).exclude(type="ticket_created").order_by("id")
    return list(records.values_list("type", flat=True))


def texts(response: Any) -> list[str]:
    assert response.status_code == 200, response.content
    return [comment["content"] for comment in response.json()["results"]]


@pytest.mark.parametrize("role", ["customer", "agent", "admin"])
def test_whoever_sees_a_ticket_comments_on_it(
    api_as: Api, ticket: Any, route: Any, request: pytest.FixtureRequest, role: str
) -> None:
    user = request.getfixturevalue(role)

    response = say(api_as(user), route(ticket), ticket)

    assert response.status_code == 201
    body = response.json()
    assert body == {
        "id": body["id"],
        "ticket": ticket.pk,
        "author": {"id": user.pk, "username": user.username, "name": user.name, "role": role},
        "content": "Water helps.",
        "created_at": body["created_at"],
        "moved_from": None,
        "attachments": [],
        "edited_at": None,
        "version": 1,
    } | ({} if role == "customer" else {"is_internal": False})
    comment = Comment.objects.get()
    assert api_as(user).get(route(ticket, comment)).json() == body
    assert texts(api_as(user).get(route(ticket))) == ["Water helps."]
    assert told(ticket) == ["comment_added"]


@pytest.mark.parametrize("role", ["agent", "admin"])
def test_staff_write_notes_that_customers_do_not_see(
    api_as: Api, ticket: Any, route: Any, customer: Any, request: pytest.FixtureRequest, role: str
) -> None:
    author = request.getfixturevalue(role)

    response = say(api_as(author), route(ticket), ticket, is_internal=True)

    assert (response.status_code, response.json()["is_internal"]) == (201, True)
    note = Comment.objects.get()
    assert texts(api_as(author).get(route(ticket))) == ["Water helps."]
    assert texts(api_as(customer).get(route(ticket))) == []
    assert api_as(customer).get(route(ticket, note)).status_code == 404
    assert told(ticket) == ["note_added"]


def test_a_customer_who_tries_a_note_is_403_and_nothing_is_stored(
    api_as: Api, ticket: Any, route: Any, customer: Any
) -> None:
    for value in (True, "yes", 1):
        assert say(api_as(customer), route(ticket), ticket, is_internal=value).status_code == 403
    assert say(api_as(customer), route(ticket), ticket, is_internal=True, content="").status_code == 403
    assert (Comment.objects.count(), told(ticket)) == (0, [])
    assert say(api_as(customer), route(ticket), ticket, is_internal=False).status_code == 201


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({"content": ""}, "content", "blank"),
        ({"content": " \n "}, "content", "blank"),
        ({"content": None}, "content", "null"),
        ({"content": 5}, "content", "invalid"),
        ({"content": "x" * 20_001}, "content", "max_length"),
        ({"is_internal": "yes"}, "is_internal", "invalid"),
        ({"is_internal": 1}, "is_internal", "invalid"),
        ({"is_internal": None}, "is_internal", "null"),
    ],
)
def test_a_bad_comment_is_400_and_names_its_field(
    api_as: Api, ticket: Any, route: Any, agent: Any, body: Any, field: str, code: str
) -> None:
    response = say(api_as(agent), route(ticket), ticket, **body)
    assert response.status_code == 400
    assert [(e["field"], e["code"]) for e in response.json()["errors"]] == [(field, code)]
    assert Comment.objects.count() == 0


def test_the_longest_comment_fits_and_is_kept_to_the_letter(api_as: Api, ticket: Any, customer: Any) -> None:
    longest = " a < b <script>\n\t🔥 " * 1000 + "é" * 1000
    assert len(longest) == 20_000
    assert say(api_as(customer), "/api/comments/", ticket, content=longest).json()["content"] == longest


@pytest.mark.parametrize("odd", ["1", "x", None, True, 1.5, [1], {"id": 1}, -1, 0])
def test_a_ticket_that_is_no_id_is_400(api_as: Api, customer: Any, odd: Any) -> None:
    response = api_as(customer).post("/api/comments/", {"ticket": odd, "content": "x"})
    assert response.status_code == 400
    assert [e["field"] for e in response.json()["errors"]] == ["ticket"]


def test_a_comment_needs_its_ticket_and_its_content(api_as: Api, customer: Any) -> None:
    response = api_as(customer).post("/api/comments/", {})
    assert response.status_code == 400
    assert {(e["field"], e["code"]) for e in response.json()["errors"]} == {
        ("ticket", "required"),
        ("content", "required"),
    }


def test_a_nested_comment_belongs_to_the_ticket_of_its_path(api_as: Api, ticket: Any, customer: Any) -> None:
    other = ticket_of(customer)
    response = api_as(customer).post(f"/api/tickets/{ticket.pk}/comments/", {"content": "x", "ticket": other.pk})
    assert (response.status_code, response.json()["ticket"]) == (201, ticket.pk)


def test_unknown_and_read_only_members_are_ignored(
    api_as: Api, ticket: Any, route: Any, customer: Any, agent: Any
) -> None:
    response = say(
        api_as(customer),
        route(ticket),
        ticket,
        id=7_000,
        author=agent.pk,
        created_at="1999-01-01T00:00:00Z",
        edited_at="1999-01-01T00:00:00Z",
        version=9,
        colour="red",
    )
    assert response.status_code == 201
    body = response.json()
    assert (body["author"]["id"], body["version"], body["edited_at"]) == (customer.pk, 1, None)
    assert body["id"] != 7_000
    assert body["created_at"] > "2026"


def test_a_closed_ticket_takes_comments_from_staff_only(
    api_as: Api, ticket: Any, route: Any, customer: Any, agent: Any
) -> None:
    update_ticket(by=agent, ticket_id=ticket.pk, changes={"status": "closed"}, now=NOON)

    refused = say(api_as(customer), route(ticket), ticket)

    assert (refused.status_code, refused.json()["code"]) == (409, "ticket_closed")
    assert Comment.objects.count() == 0
    assert say(api_as(agent), route(ticket), ticket).status_code == 201
    assert say(api_as(agent), route(ticket), ticket, is_internal=True).status_code == 201
    assert Ticket.objects.get(pk=ticket.pk).status == "closed"


# --- waking -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["open", "in_progress", "pending", "resolved"])
def test_a_customers_comment_wakes_a_ticket_that_waited_for_one(
    api_as: Api, ticket: Any, route: Any, customer: Any, agent: Any, status: str
) -> None:
    ticket = update_ticket(by=agent, ticket_id=ticket.pk, changes={"status": status}, now=NOON)
    before = told(ticket)

    assert say(api_as(customer), route(ticket), ticket).status_code == 201

    stored = Ticket.objects.get(pk=ticket.pk)
    if status in {"pending", "resolved"}:
        assert told(ticket)[len(before) :] == ["comment_added", "status_changed"]
        assert (stored.status, stored.version) == ("open", ticket.version + 1)
        assert set(EventRecord.objects.order_by("-id").values_list("actor_id", flat=True)[:2]) == {customer.pk}
    else:
        assert told(ticket)[len(before) :] == ["comment_added"]
        assert (stored.status, stored.version) == (status, ticket.version)


@pytest.mark.parametrize("status", ["pending", "resolved"])
def test_staff_and_notes_wake_nothing(api_as: Api, ticket: Any, agent: Any, admin: Any, status: str) -> None:
    update_ticket(by=agent, ticket_id=ticket.pk, changes={"status": status}, now=NOON)
    for user in (agent, admin):
        for internal in (True, False):
            say(api_as(user), "/api/comments/", ticket, is_internal=internal)
    assert Ticket.objects.get(pk=ticket.pk).status == status


@pytest.mark.parametrize("status", ["pending", "resolved"])
def test_waking_can_be_switched_off(
    api_as: Api, ticket: Any, customer: Any, agent: Any, settings: Any, status: str
) -> None:
    settings.CUSTOMER_COMMENT_REOPENS = False
    update_ticket(by=agent, ticket_id=ticket.pk, changes={"status": status}, now=NOON)
    assert say(api_as(customer), "/api/comments/", ticket).status_code == 201
    assert Ticket.objects.get(pk=ticket.pk).status == status
    assert told(ticket)[-1] == "comment_added"
