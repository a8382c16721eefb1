"""Bad files: 400, 413 or 415, within two seconds, and nothing is left of them: no row, no event, no stored byte."""

import io
import struct
import time
import zlib
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from helpdesk.events.models import EventRecord
from helpdesk.files import storage
from helpdesk.files.models import Blob
from helpdesk.tickets.models import Attachment
from tests.factories import ticket_of
from tests.people import UserFactory, access_token
from tests.servers import Daphne
from tests.tickets.files import BOUNDARY, FORM, TEXT, form, part, picture, send, upload, zipped_names

Api = Callable[[Any], Any]

HTML = b"<!DOCTYPE html><html><script>alert(1)</script></html>"
SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
MARKUP = b"<html><script>alert(1)</script></html>"
LIMIT = 5_000


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack("!I", len(data)) + name + data + struct.pack("!I", zlib.crc32(name + data))


def png_that_says(width: int, height: int) -> bytes:
    """Small, and as large as it likes when it is decoded."""
    header = struct.pack("!IIBBBBB", width, height, 1, 0, 0, 0, 0)
    rows = zlib.compress(b"\0" * 1_000_000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def film_of(frames: int, size: int) -> bytes:
    from PIL import Image

    out = io.BytesIO()
    images = [Image.new("P", (size, size), n) for n in range(frames)]
    images[0].save(out, "GIF", save_all=True, append_images=images[1:])
    return out.getvalue()


ZIP = zipped_names({"a.txt": "x"})

# content, name, what it is announced as, the status
KINDS: dict[str, tuple[bytes, str, str, int]] = {
    "HTML called .png": (HTML, "a.png", "image/png", 415),
    "HTML called .txt": (HTML, "a.txt", "text/plain", 415),
    "HTML behind a BOM and blanks": (b"\xef\xbb\xbf \n\t" + HTML, "a.txt", "text/plain", 415),
    "HTML": (HTML, "a.html", "text/html", 415),
    "a comment before HTML": (b"<!-- x -->" + HTML, "a.txt", "", 415),
    "SVG with script": (SVG, "a.svg", "image/svg+xml", 415),
    "SVG with script called .png": (SVG, "a.png", "image/png", 415),
    "SVG called .txt": (SVG, "a.txt", "text/plain", 415),
    "PNG called .txt": (picture("PNG"), "a.txt", "text/plain", 415),
    "PNG called .html": (picture("PNG"), "a.html", "image/png", 415),
    "PNG announced as HTML": (picture("PNG"), "a.png", "text/html", 415),
    "PNG called .jpg": (picture("PNG"), "a.jpg", "image/jpeg", 415),
    "PNG without an extension": (picture("PNG"), "png", "image/png", 415),
    "a PNG's header before HTML": (b"\x89PNG\r\n\x1a\n" + HTML, "a.png", "image/png", 415),
    "a PNG that goes on as HTML": (picture("PNG") + MARKUP, "a.png", "image/png", 415),
    "a JPEG that goes on as HTML": (picture("JPEG") + MARKUP, "a.jpg", "image/jpeg", 415),
    "a JPEG with HTML in its comment": (picture("JPEG", comment=MARKUP), "a.jpg", "image/jpeg", 415),
    "a GIF that is a script": (b"GIF89a/*" + b"\0" * 20 + b"*/=1;alert(1)", "a.gif", "image/gif", 415),
    "a GIF with PHP": (picture("GIF") + b"<?php system($_GET[0]);", "a.gif", "image/gif", 415),
    "a PNG that is a zip": (picture("PNG") + ZIP, "a.png", "image/png", 415),
    "a JPEG that is a PDF": (picture("JPEG") + b"%PDF-1.7\n", "a.jpg", "image/jpeg", 415),
    "a PDF that is a zip": (b"%PDF-1.7\n" + ZIP, "a.pdf", "application/pdf", 415),
    "a PDF that is HTML": (b"%PDF-1.7\n<html><script>", "a.pdf", "application/pdf", 415),
    "a PDF behind something else": (b"x\n%PDF-1.7\n\0", "a.pdf", "application/pdf", 415),
    "a program for Windows": (b"MZ\x90\0\x03" + b"\0" * 100, "a.exe", "application/x-msdownload", 415),
    "a program for Windows called .png": (b"MZ\x90\0\x03" + b"\0" * 100, "a.png", "image/png", 415),
    "a program for Windows called .txt": (b"MZ\x90\0\x03" + b"\0" * 100, "a.txt", "text/plain", 415),
    "a program for Linux": (b"\x7fELF\x02\x01\x01" + b"\0" * 100, "a.log", "", 415),
    "a script": (b"#!/bin/sh\nrm -rf /\n", "a.txt", "text/plain", 415),
    "a script by its name": (b"echo hello\n", "a.bat", "text/plain", 415),
    "a self-extracting zip": (b"MZ" + b"\0" * 50 + ZIP, "a.zip", "application/zip", 415),
    "a zip that is none": (b"PK\x03\x04" + b"x" * 100, "a.zip", "application/zip", 415),
    "a document with macros": (
        zipped_names({"[Content_Types].xml": "", "word/document.xml": "", "word/vbaProject.bin": ""}),
        "a.docx",
        "",
        415,
    ),
    "a zip called .docx": (ZIP, "a.docx", "", 415),
    "a picture cut off": (picture("PNG", (64, 64))[:-30], "a.png", "image/png", 415),
    "no picture in a picture": (picture("PNG")[:20], "a.png", "image/png", 415),
    "50,000 x 50,000 pixels": (png_that_says(50_000, 50_000), "a.png", "image/png", 413),
    "2 x 2,000,000,000 pixels": (png_that_says(2, 2_000_000_000), "a.png", "image/png", 413),
    "a thousand frames": (film_of(100, 1_000), "a.gif", "image/gif", 413),
    "empty": (b"", "a.txt", "text/plain", 400),
    "an empty picture": (b"", "a.png", "image/png", 400),
}
NAMES: dict[str, str | bytes] = {
    "a path up": "../../etc/passwd.txt",
    "a path up, for Windows": "..\\..\\boot.txt",
    "a path": "/etc/passwd.txt",
    "a drive": "C:\\a.txt",
    "NUL": b"a.png\0.txt",
    "a tabulator": "a\tb.txt",
    "written backwards": "a\u202etxt.exe.txt",
    "5,000 characters": "a" * 5_000 + ".txt",
    "256 characters": "a" * 252 + ".txt",
    "nothing": "",
    "a point": ".",
    "two points": "..",
    "blanks": "   ",
}


@pytest.fixture(autouse=True)
def own_files(tmp_path: Any, settings: Any) -> None:
    attachments = settings.STORAGES["attachments"]
    options = attachments["OPTIONS"] | {"location": str(tmp_path)}
    settings.STORAGES = settings.STORAGES | {"attachments": attachments | {"OPTIONS": options}}


def assert_nothing_is_left() -> None:
    assert (Attachment.objects.count(), Blob.objects.count(), list(storage.names())) == (0, 0, [])
    assert not EventRecord.objects.filter(type__contains="attachment").exists()


@pytest.mark.parametrize("name", KINDS)
def test_a_bad_file_is_refused_and_leaves_nothing(api_as: Api, ticket: Any, customer: Any, name: str) -> None:
    content, filename, announced, status = KINDS[name]
    client = api_as(customer)
    began = time.monotonic()
    response = upload(client, ticket, content, filename, announced)
    assert (response.status_code, response.headers["Content-Type"]) == (status, "application/problem+json")
    assert time.monotonic() - began < 2
    assert_nothing_is_left()


@pytest.mark.parametrize("name", NAMES)
def test_a_bad_name_is_400(api_as: Api, ticket: Any, customer: Any, name: str) -> None:
    response = upload(api_as(customer), ticket, TEXT, NAMES[name], "text/plain")
    assert response.status_code == 400, response.content
    assert_nothing_is_left()


def test_one_byte_too_long_is_413_and_the_longest_fits(api_as: Api, ticket: Any, customer: Any, settings: Any) -> None:
    settings.ATTACHMENT_MAX_BYTES = LIMIT
    client = api_as(customer)
    response = upload(client, ticket, b"x" * (LIMIT + 1))
    assert (response.status_code, response.json()["code"]) == (413, "too_large")
    assert_nothing_is_left()
    assert upload(client, ticket, b"x" * LIMIT).status_code == 201


@pytest.mark.parametrize("length", ["1", "10", "0", "-5", "x"])
def test_a_length_that_lies_stores_nothing(api_as: Api, ticket: Any, customer: Any, length: str) -> None:
    """Django's test client sends the whole, whatever it says; `tests/api/test_daphne_bodies.py` asks a real server."""
    body = form(b"x" * 200)
    stream = body[: int(length)] if length.isdecimal() else body
    response = send(api_as(customer), ticket, stream, CONTENT_LENGTH=length)
    assert response.status_code in (400, 413, 415), response.content
    assert_nothing_is_left()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"x",
        b"--" + BOUNDARY + b"--\r\n",
        form(TEXT)[:-4],  # without its end
        form(TEXT)[: -len(BOUNDARY) - 8],
        part(b'name="file"', TEXT) + b"--" + BOUNDARY + b"--",  # a text
        part(b'name="other"; filename="a.txt"', TEXT) + b"--" + BOUNDARY + b"--",
        part(b'name="file"; filename="a.txt"', TEXT) + form(TEXT),  # two
        part(b'name="comment"', b"\0") + form(TEXT),
        part(b'name="file"; filename="a.txt"\r\nContent-Transfer-Encoding: base64', b"!") + form(TEXT),
        part(b'name="x"', b"y" * 3_000_000) + form(TEXT),
        part(b'name="x"', b"") * 2_000 + form(TEXT),
        form(TEXT).replace(b"\r\n", b"\n"),
    ],
    ids=lambda body: repr(body[:30]),
)
def test_a_bad_form_is_refused_and_leaves_nothing(api_as: Api, ticket: Any, customer: Any, body: bytes) -> None:
    response = send(api_as(customer), ticket, body)
    assert response.status_code in (400, 413), response.content
    assert_nothing_is_left()


