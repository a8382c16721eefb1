"""Files on tickets, comments and notes: they come, are read by those who may, and go."""

import hashlib
import io
from collections.abc import Callable
from typing import Any

import pytest
from PIL import Image

from helpdesk.events.models import EventRecord
from helpdesk.files import storage
from helpdesk.files.models import Blob
from helpdesk.tickets.models import Attachment, Ticket
from helpdesk.tickets.operations.comments import delete_comment
from helpdesk.tickets.operations.tickets import close_ticket, delete_ticket, restore_ticket
from tests.factories import comment_on, ticket_of
from tests.people import NOON
from tests.tickets.files import TEXT, body_of, docx, film, picture, upload

Api = Callable[[Any], Any]


@pytest.fixture(autouse=True)
def own_files(tmp_path: Any, settings: Any) -> None:
    """A storage of the test's own."""
    attachments = settings.STORAGES["attachments"]
    options = attachments["OPTIONS"] | {"location": str(tmp_path)}
    settings.STORAGES = settings.STORAGES | {"attachments": attachments | {"OPTIONS": options}}


def told(ticket: Any) -> list[str]:
    records = EventRecord.objects.filter(subject_type="ticket", subject_id=ticket.pk).exclude(type="ticket_created")
    return list(records.order_by("id").values_list("type", flat=True))


@pytest.mark.parametrize("role", ["customer", "agent", "admin"])
def test_whoever_sees_a_ticket_attaches_a_file_to_it(
    api_as: Api, ticket: Any, request: pytest.FixtureRequest, role: str
) -> None:
    user = request.getfixturevalue(role)

    response = upload(api_as(user), ticket)

    assert response.status_code == 201, response.content
    body = response.json()
    assert body == {
        "id": body["id"],
        "filename": "smoke.txt",
        "content_type": "text/plain",
        "size": len(TEXT),
        "sha256": hashlib.sha256(TEXT).hexdigest(),
        "uploaded_by": {"id": user.pk, "username": user.username, "name": user.name, "role": role},
        "created_at": body["created_at"],
        "moved_from": None,
        "url": f"http://testserver/api/attachments/{body['id']}/download/",
    }
    client = api_as(user)
    assert client.get(f"/api/attachments/{body['id']}/").json() == body
    assert client.get(f"/api/tickets/{ticket.pk}/").json()["attachments"] == [body]
    assert body_of(client.get(body["url"])) == TEXT
    assert told(ticket) == ["attachment_added"]


def test_a_download_is_saved_and_never_shown(api_as: Api, ticket: Any, customer: Any) -> None:
    client = api_as(customer)
    url = upload(client, ticket, name="año “2026”.txt").json()["url"]
    response = client.get(url)
    assert body_of(response) == TEXT
    headers = response.headers
    assert headers["Content-Disposition"].startswith("attachment; filename*=utf-8''a%C3%B1o")
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"].endswith("; sandbox")
    assert (headers["Content-Type"], headers["Content-Length"]) == ("text/plain", str(len(TEXT)))
    assert headers["Cache-Control"] == "private, no-store"
    head = client.head(url)
    assert (head.status_code, head.content, head.headers["Content-Length"]) == (200, b"", str(len(TEXT)))


@pytest.mark.parametrize(
    ("asked", "part", "said"),
    [
        ("bytes=0-4", TEXT[:5], "bytes 0-4/22"),
        ("bytes=5-", TEXT[5:], "bytes 5-21/22"),
        ("bytes=-3", TEXT[-3:], "bytes 19-21/22"),
        ("bytes=20-999999999999999999", TEXT[20:], "bytes 20-21/22"),
        ("bytes=-99", TEXT, "bytes 0-21/22"),
    ],
)
def test_a_part_of_a_file(api_as: Api, ticket: Any, customer: Any, asked: str, part: bytes, said: str) -> None:
    client = api_as(customer)
    url = upload(client, ticket).json()["url"]
    response = client.get(url, HTTP_RANGE=asked)
    assert (response.status_code, body_of(response)) == (206, part)
    assert (response.headers["Content-Range"], response.headers["Content-Length"]) == (said, str(len(part)))


