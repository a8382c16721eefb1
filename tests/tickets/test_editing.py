"""`PATCH` and `PUT /api/tickets/{id}/`: what is named is written, and told in the contract's order."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from helpdesk.events.models import EventRecord
from helpdesk.tickets.models import Ticket
from tests.factories import ticket_of
from tests.people import NOON, AgentFactory

Api = Callable[[Any], Any]


@pytest.fixture
def ticket(customer: Any) -> Any:
    return ticket_of(customer)


def types(ticket: Any) -> list[str]:
    """What was told since the ticket was opened."""
    told = EventRecord.objects.filter(subject_type="ticket", subject_id=ticket.pk).order_by("id")
    return [event for event in told.values_list("type", flat=True) if event != "ticket_created"]


def whole(ticket: Any) -> dict[str, Any]:
    return Ticket.objects.filter(pk=ticket.pk).values().get()


@pytest.mark.parametrize(
    ("change", "event"),
    [
        ({"title": "Smoke"}, "ticket_updated"),
        ({"description": "It smokes."}, "ticket_updated"),
        ({"title": "Smoke", "description": "It smokes."}, "ticket_updated"),
        ({"status": "in_progress"}, "status_changed"),
        ({"priority": "urgent"}, "priority_changed"),
    ],
)
@pytest.mark.parametrize("role", ["agent", "admin"])
def test_a_patch_writes_what_it_names_and_nothing_else(
    api_as: Api, ticket: Any, request: pytest.FixtureRequest, role: str, change: dict[str, Any], event: str
) -> None:
    user = request.getfixturevalue(role)
    before = api_as(user).get(f"/api/tickets/{ticket.pk}/").json()

    response = api_as(user).patch(f"/api/tickets/{ticket.pk}/", change)

    assert response.status_code == 200
    after = response.json()
    moved = {field for field in after if after[field] != before[field]}
    assert moved == {*change, "version", "updated_at"}
    assert {field: after[field] for field in change} == change
    assert after["version"] == 2
    assert api_as(user).get(f"/api/tickets/{ticket.pk}/").json() == after
    assert types(ticket) == [event]


def test_one_patch_tells_its_parts_in_the_contracts_order(api_as: Api, ticket: Any, agent: Any) -> None:
    response = api_as(agent).patch(
        f"/api/tickets/{ticket.pk}/",
        {
            "description": "It smokes.",
            "title": "Smoke",
            "assigned_to": agent.pk,
            "priority": "high",
            "status": "in_progress",
        },
    )

    assert (response.status_code, response.json()["version"]) == (200, 2)
    told = EventRecord.objects.filter(subject_id=ticket.pk).exclude(type="ticket_created").order_by("id")
    person = {"id": agent.pk, "username": agent.username, "name": agent.name, "role": "agent"}
    assert [(record.type, record.changes) for record in told] == [
        ("status_changed", {"status": {"from": "open", "to": "in_progress"}}),
        ("priority_changed", {"priority": {"from": "medium", "to": "high"}}),
        ("ticket_assigned", {"assigned_to": {"from": None, "to": person}}),
        (
            "ticket_updated",
            {
                "title": {"from": "Printer on fire", "to": "Smoke"},
                "description": {"from": "It burns.", "to": "It smokes."},
            },
        ),
    ]
    # All of one change: they know the ticket by its new title, and say when.
    assert {record.body["ticket"]["title"] for record in told} == {"Smoke"}
    assert len({record.occurred_at for record in told}) == 1


@pytest.mark.parametrize(
    "change", [{}, {"status": "open"}, {"title": "Printer on fire"}, {"assigned_to": None}, {"priority": "medium"}]
)
def test_what_changes_nothing_is_200_without_event_or_version(
    api_as: Api, ticket: Any, agent: Any, change: dict[str, Any]
) -> None:
    before = whole(ticket)
    assert api_as(agent).patch(f"/api/tickets/{ticket.pk}/", change).status_code == 200
    assert (whole(ticket), types(ticket)) == (before, [])


def test_only_what_really_changes_is_told(api_as: Api, ticket: Any, agent: Any) -> None:
    api_as(agent).patch(f"/api/tickets/{ticket.pk}/", {"status": "open", "priority": "low", "title": "Printer on fire"})
    assert types(ticket) == ["priority_changed"]


def test_an_assignment_moves_from_one_agent_to_another_and_away(
    api_as: Api, ticket: Any, agent: Any, admin: Any
) -> None:
    client, url = api_as(agent), f"/api/tickets/{ticket.pk}/"
    colleague = AgentFactory()

    holders = [
        client.patch(url, {"assigned_to": user and user.pk}).json()["assigned_to"] for user in (colleague, admin, None)
    ]

    assert [holder and holder["username"] for holder in holders] == [colleague.username, admin.username, None]
    changes = EventRecord.objects.filter(type="ticket_assigned").order_by("id").values_list("changes", flat=True)
    assert [
        tuple(end and end["username"] for end in (change["assigned_to"]["from"], change["assigned_to"]["to"]))
        for change in changes
    ] == [(None, colleague.username), (colleague.username, admin.username), (admin.username, None)]


def test_only_active_agents_are_assigned_and_a_refusal_changes_nothing(
    api_as: Api, ticket: Any, customer: Any, agent: Any
) -> None:
    before = whole(ticket)
    for nobody in (customer.pk, AgentFactory(is_active=False).pk, 9_000_000_000):
        response = api_as(agent).patch(f"/api/tickets/{ticket.pk}/", {"title": "Smoke", "assigned_to": nobody})
        assert response.status_code == 400
        assert [e["field"] for e in response.json()["errors"]] == ["assigned_to"]
    assert (whole(ticket), types(ticket)) == (before, [])


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"title": ""}, "title"),
        ({"title": None}, "title"),
        ({"title": "x" * 256}, "title"),
        ({"description": "x" * 20_001}, "description"),
        ({"status": "melted"}, "status"),
        ({"status": None}, "status"),
        ({"priority": "soon"}, "priority"),
        ({"assigned_to": "1"}, "assigned_to"),
        ({"assigned_to": True}, "assigned_to"),
        ({"assigned_to": 0}, "assigned_to"),
    ],
)
def test_one_bad_field_refuses_the_whole_patch(
    api_as: Api, ticket: Any, agent: Any, change: dict[str, Any], field: str
) -> None:
    before = whole(ticket)
    response = api_as(agent).patch(f"/api/tickets/{ticket.pk}/", {"priority": "low"} | change)
    assert response.status_code == 400
    assert [e["field"] for e in response.json()["errors"]] == [field]
    assert (whole(ticket), types(ticket)) == (before, [])


def test_a_put_wants_the_first_four_and_leaves_the_assignee(api_as: Api, customer: Any, agent: Any) -> None:
    ticket = ticket_of(agent, created_by=customer.pk, assigned_to=agent.pk)
    client, url = api_as(agent), f"/api/tickets/{ticket.pk}/"
    four = {"title": "Smoke", "description": "It smokes.", "status": "pending", "priority": "low"}

    response = client.put(url, four)

    assert response.status_code == 200
    assert {field: response.json()[field] for field in four} == four
    assert response.json()["assigned_to"]["id"] == agent.pk
    assert client.put(url, {**four, "assigned_to": None}).json()["assigned_to"] is None
    for missing in four:
        refused = client.put(url, {field: value for field, value in four.items() if field != missing})
        assert refused.status_code == 400
        assert [(e["field"], e["code"]) for e in refused.json()["errors"]] == [(missing, "required")]


def test_a_customer_is_403_on_their_own_ticket_and_nothing_is_stored(api_as: Api, ticket: Any, customer: Any) -> None:
    before = whole(ticket)
    client, url = api_as(customer), f"/api/tickets/{ticket.pk}/"
    four = {"title": "Smoke", "description": "It smokes.", "status": "closed", "priority": "urgent"}
    for body in (four, {"title": "Smoke"}, {}, {"status": "melted"}):
        assert client.patch(url, body).status_code == 403
        assert client.put(url, body).status_code == 403
    assert (whole(ticket), types(ticket)) == (before, [])


def test_unknown_and_read_only_members_are_ignored(
    api_as: Api, ticket: Any, customer: Any, stranger: Any, agent: Any
) -> None:
    before = whole(ticket)
    response = api_as(agent).patch(
        f"/api/tickets/{ticket.pk}/",
        {
            "id": 7_000,
            "created_by": stranger.pk,
            "version": 40,
            "comments_count": 9,
            "created_at": "1999-01-01T00:00:00Z",
            "updated_at": "1999-01-01T00:00:00Z",
            "deleted_at": "1999-01-01T00:00:00Z",
            "resolved_at": "1999-01-01T00:00:00Z",
            "colour": "red",
        },
    )
    assert response.status_code == 200
    assert (whole(ticket), types(ticket)) == (before, [])


def test_a_ticket_is_touched_when_it_changes(ticket: Any, agent: Any) -> None:
    from helpdesk.tickets.operations.tickets import update_ticket

    later = NOON + timedelta(hours=1)
    update_ticket(by=agent, ticket_id=ticket.pk, changes={"priority": "low"}, now=later)
    assert (whole(ticket)["updated_at"], whole(ticket)["public_updated_at"]) == (later, later)

    # Who looked at the clock first, and got the row second.
    update_ticket(by=agent, ticket_id=ticket.pk, changes={"priority": "high"}, now=NOON + timedelta(minutes=59))
    assert (whole(ticket)["updated_at"], whole(ticket)["public_updated_at"]) == (later, later)
