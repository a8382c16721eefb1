"""A client that reads late misses nothing, and one that stops holds up nobody."""

import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction

from helpdesk.events.models import EventRecord
from helpdesk.tickets.operations import tickets
from tests.factories import comment_on, ticket_of
from tests.people import NOON
from tests.realtime.client import Opener
from tests.servers import Daphne, eventually


@pytest.fixture
def reluctant() -> Iterator[dict[str, Any]]:
    """Options of a client that takes one frame from the network when it wants one."""
    with socket.socket() as narrow:
        narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        yield {"sock": narrow, "max_queue": 1}


def rewrite(ticket: Any, *, by: Any, times: int) -> list[str]:
    """So many events of 120 KB at once, more than the system's buffers hold; the first letter of each one's message."""
    letters = [chr(0x4E00 + turn) for turn in range(times)]
    with transaction.atomic():
        tickets.update_ticket(by=by, ticket_id=ticket.pk, changes={"description": "Rewritten."}, now=NOON)
        told = EventRecord.objects.get(type="ticket_updated")
        for letter in letters:
            told.body = {**told.body, "message": letter * 40_000}
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

    assert [frame["message"][0] for frame in client.take(60, seconds=20)] == letters
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
