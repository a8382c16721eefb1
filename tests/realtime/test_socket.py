"""One socket, as a client knows it."""

import json
import socket
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from rest_framework_simplejwt.tokens import AccessToken
from websockets.exceptions import ConnectionClosed

from helpdesk.accounts import tokens
from helpdesk.accounts.models import Session
from helpdesk.events.cursors import Cursor
from helpdesk.events.models import EventRecord
from helpdesk.tickets.operations import comments, tickets
from tests.factories import comment_on, ticket_of
from tests.people import NOON, UserFactory, access_token
from tests.realtime.client import Client
from tests.servers import Daphne, eventually

Opener = Callable[..., Client]


def token_living(user: Any, lifetime: timedelta) -> str:
    token = AccessToken()
    token["user_id"], token["sid"] = user.pk, str(Session.objects.create(user=user).pk)
    token.set_exp(lifetime=lifetime)
    return str(token)


# Who gets in


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


def refresh_token(user: Any) -> str:
    return tokens.issue(Session.objects.create(user=user))["refresh"]


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


# What it hears


def test_the_welcome_comes_first_even_when_the_client_speaks_at_once(
    server: Daphne, agent: Any, open_socket: Opener
) -> None:
    client = open_socket(server, f"?token={access_token(agent)}&v=1")
    client.send({"type": "ping"})

    assert [frame["type"] for frame in client.take(2)] == ["welcome", "pong"]


def test_the_welcome_says_who_where_and_how(server: Daphne, agent: Any, listen: Opener) -> None:
    welcome = listen(server, agent).welcome

    assert welcome == {
        "type": "welcome",
        "cursor": welcome["cursor"],
        "user": {"id": agent.pk, "username": agent.username, "name": agent.name, "role": "agent"},
        "heartbeat": 25,
        "recovered": None,
    }


def test_an_event_has_the_shape_of_the_stream(
    server: Daphne, customer: Any, agent: Any, listen: Opener, api_as: Any
) -> None:
    client = listen(server, agent)
    ticket = ticket_of(customer, title="Mi ticket")
    heard = client.next()

    assert heard == {
        "type": "ticket_created",
        "id": EventRecord.objects.get().pk,
        "cursor": heard["cursor"],
        "occurred_at": "2026-11-20T12:00:00Z",
        "actor": customer.username,
        "ticket": {
            "id": ticket.pk,
            "title": "Mi ticket",
            "priority": "medium",
            "status": "open",
            "created_by": customer.username,
        },
        "message": f"New ticket #{ticket.pk}: Mi ticket",
    }
    stream = api_as(agent).get("/api/events/", {"after": client.welcome["cursor"]}).json()
    assert stream["results"] == [heard]


def test_a_plain_connection_hears_three_types_only(
    server: Daphne, customer: Any, agent: Any, listen: Opener, listen_plainly: Opener
) -> None:
    plain, speaking = listen_plainly(server, agent), listen(server, agent)

    ticket = ticket_of(customer)
    tickets.claim_ticket(by=agent, ticket_id=ticket.pk, now=NOON)
    comment = comment_on(ticket, customer)
    comment_on(ticket, customer)
    comments.edit_comment(by=customer, comment_id=comment.pk, content="Foam helps.", now=NOON)
    tickets.update_ticket(by=agent, ticket_id=ticket.pk, changes={"status": "pending", "priority": "high"}, now=NOON)

    shown = ["ticket_created", "comment_added", "comment_added", "status_changed"]
    assert [frame["type"] for frame in plain.take(4)] == shown
    everything = ["ticket_created", "ticket_assigned", *shown[1:3], "comment_updated", *shown[3:], "priority_changed"]
    assert [frame["type"] for frame in speaking.take(7)] == everything
    assert plain.so_far() == []


def test_a_plain_connection_brought_by_a_header_stays_plain(server: Daphne, agent: Any, open_socket: Opener) -> None:
    client = open_socket(server, headers={"Authorization": f"Bearer {access_token(agent)}"})
    client.send("nonsense")

    assert client.so_far() == []


# What it answers

MALFORMED = [
    "[1]",
    "null",
    "1",
    '"ping"',
    "",
    "nonsense",
    b"\x00\x01",
    b'{"type": "ping"}',
    "{}",
    '{"type": 1}',
    '{"type": ["ping"]}',
    '{"type": null}',
    '{"type": "ping"',
    '{"type": "ping", "n": NaN}',
    '{"type": "\\ud800"}',
    "[" * 60_000,
    '{"a":' * 5_000,
    '{"type": ' + "9" * 5_000 + "}",
    "\x00",
]


