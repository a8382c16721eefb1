"""A client that reads nothing, sends too much or sends too large harms nobody but itself."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from websockets.exceptions import InvalidStatus

from helpdesk.accounts.models import User
from helpdesk.realtime import push
from tests.factories import ticket_of
from tests.people import AgentFactory, access_token
from tests.realtime.client import Opener
from tests.realtime.inside import BODY, many_events
from tests.servers import Daphne, Server, eventually
from tests.sockets.crowd import Crowd, ids, last_cursor
from tests.sockets.thin import framed

ALLOWED = 50  # megabytes


def memory(server: Server) -> float:
    status = Path(f"/proc/{server.pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


@contextmanager
def unharmed(server: Daphne, crowd: Crowd, customer: User) -> Iterator[None]:
    """Others hear as before while it happens, and the server does not grow."""
    [other] = crowd.open(server, [access_token(AgentFactory())])
    before = memory(server)
    yield
    grown = memory(server)
    ticket_of(customer)
    eventually(lambda: ids(other), seconds=5)
    assert grown - before < ALLOWED


# 40,000 of each, or 100 MB: what ten thousand a second are in four.
@pytest.mark.parametrize(
    ("begin", "data"),
    [
        (b"", framed(b'{"type":"ping"}')),
        (b"", framed(b"x" * 60_000)),
        (b"", framed(b"", opcode=9)),  # pings of the protocol
        (framed(b"", last=False), framed(b"", last=False, opcode=0)),  # of nothing, and no end
    ],
    ids=["frames", "large frames", "pings", "pieces"],
)
def test_a_flood_is_closed_4429_without_the_server_growing(
    server: Daphne, customer: User, agent: User, crowd: Crowd, begin: bytes, data: bytes
) -> None:
    with unharmed(server, crowd, customer):
        [flooding] = crowd.open(server, [access_token(agent)])
        crowd.do(flooding.transport.write, begin + data * min(40_000, 100_000_000 // len(data)))
        eventually(lambda: flooding.lost)

    assert flooding.closed == 4429


@pytest.mark.parametrize("pieces", [1, 8])
def test_more_than_64_kib_is_closed_1009_before_it_is_collected(
    server: Daphne, customer: User, agent: User, crowd: Crowd, pieces: int
) -> None:
    """Also in pieces, none of which is too large; most of it never leaves the client."""
    with unharmed(server, crowd, customer):
        clients = crowd.open(server, [access_token(agent)] * 10)
        part = b"x" * (65_536 // pieces + 1)
        data = b"".join(framed(part, opcode=0 if number else 1, last=False) for number in range(pieces))
        for client in clients:
            crowd.do(client.transport.write, (data + framed(b"x" * 900_000, opcode=0)) * 5)
        eventually(lambda: all(client.lost for client in clients))

    assert [client.closed for client in clients] == [1009] * 10


def test_a_thousand_events_to_a_client_that_stopped_reading_are_complete_when_it_comes_back(
    server: Daphne, customer: User, agent: User, crowd: Crowd
) -> None:
    ticket_of(customer)
    token = access_token(agent)
    [blocked] = crowd.open(server, [token])
    [other] = crowd.open(server, [token])
    crowd.do(blocked.transport.pause_reading)

    for _ in range(10):
        last = many_events(100, to_agents=True, body=BODY | {"message": "x" * 8_000})
        push._waker().wake(last)
    eventually(lambda: len(ids(other)) == 1000)

    crowd.do(blocked.transport.resume_reading)
    eventually(lambda: blocked.lost or len(ids(blocked)) == 1000)
    [back] = crowd.open(server, [token], after=[last_cursor(blocked)])
    eventually(lambda: len(ids(blocked)) + len(ids(back)) == 1000)
    assert ids(blocked) + ids(back) == ids(other)


def test_three_hundred_sockets_hear_one_event_and_twenty_in_a_row_and_none_is_lost(
    server: Daphne, customer: User, crowd: Crowd
) -> None:
    ticket_of(customer)
    people = User.objects.bulk_create(
        AgentFactory.build(username=f"many_{number}", email=f"many_{number}@example.com") for number in range(30)
    )
    clients = crowd.open(server, [access_token(person) for person in people] * 10)

    for events in (1, 20):
        push._waker().wake(many_events(events, to_agents=True))
    eventually(lambda: all(len(ids(client)) == 21 for client in clients))

    assert len({tuple(ids(client)) for client in clients}) == 1
    assert not any(client.lost for client in clients)


def test_a_handshake_without_an_end_is_refused(server: Daphne, open_socket: Opener) -> None:
    with pytest.raises(InvalidStatus) as refused:
        open_socket(server, "?after=" + "x" * 60_000)
    assert refused.value.response.status_code in {400, 414}
    with pytest.raises(InvalidStatus):
        open_socket(server, headers={f"X-{number}": "y" * 1_000 for number in range(60)})
