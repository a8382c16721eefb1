"""Opening sockets."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from websockets.sync.client import connect

from helpdesk.realtime import hub as hub_module
from helpdesk.realtime import socket as socket_module
from helpdesk.realtime.hub import Hub
from tests.people import access_token
from tests.realtime.client import Client
from tests.realtime.inside import Held
from tests.servers import Daphne, Valkey

PATH = "/ws/notifications/"


@pytest.fixture
def server(shared_daphne: Daphne, transactional_db: None, settings: Any) -> Daphne:
    """A Daphne that what happens in this process wakes up."""
    layer = settings.CHANNEL_LAYERS["default"]
    host = {**layer["CONFIG"]["hosts"][0], "address": shared_daphne.env["CHANNELS_REDIS_URL"]}
    settings.CHANNEL_LAYERS = {"default": {**layer, "CONFIG": {**layer["CONFIG"], "hosts": [host]}}}
    return shared_daphne


@pytest.fixture
def open_socket() -> Iterator[Callable[..., Client]]:
    """`open_socket(server, "?token=…", headers={…}, subprotocols=[…])`: says just that, and has read nothing."""
    with ExitStack() as opened:

        def open_one(server: Daphne, query: str = "", *, path: str = PATH, headers: Any = None, **more: Any) -> Client:
            url = f"{server.ws_url}{path}{query}"
            # Without a bound on what it has read from the network, it also reads the answer to its closing.
            options = {"max_queue": None, "open_timeout": 10, "proxy": None} | more
            opening = connect(url, additional_headers=headers, **options)
            return Client(opened.enter_context(opening))

        yield open_one


@pytest.fixture
def listen(open_socket: Callable[..., Client]) -> Callable[..., Client]:
    """`listen(server, user)` speaks the protocol, and keeps the first frame as `client.welcome`."""

    def listen_as(server: Daphne, user: Any, *, after: str | None = None, **more: Any) -> Client:
        query = f"?after={after}" if after else ""
        client = open_socket(server, query, subprotocols=["helpdesk.v1", f"bearer.{access_token(user)}"], **more)
        client.welcome = client.next()
        return client

    return listen_as


@pytest.fixture
def listen_plainly(open_socket: Callable[..., Client]) -> Callable[..., Client]:
    """`listen_plainly(server, user)` is the simplest client; it was answered once, so it is signed in."""

    def listen_as(server: Daphne, user: Any) -> Client:
        client = open_socket(server, f"?token={access_token(user)}")
        assert client.is_alive()
        return client

    return listen_as


@pytest.fixture
async def hub(valkey_here: Valkey, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Hub]:
    """The hub of this process, for sockets that are `Inside`."""
    hub = Hub()
    monkeypatch.setattr(hub_module, "hub", hub)
    monkeypatch.setattr(socket_module, "hub", hub)
    yield hub
    for task in hub._tasks:
        task.cancel()
    await asyncio.gather(*hub._tasks, return_exceptions=True)
    await hub.layer.stop()


@pytest.fixture
def hub_asks(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> Held:
    held = Held(hub_module.for_hub)
    monkeypatch.setattr(hub_module, "for_hub", held)
    return held


@pytest.fixture
def sockets_ask(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> Held:
    held = Held(socket_module.for_socket)
    monkeypatch.setattr(socket_module, "for_socket", held)
    return held
