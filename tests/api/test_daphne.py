"""What a real server answers to what no library would send."""

import contextlib
import json
import socket

import httpx
import pytest
import websockets.sync.client as websockets
from django.db import connection
from websockets.exceptions import WebSocketException

from tests.people import PASSWORD, access_token
from tests.servers import HOST, Daphne, eventually

JSON = b"Content-Type: application/json"
LOG_IN = b"POST /api/auth/token/ HTTP/1.1"


def request(line: bytes, *headers: bytes, body: bytes = b"") -> bytes:
    return b"\r\n".join([line, b"Host: localhost", *headers, b"Connection: close", b"", body])


def answer(daphne: Daphne, sent: bytes) -> tuple[int, dict, dict]:
    """Status, headers and body; the server closes."""
    with socket.create_connection((HOST, daphne.port), timeout=10) as connected:
        connected.sendall(sent)
        received = b"".join(iter(lambda: connected.recv(65536), b""))
    head, _, body = received.partition(b"\r\n\r\n")
    status, *lines = head.decode("latin1").split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    return int(status.split()[1]), headers, json.loads(body[body.index(b"{") : body.rindex(b"}") + 1])


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"garbage\r\n\r\n", 400),
        (request(b"G@T /api/ HTTP/1.1"), 400),
        (request(b"GET /api/tickets/?q=\xff HTTP/1.1"), 400),
        (request("GET /api/tickets/?q=ñ HTTP/1.1".encode()), 400),
        (request(b"GET /api/\xff/ HTTP/1.1"), 400),
        (request(b"GET /api/ HTTP/1.1", b"Bad Header: x"), 400),
        (request(b"GET /api/ HTTP/1.1", b"Bad@Header: x"), 400),
        (request(b"GET /api/ HTTP/1.1", b"X: a\x00b"), 400),
        (request(b"GET /api/ HTTP/1.1", b"Host: another"), 400),
        (request(b"GET /api/?a=" + b"x" * 20_000 + b" HTTP/1.1"), 400),
        (request(b"GET /api/ HTTP/1.1", b"X: " + b"y" * 100_000), 400),
        (request(b"GET /api/ HTTP/1.1", *[b"X-%d: y" % n for n in range(600)]), 400),
        (request(b"GET /api/nowhere/ HTTP/1.1", b"Daphne-Root-Path: \xff"), 404),
        (request(b"GET /api/%ff%fe/ HTTP/1.1"), 404),
        (request(b"GET /api/%00/ HTTP/1.1"), 404),
        (request(b"GET //api/ HTTP/1.1"), 404),
        (request(b"OPTIONS * HTTP/1.1"), 404),
        (request(b"GET /nowhere/ HTTP/1.1", b"Accept-Language: \xff;;q=x, " + b"a," * 2000), 404),
        (request(b"GET /static/nowhere.js HTTP/1.1"), 404),
        (request(b"POST /static/docs/swagger.js HTTP/1.1", b"Content-Length: 0"), 405),
        (request(b"GET /api/tickets/%ed%a0%80/ HTTP/1.1"), 401),
        (request(b"GET /api/tickets/ HTTP/1.1", b"Authorization: Bearer \xff"), 401),
        (request(LOG_IN, JSON, b"Content-Length: -1", body=b"{}"), 400),
        (request(LOG_IN, JSON, b"Content-Length: x", body=b"{}"), 400),
        (request(LOG_IN, JSON, b"Content-Length: " + b"0" * 5000 + b"2", body=b"{}"), 400),
        (request(LOG_IN, JSON, b"Transfer-Encoding: chunked", body=b"zz\r\n{}\r\n0\r\n\r\n"), 400),
        (request(LOG_IN, JSON, b"Transfer-Encoding: chunked", body=b"2\r\n[]\r\n0\r\n\r\n"), 400),
        (request(LOG_IN, JSON + b"; charset=utf-7", b"Content-Length: 2", body=b"[]"), 400),
        (request(LOG_IN, JSON + b"; charset=\xff", b"Content-Length: 2", body=b"[]"), 400),
        (request(LOG_IN, JSON, b"Content-Encoding: gzip", b"Content-Length: 2", body=b"\x1f\x8b"), 400),
        (request(LOG_IN, b"Content-Type: multipart/form-data; boundary=x", b"Content-Length: 2", body=b"[]"), 415),
        (request(LOG_IN, b"Content-Type: multipart/form-data", b"Content-Length: 2", body=b"[]"), 415),
        (request(LOG_IN, b"Content-Type: application/x-www-form-urlencoded", b"Content-Length: 1", body=b"a"), 415),
        (request(LOG_IN, JSON, b"Content-Length: 1100000", body=b" " * 1_100_000), 413),
    ],
    ids=lambda value: repr(value[:48]) if isinstance(value, bytes) else None,
)
def test_the_server_too_answers_with_problems(shared_daphne, transactional_db, sent, status):
    answered, headers, body = answer(shared_daphne, sent)

    assert (answered, headers["content-type"], body["status"]) == (status, "application/problem+json", status)
    assert headers["x-request-id"] == body["request_id"]


def test_a_client_cannot_move_the_addresses_in_an_answer(shared_daphne, transactional_db):
    _status, _headers, routes = answer(shared_daphne, request(b"GET /api/ HTTP/1.1", b"Daphne-Root-Path: /evil"))

    assert routes["tickets"] == "http://localhost/api/tickets/"


def test_a_chunked_body_arrives(shared_daphne, transactional_db):
    body = b'{"username": "nobody", "password": "wrong"}'
    chunks = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)

    status, _headers, problem = answer(shared_daphne, request(LOG_IN, JSON, b"Transfer-Encoding: chunked", body=chunks))

    assert (status, problem["code"]) == (401, "no_active_account")


def test_no_secret_reaches_the_log(start_daphne, customer):
    daphne = start_daphne()
    connection.close()
    token = access_token(customer)
    with httpx.Client(base_url=daphne.base_url) as http:
        pair = http.post("/api/auth/token/", json={"username": customer.username, "password": PASSWORD}).json()
        http.post("/api/auth/token/", json={"username": customer.username, "password": "mistyped-secret"})
        http.post(
            "/api/auth/token/", content=b'{"password": "broken-secret"', headers={"content-type": "application/json"}
        )
        http.post("/api/auth/token/refresh/", json={"refresh": pair["refresh"]})
        http.post("/api/auth/token/refresh/", json={"refresh": pair["refresh"]})
        http.post("/api/auth/token/verify/", json={"token": token})
        http.get("/api/users/me/", headers={"authorization": f"Bearer {token}"})
        http.get(f"/api/users/me/?token={token}&password=query-secret", headers={"cookie": "session=cookie-secret"})
        http.get("/api/users/me/", headers={"authorization": "Bearer header-secret-of-no-form"})
    for query in (f"token={token}", "token=socket-secret", "ticket=ticket-secret"):
        url = f"{daphne.ws_url}/ws/notifications/?{query}"
        with contextlib.suppress(TimeoutError, WebSocketException, OSError), websockets.connect(url) as opened:
            opened.recv(timeout=0.5)

    eventually(lambda: daphne.output().count('"event": "request"') >= 9)
    log = daphne.output()
    secrets = [token, pair["access"], pair["refresh"], PASSWORD, "-secret", "eyJ"]
    assert [secret for secret in secrets if secret in log] == []
    assert '"path": "/api/auth/token/"' in log
