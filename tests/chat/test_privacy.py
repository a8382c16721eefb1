"""What two people write to each other is theirs alone: no agent and no admin finds it anywhere."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from helpdesk.chat.operations.reading import mark_read
from helpdesk.events.cursors import Cursor
from helpdesk.events.models import EventReceipt, EventRecord
from helpdesk.events.operations.sequencing import sequence
from helpdesk.realtime.queries import hearers, missed
from tests.factories import chat_of, file_in, message_in
from tests.people import NOON, AgentFactory

Api = Callable[[Any], Any]

SECRET = "zzsecret"


@pytest.fixture
def chat(customer: Any, agent: Any) -> Any:
    """Of one agent with a customer; something was said, sent and read."""
    chat = chat_of(customer, agent)
    said = message_in(chat, customer, SECRET)
    file_in(chat, customer, SECRET.encode(), filename=f"{SECRET}.txt")
    mark_read(by=agent, conversation_id=chat.pk, up_to=said.pk, now=NOON)
    sequence()
    return chat


def stream(client: Any) -> list[Any]:
    events = client.get("/api/events/", {"after": str(Cursor(position=0, at=NOON)), "limit": 500}).json()["results"]
    return [event for event in events if "conversation" in event]


def test_the_stream_tells_the_two_and_nobody_else(
    api_as: Api, customer: Any, agent: Any, admin: Any, stranger: Any, chat: Any
) -> None:
    told = [event["type"] for event in stream(api_as(customer))]

    assert told == ["message_sent", "message_sent", "messages_read"]
    assert stream(api_as(agent)) == stream(api_as(customer))
    for other in (admin, stranger, AgentFactory()):
        assert stream(api_as(other)) == []


def test_sockets_of_the_two_hear_it_whoever_shares_their_scope(
    customer: Any, agent: Any, admin: Any, chat: Any
) -> None:
    others = [AgentFactory(), admin]
    # The first agent of them all may be asked what agents see, and sees nothing of this.
    users = {user.pk: user for user in (*others, agent, customer)}
    sent, _file, read = EventRecord.objects.filter(subject_type="conversation").order_by("pk")

    heard = {pk: set(told) for pk, told in hearers([sent, read], users).items()}

    # One's own message is not echoed; that one has read is, to the own other tabs.
    assert heard == {sent.pk: {agent.pk}, read.pk: {agent.pk, customer.pk}}
    for user in users.values():
        replayed = {record.pk for record, told in missed(user, position=0, upto=10**9) if told.event}
        assert replayed & {sent.pk, read.pk} == {pk for pk in heard if user.pk in heard[pk]}


def test_the_admin_shows_nothing_of_it(admin: Any, chat: Any) -> None:
    EventReceipt.objects.update(state=EventReceipt.State.PARKED, error="x")
    client = Client()
    client.force_login(admin)
    record = EventRecord.objects.filter(type="message_sent").first()
    assert record is not None

    pages = [
        "/admin/",
        "/admin/events/eventrecord/",
        f"/admin/events/eventrecord/?q=conversation:{chat.pk}",
        "/admin/events/eventrecord/?type=message_sent",
        f"/admin/events/eventrecord/{record.pk}/change/",
        "/admin/events/eventreceipt/",
        "/admin/notifications/emaillog/",
    ]
    for page in pages:
        answer = client.get(page, follow=True)
        assert SECRET not in answer.content.decode(), page
    assert client.get(pages[4]).status_code != 200
    EventReceipt.objects.update(state=EventReceipt.State.DONE, error="")


@pytest.mark.parametrize("part", ["timeline/", "", "comments/"])
def test_no_list_of_tickets_shows_it(api_as: Api, customer: Any, admin: Any, chat: Any, part: str) -> None:
    from tests.factories import ticket_of

    ticket = ticket_of(customer)

    assert SECRET not in api_as(admin).get(f"/api/tickets/{ticket.pk}/{part}").content.decode()
    assert api_as(admin).get("/api/tickets/", {"search": SECRET}).json()["count"] == 0