@pytest.mark.parametrize(
    "content_type",
    ["application/json", "text/plain", "", "multipart/mixed; boundary=x", "application/x-www-form-urlencoded"],
)
def test_another_content_type_is_415(api_as: Api, ticket: Any, customer: Any, content_type: str) -> None:
    assert send(api_as(customer), ticket, form(TEXT), content_type).status_code == 415
    assert_nothing_is_left()


@pytest.mark.parametrize("boundary", ["", "; boundary=", "; boundary=ñ", "; boundary=" + "x" * 300])
def test_a_bad_boundary_is_refused(api_as: Api, ticket: Any, customer: Any, boundary: str) -> None:
    assert send(api_as(customer), ticket, form(TEXT), "multipart/form-data" + boundary).status_code in (400, 415)
    assert_nothing_is_left()


def test_forms_are_taken_here_only(api_as: Api, ticket: Any, customer: Any) -> None:
    for path in ("/api/comments/", "/api/tickets/", f"/api/tickets/{ticket.pk}/comments/"):
        assert api_as(customer).generic("POST", path, form(TEXT), content_type=FORM).status_code == 415


def test_the_ticket_comes_before_the_file(api_as: Api, ticket: Any, stranger: Any) -> None:
    response = upload(api_as(stranger), ticket, HTML, "a.png")
    assert response.status_code == 404
    assert upload(api_as(None), ticket, HTML, "a.png").status_code == 401
    assert_nothing_is_left()


