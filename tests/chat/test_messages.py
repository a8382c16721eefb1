"""What is said in a conversation."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from helpdesk.chat.models import Message
from helpdesk.chat.operations.messages import RefReused, send_message
from helpdesk.events.models import EventRecord
from tests.factories import chat_of, file_in, message_in
from tests.people import NOON

Api = Callable[[Any], Any]


@pytest.fixture
def chat(customer: Any, agent: Any) -> Any:
    return chat_of(customer, agent)


def test_both_read_what_one_has_written(api_as: Api, customer: Any, agent: Any, chat: Any) -> None:
    url = f"/api/chat/conversations/{chat.pk}/messages/"

    written = api_as(customer).post(url, {"content": " Hello?\n"})

    assert written.status_code == 201
    body = written.json()
    assert (body["conversation"], body["author"], body["content"]) == (chat.pk, customer.as_dict(), " Hello?\n")
    for reader in (customer, agent):
        assert api_as(reader).get(url).json() == {"next": None, "previous": None, "results": [body]}


@pytest.mark.parametrize(
    ("content", "status"), [("x" * 20_000, 201), ("x" * 20_001, 400), ("", 400), (" \n", 400), ("a\0b", 400), (7, 400)]
)
def test_a_message_says_something_and_not_too_much(
    api_as: Api, customer: Any, chat: Any, content: Any, status: int
) -> None:
    answer = api_as(customer).post(f"/api/chat/conversations/{chat.pk}/messages/", {"content": content})

    assert answer.status_code == status
    assert Message.objects.count() == (status == 201)


def test_the_newest_come_first_and_cursors_lead_to_the_oldest(
    api_as: Api, customer: Any, agent: Any, chat: Any
) -> None:
    sent = [message_in(chat, (customer, agent)[n % 2], f"{n}").pk for n in range(7)]

    read, url = [], f"/api/chat/conversations/{chat.pk}/messages/?page_size=3"
    while url:
        page = api_as(agent).get(url).json()
        read += [message["id"] for message in page["results"]]
        url = page["next"]

    assert read == sent[::-1]


def test_a_clock_that_goes_back_does_not_turn_the_order_round(customer: Any, agent: Any, chat: Any) -> None:
    first = message_in(chat, customer, now=NOON + timedelta(minutes=1))
    second = message_in(chat, agent, now=NOON)

    assert second.created_at == first.created_at


@pytest.mark.parametrize(
    ("search", "found"),
    [("smoke", [0]), ("SMOK blue", [0]), ("anos", [1]), ("Años", [1]), ("report", [2]), ("100%", [3]), ("zz", [])],
)
def test_a_search_finds_words_and_names_of_files(
    api_as: Api, customer: Any, agent: Any, chat: Any, search: str, found: list[int]
) -> None:
    sent = [
        message_in(chat, customer, "The smoke is blue."),
        message_in(chat, agent, "Hace años."),
        file_in(chat, agent, filename="Report.txt"),
        message_in(chat, agent, "100% and 1000"),
    ]
    elsewhere = chat_of(agent, _another())
    message_in(elsewhere, agent, "smoke blue años report 100%")

    page = api_as(customer).get(f"/api/chat/conversations/{chat.pk}/messages/", {"search": search}).json()

    assert [message["id"] for message in page["results"]] == [sent[n].pk for n in found]


def _another() -> Any:
    from tests.people import UserFactory

    return UserFactory()


@pytest.mark.parametrize("search", ["a " * 11, "x" * 201])
def test_a_search_is_not_endless(api_as: Api, customer: Any, chat: Any, search: str) -> None:
    answer = api_as(customer).get(f"/api/chat/conversations/{chat.pk}/messages/", {"search": search.strip()})

    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "search")


@pytest.mark.parametrize("change", [{"is_active": False}, {"role": "customer"}])
def test_when_the_two_may_not_chat_any_more_they_still_read(
    api_as: Api, customer: Any, agent: Any, chat: Any, change: dict[str, Any]
) -> None:
    message_in(chat, agent)
    for field, value in change.items():
        setattr(agent, field, value)
    agent.save()
    client, url = api_as(customer), f"/api/chat/conversations/{chat.pk}"

    refused = client.post(f"{url}/messages/", {"content": "Still there?"})

    assert (refused.status_code, refused.json()["code"]) == (409, "not_reachable")
    assert len(client.get(f"{url}/messages/").json()["results"]) == 1
    assert client.post(f"{url}/read/", {"up_to": Message.objects.get().pk}).status_code == 204
    (row,) = client.get("/api/chat/conversations/").json()["results"]
    assert (row["can_write"], row["online"]) == (False, False)


def test_a_post_that_is_sent_again_says_nothing_twice(api_as: Api, customer: Any, chat: Any) -> None:
    client, url = api_as(customer), f"/api/chat/conversations/{chat.pk}/messages/"

    one, two = (client.post(url, {"content": "Hello?"}, HTTP_IDEMPOTENCY_KEY="k") for _ in range(2))

    assert (one.json(), two.headers["Idempotent-Replayed"]) == (two.json(), "true")
    assert Message.objects.count() == 1


def test_a_ref_is_good_for_one_message_of_one_author(customer: Any, agent: Any, chat: Any) -> None:
    first = message_in(chat, customer, "Hello?", ref="r")

    assert message_in(chat, customer, "Hello?", ref="r").pk == first.pk
    assert message_in(chat, agent, "Hello?", ref="r").pk != first.pk
    with pytest.raises(RefReused):
        send_message(by=customer, conversation_id=chat.pk, content="Another", ref="r", now=NOON)
    assert Message.objects.count() == 2


def test_a_ref_is_answered_when_the_two_may_not_chat_any_more(customer: Any, agent: Any, chat: Any) -> None:
    """What was stored was stored, whether or not the answer arrived."""
    first = message_in(chat, customer, "Hello?", ref="r")
    agent.is_active = False
    agent.save()

    assert message_in(chat, customer, "Hello?", ref="r").pk == first.pk


def test_the_event_holds_the_beginning_only(customer: Any, agent: Any, chat: Any) -> None:
    message = message_in(chat, customer, "x" * 99 + "yz")

    record = EventRecord.objects.get()

    assert record.body == {
        "actor": customer.username,
        "conversation": chat.pk,
        "message": {"id": message.pk, "author": customer.username, "content": "x" * 99 + "y", "attachments": 0},
    }
    assert "yz" not in f"{record.data} {record.changes}"
    assert sorted(record.audience) == sorted([customer.pk, agent.pk])
    assert str(record) == f"New message from {customer.username}"
