"""Which ports the servers get."""

import socket
import sys

import pytest

from helpdesk.local.failure import Failure
from helpdesk.local.ports import Ports, wanted_port
from tests.servers import HOST, free_port


@pytest.fixture
def ports():
    with Ports() as ports:
        yield ports


def test_a_taken_port_gives_the_next_free_one(ports):
    with socket.create_server((HOST, 0)) as taken:
        port = taken.getsockname()[1]

        assert port < ports.take(port) < port + 100


def test_a_free_port_is_kept_although_old_connections_linger(ports):
    with socket.create_server((HOST, 0)) as server:
        port = server.getsockname()[1]
        client = socket.create_connection((HOST, port))
        accepted, _ = server.accept()
        # The side that closes first is left in TIME_WAIT.
        accepted.close()
        client.close()

    assert ports.take(port) == port


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux keeps a port for one: run it there")
def test_two_that_start_at_once_do_not_take_the_same():
    port = free_port()

    with Ports() as first, Ports() as second:
        assert first.take(port) == port
        assert second.take(port) > port


def test_zero_stands_for_any(ports):
    assert 1024 < ports.take(0) <= 65535


@pytest.mark.parametrize("text", ["http", "-1", "65536", "8000.5", "٣"])
def test_a_port_that_is_none_is_refused_by_name(monkeypatch, text):
    monkeypatch.setenv("MAIL_PORT", text)

    with pytest.raises(Failure, match=f"^MAIL_PORT={text} is no port"):
        wanted_port("MAIL_PORT", 8025)
