"""`POST /api/tickets/bulk/`: one change to many tickets, and for each what became of it."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from helpdesk.events.models import EventReceipt, EventRecord
from helpdesk.tickets.models import Ticket
from helpdesk.tickets.operations.tickets import close_ticket, delete_ticket
from tests.factories import category_of, tag_of, team_of, ticket_of
from tests.people import NOON, AgentFactory, UserFactory

Api = Callable[[Any], Any]

URL = "/api/tickets/bulk/"
MISSING = 9_000_000_000


@pytest.fixture
def tickets(customer: Any) -> list[Any]:
    return [ticket_of(customer, title=f"Ticket {n}") for n in range(3)]


@pytest.fixture
def closed(customer: Any, agent: Any) -> Any:
    """Only opens again: whatever else is to become of it is a conflict."""
    return close_ticket(by=agent, ticket_id=ticket_of(customer).pk, now=NOON)


def bulk(client: Any, *rows: Any, changes: dict[str, Any], mode: str = "independent", **more: Any) -> Any:
    ids = [getattr(row, "pk", row) for row in rows]
    return client.post(URL, {"mode": mode, "ids": ids, "changes": changes} | more)


def stored() -> list[Any]:
    return [*Ticket.objects.order_by("pk").values(), EventRecord.objects.count(), EventReceipt.objects.count()]


def told(ticket: Any) -> list[tuple[str, dict[str, Any]]]:
    records = EventRecord.objects.filter(subject_type="ticket", subject_id=ticket.pk).order_by("id")
    return list(records.exclude(type="ticket_created").values_list("type", "changes"))


# --- what becomes of them ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["atomic", "independent"])
@pytest.mark.parametrize("role", ["agent", "admin"])
def test_every_ticket_is_changed_and_told_as_by_a_patch_of_its_own(
    api_as: Api, tickets: list[Any], customer: Any, agent: Any, request: pytest.FixtureRequest, role: str, mode: str
) -> None:
    client = api_as(request.getfixturevalue(role))
    changes = {"title": "Smoke", "status": "resolved", "priority": "urgent", "assigned_to": agent.pk}
    alone = ticket_of(customer, title="Ticket 1")
    patched = client.patch(f"/api/tickets/{alone.pk}/", changes).json()

    response = bulk(client, *tickets, changes=changes, mode=mode)

    assert (response.status_code, response.json()) == (
        200,
        {"committed": True, "results": [{"id": ticket.pk, "status": 200, "version": 2} for ticket in tickets]},
    )
    times = {"updated_at", "created_at"}
    for ticket in tickets:
        body = client.get(f"/api/tickets/{ticket.pk}/").json()
        assert {k: v for k, v in body.items() if k not in {"id", *times}} == {
            k: v for k, v in patched.items() if k not in {"id", *times}
        }
        row = Ticket.objects.get(pk=ticket.pk)
        assert row.started_at == row.resolved_at == row.updated_at == row.public_updated_at > NOON
    assert told(tickets[1]) == told(alone)
    ours, theirs = (
        EventRecord.objects.filter(subject_id=ticket.pk).order_by("id").values("type", "audience", "actor_id")
        for ticket in (tickets[1], alone)
    )
    assert list(ours) == list(theirs)


def test_a_result_says_what_a_request_for_the_ticket_alone_would_have_been_answered(
    api_as: Api, tickets: list[Any], closed: Any, customer: Any, agent: Any
) -> None:
    client = api_as(agent)
    gone = ticket_of(customer)
    delete_ticket(by=agent, ticket_id=gone.pk, now=NOON)

    body = bulk(client, closed, tickets[0], gone, MISSING, tickets[1], changes={"status": "pending"}).json()

    assert body["committed"] is True
    assert [(result["id"], result["status"]) for result in body["results"]] == [
        (closed.pk, 409),
        (tickets[0].pk, 200),
        (gone.pk, 404),
        (MISSING, 404),
        (tickets[1].pk, 200),
    ]
    for result in (body["results"][0], body["results"][3]):
        alone = client.patch(f"/api/tickets/{result['id']}/", {"status": "pending"})
        assert result["problem"] | {"request_id": ""} == alone.json() | {"request_id": ""}
    assert set(body["results"][0]) == {"id", "status", "problem"}
    assert [Ticket.objects.get(pk=ticket.pk).status for ticket in (closed, *tickets)] == [
        *("closed", "pending", "pending", "open"),
    ]


def test_of_an_atomic_change_either_all_is_done_or_nothing(
    api_as: Api, tickets: list[Any], closed: Any, agent: Any
) -> None:
    before = stored()

    response = bulk(api_as(agent), tickets[0], closed, tickets[1], changes={"status": "pending"}, mode="atomic")

    assert response.status_code == 200
    body = response.json()
    assert body["committed"] is False
    assert [(result["status"], result["problem"]["code"]) for result in body["results"]] == [
        (409, "not_committed"),
        (409, "move_not_allowed"),
        (409, "not_committed"),
    ]
    assert stored() == before


@pytest.mark.parametrize("mode", ["atomic", "independent"])
def test_a_dry_run_says_the_same_and_does_nothing(
    api_as: Api, tickets: list[Any], closed: Any, agent: Any, mode: str
) -> None:
    client, before = api_as(agent), stored()
    rows = {"changes": {"status": "pending"}, "mode": mode}

    with_a_bad_one = bulk(client, *tickets, closed, dry_run=True, **rows).json()
    of_good_ones = bulk(client, *tickets, dry_run=True, **rows).json()
    assert stored() == before
    really_with_a_bad_one = bulk(client, *tickets, closed, **rows).json()

    assert with_a_bad_one["committed"] is of_good_ones["committed"] is False
    assert [result["status"] for result in of_good_ones["results"]] == [200, 200, 200]
    assert {result["version"] for result in of_good_ones["results"]} == {2}
    for one, other in zip(with_a_bad_one["results"], really_with_a_bad_one["results"], strict=True):
        assert (one["status"], one.get("version")) == (other["status"], other.get("version"))


def test_what_is_so_already_is_200_without_event_or_version(api_as: Api, tickets: list[Any], agent: Any) -> None:
    before = stored()
    body = bulk(api_as(agent), *tickets, changes={"status": "open", "assigned_to": None}).json()
    assert [(result["status"], result["version"]) for result in body["results"]] == [(200, 1)] * 3
    assert stored() == before


def test_who_had_a_ticket_before_is_told_too(api_as: Api, customer: Any, agent: Any, admin: Any) -> None:
    held, free = ticket_of(agent, created_by=customer.pk, assigned_to=agent.pk), ticket_of(customer)

    bulk(api_as(admin), held, free, changes={"assigned_to": admin.pk})

    assigned = EventRecord.objects.filter(type="ticket_assigned", actor_id=admin.pk)
    assert {record.subject_id: set(record.audience) for record in assigned} == {
        held.pk: {customer.pk, agent.pk, admin.pk},
        free.pk: {customer.pk, admin.pk},
    }


# --- for which version ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["atomic", "independent"])
def test_a_ticket_that_somebody_has_changed_meanwhile_is_left_alone(
    api_as: Api, tickets: list[Any], agent: Any, mode: str
) -> None:
    client = api_as(agent)
    for change in ({"priority": "high"}, {"title": "Smoke"}):
        client.patch(f"/api/tickets/{tickets[0].pk}/", change)
    versions = {str(tickets[0].pk): 1, str(tickets[1].pk): 1}

    body = bulk(client, *tickets, changes={"status": "pending"}, if_match=versions, mode=mode).json()

    stale = body["results"][0]
    assert (stale["status"], stale["problem"]["code"]) == (412, "precondition_failed")
    assert (stale["problem"]["current_version"], stale["problem"]["conflicting_fields"]) == (3, ["priority", "title"])
    assert [result["status"] for result in body["results"][1:]] == ([200, 200] if mode == "independent" else [409, 409])
    assert Ticket.objects.get(pk=tickets[0].pk).status == "open"
    assert Ticket.objects.filter(status="pending").count() == (2 if mode == "independent" else 0)


# --- whose ------------------------------------------------------------------------------------------------------------


def test_customers_change_nothing_this_way(api_as: Api, tickets: list[Any], customer: Any) -> None:
    before = stored()
    for body in ({}, {"ids": "x"}, {"mode": "atomic", "ids": [tickets[0].pk], "changes": {"title": "x"}}):
        response = api_as(customer).post(URL, body)
        assert (response.status_code, response.json()["code"]) == (403, "permission_denied")
    assert api_as(None).post(URL, {}).status_code == 401
    assert stored() == before


def test_what_an_agent_does_not_see_is_not_there(
    api_as: Api, tickets: list[Any], agent: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever narrows the agents' sight narrows this too."""
    from helpdesk.tickets.models import TicketQuerySet

    seen = TicketQuerySet.in_scope_of
    monkeypatch.setattr(TicketQuerySet, "in_scope_of", lambda self, user: seen(self, user).exclude(title="Ticket 1"))

    body = bulk(api_as(agent), *tickets, MISSING, changes={"title": "Mine now"}).json()

    assert [result["status"] for result in body["results"]] == [200, 404, 200, 404]
    foreign, missing = (body["results"][n]["problem"] for n in (1, 3))
    assert foreign == missing
    assert Ticket.objects.get(pk=tickets[1].pk).title == "Ticket 1"


