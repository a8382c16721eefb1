"""A merge undone: exactly what was moved comes back, and what was written since stays where it is."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from helpdesk.events.models import EventRecord
from helpdesk.tickets.models import Attachment, Comment, Merge, Ticket
from helpdesk.tickets.operations.tickets import delete_ticket, update_ticket
from tests.factories import comment_on, ticket_of
from tests.people import NOON
from tests.tickets.test_merging import HOUR, counters, file_on, merge, told

Api = Callable[[Any], Any]


def unmerge(client: Any, ticket: Any) -> Any:
    return client.post(f"/api/tickets/{ticket.pk}/unmerge/")


@pytest.fixture
def other(customer: Any) -> Any:
    return ticket_of(customer, title="Smoke in the print room")


def where() -> dict[str, int]:
    return dict(Comment.objects.values_list("content", "ticket_id"))


def test_what_was_moved_comes_back_and_what_was_written_since_stays(
    api_as: Api, ticket: Any, other: Any, customer: Any, agent: Any
) -> None:
    comment_on(ticket, customer, content="mine", now=NOON)
    comment_on(ticket, agent, content="a note", is_internal=True, now=NOON + HOUR)
    comment_on(other, customer, content="there before", now=NOON)
    before = counters(ticket), counters(other)
    client = api_as(agent)
    merge(client, ticket, other)
    comment_on(other, customer, content="since", now=NOON + 2 * HOUR)
    comment_on(other, agent, content="a note since", is_internal=True, now=NOON + 3 * HOUR)

    response = unmerge(client, ticket)

    assert response.status_code == 200, response.content
    body = response.json()
    assert (body["status"], body["merged_into"], body["comments_count"]) == ("open", None, 2)
    assert [(c["content"], c["moved_from"]) for c in body["comments"]] == [("mine", None), ("a note", None)]
    assert where() == {
        "mine": ticket.pk,
        "a note": ticket.pk,
        "there before": other.pk,
        "since": other.pk,
        "a note since": other.pk,
    }
    assert counters(ticket) == before[0]
    assert counters(other) == (3, 2, NOON + 3 * HOUR, NOON + 2 * HOUR)


@pytest.mark.parametrize("status", ["open", "in_progress", "pending", "resolved", "closed"])
def test_it_stands_again_as_it_stood(api_as: Api, ticket: Any, other: Any, agent: Any, status: str) -> None:
    if status != "open":
        update_ticket(by=agent, ticket_id=ticket.pk, changes={"status": status}, now=NOON + HOUR)
    ours = ("version", "public_version", "updated_at", "public_updated_at")
    before = Ticket.objects.filter(pk=ticket.pk).values().get()

    merge(api_as(agent), ticket, other)
    unmerge(api_as(agent), ticket)

    after = Ticket.objects.filter(pk=ticket.pk).values().get()
    assert {k: v for k, v in after.items() if k not in ours} == {k: v for k, v in before.items() if k not in ours}
    assert after["version"] == before["version"] + 2
    told_of_status = [name for name in told(ticket) if name == "status_changed"]
    assert len(told_of_status) == (0 if status == "closed" else 2) + (status != "open")


def test_both_timelines_tell_of_it(api_as: Api, ticket: Any, other: Any, customer: Any, agent: Any) -> None:
    comment = comment_on(ticket, customer)
    merge(api_as(agent), ticket, other)
    unmerge(api_as(agent), ticket)

    assert told(ticket)[-3:] == ["ticket_merged", "status_changed", "ticket_unmerged"]
    assert told(other)[-2:] == ["ticket_merged", "ticket_unmerged"]
    here, there = EventRecord.objects.filter(type="ticket_unmerged").order_by("id")
    assert (here.changes, there.changes) == ({"merged_into": {"from": other.pk, "to": None}}, {})
    assert here.data["comment_ids"] == there.data["comment_ids"] == [comment.pk]
    assert (here.data["started_at"], here.data["closed_at"]) == (None, None)


def test_what_was_deleted_there_comes_back_deleted(
    api_as: Api, ticket: Any, other: Any, customer: Any, agent: Any
) -> None:
    comment, kept = comment_on(ticket, customer, content="gone"), comment_on(ticket, customer, content="kept")
    merge(api_as(agent), ticket, other)
    api_as(customer).delete(f"/api/comments/{comment.pk}/")
    api_as(customer).patch(f"/api/comments/{kept.pk}/", {"content": "edited there"})
    unmerge(api_as(agent), ticket)

    assert where() == {"gone": ticket.pk, "edited there": ticket.pk}
    assert (counters(ticket)[0], counters(other)[0]) == (1, 0)


def test_files_come_back_with_what_they_are_on(api_as: Api, ticket: Any, other: Any, customer: Any, agent: Any) -> None:
    comment = comment_on(ticket, customer)
    loose, fixed, theirs = file_on(ticket), file_on(ticket, comment), file_on(other)
    merge(api_as(agent), ticket, other)
    # On a comment that goes back, and on the ticket that stays.
    late, stays = file_on(other, comment), file_on(other)
    unmerge(api_as(agent), ticket)

    assert {pk: (at, origin) for pk, at, origin in Attachment.objects.values_list("pk", "ticket", "moved_from")} == {
        loose.pk: (ticket.pk, None),
        fixed.pk: (ticket.pk, None),
        late.pk: (ticket.pk, None),
        theirs.pk: (other.pk, None),
        stays.pk: (other.pk, None),
    }


def test_what_was_split_off_meanwhile_stays_split_off(
    api_as: Api, ticket: Any, other: Any, customer: Any, agent: Any
) -> None:
    comment = comment_on(ticket, customer)
    merge(api_as(agent), ticket, other)
    split = api_as(agent).post(f"/api/tickets/{other.pk}/comments/{comment.pk}/split/").json()
    unmerge(api_as(agent), ticket)

    found = Comment.objects.get(pk=comment.pk)
    assert (found.ticket_id, found.moved_from_id) == (split["id"], ticket.pk)
    assert (counters(ticket)[0], counters(other)[0]) == (0, 0)


def test_merges_are_undone_in_the_order_in_which_they_lie(
    api_as: Api, ticket: Any, other: Any, customer: Any, agent: Any
) -> None:
    third = ticket_of(customer)
    comment_on(ticket, customer, content="first")
    comment_on(other, customer, content="second")
    client = api_as(agent)
    merge(client, ticket, other)
    merge(client, other, third)

    refused = unmerge(client, ticket)
    assert (refused.status_code, refused.json()["code"]) == (409, "ticket_merged")
    assert refused.json()["merged_into"] == third.pk
    assert where() == {"first": third.pk, "second": third.pk}

    assert unmerge(client, other).status_code == 200
    assert where() == {"first": other.pk, "second": other.pk}
    assert Comment.objects.get(content="first").moved_from_id == ticket.pk
    assert unmerge(client, ticket).status_code == 200
    assert where() == {"first": ticket.pk, "second": other.pk}
    assert set(Comment.objects.values_list("moved_from", flat=True)) == {None}


def test_it_can_be_merged_anew(api_as: Api, ticket: Any, other: Any, customer: Any, agent: Any) -> None:
    comment_on(ticket, customer, content="mine")
    for _round in range(2):
        assert merge(api_as(agent), ticket, other).status_code == 200
        assert where() == {"mine": other.pk}
        assert unmerge(api_as(agent), ticket).status_code == 200
        assert where() == {"mine": ticket.pk}
    # And in the other direction.
    assert merge(api_as(agent), other, ticket).status_code == 200
    assert Merge.objects.filter(undone_at=None).count() == 1


def test_what_is_not_merged_is_not_unmerged(api_as: Api, ticket: Any, other: Any, agent: Any) -> None:
    merge(api_as(agent), ticket, other)
    for row in (other, ticket_of(agent)):
        response = unmerge(api_as(agent), row)
        assert (response.status_code, response.json()["code"]) == (409, "not_merged")
    unmerge(api_as(agent), ticket)
    assert unmerge(api_as(agent), ticket).json()["code"] == "not_merged"


@pytest.mark.parametrize(("days", "ago", "status"), [(30, 29, 200), (30, 31, 409), (1, 2, 409), (0, 4000, 200)])
def test_a_merge_can_be_undone_for_so_many_days(
    api_as: Api, settings: Any, ticket: Any, other: Any, agent: Any, days: int, ago: int, status: int
) -> None:
    settings.TICKET_UNMERGE_DAYS = days
    merge(api_as(agent), ticket, other)
    Merge.objects.update(merged_at=timezone.now() - timedelta(days=ago))

    response = unmerge(api_as(agent), ticket)

    assert response.status_code == status
    if status == 409:
        assert response.json()["code"] == "unmerge_window_over"
        assert Ticket.objects.get(pk=ticket.pk).merged_into_id == other.pk


def test_a_deleted_ticket_gives_back_what_it_has_taken(
    api_as: Api, ticket: Any, other: Any, customer: Any, agent: Any
) -> None:
    comment_on(ticket, customer, content="mine")
    merge(api_as(agent), ticket, other)
    delete_ticket(by=agent, ticket_id=other.pk, now=timezone.now())

    assert unmerge(api_as(agent), ticket).status_code == 200
    assert api_as(customer).get(f"/api/tickets/{ticket.pk}/").json()["comments"][0]["content"] == "mine"


def test_a_merged_ticket_that_was_deleted_is_restored_first(
    api_as: Api, ticket: Any, other: Any, agent: Any, admin: Any
) -> None:
    merge(api_as(agent), ticket, other)
    assert api_as(agent).delete(f"/api/tickets/{ticket.pk}/").status_code == 204
    assert unmerge(api_as(agent), ticket).status_code == 404
    assert api_as(admin).post(f"/api/tickets/{ticket.pk}/restore/").status_code == 200
    assert unmerge(api_as(agent), ticket).status_code == 200


def test_a_customer_undoes_nothing(
    api_as: Api, ticket: Any, other: Any, customer: Any, stranger: Any, agent: Any
) -> None:
    merge(api_as(agent), ticket, other)
    assert unmerge(api_as(customer), ticket).status_code == 403
    assert unmerge(api_as(stranger), ticket).status_code == 404
    assert Merge.objects.get().undone_at is None
