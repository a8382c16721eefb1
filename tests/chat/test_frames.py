"""Chatting over a socket: what each frame does, and what it refuses."""

import time
from typing import Any

import pytest

from helpdesk.accounts.models import User
from helpdesk.chat import frames
from helpdesk.chat.models import Conversation, Message
from helpdesk.realtime.database import for_socket
from helpdesk.realtime.hub import Hub
from tests.factories import chat_of
from tests.people import AgentFactory, UserFactory, access_token
from tests.realtime.inside import Inside, soon


@pytest.fixture
def chat(customer: User, agent: User) -> Conversation:
    conversation: Conversation = chat_of(customer, agent)
    frames._typed.clear()
    return conversation


async def live(*users: User) -> list[Inside]:
    clients = [Inside(await for_socket(access_token, user)) for user in users]
    await soon(lambda: all(client.socket.live for client in clients))
    return clients


async def leave(*clients: Inside) -> None:
    for client in clients:
        await client.leave()


async def answered(client: Inside, frame: dict[str, Any]) -> Any:
    """What the frame is answered."""
    known = len(client.of("ack", "error"))
    client.send(frame)
    await soon(lambda: len(client.of("ack", "error")) > known)
    return client.of("ack", "error")[-1]


def saying(chat: Any, content: Any = "Hello?", ref: Any = "r1") -> dict[str, Any]:
    pk = getattr(chat, "pk", chat)
    return {"type": "chat_message", "conversation": pk, "content": content, "ref": ref}


async def test_a_message_is_acknowledged_and_the_other_hears_it(
    hub: Hub, customer: User, agent: User, chat: Conversation
) -> None:
    mine, my_other_tab, theirs = await live(customer, customer, agent)

    ack = await answered(mine, saying(chat))
    await soon(lambda: theirs.of("message_sent"))

    (heard,) = theirs.of("message_sent")
    assert ack == {"type": "ack", "ref": "r1", "id": heard["message"]["id"]}
    assert (heard["conversation"], heard["actor"], heard["message"]["content"]) == (
        chat.pk,
        customer.username,
        "Hello?",
    )
    assert mine.of("message_sent") == my_other_tab.of("message_sent") == []
    await leave(mine, my_other_tab, theirs)


async def test_the_same_ref_again_is_the_same_message(hub: Hub, customer: User, agent: User, chat: Any) -> None:
    (before,) = await live(customer)
    first = await answered(before, saying(chat))
    await leave(before)
    after, theirs = await live(customer, agent)

    again = await answered(after, saying(chat))
    other = await answered(after, saying(chat, "Something else"))

    assert again == first
    assert (other["type"], other["code"], other["ref"]) == ("error", "ref_reused", "r1")
    assert await for_socket(Message.objects.count) == 1
    await leave(after, theirs)


@pytest.mark.parametrize(
    "wrong",
    [
        {"content": ""},
        {"content": " \n"},
        {"content": "a\0b"},
        {"content": "x" * 20_001},
        {"content": 7},
        {"content": None},
        {"ref": ""},
        {"ref": "x" * 101},
        {"ref": 7},
        {"ref": None},
        {"conversation": "1"},
        {"conversation": True},
        {"conversation": 0},
        {"conversation": 2**63},
        {"conversation": None},
        {"conversation": {"id": 1}},
    ],
    ids=lambda wrong: str(wrong)[:30],
)
async def test_what_is_wrong_is_said_and_nothing_stored(
    hub: Hub, customer: User, chat: Any, wrong: dict[str, Any]
) -> None:
    (client,) = await live(customer)

    error = await answered(client, saying(chat) | wrong)

    ref = wrong.get("ref", "r1")
    assert (error["type"], error["code"], error.get("ref")) == (
        "error",
        "invalid",
        ref if isinstance(ref, str) else None,
    )
    assert not await for_socket(Message.objects.exists)
    await leave(client)


