"""Files in an object storage instead of a directory, by its own protocol, as a deployment is told to keep them there."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from django.utils import timezone

from helpdesk.files import storage
from helpdesk.files.models import Blob
from helpdesk.tickets.models import Attachment
from helpdesk.tickets.operations.attachments import delete_attachment
from helpdesk.tickets.operations.collecting import GRACE, collect
from tests.factories import attachment_on, ticket_of
from tests.files.s3 import ACCESS, BUCKET, S3, SECRET, running
from tests.people import UserFactory, access_token
from tests.servers import Daphne
from tests.tickets.files import FORM, TEXT, body_of, form, upload

pytest.importorskip("storages.backends.s3", reason="not here: pip install --require-hashes -r requirements/s3.lock")

Api = Callable[[Any], Any]


@pytest.fixture
def s3() -> Iterator[S3]:
    with running() as server:
        yield server


@pytest.fixture
def bucket(s3: S3, settings: Any) -> S3:
    options = {
        "bucket_name": BUCKET,
        "endpoint_url": s3.address,
        "region_name": "eu-south-2",
        "access_key": ACCESS,
        "secret_key": SECRET,
        "file_overwrite": False,
    }
    settings.STORAGES = settings.STORAGES | {
        "attachments": {"BACKEND": "helpdesk.files.bucket.Bucket", "OPTIONS": options}
    }
    return s3


# The second is sent in parts.
@pytest.mark.parametrize("content", [TEXT, b"0123456789\n" * 900_000], ids=["small", "large"])
def test_a_file_goes_there_and_comes_from_there(api_as: Api, customer: Any, bucket: S3, content: bytes) -> None:
    client = api_as(customer)
    made = upload(client, ticket_of(customer), content)
    assert made.status_code == 201, made.content
    [name] = bucket.objects
    assert (name, bucket.objects[name][0]) == (Blob.objects.get().storage_name, content)

    assert body_of(client.get(made.json()["url"])) == content
    bucket.asked.clear()
    part = client.get(made.json()["url"], HTTP_RANGE="bytes=-5")
    assert (part.status_code, body_of(part)) == (206, content[-5:])
    # Nothing is fetched that nobody asked for.
    assert bucket.asked == [("GET", name, f"bytes={len(content) - 5}-")]
    bucket.asked.clear()
    assert client.head(made.json()["url"]).headers["Content-Length"] == str(len(content))
    assert bucket.asked == []


def test_what_nobody_can_reach_is_collected_there(ticket_with_two: tuple[Any, Any], bucket: S3) -> None:
    gone, kept = ticket_with_two
    bucket.objects["ab/orphan"] = (b"x", timezone.now())
    delete_attachment(by=gone.uploaded_by, attachment_id=gone.pk, now=timezone.now())
    assert collect(now=timezone.now()) == 0
    assert collect(now=timezone.now() + GRACE + timedelta(minutes=1)) == 2
    assert list(bucket.objects) == [kept.blob.storage_name]
    assert list(storage.names()) == [kept.blob.storage_name]


@pytest.fixture
def ticket_with_two(customer: Any, bucket: S3) -> tuple[Any, Any]:
    ticket = ticket_of(customer)
    return attachment_on(ticket, customer), attachment_on(ticket, customer, content=b"another")


def test_while_it_is_away_files_are_503_and_all_else_goes_on(
    api_as: Api, customer: Any, bucket: S3, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, ticket = api_as(customer), ticket_of(customer)
    made = upload(client, ticket).json()
    monkeypatch.setattr(S3, "is_away", True)
    for answer in (upload(client, ticket, b"another"), client.get(made["url"])):
        assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
        assert answer.headers["Retry-After"]
    assert (Attachment.objects.count(), Blob.objects.count()) == (1, 1)
    assert client.get(f"/api/tickets/{ticket.pk}/").json()["attachments"] == [made]
    assert client.get(f"/api/attachments/{made['id']}/").status_code == 200
    monkeypatch.setattr(S3, "is_away", False)
    assert body_of(client.get(made["url"])) == TEXT


def test_a_deployment_says_so_by_its_environment(s3: S3, start_daphne: Callable[..., Daphne]) -> None:
    # What the compose file says of nginx counts for nothing: it does not see the bucket.
    daphne = start_daphne(**s3.environment, ATTACHMENT_ACCEL_PREFIX="/_attachments/")
    user = UserFactory()
    headers = {"Authorization": f"Bearer {access_token(user)}"}
    url = f"{daphne.base_url}/api/tickets/{ticket_of(user).pk}/attachments/"
    made = httpx.post(url, content=form(TEXT), headers=headers | {"Content-Type": FORM})
    assert made.status_code == 201, made.text
    assert [content for content, _at in s3.objects.values()] == [TEXT]
    assert httpx.get(made.json()["url"], headers=headers).content == TEXT
