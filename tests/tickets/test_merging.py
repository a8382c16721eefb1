"""A ticket merged into another one: what goes there, what stays, and what its number still answers."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from helpdesk.events.models import EventRecord
from helpdesk.files.models import Blob
from helpdesk.tickets.models import Attachment, Comment, Merge, Ticket
from helpdesk.tickets.operations.tickets import delete_ticket
from tests.factories import comment_on, ticket_of
from tests.people import NOON, AgentFactory, UserFactory

Api = Callable[[Any], Any]

HOUR = timedelta(hours=1)


def merge(client: Any, source: Any, target: Any) -> Any:
    return client.post(f"/api/tickets/{source.pk}/merge/", {"into": target.pk})


def file_on(ticket: Any, comment: Any = None, /, **fields: Any) -> Any:
    name = f"{Attachment.objects.count()}.png"
    blob = Blob.objects.create(sha256=name, size=3, storage_name=name, created_at=NOON)
    values = {"uploaded_by": ticket.created_by, "filename": name, "content_type": "image/png", "size": 3}
    return Attachment.objects.create(ticket=ticket, comment=comment, blob=blob, created_at=NOON, **values | fields)


def counters(ticket: Any) -> tuple[Any, ...]:
    fields = ("comments_count", "public_comments_count", "last_comment_at", "public_last_comment_at")
    return Ticket.objects.values_list(*fields).get(pk=ticket.pk)


def told(ticket: Any) -> list[str]:
    records = EventRecord.objects.filter(subject_type="ticket", subject_id=ticket.pk).order_by("id")
    return list(records.values_list("type", flat=True))


@pytest.fixture
def other(customer: Any) -> Any:
    return ticket_of(customer, title="Smoke in the print room")


def test_a_merge_closes_the_one_and_says_where_it_went(
    api_as: Api, ticket: Any, other: Any, customer: Any, agent: Any
) -> None:
    response = merge(api_as(agent), ticket, other)

    assert response.status_code == 200, response.content
    body = response.json()
    assert (body["id"], body["status"], body["merged_into"], body["version"]) == (ticket.pk, "closed", other.pk, 2)
    # And to whoever knows the old number, too.
    seen = api_as(customer).get(f"/api/tickets/{ticket.pk}/")
    assert (seen.status_code, seen.json()["merged_into"], seen.json()["comments"]) == (200, other.pk, [])
    assert api_as(customer).get(f"/api/tickets/{other.pk}/").json()["merged_into"] is None


def test_comments_and_notes_go_along_and_say_where_they_were_written(
    api_as: Api, ticket: Any, other: Any, customer: Any, agent: Any
) -> None:
    there = comment_on(other, customer, content="There before", now=NOON + HOUR)
    first = comment_on(ticket, customer, content="First", now=NOON)
    note = comment_on(ticket, agent, content="Between us", is_internal=True, now=NOON + 2 * HOUR)
    last = comment_on(ticket, agent, content="Last", now=NOON + 3 * HOUR)

    merge(api_as(agent), ticket, other)

    found = api_as(agent).get(f"/api/tickets/{other.pk}/comments/").json()["results"]
    assert [(c["id"], c["ticket"], c["moved_from"], c["is_internal"]) for c in found] == [
        (first.pk, other.pk, ticket.pk, False),
        (there.pk, other.pk, None, False),
        (note.pk, other.pk, ticket.pk, True),
        (last.pk, other.pk, ticket.pk, False),
    ]
    # Moving is no edit.
    assert {(c["version"], c["edited_at"]) for c in found} == {(1, None)}
    theirs = api_as(customer).get(f"/api/tickets/{other.pk}/").json()
    assert [(c["content"], c["moved_from"]) for c in theirs["comments"]] == [
        ("First", ticket.pk),
        ("There before", None),
        ("Last", ticket.pk),
    ]
    assert "Between us" not in str(theirs)
    assert theirs["comments_count"] == 3


def test_the_counters_of_both_are_right(ticket: Any, other: Any, customer: Any, agent: Any, api_as: Api) -> None:
    comment_on(ticket, customer, now=NOON + HOUR)
    gone = comment_on(ticket, customer, now=NOON + 4 * HOUR)
    comment_on(ticket, agent, is_internal=True, now=NOON + 3 * HOUR)
    comment_on(other, agent, now=NOON)
    api_as(customer).delete(f"/api/comments/{gone.pk}/")

    merge(api_as(agent), ticket, other)

    assert counters(ticket) == (0, 0, None, None)
    assert counters(other) == (3, 2, NOON + 3 * HOUR, NOON + HOUR)
    # What was deleted before is not brought along.
    assert Comment.objects.get(pk=gone.pk).ticket_id == ticket.pk


def test_files_go_along(ticket: Any, other: Any, customer: Any, agent: Any, api_as: Api) -> None:
    comment = comment_on(ticket, customer)
    gone = comment_on(ticket, customer)
    loose, fixed, thrown = file_on(ticket), file_on(ticket, comment), file_on(ticket, deleted_at=NOON)
    of_gone, elsewhere = file_on(ticket, gone), file_on(other)
    api_as(customer).delete(f"/api/comments/{gone.pk}/")

    merge(api_as(agent), ticket, other)

    where = {pk: (at, origin) for pk, at, origin in Attachment.objects.values_list("pk", "ticket", "moved_from")}
    assert where == {
        loose.pk: (other.pk, ticket.pk),
        fixed.pk: (other.pk, ticket.pk),
        thrown.pk: (ticket.pk, None),
        of_gone.pk: (ticket.pk, None),
        elsewhere.pk: (other.pk, None),
    }


def test_what_came_from_a_third_ticket_still_says_so(
    api_as: Api, ticket: Any, other: Any, customer: Any, agent: Any
) -> None:
    third = ticket_of(customer)
    comment = comment_on(ticket, customer)
    merge(api_as(agent), ticket, other)
    merge(api_as(agent), other, third)

    body = api_as(customer).get(f"/api/comments/{comment.pk}/").json()
    assert (body["ticket"], body["moved_from"]) == (third.pk, ticket.pk)
    # The first number leads on, step by step.
    assert api_as(customer).get(f"/api/tickets/{ticket.pk}/").json()["merged_into"] == other.pk
    assert api_as(customer).get(f"/api/tickets/{other.pk}/").json()["merged_into"] == third.pk


def test_both_timelines_tell_of_it_and_nothing_of_notes(
    api_as: Api, ticket: Any, other: Any, customer: Any, agent: Any
) -> None:
    comment = comment_on(ticket, customer)
    note = comment_on(ticket, agent, is_internal=True)
    merge(api_as(agent), ticket, other)

    assert told(ticket)[-2:] == ["status_changed", "ticket_merged"]
    assert told(other) == ["ticket_created", "ticket_merged"]
    here, there = EventRecord.objects.filter(type="ticket_merged").order_by("id")
    assert here.changes == {"merged_into": {"from": None, "to": other.pk}}
    assert (there.changes, here.data["version"], there.data["version"]) == ({}, 2, 1)
    assert here.body["merge"] == there.body["merge"] == {"source": ticket.pk, "target": other.pk}
    assert here.body["message"] == f"Ticket #{ticket.pk} merged into #{other.pk}"
    for record in (here, there):
        assert (record.data["comment_ids"], record.data["note_ids"]) == ([comment.pk], [note.pk])
        assert not {"comment_ids", "note_ids", "attachment_ids"} & record.body.keys()
    for row in (ticket, other):
        entries = api_as(customer).get(f"/api/tickets/{row.pk}/timeline/").json()["results"]
        assert entries[0]["type"] == "ticket_merged"
        assert str(note.pk) not in str(entries[0].get("note_ids", ""))


def test_a_merged_ticket_takes_nothing_more_and_says_where_to_go(
    api_as: Api, ticket: Any, other: Any, customer: Any, agent: Any, admin: Any
) -> None:
    merge(api_as(agent), ticket, other)
    here = f"/api/tickets/{ticket.pk}/"
    calls = [
        ("patch", here, {"title": "Smoke"}),
        ("patch", here, {"status": "open"}),
        ("patch", here, {"status": "closed"}),
        ("put", here, {"title": "x", "description": "x", "status": "open", "priority": "low"}),
        ("post", f"{here}close/", None),
        ("post", f"{here}reopen/", None),
        ("post", f"{here}claim/", None),
        ("post", f"{here}comments/", {"content": "x"}),
        ("post", f"{here}comments/", {"content": "x", "is_internal": True}),
        ("post", "/api/comments/", {"ticket": ticket.pk, "content": "x"}),
        ("post", f"{here}merge/", {"into": ticket_of(customer).pk}),
    ]
    before = Ticket.objects.filter(pk=ticket.pk).values().get()
    for method, url, body in calls:
        for user in (agent, admin):
            response = getattr(api_as(user), method)(url, body)
            problem = response.json()
            assert (response.status_code, problem["code"]) == (409, "ticket_merged"), (method, url)
            assert problem["merged_into"] == other.pk
    for url, body in ((f"{here}comments/", {"content": "x"}), (f"{here}reopen/", None), (f"{here}close/", None)):
        assert api_as(customer).post(url, body).json()["code"] == "ticket_merged"
    assert Ticket.objects.filter(pk=ticket.pk).values().get() == before


def test_nothing_is_merged_into_a_merged_ticket(
    api_as: Api, ticket: Any, other: Any, customer: Any, agent: Any
) -> None:
    third = ticket_of(customer)
    merge(api_as(agent), ticket, other)

    for source in (other, third):
        response = merge(api_as(agent), source, ticket)
        assert (response.status_code, response.json()["code"]) == (409, "ticket_merged")
        assert response.json()["merged_into"] == other.pk
    assert Merge.objects.count() == 1


def test_a_ticket_of_another_requester_is_refused(api_as: Api, ticket: Any, stranger: Any, agent: Any) -> None:
    foreign = ticket_of(stranger)
    comment_on(ticket, agent)

    response = merge(api_as(agent), ticket, foreign)

    assert (response.status_code, response.json()["code"]) == (409, "other_requester")
    assert (counters(ticket)[0], counters(foreign)[0]) == (1, 0)
    assert Ticket.objects.get(pk=ticket.pk).version == 1


def test_a_ticket_is_not_merged_into_itself_nor_into_none(
    api_as: Api, ticket: Any, other: Any, agent: Any, admin: Any
) -> None:
    delete_ticket(by=admin, ticket_id=other.pk, now=NOON)
    for into, code in ((ticket.pk, "same_ticket"), (9_000_000_000, "does_not_exist"), (other.pk, "does_not_exist")):
        response = api_as(agent).post(f"/api/tickets/{ticket.pk}/merge/", {"into": into})
        assert response.status_code == 400
        assert [(e["field"], e["code"]) for e in response.json()["errors"]] == [("into", code)]
    for body in ({}, {"into": None}, {"into": "1"}, {"into": [1]}):
        assert api_as(agent).post(f"/api/tickets/{ticket.pk}/merge/", body).status_code == 400


def test_a_customer_merges_nothing(api_as: Api, ticket: Any, other: Any, customer: Any, stranger: Any) -> None:
    assert merge(api_as(customer), ticket, other).status_code == 403
    assert merge(api_as(stranger), ticket, other).status_code == 404
    assert Merge.objects.count() == 0


def test_both_are_moved_up_in_the_lists_and_the_lists_move_on(
    api_as: Api, committing: Any, ticket: Any, other: Any, customer: Any, agent: Any
) -> None:
    comment_on(ticket, customer)
    client = api_as(customer)
    before = {row["id"]: row for row in client.get("/api/tickets/").json()["results"]}
    with committing():
        merge(api_as(agent), ticket, other)
    after = {row["id"]: row for row in client.get("/api/tickets/").json()["results"]}

    for row in (ticket, other):
        assert after[row.pk]["updated_at"] > before[row.pk]["updated_at"]
    assert [(row["status"], row["comments_count"]) for row in (after[ticket.pk], after[other.pk])] == [
        ("closed", 0),
        ("open", 1),
    ]


def test_what_may_be_done_to_it_afterwards(api_as: Api, settings: Any, ticket: Any, other: Any, agent: Any) -> None:
    client = api_as(agent)
    assert {"merge", "link"} < set(client.get(f"/api/tickets/{ticket.pk}/").json()["allowed_actions"])
    assert "unmerge" not in client.get(f"/api/tickets/{ticket.pk}/").json()["allowed_actions"]

    assert merge(client, ticket, other).json()["allowed_actions"] == ["delete", "link", "unmerge"]

    Merge.objects.update(merged_at=timezone.now() - timedelta(days=31))
    assert client.get(f"/api/tickets/{ticket.pk}/").json()["allowed_actions"] == ["delete", "link"]


def test_a_merge_takes_no_more_statements_on_a_long_ticket(
    api_as: Api, customer: Any, agent: Any, django_assert_max_num_queries: Any
) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    taken = []
    for comments in (1, 20):
        source, target = ticket_of(customer), ticket_of(customer)
        for n in range(comments):
            file_on(source, comment_on(source, agent, is_internal=n % 2 == 0))
        with CaptureQueriesContext(connection) as statements:
            assert merge(api_as(agent), source, target).status_code == 200
        with CaptureQueriesContext(connection) as undone:
            assert api_as(agent).post(f"/api/tickets/{source.pk}/unmerge/").status_code == 200
        taken.append((len(statements), len(undone)))
    assert taken[0] == taken[1]
    assert max(taken[0]) <= 32, taken


def test_a_merge_of_two_agents_tickets_is_one_of_one_requester(api_as: Api, agent: Any) -> None:
    """Whose they are is what counts, not a role."""
    mine, also_mine = ticket_of(agent), ticket_of(agent)
    assert merge(api_as(AgentFactory()), mine, also_mine).status_code == 200
    assert merge(api_as(agent), ticket_of(UserFactory()), also_mine).status_code == 409