# --- bad input ----------------------------------------------------------------------------------------------------------


GOOD: dict[str, Any] = {"mode": "atomic", "ids": [1], "changes": {"title": "x"}}
BAD: dict[str, tuple[dict[str, Any], str, str]] = {
    "no mode": ({"mode": None}, "mode", "null"),
    "a mode that is none": ({"mode": "maybe"}, "mode", "invalid_choice"),
    "no ids": ({"ids": []}, "ids", "empty"),
    "501 ids": ({"ids": list(range(1, 502))}, "ids", "max_length"),
    "an id for a list": ({"ids": 1}, "ids", "not_a_list"),
    "an object for a list": ({"ids": {"1": 1}}, "ids", "not_a_list"),
    "what can be no id": ({"ids": [1, 0]}, "ids.1", "min_value"),
    "an id in quotes": ({"ids": ["1"]}, "ids.0", "invalid"),
    "a fraction": ({"ids": [1.5]}, "ids.0", "invalid"),
    "true": ({"ids": [True]}, "ids.0", "invalid"),
    "null": ({"ids": [None]}, "ids.0", "null"),
    "one ticket twice": ({"ids": [1, 2, 1]}, "ids.2", "duplicate"),
    "no changes": ({"changes": {}}, "changes", "empty"),
    "changes that are none": ({"changes": ["title"]}, "changes", "not_a_dict"),
    "null for changes": ({"changes": None}, "changes", "null"),
    "an unknown field": ({"changes": {"title": "x", "prioritty": "low"}}, "changes.prioritty", "unknown_field"),
    "a read-only field": ({"changes": {"version": 7}}, "changes.version", "unknown_field"),
    "a blank title": ({"changes": {"title": " "}}, "changes.title", "blank"),
    "a status that is none": ({"changes": {"status": "melted"}}, "changes.status", "invalid_choice"),
    "nobody to assign to": ({"changes": {"assigned_to": MISSING}}, "changes.assigned_to", "not_an_agent"),
    "a dry run in words": ({"dry_run": "yes"}, "dry_run", "invalid"),
    "versions in a list": ({"if_match": [1]}, "if_match", "not_a_dict"),
    "a version in words": ({"if_match": {"1": "one"}}, "if_match.1", "invalid"),
    "a version of another": ({"if_match": {"2": 1}}, "if_match.2", "invalid_choice"),
    "a version of an id that is none": ({"if_match": {"01": 1}}, "if_match.01", "invalid_choice"),
}


