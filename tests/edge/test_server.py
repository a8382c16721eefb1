"""SIGTERM: who is being served is served to the end, who listens hears when to come back, and nobody new comes in."""

import http.client
import os
import re
import signal
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.db import connection, transaction
from websockets.exceptions import ConnectionClosed

from helpdesk.accounts.models import User
from tests.benchmarks.large_files import MEBIBYTE, upload
from tests.factories import ticket_of
from tests.people import AgentFactory, access_token
from tests.realtime.client import Client, Opener
from tests.servers import HOST, Daphne, eventually
from tests.wire import read_frame

HINT = re.compile(r"retry_after=(\d+\.\d)")
Start = Callable[..., Daphne]


@contextmanager
def slow_posts(*servers: Daphne, user: User) -> Iterator[list["Future[httpx.Response]"]]:
    """A request to each, which has reached PostgreSQL, and goes on when this ends."""
    headers = {"Authorization": f"Bearer {access_token(user)}"}
    body = {"title": "Slow", "description": "It waits."}

    def post(server: Daphne) -> httpx.Response:
        return httpx.post(f"{server.base_url}/api/tickets/", json=body, headers=headers, timeout=60)

    with ThreadPoolExecutor(len(servers)) as pool, transaction.atomic(), connection.cursor() as cursor:

        def waiting() -> int:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'tickets_ticket'::regclass")
            found: int = cursor.fetchone()[0]
            return found

        cursor.execute("LOCK TABLE tickets_ticket IN SHARE MODE")
        asked = [pool.submit(post, server) for server in servers]
        eventually(lambda: waiting() == len(servers), seconds=60)
        yield asked


def end(client: Client, *, seconds: float = 10) -> tuple[int, str, list[Any]]:
    """The close code, its reason, and what was heard before."""
    heard = []
    try:
        while True:
            heard.append(read_frame(client.connection.recv(timeout=seconds)))
    except ConnectionClosed as closed:
        frame = closed.rcvd
    assert frame
    return frame.code, frame.reason, heard


def is_refused(server: Daphne) -> bool:
    try:
        socket.create_connection((HOST, server.port), timeout=5).close()
    except ConnectionRefusedError:
        return True
    return False


def test_requests_are_finished_and_sockets_told_when_to_come_back(
    start_daphne: Start, customer: User, listen: Opener, listen_plainly: Opener
) -> None:
    server = start_daphne(DATABASE_POOL_SIZE="25", DATABASE_LOCK_TIMEOUT_MS="60000")
    agents = AgentFactory.create_batch(2)
    clients = [listen(server, agents[number % 2]) for number in range(40)]
    plain = [listen_plainly(server, customer) for _ in range(10)]
    kept = http.client.HTTPConnection(HOST, server.port, timeout=10)
    kept.request("GET", "/readyz")
    before = kept.getresponse()
    assert (before.status, before.getheader("Connection")) == (200, None)
    before.read()

    with slow_posts(*[server] * 20, user=customer) as asked:
        server.terminate()
        ends = [end(client) for client in clients + plain]
        eventually(lambda: is_refused(server))
        kept.request("GET", "/readyz")
        answer = kept.getresponse()
        assert (answer.status, answer.getheader("Connection")) == (503, "close")
        assert b'"process":"draining"' in answer.read()
        assert server.is_running()

    assert [post.result().status_code for post in asked] == [201] * 20
    assert {post.result().headers["Connection"] for post in asked} == {"close"}
    assert server.wait() == 0
    assert [code for code, _reason, _heard in ends] == [1012] * 50
    hints = [float(HINT.fullmatch(reason)[1]) for _code, reason, _heard in ends]  # type: ignore[index]
    # Not all at once.
    assert len(set(hints)) > 5
    assert all(0 < hint < 2 for hint in hints)
    # A simple client shows whatever it is told.
    assert not any(heard for _code, _reason, heard in ends[40:])
    assert "Traceback" not in server.output()
    assert "never retrieved" not in server.output()


def test_who_insists_or_has_waited_long_enough_sees_it_end(start_daphne: Start, customer: User) -> None:
    patient, short = start_daphne(), start_daphne(DRAIN_SECONDS="1")

    with slow_posts(patient, short, user=customer) as asked:
        short.terminate()
        patient.terminate()
        eventually(lambda: is_refused(patient))
        assert short.wait() == 1
        assert patient.is_running()
        patient.terminate()
        assert patient.wait() == 1

    for post in asked:
        assert isinstance(post.exception(), httpx.RemoteProtocolError | httpx.ReadError)


def test_who_reads_nothing_does_not_hold_it_up(
    start_daphne: Start, customer: User, listen_plainly: Opener, tmp_path: Path
) -> None:
    server = start_daphne(ATTACHMENT_ROOT=str(tmp_path), ATTACHMENT_MAX_BYTES=str(20 * MEBIBYTE))
    headers = {"Authorization": f"Bearer {access_token(customer)}"}
    url = httpx.URL(upload(server, f"/api/tickets/{ticket_of(customer).pk}/attachments/", headers, 12))
    client = listen_plainly(server, customer)
    # It has read the close frame, but does not answer it.
    client.connection.protocol.receive_data = lambda _data: None
    with socket.create_connection((HOST, server.port)) as lazy, socket.create_connection((HOST, server.port)):
        asking = [f"GET {url.path} HTTP/1.1", "Host: localhost", f"Authorization: {headers['Authorization']}", "", ""]
        lazy.sendall("\r\n".join(asking).encode())
        lazy.recv(1)
        began = time.monotonic()

        assert server.stop(seconds=20) == 0
        # All that it may take is 25 s.
        assert time.monotonic() - began < 15
    assert '"cut_off": 0' in server.output()


def test_a_connection_that_has_not_asked_yet_is_still_answered(start_daphne: Start) -> None:
    server = start_daphne()
    with socket.create_connection((HOST, server.port), timeout=10) as late:
        late.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n")
        server.terminate()
        eventually(lambda: is_refused(server))
        late.sendall(b"\r\n")
        answer = late.makefile("rb").read()

    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b"connection: close" in answer.lower()
    assert server.wait() == 0


def test_a_header_that_trickles_is_cut_and_a_slow_request_is_not(start_daphne: Start, customer: User) -> None:
    server = start_daphne(REQUEST_HEADER_SECONDS="1", DATABASE_LOCK_TIMEOUT_MS="60000")
    with socket.create_connection((HOST, server.port), timeout=10) as slow:
        for byte in b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-A: ":
            slow.sendall(bytes([byte]))
        with slow_posts(server, user=customer) as asked:
            answer = slow.makefile("rb").read()
            time.sleep(1)

    assert answer.startswith(b"HTTP/1.1 408 Request Timeout\r\n")
    assert b"application/problem+json" in answer
    assert asked[0].result().status_code == 201


def test_without_anybody_it_ends_at_once(start_daphne: Start) -> None:
    server = start_daphne()
    began = time.monotonic()
    os.kill(server.pid, signal.SIGINT)

    assert server.wait() == 0
    assert time.monotonic() - began < 8


@pytest.mark.skipif(not Path("/proc/self/limits").exists(), reason="reads /proc: run it on Linux")
def test_it_may_open_as_many_files_as_the_system_lets_it(shared_daphne: Daphne) -> None:
    limits = Path(f"/proc/{shared_daphne.pid}/limits").read_text()
    ((soft, hard),) = re.findall(r"Max open files\s+(\S+)\s+(\S+)", limits)

    assert int(soft) == (65_536 if hard == "unlimited" else min(int(hard), 65_536))
