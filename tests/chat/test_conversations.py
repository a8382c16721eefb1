"""Conversations of two: who begins one, and who sees it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from helpdesk.chat.models import Conversation, Member
from helpdesk.chat.operations.conversations import open_conversation
from helpdesk.realtime import presence
from tests.factories import chat_of, message_in
from tests.people import NOON, AgentFactory, UserFactory
from tests.servers import Valkey

Api = Callable[[Any], Any]


def test_a_pair_has_one_conversation_whoever_begins_it(api_as: Api, customer: Any, agent: Any) -> None:
    first = api_as(customer).post("/api/chat/conversations/", {"user": agent.pk})
    second = api_as(agent).post("/api/chat/conversations/", {"user": customer.pk})

    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json() | {"with": None} == second.json() | {"with": None}
    assert (first.json()["with"], second.json()["with"]) == (agent.as_dict(), customer.as_dict())
    assert Conversation.objects.count() == 1


def test_a_new_one_is_empty(api_as: Api, customer: Any, agent: Any) -> None:
    body = api_as(customer).post("/api/chat/conversations/", {"user": agent.pk}).json()

    assert {name: body[name] for name in ("online", "unread_count", "last_message")} == {
        "online": False,
        "unread_count": 0,
        "last_message": None,
    }


def test_nobody_begins_one_with_somebody_out_of_reach(api_as: Api, customer: Any, stranger: Any, agent: Any) -> None:
    gone = AgentFactory(is_active=False)
    answers = [
        api_as(who).post("/api/chat/conversations/", {"user": whom})
        for who, whom in [
            (customer, stranger.pk),
            (customer, customer.pk),
            (customer, gone.pk),
            (customer, 9_000_000_000),
            (agent, agent.pk),
            (agent, gone.pk),
        ]
    ]

    assert {answer.status_code for answer in answers} == {400}
    assert len({answer.json()["errors"][0]["message"] for answer in answers}) == 1
    assert not Conversation.objects.exists()


def test_one_that_is_there_is_found_when_the_pair_may_not_chat_any_more(api_as: Api, customer: Any, agent: Any) -> None:
    chat = chat_of(customer, agent)
    agent.is_active = False
    agent.save()

    answer = api_as(customer).post("/api/chat/conversations/", {"user": agent.pk})

    assert (answer.status_code, answer.json()["id"]) == (200, chat.pk)


def test_of_many_who_begin_it_at_once_one_does(transactional_db: None) -> None:
    one, other = AgentFactory(), AgentFactory()
    together = Barrier(6)

    def begin(n: int) -> tuple[int, bool]:
        together.wait()
        by, whom = (one, other) if n % 2 else (other, one)
        try:
            conversation, is_new = open_conversation(by=by, user_id=whom.pk, now=timezone.now())
        finally:
            connection.close()
        return conversation.pk, is_new

    with ThreadPoolExecutor(6) as threads:
        begun = list(threads.map(begin, range(6)))

    assert len({pk for pk, _is_new in begun}) == 1
    assert sorted(is_new for _pk, is_new in begun) == [False] * 5 + [True]
    assert (Conversation.objects.count(), Member.objects.count()) == (1, 2)


def test_the_list_is_ones_own_with_the_newest_first(api_as: Api, customer: Any, agent: Any, admin: Any) -> None:
    with_agent, with_admin, _theirs = chat_of(customer, agent), chat_of(customer, admin), chat_of(agent, admin)
    message_in(with_admin, admin, "First")
    last = message_in(with_agent, agent, "Second", now=NOON + timedelta(seconds=1))

    page = api_as(customer).get("/api/chat/conversations/").json()

    assert [row["id"] for row in page["results"]] == [with_agent.pk, with_admin.pk]
    assert page["count"] == 2
    assert page["results"][0]["last_message"] == {
        "id": last.pk,
        "conversation": with_agent.pk,
        "author": agent.as_dict(),
        "content": "Second",
        "attachments": [],
        "created_at": "2026-11-20T12:00:01Z",
    }
    assert api_as(customer).get(f"/api/chat/conversations/{with_agent.pk}/").json() == page["results"][0]


@pytest.mark.parametrize(
    ("search", "found"), [("", ["boss", "grace"]), ("GRA", ["grace"]), ("hopper", ["grace"]), ("zz", [])]
)
def test_contacts_are_those_who_can_be_written_to(api_as: Api, customer: Any, search: str, found: list[str]) -> None:
    AgentFactory(username="boss", role="admin", name="Boss")
    AgentFactory(username="grace", name="Grace Hopper")
    UserFactory(username="grace_2")

    page = api_as(customer).get("/api/chat/contacts/", {"search": search}).json()

    assert [person["username"] for person in page["results"]] == found
    assert all(set(person) == {"id", "username", "name", "role"} for person in page["results"])


def test_who_is_here_is_told_to_whom_it_concerns(api_as: Api, valkey_here: Valkey, customer: Any, agent: Any) -> None:
    chat_of(customer, agent)

    def is_online() -> Any:
        (row,) = api_as(customer).get("/api/chat/conversations/").json()["results"]
        return row["online"]

    assert is_online() is False
    presence.enter(agent.pk, "a socket", limit=20)
    assert is_online() is True
    agent.role = "customer"
    agent.save()
    assert is_online() is False
    valkey_here.kill()
    assert is_online() is False