@pytest.mark.parametrize("frame", MALFORMED, ids=lambda frame: repr(frame[:20]))
def test_a_malformed_frame_gets_an_error_frame_and_the_next_ping_its_pong(
    server: Daphne, agent: Any, listen: Opener, frame: str | bytes
) -> None:
    client = listen(server, agent)
    client.send(frame)
    heard = client.next()

    assert (heard["type"], heard["code"]) == ("error", "malformed_frame")
    assert heard["detail"]
    assert client.is_alive()


def test_a_plain_connection_is_silent_about_malformed_frames(
    server: Daphne, agent: Any, listen_plainly: Opener
) -> None:
    client = listen_plainly(server, agent)
    for frame in MALFORMED[:9]:
        client.send(frame)
    client.send({"type": "dance"})

    assert client.so_far() == []


@pytest.mark.parametrize(
    "frame",
    [
        {"type": "dance"},
        {"type": ""},
        {"type": "subscribe", "tickets": [1]},
        {"type": "viewing", "ticket": 1},
        {"type": "__class__"},
    ],
)
def test_an_unknown_type_gets_an_error_frame(server: Daphne, agent: Any, listen: Opener, frame: Any) -> None:
    client = listen(server, agent)
    client.send(frame)

    heard = client.next()
    assert (heard["type"], heard["code"]) == ("error", "unknown_type")
    assert client.is_alive()


def test_an_error_speaks_the_language_of_its_user(server: Daphne, listen: Opener) -> None:
    client = listen(server, UserFactory(language="es"))
    client.send("nonsense")

    assert client.next()["detail"] == "Este mensaje no es JSON."


def test_a_frame_may_have_64_kib(server: Daphne, agent: Any, listen: Opener) -> None:
    client = listen(server, agent)
    frame = json.dumps({"type": "ping", "padding": ""})
    client.send(json.dumps({"type": "ping", "padding": "x" * (65_536 - len(frame))}))

    assert client.next() == {"type": "pong"}


@pytest.mark.parametrize("frame", ["x" * 65_537, "ñ" * 32_769, b"x" * 65_537, "x" * 900_000])
def test_a_larger_one_closes_1009(server: Daphne, agent: Any, listen: Opener, frame: str | bytes) -> None:
    client = listen(server, agent)
    client.send(frame)

    assert client.close_code() == 1009


def test_the_twenty_first_frame_within_a_second_closes_4429(server: Daphne, agent: Any, listen: Opener) -> None:
    client = listen(server, agent)
    for _ in range(20):
        client.send({"type": "ping"})
    assert client.take(20) == [{"type": "pong"}] * 20

    client.send("nonsense")

    assert client.close_code() == 4429


def test_a_flood_before_the_credentials_were_looked_at_closes_4429(
    server: Daphne, agent: Any, open_socket: Opener
) -> None:
    client = open_socket(server, f"?token={access_token(agent)}")
    try:
        for _ in range(500):
            client.send({"type": "ping"})
    except ConnectionClosed:
        pass

    assert client.close_code() == 4429


# How long it may stay


def test_a_token_is_renewed_in_place(server: Daphne, agent: Any, open_socket: Opener) -> None:
    client = open_socket(server, f"?token={token_living(agent, timedelta(seconds=2))}&v=1")
    client.send({"type": "auth", "token": access_token(agent)})
    client.next()

    with pytest.raises(TimeoutError):
        client.next(seconds=5)
    assert client.is_alive()


def test_a_token_that_expires_closes_4401(server: Daphne, agent: Any, listen: Opener, open_socket: Opener) -> None:
    client = open_socket(server, f"?token={token_living(agent, timedelta(seconds=2))}&v=1")
    started = timezone.now()
    other = listen(server, agent)

    assert client.close_code(seconds=8) == 4401
    assert timezone.now() - started < timedelta(seconds=7)
    assert other.is_alive()


@pytest.mark.parametrize("make_token", [refresh_token, lambda _user: access_token(UserFactory()), lambda _user: ""])
def test_renewing_with_a_bad_token_closes_4401(
    server: Daphne, agent: Any, listen: Opener, make_token: Callable[[Any], str]
) -> None:
    client = listen(server, agent)
    client.send({"type": "auth", "token": make_token(agent)})

    assert client.close_code() == 4401


