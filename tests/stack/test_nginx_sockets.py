"""Sockets through nginx: they come through, and stay as long as somebody speaks."""

import re
import time

import pytest
from websockets.exceptions import ConnectionClosedError

from tests.people import AgentFactory, UserFactory
from tests.stack.image import NAME
from tests.stack.through import NEEDS_NGINX, access
from tests.wire import read_frame

pytestmark = NEEDS_NGINX


def test_a_socket_comes_through_and_hears_events(start_nginx, web):
    nginx = start_nginx(web)
    agent, customer = access(nginx, AgentFactory), access(nginx, UserFactory)
    with nginx.socket("/ws/notifications/", subprotocols=["helpdesk.v1", f"bearer.{agent}"]) as connection:
        welcome = read_frame(connection.recv(timeout=10))
        with nginx.client(headers={"Authorization": f"Bearer {customer}"}) as client:
            client.post("/api/tickets/", json={"title": "Papel", "description": "-"}).raise_for_status()
        event = read_frame(connection.recv(timeout=10))

    assert (welcome["type"], connection.subprotocol) == ("welcome", "helpdesk.v1")
    assert (event["type"], event["ticket"]["title"]) == ("ticket_created", "Papel")


def test_a_page_of_the_same_host_may_open_a_socket(start_nginx, web):
    nginx = start_nginx(web)
    with nginx.socket(
        f"/ws/notifications/?token={access(nginx, AgentFactory)}", origin=f"https://{NAME}"
    ) as connection:
        connection.send('{"type": "ping"}')

        assert read_frame(connection.recv(timeout=10)) == {"type": "pong"}


def test_a_quiet_socket_stays_because_daphne_pings(start_nginx, deployed):
    # Daphne looks every two seconds whom to ping.
    nginx = start_nginx(deployed("/start", "--ping-interval", "1"), {"75s": "6s"})
    # A plain connection, which gets no heartbeats of the service; and of this client none either.
    with nginx.socket(f"/ws/notifications/?token={access(nginx, AgentFactory)}", ping_interval=None) as connection:
        time.sleep(9)
        connection.send('{"type": "ping"}')

        assert read_frame(connection.recv(timeout=10)) == {"type": "pong"}


def test_a_socket_that_nobody_speaks_on_is_cut(start_nginx, deployed):
    nginx = start_nginx(deployed("/start", "--ping-interval", "1000"), {"75s": "1s"})
    with nginx.socket(f"/ws/notifications/?token={access(nginx, AgentFactory)}", ping_interval=None) as connection:
        connection.send('{"type": "ping"}')
        assert read_frame(connection.recv(timeout=10)) == {"type": "pong"}

        with pytest.raises(ConnectionClosedError):
            connection.recv(timeout=20)


def test_the_times_of_sockets_leave_room_for_pings(nginx_image, image):
    template = nginx_image.path("/etc/nginx/helpdesk.conf.template").read_text()
    seconds = {
        int(n)
        for n in re.findall(r"location /ws/ \{.*?\}", template, re.DOTALL)
        for n in re.findall(r"timeout (\d+)s", n)
    }
    ping = int(re.search(r"--ping-interval (\d+)", image.path("/start").read_text())[1])

    assert seconds == {75}
    assert ping * 3 <= 75
