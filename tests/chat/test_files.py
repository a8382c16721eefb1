"""Files in chats: the same wall as tickets', and for the two alone."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from helpdesk.chat.models import Attachment, Message
from helpdesk.files import storage
from helpdesk.files.models import Blob
from helpdesk.tickets.operations.collecting import GRACE, collect
from tests.factories import attachment_on, chat_of, file_in, ticket_of
from tests.people import NOON
from tests.tickets.files import FORM, TEXT, form

Api = Callable[[Any], Any]


@pytest.fixture(autouse=True)
def own_files(tmp_path: Any, settings: Any) -> None:
    kept = settings.STORAGES["attachments"]
    options = kept["OPTIONS"] | {"location": str(tmp_path)}
    settings.STORAGES = settings.STORAGES | {"attachments": kept | {"OPTIONS": options}}


@pytest.fixture
def chat(customer: Any, agent: Any) -> Any:
    return chat_of(customer, agent)


def send(client: Any, chat: Any, *args: Any) -> Any:
    return client.generic("POST", f"/api/chat/conversations/{chat.pk}/attachments/", form(*args), content_type=FORM)


def test_a_file_is_a_message_that_both_can_download(api_as: Api, customer: Any, agent: Any, chat: Any) -> None:
    answer = send(api_as(customer), chat, TEXT, "smoke.txt")

    assert answer.status_code == 201
    (file,) = answer.json()["attachments"]
    assert (answer.json()["content"], file["filename"], file["uploaded_by"]) == ("", "smoke.txt", customer.as_dict())
    for user in (customer, agent):
        bytes_ = api_as(user).get(file["url"])
        assert bytes_.getvalue() == TEXT
        assert bytes_.headers["Content-Disposition"].startswith("attachment")
        about = api_as(user).get(f"/api/chat/attachments/{file['id']}/")
        assert about.json() == file


def test_a_file_that_is_none_leaves_nothing(api_as: Api, customer: Any, chat: Any, settings: Any) -> None:
    settings.ATTACHMENT_MAX_BYTES = 100
    client = api_as(customer)

    answers = [
        send(client, chat, b"", "empty.txt"),
        send(client, chat, b"MZ\x90\x00 not a text", "virus.exe"),
        send(client, chat, b"x" * 101, "long.txt"),
        send(client, chat, TEXT, "../smoke.txt"),
    ]

    assert [answer.status_code for answer in answers] == [400, 415, 413, 400]
    assert (Message.objects.count(), Blob.objects.count(), list(storage.names())) == (0, 0, [])


def test_nothing_is_stored_for_who_cannot_be_written_to(api_as: Api, customer: Any, agent: Any, chat: Any) -> None:
    agent.is_active = False
    agent.save()

    answer = send(api_as(customer), chat, TEXT, "smoke.txt")

    assert (answer.status_code, answer.json()["code"]) == (409, "not_reachable")
    assert (Message.objects.count(), Blob.objects.count(), list(storage.names())) == (0, 0, [])


def test_the_collection_leaves_what_hangs_in_a_chat(customer: Any, chat: Any) -> None:
    """Also where the same bytes hung on a ticket that let go of them."""
    on_ticket = attachment_on(ticket_of(customer), customer, content=TEXT)
    file_in(chat, customer, TEXT)
    on_ticket.deleted_at = NOON
    on_ticket.save()

    assert collect(now=NOON + GRACE + timedelta(days=400)) == 0
    assert (Attachment.objects.count(), Blob.objects.count(), len(list(storage.names()))) == (1, 1, 1)
