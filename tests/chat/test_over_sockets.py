"""Two people chat over real sockets."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.db import connection

from helpdesk.chat.models import Message
from tests.factories import chat_of
from tests.people import AgentFactory
from tests.realtime.client import Client, signed_in
from tests.servers import Daphne

EACH = 25


def say(client: Client, chat: Any, text: str) -> None:
    client.send({"type": "chat_message", "conversation": chat.pk, "content": text, "ref": text})


def test_a_message_is_stored_once_though_the_connection_broke(
    server: Daphne,
    listen: Callable[..., Client],
    customer: Any,
    agent: Any,
) -> None:
    chat = chat_of(customer, agent)
    theirs, mine = listen(server, agent), listen(server, customer)
    say(mine, chat, "Hello?")
    heard = theirs.next()
    # The answer got lost on its way.
    mine.connection.socket.close()

    again = listen(server, customer)
    say(again, chat, "Hello?")
    say(again, chat, "Anybody?")

    acks = again.take(2)
    second = theirs.next()
    assert [(ack["type"], ack["ref"]) for ack in acks] == [("ack", "Hello?"), ("ack", "Anybody?")]
    assert [ack["id"] for ack in acks] == [heard["message"]["id"], second["message"]["id"]]
    assert Message.objects.count() == 2


def test_both_see_one_order_and_counts_are_right(
    server: Daphne,
    listen: Callable[..., Client],
) -> None:
    """While both write at once, two devices each, half of it by REST."""
    pair = AgentFactory(), AgentFactory()
    chat = chat_of(*pair)
    ears = [listen(server, person) for person in pair]
    url = f"/api/chat/conversations/{chat.pk}"

    def write(n: int) -> None:
        try:
            me = pair[n % 2]
            if n < 2:
                client = listen(server, me)
                for k in range(EACH // 2):
                    say(client, chat, f"{n}.{k}")
                # Its other socket's messages are not echoed to it.
                assert [frame["type"] for frame in _until(client, "ack", EACH // 2)] == ["ack"] * (EACH // 2)
            else:
                with signed_in(server, me) as http:
                    for k in range(EACH - EACH // 2):
                        assert http.post(f"{url}/messages/", json={"content": f"{n}.{k}"}).status_code == 201
        finally:
            # Signing in has opened one of the thread's own.
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(write, range(4)))

    with signed_in(server, pair[0]) as http:
        stored = http.get(f"{url}/messages/?page_size=100").json()["results"][::-1]
    assert len(stored) == 2 * EACH
    for ear, person, other in zip(ears, pair, reversed(pair), strict=True):
        heard = [frame["message"]["id"] for frame in ear.take(EACH, seconds=20)]
        assert heard == [message["id"] for message in stored if message["author"]["id"] == other.pk]
        with signed_in(server, person) as http:
            assert http.get("/api/chat/unread/").json() == {"total": EACH, "conversations": {str(chat.pk): EACH}}
            assert http.post(f"{url}/read/", json={"up_to": stored[-1]["id"]}).status_code == 204
            assert http.get("/api/chat/unread/").json() == {"total": 0, "conversations": {}}
    for ear in ears:
        read = ear.take(2)
        assert [frame["type"] for frame in read] == ["messages_read"] * 2, json.dumps(read)


def _until(client: Client, kind: str, count: int) -> list[Any]:
    """All frames but the other side's messages, until so many of the kind."""
    frames: list[Any] = []
    while sum(frame["type"] == kind for frame in frames) < count:
        frame = client.next(seconds=20)
        if frame["type"] != "message_sent":
            frames.append(frame)
    return frames