def test_a_kind_can_be_taken_off_the_list(api_as: Api, ticket: Any, customer: Any, settings: Any) -> None:
    settings.ATTACHMENT_TYPES = ["image/png"]
    assert upload(api_as(customer), ticket).status_code == 415
    assert upload(api_as(customer), ticket, picture(), "a.png").status_code == 201


def test_each_of_them_is_refused_by_a_real_server_and_leaves_nothing(
    start_daphne: Callable[..., Daphne], tmp_path: Any
) -> None:
    user = UserFactory()
    daphne = start_daphne(ATTACHMENT_ROOT=str(tmp_path))
    url = f"{daphne.base_url}/api/tickets/{ticket_of(user).pk}/attachments/"
    headers = {"Authorization": f"Bearer {access_token(user)}", "Content-Type": FORM}
    bad = {name: (form(content, called, type_), status) for name, (content, called, type_, status) in KINDS.items()}
    bad |= {f"a file called {name}": (form(TEXT, called, "text/plain"), 400) for name, called in NAMES.items()}
    wrong, slow = {}, {}
    with httpx.Client(headers=headers) as client:
        for name, (body, status) in bad.items():
            began = time.monotonic()
            answer = client.post(url, content=body)
            slow |= {name: seconds} if (seconds := time.monotonic() - began) > 2 else {}
            if (answer.status_code, answer.headers["Content-Type"]) != (status, "application/problem+json"):
                wrong[name] = answer.text
        assert (wrong, slow) == ({}, {})
        assert_nothing_is_left()
        # It is as well as before, and files would have been here.
        assert client.post(url, content=form(TEXT)).status_code == 201
        assert len(list(storage.names())) == 1