@pytest.mark.parametrize("asked", ["bytes=5-4", "lines=1-2", "bytes=0-1,3-4", "bytes=-", "bytes=x-", "bytes", ""])
def test_what_is_no_range_gets_the_whole(api_as: Api, ticket: Any, customer: Any, asked: str) -> None:
    client = api_as(customer)
    url = upload(client, ticket).json()["url"]
    response = client.get(url, HTTP_RANGE=asked)
    assert (response.status_code, body_of(response)) == (200, TEXT)


@pytest.mark.parametrize("asked", ["bytes=22-", "bytes=500-600", "bytes=-0"])
def test_a_part_that_is_not_there_is_416(api_as: Api, ticket: Any, customer: Any, asked: str) -> None:
    client = api_as(customer)
    url = upload(client, ticket).json()["url"]
    response = client.get(url, HTTP_RANGE=asked)
    assert (response.status_code, response.headers["Content-Range"]) == (416, "bytes */22")


def test_a_part_of_another_version_is_not_asked_for(api_as: Api, ticket: Any, customer: Any) -> None:
    client = api_as(customer)
    url = upload(client, ticket).json()["url"]
    etag = client.head(url).headers["ETag"]
    assert body_of(client.get(url, HTTP_RANGE="bytes=0-4", HTTP_IF_RANGE=etag)) == TEXT[:5]
    assert body_of(client.get(url, HTTP_RANGE="bytes=0-4", HTTP_IF_RANGE='"another"')) == TEXT


def test_nginx_sends_the_file_if_it_is_there(api_as: Api, ticket: Any, customer: Any, settings: Any) -> None:
    client = api_as(customer)
    url = upload(client, ticket).json()["url"]
    settings.ATTACHMENT_ACCEL_PREFIX = "/_attachments/"
    response = client.get(url)
    assert response.headers["X-Accel-Redirect"] == f"/_attachments/{Blob.objects.get().storage_name}"
    assert (response.content, response.headers["Content-Type"]) == (b"", "text/plain")


# --- what kind it is -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "name", "announced", "kind"),
    [
        (picture("PNG"), "a.PNG", "image/png", "image/png"),
        (picture("JPEG"), "a.jpeg", "image/pjpeg", "image/jpeg"),
        (picture("WEBP"), "a.webp", "", "image/webp"),
        (picture("GIF"), "a.gif", "image/gif", "image/gif"),
        (film("GIF"), "a.gif", "image/gif", "image/gif"),
        (film("WEBP"), "a.webp", "image/webp", "image/webp"),
        (film("PNG"), "a.png", "image/apng", "image/png"),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n", "a.pdf", "application/pdf", "application/pdf"),
        ("año\n".encode("latin-1"), "a.log", "text/x-log", "text/plain"),
        ("año\n".encode("utf-16"), "a.txt", "text/plain; charset=utf-16", "text/plain"),
        (b"a,b\n1,2\n", "a.csv", "application/vnd.ms-excel", "text/csv"),
        (b'{"a": 1}', "a.json", "application/json", "application/json"),
        (docx(), "a.docx", "", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        (
            docx(),
            "a.docx",
            "application/zip",
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        ),
    ],
)
def test_the_kind_is_by_the_content(
    api_as: Api, ticket: Any, customer: Any, content: bytes, name: str, announced: str, kind: str
) -> None:
    client = api_as(customer)
    response = upload(client, ticket, content, name, announced)
    assert (response.status_code, response.json().get("content_type")) == (201, kind), response.content
    served = client.get(response.json()["url"])
    assert served.headers["Content-Type"] == kind
    stored = body_of(served)
    assert hashlib.sha256(stored).hexdigest() == response.json()["sha256"]
    if kind.startswith("image/"):
        before, after = Image.open(io.BytesIO(content)), Image.open(io.BytesIO(stored))
        assert (after.size, getattr(after, "n_frames", 1)) == (before.size, getattr(before, "n_frames", 1))


