"""Stored bytes that nobody can reach are given up; those that somebody can are not."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from helpdesk.files import storage
from helpdesk.files.models import Blob
from helpdesk.tickets.models import Attachment
from helpdesk.tickets.operations import attachments
from helpdesk.tickets.operations.attachments import delete_attachment
from helpdesk.tickets.operations.collecting import GRACE, collect
from tests.factories import attachment_on
from tests.tickets.files import body_of, upload

Api = Callable[[Any], Any]


@pytest.fixture(autouse=True)
def own_files(tmp_path: Any, settings: Any) -> None:
    kept = settings.STORAGES["attachments"]
    options = kept["OPTIONS"] | {"location": str(tmp_path)}
    settings.STORAGES = settings.STORAGES | {"attachments": kept | {"OPTIONS": options}}


def later() -> Any:
    return timezone.now() + GRACE + timedelta(minutes=1)


def test_a_deleted_file_keeps_its_row_and_loses_its_bytes_after_a_day(ticket: Any, customer: Any) -> None:
    gone, kept = attachment_on(ticket, customer), attachment_on(ticket, customer, content=b"another")
    delete_attachment(by=customer, attachment_id=gone.pk, now=timezone.now())

    assert collect(now=timezone.now()) == 0
    assert len(list(storage.names())) == 2
    assert collect(now=later()) == 1

    assert list(storage.names()) == [kept.blob.storage_name]
    assert Attachment.objects.get(pk=gone.pk).blob is None
    assert collect(now=later()) == 0


def test_bytes_that_something_still_hangs_on_stay(ticket: Any, customer: Any) -> None:
    gone, kept = attachment_on(ticket, customer), attachment_on(ticket, customer)
    delete_attachment(by=customer, attachment_id=gone.pk, now=timezone.now())
    assert collect(now=later()) == 0
    assert list(storage.names()) == [kept.blob.storage_name]


def test_what_a_crash_left_without_a_row_is_found(ticket: Any, customer: Any, tmp_path: Any) -> None:
    """The server died after the bytes and before the row."""
    (tmp_path / "orphan").write_bytes(b"x")
    with (tmp_path / "orphan").open("rb") as file:
        storage.keep(file)
    (tmp_path / "orphan").unlink()
    kept = attachment_on(ticket, customer)

    assert collect(now=timezone.now()) == 0
    assert collect(now=later()) == 1
    assert list(storage.names()) == [kept.blob.storage_name]


def test_a_crash_between_the_rows_and_the_bytes_leaves_the_bytes_to_the_next_time(
    ticket: Any, customer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = attachment_on(ticket, customer)
    delete_attachment(by=customer, attachment_id=gone.pk, now=timezone.now())

    def dies(_name: str) -> None:
        raise OSError

    with monkeypatch.context() as broken, pytest.raises(OSError):
        broken.setattr(storage, "forget", dies)
        collect(now=later())
    assert (Blob.objects.count(), len(list(storage.names()))) == (0, 1)
    assert collect(now=later()) == 1


def test_a_file_that_comes_again_while_it_is_collected_is_stored_again(
    api_as: Api, ticket: Any, customer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look and the lock, the row went."""
    gone = attachment_on(ticket, customer)
    delete_attachment(by=customer, attachment_id=gone.pk, now=timezone.now())
    real = attachments._attach

    def collected_before(**values: Any) -> Any:
        monkeypatch.setattr(attachments, "_attach", real)
        collect(now=later())
        return real(**values)

    monkeypatch.setattr(attachments, "_attach", collected_before)
    response = upload(api_as(customer), ticket, b"It burns.\n")
    assert response.status_code == 201
    assert body_of(api_as(customer).get(response.json()["url"])) == b"It burns.\n"


def test_of_two_who_upload_the_same_at_once_one_stores_it(
    ticket: Any, customer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both looked before either had a row."""
    real = storage.keep

    def kept_by_both(file: Any) -> str:
        monkeypatch.setattr(storage, "keep", real)
        attachment_on(ticket, customer)
        return real(file)

    monkeypatch.setattr(storage, "keep", kept_by_both)
    attachment_on(ticket, customer)
    assert (Attachment.objects.count(), Blob.objects.count(), len(list(storage.names()))) == (2, 1, 1)
