"""A client of a real socket."""

import json
import time
from collections.abc import Callable
from typing import Any

import httpx
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection

from helpdesk.accounts.models import User
from tests.people import access_token
from tests.servers import Daphne
from tests.wire import read_frame


class Client:
    """One open socket: what it hears, frame by frame."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.welcome: Any = None

    def send(self, frame: Any) -> None:
        """Text and bytes as they are, anything else as JSON."""
        self.connection.send(frame if isinstance(frame, str | bytes) else json.dumps(frame))

    def next(self, *, seconds: float = 5, presence: bool = False) -> Any:
        """The next frame; heartbeats, and who came or went, are passed over, unless `presence` asks for that."""
        deadline = time.monotonic() + seconds
        while True:
            frame = read_frame(self.connection.recv(timeout=deadline - time.monotonic()))
            if frame["type"] != "heartbeat" and (presence or frame["type"] != "presence_changed"):
                return frame

    def take(self, count: int, *, seconds: float = 5) -> list[Any]:
        deadline = time.monotonic() + seconds
        return [self.next(seconds=deadline - time.monotonic()) for _ in range(count)]

    def so_far(self) -> list[Any]:
        """All that it was told until now: the server answers a ping behind what it wrote before."""
        self.send({"type": "ping"})
        heard = []
        while (frame := self.next())["type"] != "pong":
            heard.append(frame)
        return heard

    def is_alive(self) -> bool:
        self.send({"type": "ping"})
        return bool(self.next() == {"type": "pong"})

    def close_code(self, *, seconds: float = 5) -> int | None:
        """With which code the server ends it; frames that still arrive are passed over."""
        deadline = time.monotonic() + seconds
        try:
            while True:
                read_frame(self.connection.recv(timeout=deadline - time.monotonic()))
        except ConnectionClosed as end:
            return end.rcvd.code if end.rcvd else None


Opener = Callable[..., Client]


def types(frames: list[Any]) -> list[str]:
    return [frame["type"] for frame in frames]


def signed_in(server: Daphne, user: User) -> httpx.Client:
    return httpx.Client(base_url=server.base_url, headers={"Authorization": f"Bearer {access_token(user)}"})
