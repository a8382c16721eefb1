"""Many clients, and the server of the socket tests."""

from collections.abc import Iterator

import pytest

from tests.realtime.conftest import listen, open_socket, server
from tests.sockets.crowd import Crowd

__all__ = ["crowd", "listen", "open_socket", "server"]


@pytest.fixture
def crowd() -> Iterator[Crowd]:
    with Crowd() as crowd:
        yield crowd
