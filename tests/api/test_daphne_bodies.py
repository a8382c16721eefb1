"""Large and lying bodies against a real server: refused before they have come, taken and given in pieces."""

import hashlib
import socket
import time
from typing import Any

import httpx
import pytest

from helpdesk.files import storage
from helpdesk.tickets.models import Attachment
from tests.factories import ticket_of
from tests.people import UserFactory, access_token
from tests.servers import HOST, Daphne
from tests.tickets.files import FORM, form

LIMIT = 3_000_000


@pytest.fixture
def small(start_daphne: Any) -> Daphne:
    return start_daphne(ATTACHMENT_MAX_BYTES=str(LIMIT))


def head(path: str, token: str, *lines: str) -> bytes:
    said = [f"POST {path} HTTP/1.1", "Host: localhost", f"Authorization: Bearer {token}", f"Content-Type: {FORM}"]
    return "\r\n".join([*said, *lines, "", ""]).encode()


def status(daphne: Daphne, *sent: bytes, ends: bool = False) -> tuple[int, float]:
    """The first answer's, and how long it took; `ends`: the client hangs up its side."""
    began = time.monotonic()
    with socket.create_connection((HOST, daphne.port), timeout=10) as connected:
        for piece in sent:
            connected.sendall(piece)
        if ends:
            connected.shutdown(socket.SHUT_WR)
        received = connected.recv(65536)
    return int(received.split()[1]) if received else 0, time.monotonic() - began


def test_bodies_that_are_too_large_or_lie_are_refused_and_leave_nothing(small: Daphne) -> None:
    user = UserFactory()
    path, token = f"/api/tickets/{ticket_of(user).pk}/attachments/", access_token(user)
    body = form(b"x" * 1000)
    before = set(storage.names())

    # Ten gigabytes are announced, and nothing comes.
    answer, seconds = status(small, head(path, token, "Content-Length: 10000000000"))
    assert (answer, seconds < 2) == (413, True)
    # Nobody knows how long it gets, until it is too long.
    piece = b"10000\r\n" + b"x" * 65536 + b"\r\n"
    answer, seconds = status(small, head(path, token, "Transfer-Encoding: chunked"), piece * (LIMIT // 65536 + 3))
    assert (answer, seconds < 2) == (413, True)
    # Less is announced than comes: the body ends before its last boundary, and the rest is no request.
    answer, seconds = status(small, head(path, token, f"Content-Length: {len(body) - 20}"), body)
    assert (answer, seconds < 2) == (400, True)
    # More is announced than comes, and then nothing more.
    answer, seconds = status(small, head(path, token, f"Content-Length: {len(body) + 20}"), body, ends=True)
    assert (answer, seconds < 2) == (0, True)
    # One byte too long, in a body that fits: counted by the parser.
    answer = httpx.post(
        small.base_url + path,
        content=form(b"x" * (LIMIT + 1)),
        headers={"Authorization": f"Bearer {token}", "Content-Type": FORM},
    )
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    time.sleep(0.2)
    assert (Attachment.objects.count(), set(storage.names())) == (0, before)


def test_a_client_that_sends_all_of_it_reads_why_it_was_refused(small: Daphne) -> None:
    user = UserFactory()
    path = f"/api/tickets/{ticket_of(user).pk}/attachments/"
    headers = {"Authorization": f"Bearer {access_token(user)}", "Content-Type": FORM}
    for content in (form(b"x" * 20_000_000), (form(b"x" * 2_000_000) for _ in range(5))):
        answer = httpx.post(small.base_url + path, content=content, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


def test_a_file_goes_in_and_comes_out_byte_for_byte(small: Daphne) -> None:
    user = UserFactory()
    path = f"/api/tickets/{ticket_of(user).pk}/attachments/"
    headers = {"Authorization": f"Bearer {access_token(user)}"}
    for content in (b"x", b"0123456789abcdef" * 4096, b"line\n" * 600_000):
        whole = form(content)
        for body in (whole, (whole[at : at + 70_000] for at in range(0, len(whole), 70_000))):  # chunked, too
            made = httpx.post(small.base_url + path, content=body, headers=headers | {"Content-Type": FORM})
            assert made.status_code == 201, made.text
            assert made.json()["sha256"] == hashlib.sha256(content).hexdigest()
        assert httpx.get(made.json()["url"], headers=headers).content == content
        part = httpx.get(made.json()["url"], headers=headers | {"Range": "bytes=-1"})
        assert (part.status_code, part.content) == (206, content[-1:])


def test_one_who_reads_slowly_gets_all_of_it_and_one_who_leaves_disturbs_nobody(small: Daphne) -> None:
    user = UserFactory()
    headers = {"Authorization": f"Bearer {access_token(user)}"}
    content = b"slow" * 700_000
    path = f"/api/tickets/{ticket_of(user).pk}/attachments/"
    made = httpx.post(small.base_url + path, content=form(content), headers=headers | {"Content-Type": FORM}).json()
    with httpx.stream("GET", made["url"], headers=headers) as leaving:
        next(leaving.iter_raw(1000))
    with httpx.stream("GET", made["url"], headers=headers) as slow:
        received = b""
        for n, piece in enumerate(slow.iter_raw(200_000)):
            received += piece
            time.sleep(0.2 if n < 5 else 0)
    assert received == content
    assert httpx.get(small.base_url + "/healthz").status_code == 200
