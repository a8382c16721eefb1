"""401 not signed in, 405, 404 not there or not yours, 403 your role may not, 400/413/415 the body, 409 the state."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.factories import category_of, chat_of, comment_on, tag_of, team_of, ticket_of
from tests.people import AgentFactory

Api = Callable[[Any], Any]

MISSING = 9_000_000_000
NO_JSON = {"data": "{", "content_type": "application/json"}
NO_TYPE = {"data": "x", "content_type": "text/plain"}
TOO_LARGE = {"data": "x" * 2_000_000, "content_type": "application/json"}
BAD_BODIES = [NO_JSON, NO_TYPE, TOO_LARGE]


@pytest.fixture
def ticket(customer: Any, agent: Any) -> Any:
    """Closed: whatever moves it, but reopening, is a conflict."""
    from helpdesk.tickets.operations.tickets import close_ticket
    from tests.people import NOON

    return close_ticket(by=agent, ticket_id=ticket_of(customer).pk, now=NOON)


@pytest.mark.parametrize("bad", BAD_BODIES, ids=["no JSON", "no JSON type", "too large"])
def test_whoever_is_not_signed_in_learns_nothing_else(api_as: Api, ticket: Any, bad: dict[str, str]) -> None:
    client = api_as(None)
    for pk in (ticket.pk, MISSING):
        for method in (client.patch, client.put, client.delete, client.post):
            assert method(f"/api/tickets/{pk}/", **bad).status_code == 401
        assert client.post(f"/api/tickets/{pk}/comments/", **bad).status_code == 401
        assert client.post(f"/api/chat/conversations/{pk}/messages/", **bad).status_code == 401
    assert client.delete("/api/users/me/", **bad).status_code == 401


@pytest.mark.parametrize("bad", BAD_BODIES, ids=["no JSON", "no JSON type", "too large"])
def test_the_method_comes_before_the_row(api_as: Api, ticket: Any, customer: Any, bad: dict[str, str]) -> None:
    client = api_as(customer)
    for pk in (ticket.pk, MISSING, "abc"):
        assert client.post(f"/api/tickets/{pk}/", **bad).status_code == 405
        assert client.put(f"/api/comments/{pk}/", **bad).status_code == 405
        assert client.put(f"/api/users/{pk}/", **bad).status_code == 405


@pytest.mark.parametrize("bad", BAD_BODIES, ids=["no JSON", "no JSON type", "too large"])
def test_the_row_comes_before_the_role_and_the_body(
    api_as: Api, ticket: Any, stranger: Any, agent: Any, bad: dict[str, str]
) -> None:
    for client, pk in ((api_as(stranger), ticket.pk), (api_as(stranger), MISSING), (api_as(agent), MISSING)):
        assert client.patch(f"/api/tickets/{pk}/", **bad).status_code == 404
        assert client.put(f"/api/tickets/{pk}/", **bad).status_code == 404
        assert client.delete(f"/api/tickets/{pk}/", **bad).status_code == 404
        assert client.post(f"/api/tickets/{pk}/claim/", **bad).status_code == 404
        assert client.post(f"/api/tickets/{pk}/assign/", **bad).status_code == 404
        assert client.post(f"/api/tickets/{pk}/comments/", **bad).status_code == 404
        assert client.put(f"/api/tickets/{pk}/draft/", **bad).status_code == 404
        assert client.post(f"/api/tickets/{pk}/merge/", **bad).status_code == 404
        assert client.post(f"/api/tickets/{pk}/links/", **bad).status_code == 404
        assert client.post(f"/api/tickets/{pk}/comments/{MISSING}/split/", **bad).status_code == 404
        assert client.patch(f"/api/comments/{pk}/", **bad).status_code == 404
        for part in ("messages", "attachments", "read"):
            assert client.post(f"/api/chat/conversations/{pk}/{part}/", **bad).status_code == 404
    for rows in ("categories", "tags", "teams"):
        assert api_as(agent).patch(f"/api/{rows}/{MISSING}/", **bad).status_code == 404
        assert api_as(agent).delete(f"/api/{rows}/{MISSING}/", **bad).status_code == 404
    assert api_as(agent).patch(f"/api/users/{MISSING}/", **bad).status_code == 404
    assert api_as(agent).post(f"/api/users/{MISSING}/invite/", **bad).status_code == 404
    assert api_as(agent).patch(f"/api/users/{MISSING}/workload/", **bad).status_code == 404


@pytest.mark.parametrize("bad", BAD_BODIES, ids=["no JSON", "no JSON type", "too large"])
def test_the_role_comes_before_the_body(
    api_as: Api, ticket: Any, customer: Any, agent: Any, bad: dict[str, str]
) -> None:
    comment = comment_on(ticket, agent)
    client = api_as(customer)
    assert client.post("/api/tickets/bulk/", **bad).status_code == 403
    assert client.patch(f"/api/tickets/{ticket.pk}/", **bad).status_code == 403
    assert client.put(f"/api/tickets/{ticket.pk}/", **bad).status_code == 403
    assert client.patch(f"/api/comments/{comment.pk}/", **bad).status_code == 403
    for action in ("claim", "assign", "unassign"):
        assert client.post(f"/api/tickets/{ticket.pk}/{action}/", **bad).status_code == 403
    assert client.patch(f"/api/users/{agent.pk}/workload/", **bad).status_code == 403
    assert api_as(agent).patch(f"/api/users/{AgentFactory().pk}/workload/", **bad).status_code == 403
    assert client.post(f"/api/tickets/{ticket.pk}/merge/", **bad).status_code == 403
    assert client.post(f"/api/tickets/{ticket.pk}/links/", **bad).status_code == 403
    assert client.post(f"/api/tickets/{ticket.pk}/comments/{comment.pk}/split/", **bad).status_code == 403
    catalog = {"categories": category_of(), "tags": tag_of(), "teams": team_of()}
    for user in (customer, agent):
        client = api_as(user)
        for name, row in catalog.items():
            assert client.post(f"/api/{name}/", **bad).status_code == 403
            assert client.patch(f"/api/{name}/{row.pk}/", **bad).status_code == 403
        assert client.post("/api/users/", **bad).status_code == 403
        assert client.patch(f"/api/users/{customer.pk}/", **bad).status_code == 403
        assert client.post(f"/api/users/{customer.pk}/invite/", **bad).status_code == 403


def test_the_body_comes_before_the_state(api_as: Api, ticket: Any, customer: Any, agent: Any) -> None:
    theirs, staffs = api_as(customer), api_as(agent)
    assert theirs.post(f"/api/tickets/{ticket.pk}/comments/", {"content": ""}).status_code == 400
    assert theirs.post("/api/comments/", {"ticket": ticket.pk, "content": ""}).status_code == 400
    assert staffs.patch(f"/api/tickets/{ticket.pk}/", {"status": "pending", "title": ""}).status_code == 400
    for bad, status in zip(BAD_BODIES, (400, 415, 413), strict=True):
        assert theirs.post(f"/api/tickets/{ticket.pk}/comments/", **bad).status_code == status
        assert staffs.patch(f"/api/tickets/{ticket.pk}/", **bad).status_code == status
    # And with a good body it is the state.
    assert theirs.post(f"/api/tickets/{ticket.pk}/comments/", {"content": "x"}).status_code == 409
    assert staffs.patch(f"/api/tickets/{ticket.pk}/", {"status": "pending"}).status_code == 409


def test_a_route_closed_to_a_role_comes_before_its_rows_and_its_query(api_as: Api, customer: Any) -> None:
    client = api_as(customer)
    for path in (
        "/api/teams/?page=0",
        f"/api/teams/{MISSING}/",
        "/api/users/?page=0",
        "/api/users/?role=melted",
        "/api/users/?page=99",
        f"/api/users/{MISSING}/",
    ):
        assert client.get(path).status_code == 403


def test_in_a_chat_the_body_comes_before_who_can_be_written_to(api_as: Api, customer: Any, agent: Any) -> None:
    chat, client = chat_of(customer, agent), api_as(customer)
    agent.is_active = False
    agent.save()
    url = f"/api/chat/conversations/{chat.pk}/messages/"

    assert client.post(url, {"content": ""}).status_code == 400
    for bad, status in zip(BAD_BODIES, (400, 415, 413), strict=True):
        assert client.post(url, **bad).status_code == status
    assert client.post(url, {"content": "x"}).status_code == 409
