"""`GET /api/events/`: all that the caller may see, oldest first, in one total order, without gaps."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from helpdesk.accounts.models import User
from helpdesk.events.cursors import Cursor
from helpdesk.events.declaration import EVENT_TYPES
from helpdesk.events.models import EventRecord
from helpdesk.tickets.models import Ticket
from tests.factories import comment_on, ticket_of
from tests.people import NOON

Api = Callable[[Any], Any]


def start(at: datetime = NOON) -> str:
    """A cursor before everything."""
    return str(Cursor(position=0, at=at))


def events(client: Any, **query: Any) -> list[dict[str, Any]]:
    response = client.get("/api/events/", {"after": start()} | query)
    assert response.status_code == 200, response.content
    return response.json()["results"]


def types(client: Any, **query: Any) -> list[str]:
    return [event["type"] for event in events(client, **query)]


@pytest.fixture
def ticket(committing: Any, customer: Any, agent: Any) -> Any:
    """Opened, answered, noted, moved."""
    from helpdesk.tickets.operations.tickets import update_ticket

    with committing():
        ticket = ticket_of(customer)
    with committing():
        comment_on(ticket, agent, content="Have you tried water? " * 10)
    with committing():
        comment_on(ticket, agent, content="Weird one.", is_internal=True)
    with committing():
        update_ticket(by=agent, ticket_id=ticket.pk, changes={"status": "in_progress"}, now=NOON)
    return ticket


def test_each_reads_what_they_may_see(
    api_as: Api, ticket: Any, customer: Any, stranger: Any, agent: Any, admin: Any
) -> None:
    assert types(api_as(customer)) == ["comment_added", "status_changed"]
    for user in (agent, admin):
        assert types(api_as(user)) == ["ticket_created", "comment_added", "note_added", "status_changed"]
    assert types(api_as(stranger)) == []


def test_an_event_is_what_the_contract_shows(api_as: Api, ticket: Any, customer: Any, agent: Any) -> None:
    created, commented, noted, moved = events(api_as(agent))

    assert moved == {
        "type": "status_changed",
        "id": moved["id"],
        "cursor": moved["cursor"],
        "occurred_at": "2026-11-20T12:00:00Z",
        "actor": agent.username,
        "ticket": {"id": ticket.pk, "title": "Printer on fire", "old_status": "open", "new_status": "in_progress"},
        "message": f"Ticket #{ticket.pk} status changed to In Progress",
    }
    assert created["ticket"] == {
        "id": ticket.pk,
        "title": "Printer on fire",
        "priority": "medium",
        "status": "open",
        "created_by": customer.username,
    }
    assert created["message"] == f"New ticket #{ticket.pk}: Printer on fire"
    assert commented["ticket"] == {"id": ticket.pk, "title": "Printer on fire"}
    assert commented["comment"] == {
        "id": commented["comment"]["id"],
        "author": agent.username,
        "content": ("Have you tried water? " * 10)[:100],
    }
    assert commented["message"] == f"New comment on ticket #{ticket.pk}"
    assert noted["comment"]["content"] == "Weird one."


def test_each_cursor_leads_to_what_comes_after_it(api_as: Api, ticket: Any, agent: Any) -> None:
    client = api_as(agent)
    everything = events(client)
    for n, event in enumerate(everything, start=1):
        page = client.get("/api/events/", {"after": event["cursor"]}).json()
        assert page["results"] == everything[n:]


def test_page_by_page_one_reads_all_and_then_waits_at_the_head(
    api_as: Api, ticket: Any, agent: Any, customer: Any
) -> None:
    for user in (agent, customer):
        client = api_as(user)
        everything = events(client)
        read, cursor = [], start()
        for _ in range(len(everything) + 2):
            page = client.get("/api/events/", {"after": cursor, "limit": 1}).json()
            read += page["results"]
            cursor = page["next"]
        assert read == everything
        assert page["results"] == []
        assert position_of(cursor) == position_of(page["head"])


def position_of(text: str) -> int:
    from django.utils import timezone

    from helpdesk.events.cursors import read_cursor

    return read_cursor(text, now=timezone.now()).position


def test_without_a_cursor_the_stream_begins_now(api_as: Api, ticket: Any, customer: Any, committing: Any) -> None:
    client = api_as(customer)
    for query in ("?after=", "?types=", ""):
        page = client.get(f"/api/events/{query}").json()
        assert (page["results"], page["next"]) == ([], page["head"])

    with committing():
        comment_on(ticket, customer, content="New.")

    (event,) = events(client, after=page["next"])
    assert event["comment"]["content"] == "New."


def test_the_stream_is_narrowed_by_type_and_ticket(
    api_as: Api, ticket: Any, agent: Any, customer: Any, committing: Any
) -> None:
    with committing():
        other = ticket_of(agent)
    client = api_as(agent)
    assert types(client, types="note_added") == ["note_added"]
    assert types(client, types="status_changed,ticket_created") == [
        "ticket_created",
        "status_changed",
        "ticket_created",
    ]
    assert types(client, ticket=other.pk) == ["ticket_created"]
    assert types(client, ticket=ticket.pk, types="status_changed") == ["status_changed"]
    assert types(client, ticket=9_000_000_000) == []
    assert types(api_as(customer), types="note_added,ticket_created") == []
    assert types(api_as(customer), ticket=other.pk) == []


def test_a_narrowed_stream_moves_on_all_the_same(api_as: Api, ticket: Any, stranger: Any) -> None:
    """Or whoever sees nothing would read the same nothing again for ever."""
    page = api_as(stranger).get("/api/events/", {"after": start()}).json()
    assert page["results"] == []
    assert position_of(page["next"]) == position_of(page["head"]) > 0


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("after", "nonsense"),
        ("after", "é"),
        ("after", "1"),
        ("after", "x" * 201),
        ("types", "melted"),
        ("types", "status_changed,"),
        ("types", "status_changed,melted"),
        ("ticket", "x"),
        ("ticket", "1.5"),
        ("limit", "0"),
        ("limit", "-1"),
        ("limit", "501"),
        ("limit", "many"),
    ],
)
def test_a_bad_question_is_400_and_names_its_parameter(api_as: Api, customer: Any, field: str, value: str) -> None:
    response = api_as(customer).get("/api/events/", {field: value})
    assert response.status_code == 400
    assert [error["field"] for error in response.json()["errors"]] == [field]


@pytest.mark.parametrize("parameter", ["ticket", "limit"])
def test_numbers_out_of_range_are_400(api_as: Api, customer: Any, parameter: str) -> None:
    assert api_as(customer).get("/api/events/", {parameter: "9" * 30}).status_code == 400


def test_a_cursor_older_than_thirty_days_is_gone(api_as: Api, customer: Any) -> None:
    with time_machine.travel(NOON, tick=False):
        client = api_as(customer)
        old, fresh = start(NOON - timedelta(days=30, seconds=1)), start(NOON - timedelta(days=30))
        response = client.get("/api/events/", {"after": old})
        assert (response.status_code, response.json()["code"]) == (410, "cursor_expired")
        assert client.get("/api/events/", {"after": fresh}).status_code == 200


def test_old_news_leads_on_all_the_same(api_as: Api, customer: Any, committing: Any) -> None:
    """What was loaded with its old dates comes late in the order, and is followed by more."""
    with time_machine.travel(NOON, tick=False):
        with committing():
            for _ in range(2):
                comment_on(ticket_of(customer), customer, now=NOON - timedelta(days=90))
        client = api_as(customer)
        page = client.get("/api/events/", {"after": start(), "limit": 1}).json()
        assert client.get("/api/events/", {"after": page["next"]}).status_code == 200


def test_todays_access_decides_not_that_of_the_day(
    api_as: Api, ticket: Any, customer: Any, stranger: Any, agent: Any
) -> None:
    client = api_as(agent)
    User.objects.filter(pk=agent.pk).update(role="customer")
    assert types(client) == []
    Ticket.objects.filter(pk=ticket.pk).update(created_by=stranger.pk)
    assert types(api_as(customer)) == []
    assert types(api_as(stranger)) == ["comment_added", "status_changed"]


def test_whose_ticket_was_deleted_hears_of_it(
    api_as: Api, ticket: Any, customer: Any, agent: Any, committing: Any
) -> None:
    with committing():
        api_as(agent).delete(f"/api/tickets/{ticket.pk}/")
    assert types(api_as(customer))[-1] == "ticket_deleted"


def test_renaming_does_not_rewrite_what_was_told(
    api_as: Api, ticket: Any, customer: Any, agent: Any, committing: Any
) -> None:
    User.objects.filter(pk=agent.pk).update(username="renamed")
    with committing():
        api_as(agent).patch(f"/api/tickets/{ticket.pk}/", {"title": "Smoke"})
    commented = events(api_as(customer))[0]
    assert (commented["actor"], commented["ticket"]["title"]) == (agent.username, "Printer on fire")


def test_every_type_of_the_contract_that_exists_by_now_is_declared() -> None:
    staff_only = {name for name, event_type in EVENT_TYPES.items() if event_type.staff_only}
    of_the_catalog = {
        f"{kind}_{done}" for kind in ("category", "tag", "team") for done in ("created", "updated", "deleted")
    }
    assert {name for name in EVENT_TYPES if not name.startswith("test_")} == {
        "deliveries_retried",
        "emails_resent",
        "user_created",
        "user_updated",
        "signed_in",
        "sign_in_refused",
        "unknown_sign_in_refused",
        "session_ended",
        "sessions_ended",
        "email_verification_requested",
        "email_verified",
        "registered_again",
        "password_reset_requested",
        "user_invited",
        "identity_linked",
        "identity_unlinked",
        "second_factor_enabled",
        "second_factor_disabled",
        "recovery_code_used",
        "users_loaded",
        "ticket_created",
        "status_changed",
        "comment_added",
        "priority_changed",
        "ticket_assigned",
        "ticket_updated",
        "ticket_deleted",
        "ticket_restored",
        "ticket_team_changed",
        *of_the_catalog,
        "comment_updated",
        "comment_deleted",
        "note_added",
        "note_updated",
        "note_deleted",
        "ticket_merged",
        "ticket_unmerged",
        "ticket_split",
        "note_split",
        "ticket_linked",
        "ticket_unlinked",
        "attachment_added",
        "attachment_deleted",
        "note_attachment_added",
        "note_attachment_deleted",
        "tickets_loaded",
        "workload_updated",
        "message_sent",
        "messages_read",
        "messages_waiting",
    }
    of_the_desk = {"deliveries_retried", "emails_resent", "unknown_sign_in_refused", "users_loaded", "tickets_loaded"}
    of_tickets = {"ticket_created", "ticket_team_changed", "note_added", "note_updated", "note_deleted", "note_split"}
    of_tickets |= {"ticket_linked", "ticket_unlinked", "note_attachment_added", "note_attachment_deleted"}
    assert staff_only == of_tickets | of_the_catalog | of_the_desk


def test_a_cursor_ahead_of_the_stream_is_gone(api_as: Api, ticket: Any, customer: Any) -> None:
    """As after a restored backup: to go on from it would skip what happens until the stream gets there."""
    response = api_as(customer).get("/api/events/", {"after": str(Cursor(position=10_000, at=NOON))})

    assert (response.status_code, response.json()["code"]) == (410, "cursor_expired")


def test_the_cursor_of_an_old_event_is_as_young_as_its_reader(
    api_as: Api, committing: Any, customer: Any, agent: Any
) -> None:
    """What was loaded happened months ago."""
    client = api_as(agent)
    here = client.get("/api/events/").json()["next"]
    with committing():
        ticket_of(customer)
    EventRecord.objects.update(occurred_at=timezone.now() - timedelta(days=90))
    told = client.get("/api/events/", {"after": here}).json()["results"]

    assert [event["type"] for event in told] == ["ticket_created"]
    assert client.get("/api/events/", {"after": told[0]["cursor"]}).status_code == 200
