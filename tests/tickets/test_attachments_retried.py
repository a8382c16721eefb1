"""A file that is sent again, because nobody heard the answer, is attached once."""

import hashlib
from collections.abc import Callable
from typing import Any

import pytest

from helpdesk.api.models import IdempotencyKey
from helpdesk.events.models import EventRecord
from helpdesk.files import storage
from helpdesk.files.models import Blob
from helpdesk.tickets.models import Attachment
from tests.factories import comment_on, ticket_of
from tests.tickets.files import BOUNDARY, FORM, TEXT, form, picture, send

Api = Callable[[Any], Any]

KEY = "a-key"


@pytest.fixture(autouse=True)
def own_files(tmp_path: Any, settings: Any) -> None:
    kept = settings.STORAGES["attachments"]
    options = kept["OPTIONS"] | {"location": str(tmp_path)}
    settings.STORAGES = settings.STORAGES | {"attachments": kept | {"OPTIONS": options}}


def attach(client: Any, ticket: Any, content: bytes = TEXT, *args: str, **fields: Any) -> Any:
    return send(client, ticket, form(content, *args, **fields), HTTP_IDEMPOTENCY_KEY=KEY)


def number_of_all() -> tuple[int, int, int, int]:
    events = EventRecord.objects.filter(type="attachment_added").count()
    return Attachment.objects.count(), Blob.objects.count(), len(list(storage.names())), events


@pytest.mark.parametrize(
    ("content", "name"), [(TEXT, "smoke.txt"), (picture("PNG"), "a.png"), (b"x" * 3_000_000, "a.log")]
)
def test_the_same_file_again_is_the_same_answer(
    api_as: Api, ticket: Any, customer: Any, content: bytes, name: str
) -> None:
    first = attach(api_as(customer), ticket, content, name)
    # As a program writes it the second time: another boundary between the same parts.
    body, type_ = form(content, name).replace(BOUNDARY, b"another"), FORM.replace(BOUNDARY.decode(), "another")
    second = send(api_as(customer), ticket, body, type_, HTTP_IDEMPOTENCY_KEY=KEY)

    assert (first.status_code, second.status_code) == (201, 201), first.content
    assert second.headers["Idempotent-Replayed"] == "true"
    assert second.json() == first.json()
    assert number_of_all() == (1, 1, 1, 1)


@pytest.mark.parametrize(
    "other",
    [(b"It began after dinner.\n", "smoke.txt"), (TEXT, "fire.txt"), (TEXT, "smoke.txt", "text/markdown")],
    ids=["bytes", "name", "type"],
)
def test_another_file_with_the_same_key_is_422(api_as: Api, ticket: Any, customer: Any, other: Any) -> None:
    assert attach(api_as(customer), ticket, TEXT, "smoke.txt", "text/plain").status_code == 201
    again = attach(api_as(customer), ticket, *other)
    assert (again.status_code, again.json()["code"]) == (422, "idempotency_key_reused")
    assert number_of_all() == (1, 1, 1, 1)


def test_another_comment_with_the_same_key_is_422(api_as: Api, ticket: Any, customer: Any) -> None:
    one, two = comment_on(ticket, customer), comment_on(ticket, customer)
    assert attach(api_as(customer), ticket, comment=one.pk).status_code == 201
    assert attach(api_as(customer), ticket, comment=two.pk).status_code == 422
    assert attach(api_as(customer), ticket).status_code == 422
    assert number_of_all() == (1, 1, 1, 1)


def test_a_key_is_for_one_ticket(api_as: Api, ticket: Any, customer: Any) -> None:
    client = api_as(customer)
    assert [attach(client, one).status_code for one in (ticket, ticket_of(customer))] == [201, 201]
    assert number_of_all() == (2, 1, 1, 2)


def test_what_was_refused_may_be_tried_again(api_as: Api, ticket: Any, customer: Any) -> None:
    client = api_as(customer)
    assert attach(client, ticket, b"<html>", "a.png").status_code == 415
    assert attach(client, ticket, b"", "a.txt").status_code == 400
    assert attach(client, ticket, TEXT, "../a.txt").status_code == 400
    assert (number_of_all(), IdempotencyKey.objects.count()) == ((0, 0, 0, 0), 0)
    made = attach(client, ticket)
    assert (made.status_code, made.json()["sha256"]) == (201, hashlib.sha256(TEXT).hexdigest())


def test_a_retry_that_is_cut_off_is_400_and_no_replay(api_as: Api, ticket: Any, customer: Any) -> None:
    client = api_as(customer)
    assert attach(client, ticket).status_code == 201
    assert send(client, ticket, form(TEXT)[:-30], HTTP_IDEMPOTENCY_KEY=KEY).status_code == 400
    assert number_of_all() == (1, 1, 1, 1)
