"""A comment split off into a ticket of its own."""

from collections.abc import Callable
from typing import Any

import pytest

from helpdesk.events.models import EventRecord
from helpdesk.tickets.models import Attachment, Comment, Ticket
from helpdesk.tickets.operations.tickets import update_ticket
from tests.factories import comment_on, ticket_of
from tests.people import NOON
from tests.tickets.test_merging import HOUR, counters, file_on, merge, told

Api = Callable[[Any], Any]


def split(client: Any, ticket: Any, comment: Any, **body: Any) -> Any:
    return client.post(f"/api/tickets/{ticket.pk}/comments/{comment.pk}/split/", body)


def test_a_comment_becomes_a_ticket_of_the_same_requester(api_as: Api, ticket: Any, customer: Any, agent: Any) -> None:
    update_ticket(by=agent, ticket_id=ticket.pk, changes={"priority": "high", "assigned_to": agent.pk}, now=NOON)
    kept = comment_on(ticket, customer, content="About the fire", now=NOON)
    comment = comment_on(ticket, customer, content="\n  And the door squeaks.\nSince May.", now=NOON + HOUR)

    response = split(api_as(agent), ticket, comment)

    assert response.status_code == 201, response.content
    body = response.json()
    assert (body["title"], body["description"]) == ("And the door squeaks.", comment.content)
    assert (body["status"], body["priority"], body["split_from"]) == ("open", "high", ticket.pk)
    assert (body["created_by"]["id"], body["assigned_to"]["id"]) == (customer.pk, agent.pk)
    assert [(c["id"], c["moved_from"]) for c in body["comments"]] == [(comment.pk, ticket.pk)]
    seen = api_as(customer).get(f"/api/tickets/{body['id']}/").json()
    assert [c["content"] for c in seen["comments"]] == [comment.content]
    assert [c["id"] for c in api_as(customer).get(f"/api/tickets/{ticket.pk}/").json()["comments"]] == [kept.pk]
    assert counters(ticket) == (1, 1, NOON, NOON)
    assert counters(Ticket.objects.get(pk=body["id"])) == (1, 1, NOON + HOUR, NOON + HOUR)


def test_its_files_go_along(api_as: Api, ticket: Any, customer: Any, agent: Any) -> None:
    comment = comment_on(ticket, customer)
    on_comment, on_ticket = file_on(ticket, comment), file_on(ticket)
    new = split(api_as(agent), ticket, comment).json()["id"]

    assert {pk: (at, origin) for pk, at, origin in Attachment.objects.values_list("pk", "ticket", "moved_from")} == {
        on_comment.pk: (new, ticket.pk),
        on_ticket.pk: (ticket.pk, None),
    }


def test_a_title_of_ones_own(api_as: Api, ticket: Any, customer: Any, agent: Any) -> None:
    comment = comment_on(ticket, customer)
    for bad in ("", "  ", "x" * 256, 7, None):
        assert split(api_as(agent), ticket, comment, title=bad).status_code == 400
    assert split(api_as(agent), ticket, comment, title="The door").json()["title"] == "The door"


def test_a_title_that_nobody_wrote_is_short(api_as: Api, ticket: Any, customer: Any, agent: Any) -> None:
    comment = comment_on(ticket, customer, content="x" * 20_000)
    assert split(api_as(agent), ticket, comment).json()["title"] == "x" * 79 + "…"


def test_both_timelines_tell_of_it(api_as: Api, ticket: Any, customer: Any, agent: Any) -> None:
    comment = comment_on(ticket, customer)
    new = Ticket.objects.get(pk=split(api_as(agent), ticket, comment).json()["id"])

    assert told(ticket) == ["ticket_created", "comment_added", "ticket_split"]
    assert told(new) == ["ticket_created", "ticket_split"]
    for record in EventRecord.objects.filter(type="ticket_split"):
        assert record.body["split"] == {"source": ticket.pk, "target": new.pk}
        assert record.body["comment"] == {"id": comment.pk, "author": customer.username, "content": "Water helps."}
        assert (record.staff_only, record.data["comment_ids"]) == (False, [comment.pk])
    assert api_as(customer).get(f"/api/tickets/{new.pk}/timeline/").json()["results"][0]["type"] == "ticket_split"


