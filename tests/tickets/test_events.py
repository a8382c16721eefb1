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


@pytest.mark.parametrize("is_internal", [False, True])
def test_what_was_taken_back_is_not_said_again(agent: Any, *, is_internal: bool) -> None:
    ticket = ticket_of(agent)
    comment = comment_on(ticket, agent, content="Oops.", is_internal=is_internal)

    comments.delete_comment(by=agent, comment_id=comment.pk, now=NOON)

    body = EventRecord.objects.latest("id").body
    assert body["comment"] == {"id": comment.pk, "author": agent.username}
    assert "Oops" not in str(body)
