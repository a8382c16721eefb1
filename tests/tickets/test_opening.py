"""`POST /api/tickets/`: who may open what for whom, and that a refusal stores nothing."""

from collections.abc import Callable
from typing import Any

import pytest

from helpdesk.events.models import EventRecord
from helpdesk.tickets.models import Ticket
from tests.people import AgentFactory, UserFactory

Api = Callable[[Any], Any]

PRINTER = {"title": "Printer on fire", "description": "It burns."}


def types() -> list[str]:
    return list(EventRecord.objects.order_by("id").values_list("type", flat=True))


@pytest.mark.parametrize("role", ["customer", "agent", "admin"])
def test_everybody_opens_tickets_of_their_own(api_as: Api, request: pytest.FixtureRequest, role: str) -> None:
    user = request.getfixturevalue(role)

    response = api_as(user).post("/api/tickets/", PRINTER)

    assert response.status_code == 201
    body = response.json()
    assert (body["title"], body["description"]) == ("Printer on fire", "It burns.")
    assert (body["status"], body["priority"], body["version"]) == ("open", "medium", 1)
    assert (body["created_by"]["id"], body["assigned_to"]) == (user.pk, None)
    assert (body["comments"], body["comments_previous"], body["comments_count"]) == ([], None, 0)
    assert api_as(user).get(f"/api/tickets/{body['id']}/").json() == body
    assert types() == ["ticket_created"]


@pytest.mark.parametrize("priority", ["low", "medium", "high", "urgent"])
def test_a_ticket_opens_with_the_priority_asked_for(api_as: Api, customer: Any, priority: str) -> None:
    response = api_as(customer).post("/api/tickets/", {**PRINTER, "priority": priority})
    assert (response.status_code, response.json()["priority"]) == (201, priority)


def test_an_agent_opens_a_ticket_on_behalf_and_assigned(api_as: Api, customer: Any, agent: Any) -> None:
    colleague = AgentFactory()

    body = {**PRINTER, "created_by": customer.pk, "assigned_to": colleague.pk}
    response = api_as(agent).post("/api/tickets/", body)

    assert response.status_code == 201
    ticket = response.json()
    assert (ticket["created_by"]["id"], ticket["assigned_to"]["id"]) == (customer.pk, colleague.pk)
    assert api_as(customer).get(f"/api/tickets/{ticket['id']}/").status_code == 200
    assert types() == ["ticket_created", "ticket_assigned"]
    assert set(EventRecord.objects.values_list("actor_id", flat=True)) == {agent.pk}


def test_nulls_where_nobody_is_meant_are_fine_for_staff(api_as: Api, agent: Any) -> None:
    response = api_as(agent).post("/api/tickets/", {**PRINTER, "created_by": None, "assigned_to": None})
    assert (response.status_code, response.json()["created_by"]["id"]) == (201, agent.pk)


@pytest.mark.parametrize("field", ["assigned_to", "created_by"])
def test_a_field_that_a_customer_may_not_set_is_403_and_nothing_is_stored(
    api_as: Api, customer: Any, stranger: Any, agent: Any, field: str
) -> None:
    for value in (agent.pk, customer.pk, stranger.pk, 9_000_000_000, "1", True, [1]):
        response = api_as(customer).post("/api/tickets/", {**PRINTER, field: value})
        assert (response.status_code, response.json()["code"]) == (403, "permission_denied"), value
    assert (Ticket.objects.count(), types()) == (0, [])


def test_the_role_is_asked_before_the_rest_of_the_body_is_judged(api_as: Api, customer: Any, agent: Any) -> None:
    assert api_as(customer).post("/api/tickets/", {"title": "", "assigned_to": agent.pk}).status_code == 403