def test_a_picture_loses_where_it_was_taken_and_keeps_how_it_was_held(api_as: Api, ticket: Any, customer: Any) -> None:
    exif = Image.Exif()
    exif[0x010F] = "Secret Camera"
    exif[0x0112] = 6  # held upright
    client = api_as(customer)
    for kind in ("JPEG", "PNG", "WEBP"):
        content = picture(kind, (8, 6), exif=exif)
        assert b"Secret Camera" in content
        response = upload(client, ticket, content, f"a.{kind.lower()}")
        stored = body_of(client.get(response.json()["url"]))
        assert b"Secret Camera" not in stored
        assert Image.open(io.BytesIO(stored)).size == (6, 8)


# --- once stored -----------------------------------------------------------------------------------------------------


def test_the_same_bytes_are_stored_once(api_as: Api, ticket: Any, customer: Any, agent: Any) -> None:
    other = ticket_of(customer)
    first, second = upload(api_as(customer), ticket), upload(api_as(agent), other, name="again.log")
    assert first.json()["sha256"] == second.json()["sha256"]
    assert (Blob.objects.count(), len(list(storage.names()))) == (1, 1)
    api_as(customer).delete(f"/api/attachments/{first.json()['id']}/")
    assert body_of(api_as(customer).get(second.json()["url"])) == TEXT


def test_a_name_in_the_storage_tells_nothing(api_as: Api, ticket: Any, customer: Any) -> None:
    sha256 = upload(api_as(customer), ticket).json()["sha256"]
    [name] = storage.names()
    assert "smoke" not in name
    assert sha256[:8] not in name


# --- on comments and notes -------------------------------------------------------------------------------------------


def test_a_file_on_a_comment_stands_there(api_as: Api, ticket: Any, customer: Any) -> None:
    comment = comment_on(ticket, customer)
    client = api_as(customer)
    body = upload(client, ticket, comment=comment.pk).json()
    detail = client.get(f"/api/tickets/{ticket.pk}/").json()
    assert detail["attachments"] == []
    assert detail["comments"][0]["attachments"] == [body]
    for url in ("/api/comments/", f"/api/tickets/{ticket.pk}/comments/"):
        assert client.get(url).json()["results"][0]["attachments"] == [body]
    assert client.get(f"/api/comments/{comment.pk}/").json()["attachments"] == [body]


def test_a_file_on_a_note_is_seen_by_staff_only(api_as: Api, ticket: Any, customer: Any, agent: Any) -> None:
    note = comment_on(ticket, agent, is_internal=True)
    before = api_as(customer).get(f"/api/tickets/{ticket.pk}/").content
    page = api_as(customer).get("/api/tickets/").content

    body = upload(api_as(agent), ticket, name="secret.txt", comment=note.pk).json()

    theirs = api_as(customer)
    for path in ("", "download/"):
        assert theirs.get(f"/api/attachments/{body['id']}/{path}").status_code == 404
    assert theirs.delete(f"/api/attachments/{body['id']}/").status_code == 404
    assert theirs.get(f"/api/tickets/{ticket.pk}/").content == before
    assert theirs.get("/api/tickets/").content == page
    assert b"secret" not in theirs.get(f"/api/tickets/{ticket.pk}/timeline/").content
    assert told(ticket)[-1] == "note_attachment_added"
    assert EventRecord.objects.latest("id").staff_only
    assert body_of(api_as(agent).get(body["url"])) == TEXT
    assert api_as(agent).get(f"/api/comments/{note.pk}/").json()["attachments"] == [body]


