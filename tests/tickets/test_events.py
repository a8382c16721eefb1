"""What the events of comments say."""

from typing import Any

import pytest

from helpdesk.events.models import EventRecord
from helpdesk.tickets.operations import comments
from tests.factories import comment_on, ticket_of
from tests.people import NOON


def test_an_excerpt_is_the_first_hundred_characters(customer: Any) -> None:
    comment_on(ticket_of(customer), customer, content="x" * 101)

    assert EventRecord.objects.get(type="comment_added").body["comment"]["content"] == "x" * 100


def test_of_a_changed_text_the_wire_says_the_beginning_and_the_timeline_all(api_as: Any, customer: Any) -> None:
    ticket = ticket_of(customer)
    comment = comment_on(ticket, customer, content="a" * 20_000)
    comments.edit_comment(by=customer, comment_id=comment.pk, content="b" * 20_000, now=NOON)

    body = EventRecord.objects.latest("id").body
    entry = api_as(customer).get(f"/api/tickets/{ticket.pk}/timeline/").json()["results"][0]

    assert body["changes"] == {"content": {"from": "a" * 255, "to": "b" * 255}}
    assert entry["changes"] == {"content": {"from": "a" * 20_000, "to": "b" * 20_000}}


@pytest.mark.parametrize("is_internal", [False, True])
def test_what_was_taken_back_is_not_said_again(agent: Any, *, is_internal: bool) -> None:
    ticket = ticket_of(agent)
    comment = comment_on(ticket, agent, content="Oops.", is_internal=is_internal)

    comments.delete_comment(by=agent, comment_id=comment.pk, now=NOON)

    body = EventRecord.objects.latest("id").body
    assert body["comment"] == {"id": comment.pk, "author": agent.username}
    assert "Oops" not in str(body)