def test_only_active_agents_are_assigned(api_as: Api, customer: Any, agent: Any, admin: Any) -> None:
    former = AgentFactory(is_active=False)
    for nobody in (customer.pk, former.pk, 9_000_000_000):
        response = api_as(agent).post("/api/tickets/", {**PRINTER, "assigned_to": nobody})
        assert response.status_code == 400
        assert [(e["field"], e["code"]) for e in response.json()["errors"]] == [("assigned_to", "not_an_agent")]
    assert (Ticket.objects.count(), types()) == (0, [])
    assert api_as(agent).post("/api/tickets/", {**PRINTER, "assigned_to": admin.pk}).status_code == 201


def test_nobody_opens_tickets_for_those_who_are_not_there(api_as: Api, agent: Any) -> None:
    former = UserFactory(is_active=False)
    for nobody in (former.pk, 9_000_000_000):
        response = api_as(agent).post("/api/tickets/", {**PRINTER, "created_by": nobody})
        assert response.status_code == 400
        assert [e["field"] for e in response.json()["errors"]] == ["created_by"]
    assert Ticket.objects.count() == 0


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"title": ""}, "title", "blank"),
        ({"title": "  "}, "title", "blank"),
        ({"title": None}, "title", "null"),
        ({"title": 7}, "title", "invalid"),
        ({"title": ["a"]}, "title", "invalid"),
        ({"title": "x" * 256}, "title", "max_length"),
        ({"description": ""}, "description", "blank"),
        ({"description": "x" * 20_001}, "description", "max_length"),
        ({"priority": "soon"}, "priority", "invalid_choice"),
        ({"priority": None}, "priority", "null"),
        ({"priority": ["high"]}, "priority", "invalid_choice"),
        ({"priority": {"a": 1}}, "priority", "invalid_choice"),
    ],
)
def test_a_bad_field_is_400_and_named(api_as: Api, customer: Any, change: Any, field: str, code: str) -> None:
    response = api_as(customer).post("/api/tickets/", PRINTER | change)
    assert response.status_code == 400
    assert [(e["field"], e["code"]) for e in response.json()["errors"]] == [(field, code)]
    assert Ticket.objects.count() == 0


def test_ids_are_numbers(api_as: Api, agent: Any) -> None:
    for odd in ("1", True, 1.5, [1], {"id": 1}, -1, 0, "me"):
        response = api_as(agent).post("/api/tickets/", {**PRINTER, "assigned_to": odd})
        assert (response.status_code, response.json()["errors"][0]["field"]) == (400, "assigned_to"), odd


def test_title_and_description_are_needed(api_as: Api, customer: Any) -> None:
    response = api_as(customer).post("/api/tickets/", {})
    assert response.status_code == 400
    assert [(e["field"], e["code"]) for e in response.json()["errors"]] == [
        ("title", "required"),
        ("description", "required"),
    ]


def test_the_longest_texts_fit_and_are_kept_to_the_letter(api_as: Api, customer: Any) -> None:
    longest = {"title": " ñ" * 127 + "x", "description": "🔥🔥 <b>a < b</b>\n" * 1250}
    assert (len(longest["title"]), len(longest["description"])) == (255, 20_000)

    response = api_as(customer).post("/api/tickets/", longest)

    assert response.status_code == 201
    assert {field: response.json()[field] for field in longest} == longest


def test_unknown_and_read_only_members_are_ignored_and_never_stored(api_as: Api, customer: Any) -> None:
    response = api_as(customer).post(
        "/api/tickets/",
        {
            **PRINTER,
            "id": 7_000,
            "status": "closed",
            "version": 40,
            "comments_count": 3,
            "created_at": "1999-01-01T00:00:00Z",
            "deleted_at": "1999-01-01T00:00:00Z",
            "comments": [{"content": "x"}],
            "is_staff": True,
            "is_internal": True,
            "colour": {"of": "money"},
        },
    )

    assert response.status_code == 201
    body = response.json()
    assert body["id"] != 7_000
    assert (body["status"], body["version"], body["comments_count"], body["comments"]) == ("open", 1, 0, [])
    assert body["created_at"] > "2026"
    assert "colour" not in body
