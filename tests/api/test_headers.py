"""What every answer tells a browser, whoever gave it."""

import socket
from typing import Any

import pytest
from django.test import Client

from tests.servers import HOST, Daphne

DATA = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
EVERYWHERE = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
}
# Method, address, and the status of the answer.
ANSWERS = [
    ("get", "/api/", 200),
    ("get", "/api/v1/", 200),
    ("get", "/api/schema/", 200),
    ("options", "/api/tickets/", 204),
    ("get", "/api/tickets/", 401),
    ("get", "/api/nothing/", 404),
    ("get", "/nothing", 404),
    ("post", "/api/docs/", 405),
    ("post", "/api/auth/token/", 415),
    ("get", "/", 302),
    ("get", "/docs", 302),
    ("get", "/health", 200),
    ("get", "/healthz", 200),
    ("get", "/readyz", 200),
    ("get", "/static/nothing.css", 404),
    ("get", "/administration/", 404),
]


def told(response: Any, names: Any) -> dict[str, str]:
    return {name: response.headers.get(name) for name in names}


@pytest.mark.parametrize(("method", "path", "status"), ANSWERS)
def test_an_answer_that_is_no_page_may_do_nothing_in_a_browser(db, client, method, path, status):
    response = getattr(client, method)(path)

    expected = EVERYWHERE | {"Content-Security-Policy": DATA, "Referrer-Policy": "no-referrer"}
    assert response.status_code == status
    assert told(response, expected) == expected


@pytest.mark.parametrize("path", ["/test/boom/bug/", "/test/boom/unavailable/", "/test/boom/too_big/"])
def test_errors_of_ours_are_no_exception(small_views, quiet_client, db, path):
    response = quiet_client.get(path)

    assert response.status_code >= 400
    assert response.headers["Content-Security-Policy"] == DATA


def test_a_host_that_is_not_ours_learns_no_less(settings):
    settings.ALLOWED_HOSTS = ["desk.example.org"]

    response = Client().get("/api/", headers={"host": "evil.example"})

    assert response.status_code == 400
    assert told(response, EVERYWHERE) == EVERYWHERE


@pytest.mark.parametrize("path", ["/api/docs/", "/api/redoc/", "/api/v1/docs/", "/console/", "/admin/login/"])
def test_pages_have_policies_of_their_own_and_all_the_rest(db, client, path):
    response = client.get(path)

    policy = response.headers["Content-Security-Policy"]
    assert response.status_code == 200
    assert policy != DATA
    assert {"base-uri 'none'", "frame-ancestors 'none'"} <= set(policy.split("; "))
    assert policy.startswith("default-src 'none'") or "object-src 'none'" in policy
    assert told(response, EVERYWHERE) == EVERYWHERE


def test_the_forms_of_the_admin_say_where_they_come_from(db, client):
    """Or a browser sends them with `Origin: null`, and they are refused as forged."""
    assert client.get("/admin/login/").headers["Referrer-Policy"] == "same-origin"
    assert client.get("/admin/nothing/").headers["Referrer-Policy"] == "same-origin"


def test_each_is_said_once(db, client):
    for path in ("/api/", "/admin/login/"):
        names = [name.lower() for name, _ in client.get(path).items()]
        assert len(names) == len(set(names))


# --- what a real server adds -----------------------------------------------------------------------------------------


def exchange(daphne: Daphne, *lines: str, until: bytes = b"\r\n\r\n") -> str:
    """The head of what comes back, or all of it where the server hangs up."""
    with socket.create_connection((HOST, daphne.port), timeout=10) as connected:
        connected.sendall("\r\n".join([*lines, "", ""]).encode())
        received = b""
        while until not in received and (part := connected.recv(65536)):
            received += part
    return received.decode("latin1")


def headers_of(head: str) -> dict[str, str]:
    return {name.lower(): value for name, _, value in (line.partition(": ") for line in head.split("\r\n")[1:])}


UPGRADE = (
    "Host: localhost",
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
)


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        (("GET /api/ HTTP/1.1", "Host: localhost"), 200),
        (("GET /api/tickets/ HTTP/1.1", "Host: localhost"), 401),
        (("GET / HTTP/1.1", "Host: localhost"), 302),
        (("GET /health HTTP/1.1", "Host: localhost"), 200),
        (("GET /static/docs/redoc.css HTTP/1.1", "Host: localhost"), 200),
        (("GET /admin/login/ HTTP/1.1", "Host: localhost"), 200),
        (("garbage",), 400),
        (("GET /api/?q=\xff HTTP/1.1", "Host: localhost"), 400),
        (("GET /ws/notifications/ HTTP/1.1", *UPGRADE, "Sec-WebSocket-Version: 13"), 101),
        (("GET /ws/notifications/ HTTP/1.1", *UPGRADE, "Sec-WebSocket-Version: 1"), 400),
        (("GET /ws/notifications/ HTTP/1.1", *UPGRADE), 400),
        (("POST /ws/notifications/ HTTP/1.1", *UPGRADE, "Sec-WebSocket-Version: 13"), 405),
    ],
    ids=str,
)
def test_no_answer_says_what_serves_it(shared_daphne, transactional_db, lines, status):
    head = exchange(shared_daphne, *lines)
    headers = headers_of(head.partition("\r\n\r\n")[0])

    assert head.startswith(f"HTTP/1.1 {status} ")
    assert not {"server", "x-powered-by", "via"} & set(headers)
    assert not any(word in head.lower() for word in ("daphne", "twisted", "autobahn", "django", "python"))
    if status != 101:
        assert {name: headers.get(name.lower()) for name in EVERYWHERE} == EVERYWHERE
        assert "frame-ancestors 'none'" in headers["content-security-policy"]


@pytest.mark.parametrize("version", ["1", "99"])
def test_a_handshake_that_is_none_is_a_problem_that_says_which_one_would_be(shared_daphne, transactional_db, version):
    head = exchange(
        shared_daphne,
        *("GET /ws/notifications/ HTTP/1.1", *UPGRADE, f"Sec-WebSocket-Version: {version}"),
        until=b"}",
    )

    headers = headers_of(head.partition("\r\n\r\n")[0])
    assert headers["content-type"] == "application/problem+json"
    assert "13" in headers["sec-websocket-version"]
    assert '"status":400' in head