@pytest.mark.parametrize("token", [None, 7, ["x"], {"x": 1}])
def test_renewing_without_a_token_is_a_malformed_frame(server: Daphne, agent: Any, listen: Opener, token: Any) -> None:
    client = listen(server, agent)
    client.send({"type": "auth", "token": token})

    assert client.next()["code"] == "malformed_frame"
    assert client.is_alive()


# Coming back


def test_a_client_that_was_away_hears_what_it_missed_and_nothing_twice(
    server: Daphne, customer: Any, agent: Any, listen: Opener
) -> None:
    first = listen(server, agent)
    ticket_of(customer, title="Heard")
    cursor = first.next()["cursor"]
    first.connection.close()
    ticket_of(customer, title="Missed")
    ticket_of(customer, title="Missed too")

    back = listen(server, agent, after=cursor)

    assert back.welcome["recovered"] is True
    assert [frame["ticket"]["title"] for frame in back.take(2)] == ["Missed", "Missed too"]
    ticket_of(customer, title="Live")
    assert back.next()["ticket"]["title"] == "Live"
    assert back.so_far() == []


def test_the_cursor_of_the_welcome_misses_nothing_that_is_still_being_replayed(
    server: Daphne, customer: Any, agent: Any, listen: Opener
) -> None:
    cursor = listen(server, agent).welcome["cursor"]
    ticket_of(customer)

    cut_off = listen(server, agent, after=cursor)
    cut_off.connection.close()

    assert listen(server, agent, after=cut_off.welcome["cursor"]).next()["type"] == "ticket_created"


def test_an_expired_cursor_means_reload_and_go_on_from_here(
    server: Daphne, customer: Any, agent: Any, listen: Opener
) -> None:
    ticket_of(customer)
    client = listen(server, agent, after=str(Cursor(position=0, at=timezone.now() - timedelta(days=31))))

    assert client.welcome["recovered"] is False
    assert client.so_far() == []
    ticket_of(customer)
    assert client.next()["type"] == "ticket_created"


def test_a_cursor_that_is_none_gets_an_error_frame_behind_the_welcome(
    server: Daphne, agent: Any, listen: Opener
) -> None:
    client = listen(server, agent, after="garbage")

    assert client.welcome["recovered"] is False
    heard = client.next()
    assert (heard["type"], heard["code"]) == ("error", "invalid")
    assert client.is_alive()


# Reading slowly


@pytest.fixture
def reluctant() -> Iterator[dict[str, Any]]:
    """Options of a client that takes one frame from the network when it wants one."""
    with socket.socket() as narrow:
        narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        yield {"sock": narrow, "max_queue": 1}


def rewrite(ticket: Any, *, by: Any, times: int) -> list[str]:
    """So many events of 120 KB at once, more than the system's buffers hold; the first letter of each one's padding."""
    letters = [chr(0x4E00 + turn) for turn in range(times)]
    with transaction.atomic():
        tickets.update_ticket(by=by, ticket_id=ticket.pk, changes={"description": "Rewritten."}, now=NOON)
        told = EventRecord.objects.get(type="ticket_updated")
        for letter in letters:
            told.body = {**told.body, "padding": letter * 40_000}
            told.save()
            told.pk = None
    return letters


def test_a_client_that_reads_late_misses_nothing(
    server: Daphne, customer: Any, agent: Any, listen: Opener, reluctant: dict[str, Any]
) -> None:
    ticket = ticket_of(customer)
    reluctant["sock"].connect(("127.0.0.1", server.port))
    client = listen(server, customer, **reluctant)

    letters = rewrite(ticket, by=agent, times=60)
    time.sleep(2)

    assert [frame["padding"][0] for frame in client.take(60, seconds=20)] == letters
    comment_on(ticket, agent)
    assert client.next()["type"] == "comment_added"
    assert client.is_alive()


@pytest.mark.slow  # it has five seconds to read on
def test_a_client_that_stops_reading_is_closed_4008_and_delays_nobody(
    server: Daphne, customer: Any, agent: Any, listen: Opener, reluctant: dict[str, Any]
) -> None:
    ticket = ticket_of(customer)
    tickets.claim_ticket(by=agent, ticket_id=ticket.pk, now=NOON)
    reluctant["sock"].connect(("127.0.0.1", server.port))
    listen(server, customer, **reluctant)
    other = listen(server, agent)

    rewrite(ticket, by=agent, times=60)

    assert len(other.take(60, seconds=3)) == 60
    eventually(lambda: f'"code": 4008, "user_id": {customer.pk}' in server.output(), seconds=8)
    assert other.is_alive()
