"""ClamAV is asked about every file, before anything is kept; what nobody could look into is not taken."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from helpdesk.files import storage
from helpdesk.files.models import Blob
from helpdesk.tickets.models import Attachment
from tests.factories import ticket_of
from tests.files.clamd import EICAR, Clamd, on_socket, running
from tests.tickets.files import TEXT, upload

Api = Callable[[Any], Any]


@pytest.fixture(autouse=True)
def own_files(tmp_path: Any, settings: Any) -> None:
    kept = settings.STORAGES["attachments"]
    options = kept["OPTIONS"] | {"location": str(tmp_path / "files")}
    settings.STORAGES = settings.STORAGES | {"attachments": kept | {"OPTIONS": options}}


@pytest.fixture
def clamd(settings: Any) -> Iterator[Clamd]:
    server = Clamd()
    settings.CLAMAV_ADDRESS, settings.CLAMAV_TIMEOUT = server.address, 2.0
    with running(server):
        yield server


def assert_nothing_is_left() -> None:
    assert (Attachment.objects.count(), Blob.objects.count(), list(storage.names())) == (0, 0, [])


def test_a_virus_is_refused_and_leaves_nothing(api_as: Api, customer: Any, clamd: Clamd) -> None:
    response = upload(api_as(customer), ticket_of(customer), EICAR)
    assert (response.status_code, response.json()["errors"][0]["code"]) == (400, "infected")
    assert clamd.seen == [EICAR]
    assert_nothing_is_left()


def test_what_is_clean_is_taken_once_all_of_it_was_seen(api_as: Api, customer: Any, clamd: Clamd) -> None:
    content = b"a line\n" * 50_000
    assert upload(api_as(customer), ticket_of(customer), content).status_code == 201
    assert clamd.seen == [content]


@pytest.mark.parametrize("mode", ["silent", "full", "hanging"])
def test_an_answer_that_is_none_is_503(api_as: Api, customer: Any, clamd: Clamd, settings: Any, mode: str) -> None:
    clamd.mode, settings.CLAMAV_TIMEOUT = mode, 0.3
    response = upload(api_as(customer), ticket_of(customer))
    assert (response.status_code, "Retry-After" in response.headers) == (503, True)
    assert_nothing_is_left()


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:1", "unix:///nowhere/clamd.sock"])
def test_without_the_scanner_nothing_is_taken(api_as: Api, customer: Any, settings: Any, address: str) -> None:
    settings.CLAMAV_ADDRESS = address
    assert upload(api_as(customer), ticket_of(customer)).status_code == 503
    assert_nothing_is_left()


def test_by_a_socket_of_the_machine(api_as: Api, customer: Any, settings: Any, tmp_path: Any) -> None:
    path = str(tmp_path / "clamd.sock")
    settings.CLAMAV_ADDRESS = f"unix://{path}"
    with running(on_socket(path)):
        assert upload(api_as(customer), ticket_of(customer), TEXT).status_code == 201
        assert upload(api_as(customer), ticket_of(customer), EICAR).status_code == 400
