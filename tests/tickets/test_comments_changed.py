"""Editing and deleting comments, and what they move on their ticket."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from helpdesk.events.models import EventRecord
from helpdesk.tickets.models import Comment, Ticket
from tests.factories import comment_on, ticket_of
from tests.people import NOON, AgentFactory

Api = Callable[[Any], Any]

HOUR = timedelta(hours=1)


def told(ticket: Any) -> list[str]:
    records = EventRecord.objects.filter(subject_id=ticket.pk).exclude(type="ticket_created").order_by("id")
    return list(records.values_list("type", flat=True))


def texts(response: Any) -> list[str]:
    assert response.status_code == 200, response.content
    return [comment["content"] for comment in response.json()["results"]]


def test_an_author_edits_their_comment(api_as: Api, ticket: Any, route: Any, customer: Any) -> None:
    comment = comment_on(ticket, customer)
    version = Ticket.objects.get(pk=ticket.pk).version

    response = api_as(customer).patch(route(ticket, comment), {"content": "Sand helps."})

    assert response.status_code == 200
    body = response.json()
    assert (body["content"], body["version"]) == ("Sand helps.", 2)
    assert body["edited_at"] > "2026"
    assert api_as(customer).get(route(ticket, comment)).json() == body
    assert told(ticket) == ["comment_added", "comment_updated"]
    assert EventRecord.objects.last().changes == {"content": {"from": "Water helps.", "to": "Sand helps."}}
    assert Ticket.objects.get(pk=ticket.pk).version == version


def test_the_same_content_again_changes_nothing(api_as: Api, ticket: Any, route: Any, customer: Any) -> None:
    comment = comment_on(ticket, customer)
    response = api_as(customer).patch(route(ticket, comment), {"content": "Water helps."})
    assert (response.status_code, response.json()["version"], response.json()["edited_at"]) == (200, 1, None)
    assert told(ticket) == ["comment_added"]


def test_only_its_author_edits_a_comment(
    api_as: Api, ticket: Any, route: Any, customer: Any, agent: Any, admin: Any
) -> None:
    mine, theirs = comment_on(ticket, customer), comment_on(ticket, agent)
    for user, comment in ((agent, mine), (admin, mine), (customer, theirs), (admin, theirs)):
        response = api_as(user).patch(route(ticket, comment), {"content": "Oil helps."})
        assert (response.status_code, response.json()["code"]) == (403, "permission_denied")
    assert set(Comment.objects.values_list("content", flat=True)) == {"Water helps."}


def test_an_edit_needs_content_and_moves_nothing_else(
    api_as: Api, ticket: Any, route: Any, customer: Any, agent: Any
) -> None:
    other = ticket_of(customer)
    comment = comment_on(ticket, agent)
    client, url = api_as(agent), route(ticket, comment)

    for body in ({}, {"content": ""}, {"content": None}, {"content": "x" * 20_001}):
        assert client.patch(url, body).status_code == 400
    moved = client.patch(
        url, {"content": "new", "ticket": other.pk, "author": customer.pk, "is_internal": True, "version": 40}
    )

    assert moved.status_code == 200
    body = moved.json()
    assert (body["ticket"], body["author"]["id"], body["is_internal"], body["version"]) == (
        ticket.pk,
        agent.pk,
        False,
        2,
    )
    assert Comment.objects.get(pk=comment.pk).ticket_id == ticket.pk


def test_comments_are_not_put(api_as: Api, ticket: Any, route: Any, customer: Any) -> None:
    comment = comment_on(ticket, customer)
    response = api_as(customer).put(route(ticket, comment), {"content": "x"})
    assert (response.status_code, response.json()["code"]) == (405, "method_not_allowed")


@pytest.mark.parametrize("role", ["customer", "admin"])
def test_an_author_or_an_admin_deletes_a_comment(
    api_as: Api, ticket: Any, route: Any, customer: Any, request: pytest.FixtureRequest, role: str
) -> None:
    comment = comment_on(ticket, customer)
    client = api_as(request.getfixturevalue(role))

    response = client.delete(route(ticket, comment))

    assert (response.status_code, response.content) == (204, b"")
    assert client.get(route(ticket, comment)).status_code == 404
    assert client.delete(route(ticket, comment)).status_code == 404
    assert texts(client.get(route(ticket))) == []
    assert told(ticket) == ["comment_added", "comment_deleted"]
    assert Comment.objects.get().deleted_at is not None


def test_nobody_else_deletes_a_comment(api_as: Api, ticket: Any, route: Any, customer: Any, agent: Any) -> None:
    mine, theirs = comment_on(ticket, customer), comment_on(ticket, agent)
    for user, comment in ((agent, mine), (customer, theirs), (AgentFactory(), theirs)):
        assert api_as(user).delete(route(ticket, comment)).status_code == 403
    assert Comment.objects.filter(deleted_at=None).count() == 2


def test_notes_are_edited_and_deleted_without_a_word_to_customers(
    api_as: Api, ticket: Any, route: Any, customer: Any, agent: Any
) -> None:
    note = comment_on(ticket, agent, is_internal=True)
    assert api_as(agent).patch(route(ticket, note), {"content": "Sand helps."}).status_code == 200
    assert api_as(agent).delete(route(ticket, note)).status_code == 204
    assert told(ticket) == ["note_added", "note_updated", "note_deleted"]
    assert api_as(customer).get(f"/api/tickets/{ticket.pk}/timeline/").json()["results"] == []


# --- what a comment moves ---------------------------------------------------------------------------------------------


def columns(ticket: Any) -> dict[str, Any]:
    return (
        Ticket.objects.filter(pk=ticket.pk)
        .values(
            "comments_count",
            "public_comments_count",
            "last_comment_at",
            "public_last_comment_at",
            "updated_at",
            "public_updated_at",
            "version",
        )
        .get()
    )


def test_counters_and_times_are_kept_twice(api_as: Api, ticket: Any, customer: Any, agent: Any) -> None:
    from helpdesk.tickets.operations.comments import delete_comment

    reply = comment_on(ticket, customer, now=NOON + HOUR)
    note = comment_on(ticket, agent, is_internal=True, now=NOON + 2 * HOUR)
    assert columns(ticket) == {
        "comments_count": 2,
        "public_comments_count": 1,
        "last_comment_at": NOON + 2 * HOUR,
        "public_last_comment_at": NOON + HOUR,
        "updated_at": NOON + 2 * HOUR,
        "public_updated_at": NOON + HOUR,
        "version": 1,
    }

    delete_comment(by=agent, comment_id=note.pk, now=NOON + 3 * HOUR)
    assert columns(ticket) == {
        "comments_count": 1,
        "public_comments_count": 1,
        "last_comment_at": NOON + HOUR,
        "public_last_comment_at": NOON + HOUR,
        "updated_at": NOON + 3 * HOUR,
        "public_updated_at": NOON + HOUR,
        "version": 1,
    }

    delete_comment(by=customer, comment_id=reply.pk, now=NOON + 4 * HOUR)
    assert columns(ticket) == {
        "comments_count": 0,
        "public_comments_count": 0,
        "last_comment_at": None,
        "public_last_comment_at": None,
        "updated_at": NOON + 4 * HOUR,
        "public_updated_at": NOON + 4 * HOUR,
        "version": 1,
    }


def test_a_comment_that_was_late_for_the_row_does_not_turn_time_back(ticket: Any, customer: Any) -> None:
    comment_on(ticket, customer, now=NOON + 2 * HOUR)
    comment_on(ticket, customer, now=NOON + HOUR)
    moved = columns(ticket)
    assert {moved[name] for name in moved if name.endswith("_at")} == {NOON + 2 * HOUR}
