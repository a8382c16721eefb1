"""Who has read what: counts are right whatever happens at once."""

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from helpdesk.chat.models import Member, Message
from helpdesk.chat.operations.messages import send_message
from helpdesk.chat.operations.reading import mark_read
from helpdesk.events.models import EventRecord
from tests.factories import chat_of, message_in
from tests.people import AgentFactory

Api = Callable[[Any], Any]


@pytest.fixture
def chat(customer: Any, agent: Any) -> Any:
    return chat_of(customer, agent)


def unread(client: Any) -> Any:
    return client.get("/api/chat/unread/").json()


def test_only_what_the_other_has_written_waits(api_as: Api, customer: Any, agent: Any, admin: Any, chat: Any) -> None:
    other = chat_of(customer, admin)
    for by in (agent, agent, customer):
        message_in(chat, by)
    message_in(other, admin)

    assert unread(api_as(customer)) == {"total": 3, "conversations": {str(chat.pk): 2, str(other.pk): 1}}
    assert unread(api_as(agent)) == {"total": 1, "conversations": {str(chat.pk): 1}}
    assert unread(api_as(admin)) == {"total": 0, "conversations": {}}


def test_reading_goes_forward_only_and_is_told_once(api_as: Api, customer: Any, agent: Any, chat: Any) -> None:
    first, second, third = (message_in(chat, agent).pk for _ in range(3))
    client = api_as(customer)

    for up_to, left in ((second, 1), (first, 1), (second, 1), (third, 0)):
        answer = client.post(f"/api/chat/conversations/{chat.pk}/read/", {"up_to": up_to})
        assert (answer.status_code, answer.content) == (204, b"")
        assert unread(client)["total"] == left

    told = EventRecord.objects.filter(type="messages_read").order_by("pk")
    assert [record.body["message"] for record in told] == [{"id": second}, {"id": third}]
    row = api_as(agent).get(f"/api/chat/conversations/{chat.pk}/").json()
    assert (row["read_by_other"], row["read_up_to"], row["unread_count"]) == (third, 0, 0)


def test_one_reads_up_to_a_message_that_is_there(api_as: Api, customer: Any, agent: Any, admin: Any, chat: Any) -> None:
    theirs = message_in(chat_of(agent, admin), admin)
    client, url = api_as(customer), f"/api/chat/conversations/{chat.pk}/read/"

    foreign, missing = (client.post(url, {"up_to": pk}) for pk in (theirs.pk, 9_000_000_000))

    assert foreign.status_code == missing.status_code == 400
    assert foreign.json()["errors"] == missing.json()["errors"]


def test_a_message_that_was_rolled_back_counts_nowhere(api_as: Api, customer: Any, agent: Any, chat: Any) -> None:
    with transaction.atomic():
        message_in(chat, agent)
        transaction.set_rollback(True)

    assert unread(api_as(customer)) == {"total": 0, "conversations": {}}
    assert not Message.objects.exists()
    assert not EventRecord.objects.exists()


def test_counts_are_right_while_both_write_and_read_at_once(transactional_db: None) -> None:
    pair = AgentFactory(), AgentFactory()
    chat = chat_of(*pair)

    def live(n: int) -> None:
        """One device of one of the two."""
        me, chance = pair[n % 2], random.Random(n)
        try:
            for _ in range(12):
                if chance.random() < 0.6:
                    send_message(by=me, conversation_id=chat.pk, content="x", now=timezone.now())
                elif ids := list(Message.objects.filter(conversation=chat).values_list("pk", flat=True)):
                    mark_read(by=me, conversation_id=chat.pk, up_to=chance.choice(ids), now=timezone.now())
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(live, range(6)))

    for member in Member.objects.all():
        waiting = Message.objects.filter(conversation=chat, pk__gt=member.read_up_to).exclude(author=member.user)
        assert member.unread_count == waiting.count()
        assert member.last_message == Message.objects.latest("pk")
    # In the order of the events, too: ids were given under the lock.
    told = EventRecord.objects.filter(type="message_sent").order_by("position")
    ids = [record.body["message"]["id"] for record in told]
    assert ids == sorted(ids)
    assert len(ids) == Message.objects.count() > 20
