"""What a client may not take from nginx: size, time, connections."""

import time

import httpx

from tests.people import UserFactory
from tests.servers import HOST, eventually
from tests.stack.image import NAME
from tests.stack.through import NEEDS_NGINX, access, line_of, problem, rest_of

pytestmark = NEEDS_NGINX


def test_a_body_of_20_mb_is_refused_before_the_service_sees_it(start_nginx, web):
    nginx = start_nginx(web)
    with nginx.client() as client:
        answer = client.post("/api/tickets/", content=b"x" * 20_000_000, headers={"Content-Type": "application/json"})

    assert (answer.status_code, problem(answer)["code"]) == (413, "too_large")
    # Written when the rest of the body was thrown away.
    assert line_of(nginx, "/api/tickets/")["upstream"] == ""


def test_a_body_of_20_mb_without_a_length_is_refused_too(start_nginx, web):
    nginx = start_nginx(web)
    # More than the buffers of a connection, so that the answer is read while the rest is still being written.
    chunks = (b"x" * 100_000 for _ in range(200))
    with nginx.client() as client:
        try:
            answer = client.post("/api/tickets/", content=chunks)
        except httpx.WriteError:
            answer = None

    assert line_of(nginx, "/api/tickets/")["status"] == 413
    assert answer is None or problem(answer)["code"] == "too_large"


def test_a_large_body_that_is_allowed_reaches_the_service(start_nginx, web):
    nginx = start_nginx(web)
    with nginx.client(headers={"Authorization": f"Bearer {access(nginx, UserFactory)}"}) as client:
        answer = client.post("/api/tickets/", json={"title": "x" * 5_000_000, "description": "-"})

    assert (answer.status_code, problem(answer)["code"]) == (413, "too_large")
    # Django's own limit.
    assert line_of(nginx, "/api/tickets/")["upstream"] == "413"


def test_slow_headers_are_cut(start_nginx, web):
    nginx = start_nginx(web, {"client_header_timeout 15s": "client_header_timeout 1s"})
    began = time.monotonic()
    with nginx.raw() as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: ")
        for letter in b"desk.example.org":
            time.sleep(0.25)
            try:
                connection.sendall(bytes([letter]))
            except OSError:
                break
        rest = rest_of(connection)

    assert b"200 OK" not in rest
    assert time.monotonic() - began < 10
    assert "healthz" not in web.output()


def test_a_slow_body_is_cut_and_never_reaches_the_service(start_nginx, web):
    nginx = start_nginx(web, {"client_body_timeout 15s": "client_body_timeout 1s"})
    head = f"POST /api/auth/token/ HTTP/1.1\r\nHost: {NAME}\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{{"
    with nginx.raw() as connection:
        connection.sendall(head.encode())
        rest = rest_of(connection)

    assert rest == b""
    assert line_of(nginx, "/api/auth/token/")["status"] == 408
    assert "/api/auth/token/" not in web.output()


def test_one_address_has_no_more_than_its_connections(start_nginx):
    nginx = start_nginx(None, {"limit_conn clients 256": "limit_conn clients 2"})
    head = f"POST /api/ HTTP/1.1\r\nHost: {NAME}\r\nContent-Length: 10\r\n\r\n".encode()
    with nginx.raw() as one, nginx.raw() as two, nginx.client() as client:
        for waiting in (one, two):
            waiting.sendall(head)
        answer = eventually(lambda: (found := client.get("/api/")).status_code == 429 and found)

    assert problem(answer)["code"] == "throttled"
    assert answer.headers["Retry-After"] == "5"


def test_what_is_not_http_is_answered_with_a_problem(start_nginx):
    nginx = start_nginx(None)
    with nginx.raw() as connection:
        connection.sendall(b"NONSENSE\r\n\r\n")
        rest = rest_of(connection)

    with nginx.client() as client:
        long_header = client.get("/api/", headers={"X-Long": "x" * 20_000})
        long_address = client.get("/api/?" + "x" * 20_000)
        trace = client.request("TRACE", "/api/")
        part = client.get("/static/docs/redoc.css", headers={"Range": "bytes=99999999-"})
    by_plain = httpx.get(f"http://{HOST}:{nginx.port}/api/")

    assert b"<html" not in rest.lower()
    assert [problem(answer)["status"] for answer in (long_header, long_address, trace)] == [431, 414, 405]
    # Nobody needs parts of these, and nginx has no problem for those that are not there.
    assert part.status_code == 200
    with nginx.raw() as connection:
        connection.sendall(f"POST /api/ HTTP/1.1\r\nHost: {NAME}\r\nTransfer-Encoding: gzip\r\n\r\n".encode())
        encoding = rest_of(connection)
    assert encoding.startswith(b"HTTP/1.1 501 ")
    assert b"application/problem+json" in encoding
    assert problem(by_plain)["status"] == 400
