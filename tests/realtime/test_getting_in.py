"""Who gets a socket, and with what they are turned away."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

from helpdesk.accounts import tokens
from helpdesk.accounts.models import Session
from tests.people import NOON, UserFactory, access_token
from tests.realtime.client import Opener
from tests.realtime.credentials import refresh_token, token_living
from tests.servers import Daphne, eventually


def test_the_subprotocol_brings_the_token_and_only_our_name_is_selected(
    server: Daphne, agent: Any, open_socket: Opener
) -> None:
    client = open_socket(server, subprotocols=["helpdesk.v1", f"bearer.{access_token(agent)}"])

    assert client.connection.subprotocol == "helpdesk.v1"
    assert client.next()["type"] == "welcome"


def test_the_authorization_header_brings_the_token(server: Daphne, agent: Any, open_socket: Opener) -> None:
    client = open_socket(server, "?v=1", headers={"Authorization": f"Bearer {access_token(agent)}"})

    assert client.next()["user"] == agent.as_dict()


def test_the_query_brings_the_token(server: Daphne, agent: Any, open_socket: Opener) -> None:
    client = open_socket(server, f"?token={access_token(agent)}&v=1")

    assert client.next()["user"] == agent.as_dict()


def test_the_last_slash_may_be_missing(server: Daphne, agent: Any, open_socket: Opener) -> None:
    client = open_socket(server, f"?token={access_token(agent)}", path="/ws/notifications")

    assert client.is_alive()


def token_of_an_ended_session(user: Any) -> str:
    return tokens.issue(Session.objects.create(user=user, ended_at=NOON))["access"]


def token_of_somebody_banned(user: Any) -> str:
    return access_token(UserFactory(is_active=False))


@pytest.mark.parametrize(
    "make_token",
    [
        lambda _user: "",
        lambda _user: "nonsense",
        lambda _user: "a.b.c",
        lambda _user: "%00%ff",
        lambda user: access_token(user)[:-2],
        lambda user: token_living(user, timedelta(seconds=-1)),
        refresh_token,
        token_of_an_ended_session,
        token_of_somebody_banned,
    ],
)
def test_bad_credentials_are_accepted_and_closed_4401(
    server: Daphne, agent: Any, open_socket: Opener, make_token: Callable[[Any], str]
) -> None:
    assert open_socket(server, f"?token={make_token(agent)}").close_code() == 4401


def test_no_credentials_are_accepted_and_closed_4401(server: Daphne, open_socket: Opener) -> None:
    assert open_socket(server).close_code() == 4401


def test_bad_credentials_are_not_made_good_by_others_behind_them(
    server: Daphne, agent: Any, open_socket: Opener
) -> None:
    client = open_socket(server, f"?token={access_token(agent)}", subprotocols=["helpdesk.v1", "bearer.nonsense"])

    assert client.close_code() == 4401


@pytest.mark.parametrize(
    "path", ["/ws/", "/ws/chat/", "/", "/ws/notifications//", "/ws/notifications/x", "/api/events/"]
)
def test_an_unknown_path_is_accepted_and_closed_4404(
    server: Daphne, agent: Any, open_socket: Opener, path: str
) -> None:
    client = open_socket(server, f"?token={access_token(agent)}", path=path, subprotocols=["helpdesk.v1"])

    assert client.close_code() == 4404


def test_a_foreign_page_is_accepted_and_closed_4403(server: Daphne, agent: Any, open_socket: Opener) -> None:
    client = open_socket(server, f"?token={access_token(agent)}", origin="https://evil.example")

    assert client.close_code() == 4403


def test_a_page_of_our_own_host_is_welcome(server: Daphne, agent: Any, open_socket: Opener) -> None:
    client = open_socket(server, f"?token={access_token(agent)}", origin=server.base_url)

    assert client.is_alive()


def test_the_twenty_first_socket_of_a_user_is_closed_4409(
    server: Daphne, agent: Any, admin: Any, listen_plainly: Opener
) -> None:
    first, *_others = [listen_plainly(server, agent) for _ in range(20)]

    with pytest.raises(ConnectionClosed) as refused:
        listen_plainly(server, agent)

    assert refused.value.rcvd
    assert refused.value.rcvd.code == 4409
    assert listen_plainly(server, admin).is_alive()
    first.connection.close()
    eventually(lambda: _gets_in(listen_plainly, server, agent))


def _gets_in(listen_plainly: Opener, server: Daphne, user: Any) -> bool:
    try:
        return listen_plainly(server, user).is_alive()
    except ConnectionClosed:
        return False


@pytest.mark.slow  # a pool waits five seconds for a connection
def test_without_postgresql_it_is_closed_1013(start_daphne: Any, agent: Any, open_socket: Opener) -> None:
    server = start_daphne(DATABASE_URL="postgresql:///nothing?host=/nowhere")

    assert open_socket(server, f"?token={access_token(agent)}").close_code(seconds=15) == 1013


def test_tokens_never_reach_a_log(server: Daphne, agent: Any, open_socket: Opener) -> None:
    token, bad = access_token(agent), refresh_token(agent)
    open_socket(server, f"?token={token}").is_alive()
    open_socket(server, f"?token={bad}").close_code()
    client = open_socket(server, subprotocols=["helpdesk.v1", f"bearer.{token}"])
    client.send({"type": "auth", "token": bad})
    assert client.close_code() == 4401

    written = server.output()

    assert "socket_closed" in written
    assert token not in written
    assert bad not in written
