"""Which status leads where, by PATCH and by action, and what is stamped on the way."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import product
from typing import Any

import pytest
import time_machine

from helpdesk.events.models import EventRecord
from helpdesk.tickets.models import Ticket
from helpdesk.tickets.operations import tickets as operations
from tests.factories import ticket_of
from tests.people import NOON, AgentFactory

Api = Callable[[Any], Any]

STATUSES = ("open", "in_progress", "pending", "resolved", "closed")
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def soon_after() -> Iterator[None]:
    """The API is asked when customers may still reopen what was closed at noon."""
    with time_machine.travel(NOON + HOUR, tick=False):
        yield


def ticket_in(status: str, *, by: Any, creator: Any = None) -> Any:
    ticket = ticket_of(creator)
    return move(ticket, status, by=by)


def move(ticket: Any, status: str, *, by: Any, now: datetime = NOON) -> Any:
    return operations.update_ticket(by=by, ticket_id=ticket.pk, changes={"status": status}, now=now)


def moves_told(ticket: Any) -> list[tuple[str, str]]:
    told = EventRecord.objects.filter(type="status_changed", subject_id=ticket.pk).order_by("id")
    return [(record.body["ticket"]["old_status"], record.body["ticket"]["new_status"]) for record in told]


@pytest.mark.parametrize(("old", "new"), list(product(STATUSES, STATUSES)))
def test_any_status_moves_to_any_other_but_closed_only_to_open(api_as: Api, agent: Any, old: str, new: str) -> None:
    ticket = ticket_in(old, by=agent)
    told_before = moves_told(ticket)

    response = api_as(agent).patch(f"/api/tickets/{ticket.pk}/", {"status": new})

    if old == "closed" and new not in {"closed", "open"}:
        assert (response.status_code, response.json()["code"]) == (409, "move_not_allowed")
        expected = ("closed", ticket.version, [])
    elif old == new:
        assert response.status_code == 200
        expected = (old, ticket.version, [])
    else:
        assert (response.status_code, response.json()["status"]) == (200, new)
        expected = (new, ticket.version + 1, [(old, new)])
    stored = Ticket.objects.get(pk=ticket.pk)
    assert (stored.status, stored.version, moves_told(ticket)[len(told_before) :]) == expected


def test_a_refused_move_takes_the_rest_of_the_patch_with_it(api_as: Api, agent: Any) -> None:
    ticket = ticket_in("closed", by=agent)
    events = EventRecord.objects.count()

    response = api_as(agent).patch(f"/api/tickets/{ticket.pk}/", {"status": "pending", "title": "Smoke"})

    assert response.status_code == 409
    assert (Ticket.objects.get(pk=ticket.pk).title, EventRecord.objects.count()) == ("Printer on fire", events)


def test_the_message_names_the_status_in_english_whatever_language_is_asked_for(api_as: Api, agent: Any) -> None:
    ticket = ticket_of()
    api_as(agent).patch(f"/api/tickets/{ticket.pk}/", {"status": "in_progress"}, HTTP_ACCEPT_LANGUAGE="es")
    message = EventRecord.objects.get(type="status_changed").body["message"]
    assert message == f"Ticket #{ticket.pk} status changed to In Progress"


def test_each_step_is_stamped_and_the_first_step_only_once(agent: Any) -> None:
    ticket = ticket_of()
    at = {n: NOON + n * HOUR for n in range(10)}
    steps = ["in_progress", "open", "pending", "resolved", "closed", "open", "resolved", "in_progress", "closed"]

    stamps = []
    for n, status in enumerate(steps, start=1):
        moved = move(ticket, status, by=agent, now=at[n])
        moved.refresh_from_db()
        stamps.append((moved.started_at, moved.resolved_at, moved.closed_at, moved.reopened_at))

    assert stamps == [
        (at[1], None, None, None),
        (at[1], None, None, None),
        (at[1], None, None, None),
        (at[1], at[4], None, None),
        (at[1], at[4], at[5], None),
        (at[1], at[4], at[5], at[6]),
        (at[1], at[7], at[5], at[6]),
        (at[1], at[7], at[5], at[8]),
        (at[1], at[7], at[9], at[8]),
    ]


def test_resolving_at_once_is_also_leaving_open(agent: Any) -> None:
    ticket = move(ticket_of(), "resolved", by=agent)
    assert (ticket.started_at, ticket.resolved_at) == (NOON, NOON)


# --- actions ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ["customer", "agent", "admin"])
@pytest.mark.parametrize("status", STATUSES)
def test_a_ticket_is_closed_by_its_customer_and_by_staff(
    api_as: Api, customer: Any, agent: Any, request: pytest.FixtureRequest, role: str, status: str
) -> None:
    ticket = ticket_in(status, by=agent, creator=customer)

    response = api_as(request.getfixturevalue(role)).post(f"/api/tickets/{ticket.pk}/close/")

    assert (response.status_code, response.json()["status"]) == (200, "closed")
    assert response.json()["version"] == ticket.version + (status != "closed")
    assert moves_told(ticket).count((status, "closed")) == (status != "closed")


@pytest.mark.parametrize("role", ["customer", "agent", "admin"])
@pytest.mark.parametrize("status", STATUSES)
def test_a_ticket_is_reopened_from_resolved_or_closed_only(
    api_as: Api, customer: Any, agent: Any, request: pytest.FixtureRequest, role: str, status: str
) -> None:
    ticket = ticket_in(status, by=agent, creator=customer)

    response = api_as(request.getfixturevalue(role)).post(f"/api/tickets/{ticket.pk}/reopen/")

    stored = Ticket.objects.get(pk=ticket.pk)
    if status in {"resolved", "closed"}:
        assert (response.status_code, response.json()["status"]) == (200, "open")
        assert (stored.status, stored.reopened_at is not None) == ("open", True)
    else:
        assert (response.status_code, response.json()["code"]) == (409, "move_not_allowed")
        assert (stored.status, stored.version) == (status, ticket.version)


@pytest.mark.parametrize("role", ["agent", "admin"])
@pytest.mark.parametrize("status", STATUSES)
def test_a_claim_takes_a_ticket_and_leaves_its_status(
    api_as: Api, agent: Any, request: pytest.FixtureRequest, role: str, status: str
) -> None:
    ticket = ticket_in(status, by=agent)
    claimer = request.getfixturevalue(role)

    response = api_as(claimer).post(f"/api/tickets/{ticket.pk}/claim/")

    assert response.status_code == 200
    assert (response.json()["assigned_to"]["id"], response.json()["status"]) == (claimer.pk, status)
    assert EventRecord.objects.filter(type="ticket_assigned", actor_id=claimer.pk).count() == 1


def test_a_claimed_ticket_is_409_and_names_who_has_it(api_as: Api, agent: Any, admin: Any) -> None:
    ticket = ticket_of()
    assert api_as(agent).post(f"/api/tickets/{ticket.pk}/claim/").status_code == 200

    response = api_as(admin).post(f"/api/tickets/{ticket.pk}/claim/")

    assert (response.status_code, response.json()["code"]) == (409, "already_assigned")
    assert response.json()["assigned_to"] == {
        "id": agent.pk,
        "username": agent.username,
        "name": agent.name,
        "role": "agent",
    }
    assert Ticket.objects.get(pk=ticket.pk).assigned_to_id == agent.pk


def test_claiming_what_one_has_changes_nothing(api_as: Api, agent: Any) -> None:
    ticket = ticket_of()
    versions = [api_as(agent).post(f"/api/tickets/{ticket.pk}/claim/").json()["version"] for _ in range(2)]
    assert versions == [2, 2]
    assert EventRecord.objects.filter(type="ticket_assigned").count() == 1


@pytest.mark.parametrize("action", ["claim", "restore"])
def test_a_customer_neither_claims_nor_restores_their_own_ticket(api_as: Api, customer: Any, action: str) -> None:
    ticket = ticket_of(customer)
    response = api_as(customer).post(f"/api/tickets/{ticket.pk}/{action}/")
    assert (response.status_code, response.json()["code"]) == (403, "permission_denied")
    assert Ticket.objects.get(pk=ticket.pk).assigned_to is None


def test_actions_ignore_what_a_body_says(api_as: Api, agent: Any, admin: Any) -> None:
    ticket = ticket_of()
    response = api_as(agent).post(f"/api/tickets/{ticket.pk}/claim/", {"assigned_to": admin.pk, "title": "x"})
    assert (response.json()["assigned_to"]["id"], response.json()["title"]) == (agent.pk, "Printer on fire")


# --- what a client may offer -----------------------------------------------------------------------------------------


ACTIONS = (
    *("comment", "update", "claim", "steal", "assign", "unassign", "close", "reopen", "follow_up", "delete"),
    *("link", "merge", "unmerge"),
)


@pytest.mark.parametrize("days", [0, 13, 15])
@pytest.mark.parametrize("status", STATUSES)
def test_the_allowed_actions_are_those_that_work(
    api_as: Api, customer: Any, agent: Any, admin: Any, status: str, days: int
) -> None:
    """Told and true: each action is tried, and answers 2xx exactly where it was named."""
    for user in (customer, agent, admin):
        for assignee in (None, AgentFactory(), agent):
            works = set()
            for action in ACTIONS:
                ticket = ticket_in(status, by=agent, creator=customer)
                if assignee:
                    ticket = operations.update_ticket(
                        by=agent, ticket_id=ticket.pk, changes={"assigned_to": assignee.pk}, now=NOON
                    )
                with time_machine.travel(NOON + timedelta(days=days), tick=False):
                    client = api_as(user)
                    told = client.get(f"/api/tickets/{ticket.pk}/").json()["allowed_actions"]
                    if _try(client, action, ticket).status_code < 300:
                        works.add(action)
            # What is so already is harmless, and offered by nobody.
            moot = {"close"} if status == "closed" else set()
            moot |= set() if assignee else {"steal", "unassign"}
            moot |= {"claim", "steal"} if assignee == user else set()
            assert set(told) == works - moot


def _try(client: Any, action: str, ticket: Any) -> Any:
    url = f"/api/tickets/{ticket.pk}/"
    if action == "update":
        return client.patch(url, {"title": "x"})
    if action == "delete":
        return client.delete(url)
    if action == "follow_up":
        body = {"title": "x", "description": "x", "follow_up_of": ticket.pk}
        creator = Ticket.objects.get(pk=ticket.pk).created_by_id
        named = {} if client.get("/api/users/me/").json()["role"] == "customer" else {"created_by": creator}
        return client.post("/api/tickets/", body | named)
    paths = {"comment": "comments", "link": "links", "steal": "claim"}
    bodies = {
        "comment": lambda: {"content": "x"},
        "link": lambda: {"kind": "related", "ticket": ticket_of(ticket.created_by).pk},
        "steal": lambda: {"steal": True},
        "assign": lambda: {"user": AgentFactory().pk},
        "merge": lambda: {"into": ticket_of(ticket.created_by).pk},
    }
    return client.post(f"{url}{paths.get(action, action)}/", bodies.get(action, dict)())