def test_a_file_hangs_on_no_comment_but_ones_own_on_this_ticket(
    api_as: Api, ticket: Any, customer: Any, agent: Any
) -> None:
    other = ticket_of(customer)
    note = comment_on(ticket, agent, is_internal=True)
    gone = comment_on(ticket, customer)
    delete_comment(by=customer, comment_id=gone.pk, now=NOON)
    foreign = [comment_on(ticket, agent), comment_on(other, customer), note, gone]
    for pk in (*(comment.pk for comment in foreign), 9_000_000_000):
        response = upload(api_as(customer), ticket, comment=pk)
        assert (response.status_code, response.json()["errors"][0]["code"]) == (400, "does_not_exist"), pk
    for odd in ("x", "-1", "0", "1.5", "9" * 30, "\u0661", "1\0"):
        response = upload(api_as(customer), ticket, comment=odd)
        assert response.status_code == 400, odd
    assert (Attachment.objects.count(), Blob.objects.count(), list(storage.names())) == (0, 0, [])


# --- the ticket ------------------------------------------------------------------------------------------------------


def test_a_file_moves_the_tickets_time_and_not_its_version(api_as: Api, ticket: Any, customer: Any) -> None:
    before = api_as(customer).get(f"/api/tickets/{ticket.pk}/").json()
    upload(api_as(customer), ticket)
    after = api_as(customer).get(f"/api/tickets/{ticket.pk}/").json()
    assert after["version"] == before["version"]
    assert after["updated_at"] > before["updated_at"]


def test_a_closed_ticket_takes_files_from_staff_only(api_as: Api, ticket: Any, customer: Any, agent: Any) -> None:
    close_ticket(by=agent, ticket_id=ticket.pk, now=NOON)
    refused = upload(api_as(customer), ticket)
    assert (refused.status_code, refused.json()["code"]) == (409, "ticket_closed")
    assert (list(storage.names()), Blob.objects.count()) == ([], 0)
    assert upload(api_as(agent), ticket).status_code == 201


def test_files_go_and_come_with_their_ticket(api_as: Api, ticket: Any, customer: Any, admin: Any) -> None:
    url = upload(api_as(customer), ticket).json()["url"]
    delete_ticket(by=admin, ticket_id=ticket.pk, now=NOON)
    assert api_as(admin).get(url).status_code == 404
    restore_ticket(by=admin, ticket_id=ticket.pk, now=NOON)
    assert body_of(api_as(customer).get(url)) == TEXT


def test_there_is_a_number_of_files_that_is_enough(
    api_as: Api, ticket: Any, customer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from helpdesk.tickets.operations import attachments

    monkeypatch.setattr(attachments, "MOST_FILES", 2)
    statuses = [upload(api_as(customer), ticket, b"%d" % n).status_code for n in range(3)]
    assert statuses == [201, 201, 409]
    assert len(list(storage.names())) == 2


def test_its_uploader_or_an_admin_deletes_a_file(
    api_as: Api, ticket: Any, customer: Any, agent: Any, admin: Any
) -> None:
    for deleter, status in ((agent, 403), (customer, 204), (admin, 204)):
        pk = upload(api_as(customer), ticket).json()["id"]
        assert api_as(deleter).delete(f"/api/attachments/{pk}/").status_code == status
        gone = status == 204
        assert (api_as(customer).get(f"/api/attachments/{pk}/").status_code == 404) is gone
        assert (told(ticket)[-1] == "attachment_deleted") is gone
        assert api_as(customer).delete(f"/api/attachments/{pk}/").status_code == (404 if gone else 204)
    assert Ticket.objects.get(pk=ticket.pk).version == ticket.version


def test_a_deleted_comment_takes_its_files_along(api_as: Api, ticket: Any, customer: Any) -> None:
    comment = comment_on(ticket, customer)
    body = upload(api_as(customer), ticket, comment=comment.pk).json()
    api_as(customer).delete(f"/api/comments/{comment.pk}/")
    assert api_as(customer).get(body["url"]).status_code == 404
    assert Attachment.objects.get().deleted_at is not None
