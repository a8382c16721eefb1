"""What tests of nginx ask again and again: who is signed in, what a problem says, what the log has."""

import json
import ssl

import httpx
import pytest
from django.contrib.auth.hashers import make_password

from helpdesk.accounts.models import User
from tests.people import PASSWORD
from tests.servers import eventually
from tests.stack.nginx import MISSING, missing

NEEDS_NGINX = [pytest.mark.nginx, pytest.mark.slow, pytest.mark.skipif(missing(), reason=MISSING)]


def problem(answer: httpx.Response) -> dict:
    body = answer.json()
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["X-Request-ID"] == body["request_id"]
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert (body["type"], body["status"]) == ("about:blank", answer.status_code)
    return body


def log_lines(nginx) -> list[dict]:
    return [json.loads(line) for line in nginx.output().splitlines() if line.startswith("{")]


def line_of(nginx, path: str) -> dict:
    """The log's last line about a path: nginx writes it once the answer has left, so behind what was asked before."""
    return eventually(lambda: [line for line in log_lines(nginx) if line["path"] == path])[-1]


def with_password(factory) -> User:
    """The deployment knows no cheap passwords."""
    user = factory()
    user.password = make_password(PASSWORD, hasher="argon2")
    user.save()
    return user


def access(nginx, factory) -> str:
    """Signed in through nginx: the deployment has a key of its own."""
    user = with_password(factory)
    with nginx.client() as client:
        answer = client.post("/api/auth/token/", json={"username": user.username, "password": PASSWORD})
    return answer.raise_for_status().json()["access"]


def rest_of(connection: ssl.SSLSocket) -> bytes:
    """What still comes, until the other side hangs up."""
    received = b""
    try:
        while part := connection.recv(65536):
            received += part
    except (ConnectionResetError, ssl.SSLError):
        pass
    return received
