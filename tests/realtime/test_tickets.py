"""One-time tickets: one socket each, in place of the access token that asked."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest
from django.db import transaction
from django.utils import timezone
from websockets.exceptions import ConnectionClosed

from helpdesk.accounts.enums import Ending, Purpose
from helpdesk.accounts.models import OneTimeToken, Session, User
from helpdesk.accounts.operations.endings import end_sessions
from helpdesk.accounts.operations.one_time_tokens import mint
from helpdesk.accounts.operations.users import update_user
from helpdesk.accounts.queries import live_sessions
from tests.accounts.devices import bearer, sign_in
from tests.people import AdminFactory, AgentFactory, access_token
from tests.realtime.client import Client, Opener, signed_in
from tests.realtime.credentials import token_living
from tests.servers import Daphne


def ticket_for(server: Daphne, user: Any) -> str:
    with signed_in(server, user) as client:
        answer = client.post("/api/auth/ws-ticket/")
    assert (answer.status_code, answer.json()["expires_in"]) == (201, 30)
    ticket: str = answer.json()["ticket"]
    return ticket


def test_a_ticket_opens_a_socket_once(server: Daphne, agent: Any, open_socket: Opener) -> None:
    ticket = ticket_for(server, agent)

    first, second = (open_socket(server, f"?ticket={ticket}&v=1") for _ in range(2))

    assert first.next()["user"] == agent.as_dict()
    assert second.close_code() == 4401
    assert first.is_alive()


def test_of_twenty_who_open_with_one_ticket_at_once_one_gets_in(
    server: Daphne, agent: Any, open_socket: Opener
) -> None:
    for _ in range(3):
        ticket = ticket_for(server, agent)
        opened: list[Client] = []
        gate = threading.Barrier(20)

        def run(ticket: str = ticket, opened: list[Client] = opened, gate: threading.Barrier = gate) -> None:
            gate.wait(30)
            opened.append(open_socket(server, f"?ticket={ticket}&v=1"))

        threads = [threading.Thread(target=run) for _ in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)

        assert sorted(outcome(client) for client in opened) == ["4401"] * 19 + ["welcome"]


def outcome(client: Client) -> str:
    try:
        return str(client.next(seconds=20)["type"])
    except ConnectionClosed as end:
        return str(end.rcvd.code if end.rcvd else None)


def stale(ticket: str) -> str:
    OneTimeToken.objects.update(expires_at=timezone.now())
    return ticket


def out(ticket: str) -> str:
    end_sessions_of(User.objects.get(username="holder"))
    return ticket


def end_sessions_of(user: User) -> None:
    with transaction.atomic():
        end_sessions(user=user, reason=Ending.SIGNED_OUT, now=timezone.now())


def demoted(ticket: str) -> str:
    holder = User.objects.get(username="holder")
    update_user(by=AdminFactory(), user_id=holder.pk, changes={"role": "customer"}, now=timezone.now())
    return ticket


def banned(ticket: str) -> str:
    holder = User.objects.get(username="holder")
    update_user(by=AdminFactory(), user_id=holder.pk, changes={"is_active": False}, now=timezone.now())
    return ticket


def of_another_purpose(_ticket: str) -> str:
    holder = User.objects.get(username="holder")
    # Like a ticket in all but that.
    suffix = f".{holder.token_version}.{int(timezone.now().timestamp()) + 3600}"
    session = holder.sessions.get()
    return mint(user=holder, purpose=Purpose.RESET_PASSWORD, now=timezone.now(), session=session, suffix=suffix)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda _ticket: "nonsense",
        lambda _ticket: "..",
        lambda ticket: ticket[:-1],
        # It reads how long the socket may live: who changes that has another ticket.
        lambda ticket: ticket[:-1] + str((int(ticket[-1]) + 1) % 10),
        lambda ticket: ticket + "0",
        stale,
        out,
        demoted,
        banned,
        of_another_purpose,
    ],
)
def test_a_spoilt_ticket_opens_nothing(server: Daphne, open_socket: Opener, spoil: Callable[[str], str]) -> None:
    ticket = ticket_for(server, AgentFactory(username="holder"))

    assert open_socket(server, f"?ticket={spoil(ticket)}").close_code() == 4401


def test_a_bad_ticket_is_not_made_good_by_a_token_behind_it(server: Daphne, agent: Any, open_socket: Opener) -> None:
    token = access_token(agent)
    headers = {"Authorization": f"Bearer {token}"}

    assert open_socket(server, f"?ticket=bad&token={token}", headers=headers).close_code() == 4401
    # And a good one needs no other.
    ticket = ticket_for(server, agent)
    assert open_socket(server, f"?ticket={ticket}&token=bad", headers={"Authorization": "Bearer bad"}).is_alive()


def test_the_socket_lives_as_long_as_the_access_token_that_asked(
    server: Daphne, agent: Any, open_socket: Opener
) -> None:
    token = token_living(agent, timedelta(seconds=4))
    asked = httpx.post(f"{server.base_url}/api/auth/ws-ticket/", headers={"Authorization": f"Bearer {token}"})
    short = open_socket(server, f"?ticket={asked.json()['ticket']}&v=1")
    renewed = open_socket(server, f"?ticket={ticket_for(server, agent)}&v=1")
    assert renewed.next()["type"] == "welcome"
    renewed.send({"type": "auth", "token": access_token(agent)})

    assert short.close_code(seconds=10) == 4401
    assert renewed.is_alive()


def test_the_socket_ends_with_the_session_that_asked(server: Daphne, agent: Any, open_socket: Opener) -> None:
    client = open_socket(server, f"?ticket={ticket_for(server, agent)}&v=1")
    client.next()
    end_sessions_of(agent)

    assert client.close_code(seconds=5) == 4401


def test_tickets_never_reach_a_log_nor_the_table(server: Daphne, agent: Any, open_socket: Opener) -> None:
    ticket = ticket_for(server, agent)
    open_socket(server, f"?ticket={ticket}").is_alive()
    assert open_socket(server, f"?ticket={ticket}").close_code() == 4401

    written = server.output()

    assert "socket_closed" in written
    assert ticket not in written
    assert ticket.split(".")[0] not in written
    assert ticket.split(".")[0] not in str(list(OneTimeToken.objects.values()))


def test_dead_tickets_do_not_pile_up(customer: Any) -> None:
    client = bearer(sign_in(customer))
    for _ in range(5):
        assert client.post("/api/auth/ws-ticket/").status_code == 201
        OneTimeToken.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert OneTimeToken.objects.count() == 1


def test_a_ticket_hangs_on_the_session_that_asked(customer: Any) -> None:
    here = bearer(sign_in(customer))
    sign_in(customer)
    here.post("/api/auth/ws-ticket/")

    token = OneTimeToken.objects.get()
    assert token.session_id == Session.objects.earliest("created_at").pk
    assert live_sessions(customer, now=timezone.now()).count() == 2
