"""A person at the desk: one HTTP client, one socket, both over the network."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
from websockets.sync.client import ClientConnection, connect

from tests.people import PASSWORD
from tests.wire import check_event, read_frame


class Person:
    """Signed in by `POST /api/auth/token/`; `answer` asserts the status and returns the body."""

    def __init__(self, base_url: str, username: str) -> None:
        self.http = httpx.Client(base_url=base_url, timeout=20)
        credentials = {"username": username, "password": PASSWORD}
        self.tokens = self.answer(200, "POST", "/api/auth/token/", json=credentials)
        self.http.headers["Authorization"] = f"Bearer {self.tokens['access']}"

    def answer(self, status: int, method: str, path: str, **arguments: Any) -> Any:
        response = self.http.request(method, path, **arguments)
        assert response.status_code == status, response.text
        body = response.json() if response.content else None
        if path.startswith("/api/events/"):
            for event in body["results"]:
                check_event(event)
        return body

    @contextmanager
    def listen(self, ws_url: str, *, after: str | None = None) -> Iterator["Ear"]:
        address = f"{ws_url}/ws/notifications/" + (f"?after={after}" if after else "")
        credentials: Any = ["helpdesk.v1", f"bearer.{self.tokens['access']}"]
        with connect(address, subprotocols=credentials) as socket:
            yield Ear(socket)

    def close(self) -> None:
        self.http.close()


class Ear:
    """A socket that speaks `helpdesk.v1`: what it heard, in order."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.welcome = read_frame(socket.recv(timeout=5))
        assert self.welcome["type"] == "welcome"
        self.cursor: str = self.welcome["cursor"]

    def next(self, *, seconds: float = 5) -> dict[str, Any]:
        """The next event; heartbeats, and who came or went, aside."""
        deadline = time.monotonic() + seconds
        while True:
            frame = read_frame(self.socket.recv(timeout=max(0.0, deadline - time.monotonic())))
            self.cursor = frame.get("cursor", self.cursor)
            if frame["type"] not in {"heartbeat", "presence_changed"}:
                return frame

    def types(self, count: int, *, seconds: float = 5) -> list[str]:
        return [self.next(seconds=seconds)["type"] for _ in range(count)]

    def is_silent(self, *, seconds: float = 0.5) -> bool:
        try:
            self.next(seconds=seconds)
        except TimeoutError:
            return True
        return False

    def close(self) -> None:
        self.socket.close()
