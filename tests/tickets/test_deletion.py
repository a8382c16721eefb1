"""Deleting hides a ticket and everything that hangs on it; restoring brings all of it back."""

from collections.abc import Callable
from typing import Any

import pytest

from helpdesk.events.models import EventRecord
from helpdesk.tickets.models import Comment, Ticket
from tests.factories import comment_on, ticket_of

Api = Callable[[Any], Any]


@pytest.fixture
def ticket(customer: Any, agent: Any) -> Any:
    """With a reply, a note, and a comment that was deleted before."""
    ticket = ticket_of(customer)
    comment_on(ticket, customer, content="Help!")
    comment_on(ticket, agent, content="Weird one.", is_internal=True)
    return ticket


@pytest.mark.parametrize("role", ["agent", "admin"])
def test_staff_delete_and_then_it_is_as_if_it_had_never_been(
    api_as: Api, ticket: Any, customer: Any, agent: Any, admin: Any, request: pytest.FixtureRequest, role: str
) -> None:
    comment = Comment.objects.filter(is_internal=False).get()
    missing = api_as(admin).get("/api/tickets/9000000000/").json()

    response = api_as(request.getfixturevalue(role)).delete(f"/api/tickets/{ticket.pk}/")

    assert (response.status_code, response.content) == (204, b"")
    for user in (customer, agent, admin):
        client = api_as(user)
        for url in (
            f"/api/tickets/{ticket.pk}/",
            f"/api/tickets/{ticket.pk}/comments/",
            f"/api/tickets/{ticket.pk}/comments/{comment.pk}/",
            f"/api/tickets/{ticket.pk}/timeline/",
            f"/api/comments/{comment.pk}/",
        ):
            gone = client.get(url)
            assert gone.status_code == 404, url
            assert gone.json() | {"request_id": ""} == missing | {"request_id": ""}
        assert client.get("/api/tickets/").json()["results"] == []
        assert client.get("/api/tickets/?search=printer").json()["count"] == 0
        assert client.get("/api/comments/").json()["count"] == 0
        assert client.get(f"/api/comments/?ticket={ticket.pk}").json()["count"] == 0


@pytest.mark.parametrize("role", ["customer", "agent", "admin"])
def test_a_deleted_ticket_cannot_be_changed(
    api_as: Api, ticket: Any, agent: Any, request: pytest.FixtureRequest, role: str
) -> None:
    comment = Comment.objects.filter(is_internal=False).get()
    api_as(agent).delete(f"/api/tickets/{ticket.pk}/")
    events = EventRecord.objects.count()
    client, url = api_as(request.getfixturevalue(role)), f"/api/tickets/{ticket.pk}/"

    answers = [
        client.patch(url, {"title": "x"}),
        client.put(url, {}),
        client.delete(url),
        *(client.post(f"{url}{action}/") for action in ("close", "reopen", "claim")),
        client.post(f"{url}comments/", {"content": "x"}),
        client.post("/api/comments/", {"ticket": ticket.pk, "content": "x"}),
        client.patch(f"/api/comments/{comment.pk}/", {"content": "x"}),
        client.delete(f"/api/comments/{comment.pk}/"),
    ]

    assert [answer.status_code for answer in answers] == [404] * len(answers)
    assert EventRecord.objects.count() == events


def test_a_customer_does_not_delete_their_own_ticket(api_as: Api, ticket: Any, customer: Any) -> None:
    assert api_as(customer).delete(f"/api/tickets/{ticket.pk}/").status_code == 403
    assert Ticket.objects.get(pk=ticket.pk).deleted_at is None


def test_an_admin_restores_the_ticket_with_all_its_comments(
    api_as: Api, ticket: Any, customer: Any, agent: Any, admin: Any
) -> None:
    old = comment_on(ticket, customer, content="Never mind")
    api_as(customer).delete(f"/api/comments/{old.pk}/")
    before = {user: api_as(user).get(f"/api/tickets/{ticket.pk}/").json() for user in (customer, agent, admin)}
    api_as(agent).delete(f"/api/tickets/{ticket.pk}/")

    response = api_as(admin).post(f"/api/tickets/{ticket.pk}/restore/")

    assert response.status_code == 200
    moved = {"version", "updated_at"}
    for user in (customer, agent, admin):
        after = api_as(user).get(f"/api/tickets/{ticket.pk}/").json()
        assert {field for field in after if after[field] != before[user][field]} == moved
        assert after["version"] == before[user]["version"] + 2
    assert [c["content"] for c in before[customer]["comments"]] == ["Help!"]
    assert [c["content"] for c in before[agent]["comments"]] == ["Help!", "Weird one."]
    assert api_as(customer).get("/api/comments/").json()["count"] == 1


def test_both_are_told(api_as: Api, ticket: Any, customer: Any, agent: Any, admin: Any) -> None:
    api_as(agent).delete(f"/api/tickets/{ticket.pk}/")
    api_as(admin).post(f"/api/tickets/{ticket.pk}/restore/")

    timeline = api_as(customer).get(f"/api/tickets/{ticket.pk}/timeline/").json()["results"]

    assert [(entry["type"], entry["actor"]["username"], entry["changes"]) for entry in timeline[:2]] == [
        ("ticket_restored", admin.username, {"deleted": {"from": True, "to": False}}),
        ("ticket_deleted", agent.username, {"deleted": {"from": False, "to": True}}),
    ]


def test_agents_and_customers_cannot_tell_a_deleted_ticket_from_none_by_restoring_it(
    api_as: Api, ticket: Any, customer: Any, agent: Any
) -> None:
    api_as(agent).delete(f"/api/tickets/{ticket.pk}/")
    for user in (customer, agent):
        answers = [api_as(user).post(f"/api/tickets/{pk}/restore/") for pk in (ticket.pk, 9_000_000_000)]
        assert [answer.status_code for answer in answers] == [404, 404]
    assert Ticket.objects.get(pk=ticket.pk).deleted_at is not None


def test_an_agent_may_not_restore_and_a_living_ticket_is_restored_already(
    api_as: Api, ticket: Any, agent: Any, admin: Any
) -> None:
    assert api_as(agent).post(f"/api/tickets/{ticket.pk}/restore/").status_code == 403
    response = api_as(admin).post(f"/api/tickets/{ticket.pk}/restore/")
    assert (response.status_code, response.json()["version"]) == (200, 1)
    assert not EventRecord.objects.filter(type="ticket_restored").exists()
    assert api_as(admin).post("/api/tickets/9000000000/restore/").status_code == 404
