"""Sockets, as tests of realtime open them."""

from tests.realtime.conftest import hub, listen, open_socket, server

__all__ = ["hub", "listen", "open_socket", "server"]
