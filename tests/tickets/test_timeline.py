"""`GET /api/tickets/{id}/timeline/`: everything that happened, newest first, for the caller's eyes."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from tests.factories import comment_on, ticket_of
from tests.people import NOON

Api = Callable[[Any], Any]


def timeline(client: Any, ticket: Any) -> list[dict[str, Any]]:
    """All pages of it."""
    entries, url = [], f"/api/tickets/{ticket.pk}/timeline/"
    while url:
        page = client.get(url).json()
        assert set(page) == {"next", "previous", "results"}
        entries += page["results"]
        url = page["next"]
    return entries


@pytest.fixture
def ticket(api_as: Api, customer: Any, agent: Any) -> Any:
    """With one of everything that the API can do to it."""
    ticket = ticket_of(customer)
    mine, staffs = api_as(customer), api_as(agent)
    url = f"/api/tickets/{ticket.pk}/"
    comment = mine.post(f"{url}comments/", {"content": "Help!"}).json()["id"]
    mine.patch(f"/api/comments/{comment}/", {"content": "Help, please!"})
    mine.delete(f"/api/comments/{comment}/")
    note = staffs.post(f"{url}comments/", {"content": "Weird one.", "is_internal": True}).json()["id"]
    staffs.patch(f"/api/comments/{note}/", {"content": "Weird two."})
    staffs.delete(f"/api/comments/{note}/")
    staffs.patch(url, {"status": "resolved", "priority": "high", "assigned_to": agent.pk, "title": "Smoke"})
    mine.post(f"{url}reopen/")
    return ticket


PUBLIC = [
    "status_changed",
    "ticket_updated",
    "ticket_assigned",
    "priority_changed",
    "status_changed",
    "comment_deleted",
    "comment_updated",
    "comment_added",
]


def test_staff_read_everything_newest_first(api_as: Api, ticket: Any, agent: Any, admin: Any) -> None:
    for user in (agent, admin):
        assert [entry["type"] for entry in timeline(api_as(user), ticket)] == [
            *PUBLIC[:5],
            "note_deleted",
            "note_updated",
            "note_added",
            *PUBLIC[5:],
            "ticket_created",
        ]


def test_customers_read_what_is_not_for_staff_alone(api_as: Api, ticket: Any, customer: Any) -> None:
    entries = timeline(api_as(customer), ticket)
    assert [entry["type"] for entry in entries] == PUBLIC
    assert "Weird" not in str(entries)


def test_an_entry_names_who_did_what(api_as: Api, ticket: Any, customer: Any, agent: Any) -> None:
    entries = {entry["type"]: entry for entry in timeline(api_as(customer), ticket)}

    person = {"id": agent.pk, "username": agent.username, "name": agent.name, "role": "agent"}
    assigned = entries["ticket_assigned"]
    assert assigned == {
        "id": assigned["id"],
        "type": "ticket_assigned",
        "occurred_at": assigned["occurred_at"],
        "actor": person,
        "changes": {"assigned_to": {"from": None, "to": person}},
        "ticket": {"id": ticket.pk, "title": "Smoke"},
        "message": f"Ticket #{ticket.pk} assigned to {agent.username}",
    }
    assert entries["comment_updated"]["changes"] == {"content": {"from": "Help!", "to": "Help, please!"}}
    assert entries["comment_added"]["actor"]["username"] == customer.username
    assert entries["comment_added"]["changes"] == {}


def test_a_page_leads_to_the_next_and_back(api_as: Api, agent: Any, customer: Any) -> None:
    ticket = ticket_of(customer)
    for n in range(30):
        comment_on(ticket, customer, content=str(n), now=NOON + timedelta(minutes=n))
    client, url = api_as(customer), f"/api/tickets/{ticket.pk}/timeline/"

    first = client.get(f"{url}?cursor=").json()
    second = client.get(first["next"]).json()

    assert [entry["comment"]["content"] for entry in first["results"]] == [str(n) for n in range(29, 9, -1)]
    assert [entry["comment"]["content"] for entry in second["results"]] == [str(n) for n in range(9, -1, -1)]
    assert (first["previous"], second["next"]) == (None, None)
    assert client.get(second["previous"]).json()["results"] == first["results"]
    assert len(client.get(f"{url}?page_size=7").json()["results"]) == 7
    assert client.get(f"{url}?cursor=nonsense").status_code == 400
    assert client.get(f"{url}?page_size=0").status_code == 400


def test_what_was_told_is_not_rewritten_by_a_later_name(api_as: Api, customer: Any, agent: Any) -> None:
    ticket = ticket_of(customer)
    api_as(agent).patch(f"/api/tickets/{ticket.pk}/", {"status": "pending"})
    api_as(agent).patch(f"/api/tickets/{ticket.pk}/", {"title": "Smoke"})

    entries = timeline(api_as(customer), ticket)

    assert [entry["ticket"]["title"] for entry in entries] == ["Smoke", "Printer on fire"]


def test_each_change_begins_where_the_last_one_of_its_field_ended(api_as: Api, ticket: Any, agent: Any) -> None:
    """So that nothing changed in between of which it does not tell."""
    client, url = api_as(agent), f"/api/tickets/{ticket.pk}/"
    client.patch(url, {"title": "Fire", "description": "It glows.", "priority": "low", "assigned_to": None})
    client.post("/api/tickets/bulk/", {"mode": "atomic", "ids": [ticket.pk], "changes": {"status": "closed"}})
    last: dict[str, Any] = {}

    for entry in reversed(timeline(client, ticket)):
        about = str(entry.get("comment", {}).get("id", ""))
        for field, change in entry["changes"].items():
            assert change["from"] == last.get(about + field, change["from"])
            assert change["from"] != change["to"]
            last[about + field] = change["to"]

    body = client.get(url).json()
    fields = ("title", "description", "status", "priority", "assigned_to")
    assert {field: last[field] for field in fields} == {field: body[field] for field in fields}