async def test_anothers_conversation_is_no_conversation(hub: Hub, customer: User, agent: User, chat: Any) -> None:
    def others() -> list[User]:
        return [UserFactory(), AgentFactory(), AgentFactory(role="admin")]

    for stranger in await for_socket(others):
        client, theirs = await live(stranger, agent)
        for kind in ("chat_message", "typing"):
            foreign, missing = [await answered(client, saying(pk) | {"type": kind}) for pk in (chat.pk, 9_000_000_000)]
            assert foreign == missing
            assert (foreign["type"], foreign["code"]) == ("error", "not_found")
        assert theirs.of("typing", "message_sent") == []
        await leave(client, theirs)
    assert not await for_socket(Message.objects.exists)


async def test_who_cannot_be_written_to_gets_neither_text_nor_typing(
    hub: Hub, customer: User, agent: User, chat: Any
) -> None:
    mine, theirs = await live(customer, agent)
    agent.role = "customer"
    await for_socket(agent.save)

    for kind in ("chat_message", "typing"):
        error = await answered(mine, saying(chat) | {"type": kind})
        assert (error["code"], error["ref"]) == ("not_reachable", "r1")

    assert theirs.of("typing", "message_sent") == []
    await leave(mine, theirs)


async def test_typing_reaches_the_other_one_only_and_not_too_often(
    hub: Hub, customer: User, agent: User, admin: User, chat: Any
) -> None:
    mine, my_other_tab, theirs, nobody = clients = await live(customer, customer, agent, admin)

    for _ in range(5):
        mine.send({"type": "typing", "conversation": chat.pk})
    await answered(mine, saying(chat))
    await soon(lambda: theirs.of("typing") and theirs.of("message_sent"))

    assert theirs.of("typing") == [{"type": "typing", "conversation": chat.pk, "user": customer.as_dict()}]
    for other in (mine, my_other_tab, nobody):
        assert other.of("typing") == []
    await leave(*clients)


def test_typing_is_passed_on_every_two_seconds_and_forgotten_in_time() -> None:
    frames._typed.clear()
    now = time.monotonic()

    assert [frames._is_time(1, 1, now=now + seconds) for seconds in (0, 1.9, 2, 3, 4.1)] == [
        True,
        False,
        True,
        False,
        True,
    ]
    for user in range(frames._REMEMBERED + 10):
        frames._is_time(user, 2, now=now)
    assert len(frames._typed) == frames._REMEMBERED


async def test_messages_are_read_over_the_socket_too(hub: Hub, customer: User, agent: User, chat: Any) -> None:
    mine, theirs = await live(customer, agent)
    said = (await answered(mine, saying(chat)))["id"]
    reading = {"type": "chat_read", "conversation": chat.pk, "up_to": said}

    assert await answered(theirs, reading | {"ref": "r9"}) == {"type": "ack", "ref": "r9", "id": said}
    await soon(lambda: mine.of("messages_read"))
    theirs.send(reading)
    assert (await answered(theirs, reading | {"up_to": said + 1, "ref": "r10"}))["type"] == "error"

    assert [event["message"] for event in mine.of("messages_read")] == [{"id": said}]
    members = await for_socket(lambda: dict(chat.members.values_list("user_id", "unread_count")))
    assert members == {customer.pk: 0, agent.pk: 0}
    await leave(mine, theirs)


async def test_nobody_reads_for_others(hub: Hub, customer: User, agent: User, chat: Any) -> None:
    stranger = await for_socket(AgentFactory)
    mine, other = await live(customer, stranger)
    said = (await answered(mine, saying(chat)))["id"]

    refusals = [
        await answered(other, {"type": "chat_read", "conversation": pk, "up_to": said, "ref": "x"})
        for pk in (chat.pk, 987_654_321)
    ]

    assert refusals[0] == refusals[1]
    assert refusals[0]["code"] == "not_found"
    assert await for_socket(lambda: chat.members.get(user=agent).unread_count) == 1
    await leave(mine, other)