def test_a_split_note_stays_a_note_and_leaves_no_trace(
    api_as: Api, committing: Any, ticket: Any, customer: Any, agent: Any
) -> None:
    comment_on(ticket, customer)
    note = comment_on(ticket, agent, content="Order a new printer.", is_internal=True, now=NOON + HOUR)
    client = api_as(customer)
    questions = [
        "/api/tickets/",
        f"/api/tickets/{ticket.pk}/",
        f"/api/tickets/{ticket.pk}/timeline/",
        "/api/comments/",
        f"/api/tickets/{ticket.pk}/links/",
    ]
    before = [client.get(question).content for question in questions]

    with committing():
        body = split(api_as(agent), ticket, note).json()

    assert [client.get(question).content for question in questions] == before
    assert client.get(f"/api/tickets/{body['id']}/").status_code == 404
    assert (body["created_by"]["id"], body["title"]) == (agent.pk, "Order a new printer.")
    assert Comment.objects.get(pk=note.pk).is_internal
    assert counters(ticket)[:2] == (1, 1)
    assert counters(Ticket.objects.get(pk=body["id"])) == (1, 0, NOON + HOUR, None)
    assert told(ticket)[-1] == "note_split"
    assert all(record.staff_only for record in EventRecord.objects.filter(type="note_split"))


def test_a_split_is_taken_back_by_a_merge(api_as: Api, ticket: Any, customer: Any, agent: Any) -> None:
    comment = comment_on(ticket, customer)
    new = Ticket.objects.get(pk=split(api_as(agent), ticket, comment).json()["id"])
    merge(api_as(agent), new, ticket)

    body = api_as(customer).get(f"/api/comments/{comment.pk}/").json()
    assert (body["ticket"], body["moved_from"]) == (ticket.pk, None)
    # Undone, it is again where it was split off to.
    api_as(agent).post(f"/api/tickets/{new.pk}/unmerge/")
    body = api_as(customer).get(f"/api/comments/{comment.pk}/").json()
    assert (body["ticket"], body["moved_from"]) == (new.pk, ticket.pk)


def test_only_a_comment_of_this_ticket_is_split_off(api_as: Api, ticket: Any, customer: Any, agent: Any) -> None:
    elsewhere = comment_on(ticket_of(customer), customer)
    gone = comment_on(ticket, customer)
    api_as(customer).delete(f"/api/comments/{gone.pk}/")
    for comment in (elsewhere, gone):
        assert split(api_as(agent), ticket, comment).status_code == 404
    assert Ticket.objects.count() == 2


@pytest.mark.parametrize("who", ["customer", "stranger"])
def test_a_customer_splits_nothing(
    api_as: Api, ticket: Any, customer: Any, agent: Any, who: str, request: pytest.FixtureRequest
) -> None:
    client = api_as(request.getfixturevalue(who))
    comment, note = comment_on(ticket, customer), comment_on(ticket, agent, is_internal=True)
    assert split(client, ticket, comment).status_code == (403 if who == "customer" else 404)
    assert split(client, ticket, note).status_code == 404
    assert Ticket.objects.count() == 1


def test_who_is_no_agent_any_more_gets_nothing(api_as: Api, ticket: Any, customer: Any, agent: Any, admin: Any) -> None:
    comment = comment_on(ticket, customer)
    update_ticket(by=admin, ticket_id=ticket.pk, changes={"assigned_to": agent.pk}, now=NOON)
    agent.is_active = customer.is_active = False
    agent.save()
    customer.save()

    body = split(api_as(admin), ticket, comment).json()
    assert (body["assigned_to"], body["created_by"]["id"]) == (None, customer.pk)