@pytest.mark.parametrize("name", BAD)
@pytest.mark.parametrize("mode", ["atomic", "independent"])
def test_a_request_that_is_wrong_is_400_and_changes_nothing(
    api_as: Api, tickets: list[Any], agent: Any, name: str, mode: str
) -> None:
    wrong, field, code = BAD[name]
    body = GOOD | {"mode": mode, "ids": [tickets[0].pk]} | wrong
    before = stored()

    response = api_as(agent).post(URL, body)

    assert response.status_code == 400
    assert [(fault["field"], fault["code"]) for fault in response.json()["errors"]] == [(field, code)]
    assert stored() == before


def test_a_customer_is_nobody_to_assign_to(api_as: Api, tickets: list[Any], agent: Any) -> None:
    for person in (UserFactory(), AgentFactory(is_active=False)):
        response = bulk(api_as(agent), *tickets, changes={"assigned_to": person.pk})
        assert (response.status_code, response.json()["errors"][0]["field"]) == (400, "changes.assigned_to")


# --- how much it takes --------------------------------------------------------------------------------------------------


def test_it_takes_as_many_statements_for_three_hundred_as_for_two(
    api_as: Api, customer: Any, agent: Any, committing: Callable[[], Any]
) -> None:
    """The changes, and telling what must not wait; the rest of it is left to the sweep."""
    client, taken = api_as(agent), []
    holders = AgentFactory.create_batch(3)
    marks = [tag_of(f"tag {n}").name for n in range(4)]
    old, new = (
        category_of(name, team=team_of(name=name), parent=category_of(f"Above {name}")) for name in ("Old", "New")
    )
    changes = {"status": "pending", "assigned_to": agent.pk, "category": new.pk, "tags": marks}
    for count in (2, 300):
        rows = [
            ticket_of(
                agent, created_by=customer.pk, assigned_to=holders[n % 3].pk, category=old.pk, tags=[f"tag {n % 3}"]
            )
            for n in range(count)
        ]
        for row in rows[::2]:
            client.patch(f"/api/tickets/{row.pk}/", {"priority": "low"})
        versions = {str(row.pk): 1 for row in rows}
        with CaptureQueriesContext(connection) as statements, committing():
            body = bulk(client, *rows, changes=changes, if_match=versions).json()
        assert {result["status"] for result in body["results"]} == {200, 412}
        taken.append(len(statements))
        assert (
            Ticket.objects.filter(pk__in=[row.pk for row in rows], team=new.team, tag_ids__len=4).count() == count / 2
        )
    # So many events are inserted in two parts.
    assert taken[0] <= taken[1] <= taken[0] + 1 <= 25


def test_what_is_not_urgent_is_told_by_the_next_sweep(
    api_as: Api, tickets: list[Any], agent: Any, committing: Callable[[], Any]
) -> None:
    from django.utils import timezone

    from helpdesk.events.operations import sweep
    from helpdesk.notifications.models import EmailLog

    with committing():
        bulk(api_as(agent), *tickets, changes={"status": "pending"})
    records = EventRecord.objects.filter(type="status_changed")
    assert records.filter(position=None).count() == 0
    assert list(records.order_by("position").values_list("id")) == list(records.order_by("id").values_list("id"))
    receipts = EventReceipt.objects.filter(record__in=records)
    assert set(receipts.filter(state="done").values_list("subscriber", flat=True)) == {"cache.lists"}

    with committing():
        sweep(now=timezone.now())

    assert not receipts.exclude(state="done").exists()
    assert EmailLog.objects.filter(event_id__in=records.values("id")).count() == 3
