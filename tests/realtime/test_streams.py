"""Nothing is lost and nothing comes twice, over many sockets and processes."""

import random
import socket
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any

import pytest
from django.db import connection
from websockets.exceptions import ConnectionClosed

from helpdesk.accounts.models import User
from helpdesk.events.models import EventRecord
from helpdesk.realtime.closing import Close
from helpdesk.tickets.operations import tickets
from tests.factories import comment_on, ticket_of
from tests.people import NOON
from tests.pushed import pushed_to
from tests.realtime.client import Opener, signed_in
from tests.servers import Daphne

# What the server may say to a client that did nothing wrong; any other end fails the test.
COME_BACK = {Close.TOO_SLOW, Close.RESTARTING, Close.TRY_LATER}


def follow(listen: Opener, server: Daphne, user: User, *, after: str, until: threading.Event, seed: int) -> list[Any]:
    """Listen, drop after some frames, with a word or without, and come back with the last cursor: also when told to."""
    chance, heard, cursor = random.Random(seed), [], after
    while True:
        client = listen(server, user, after=cursor)
        connection.close()
        try:
            for _ in range(chance.randrange(1, 60)):
                heard.append(client.next(seconds=3))
                cursor = heard[-1]["cursor"]
        except TimeoutError:
            if until.is_set():
                return heard
        except ConnectionClosed as end:
            if end.rcvd is None or end.rcvd.code not in COME_BACK:
                raise
            continue
        if chance.random() < 0.5:
            client.connection.close()
        else:
            client.connection.socket.shutdown(socket.SHUT_RDWR)


def work(opened: list[Any], people: list[User], *, seed: int) -> None:
    """250 comments, notes and new tickets."""
    chance = random.Random(seed)
    for turn in range(250):
        by = chance.choice(people)
        if turn % 3:
            comment_on(chance.choice(opened), by, content=str(turn), is_internal=by.is_agent and turn % 2 == 0)
        else:
            ticket_of(by)
    connection.close()


@pytest.mark.slow
def test_clients_that_drop_and_resume_while_a_thousand_events_flow_hear_each_once_and_in_order(
    server: Daphne, customer: User, stranger: User, agent: User, admin: User, listen: Opener
) -> None:
    people = [customer, stranger, agent, admin]
    opened = [ticket_of(by) for by in (customer, stranger, customer, stranger)]
    for ticket in opened:
        tickets.claim_ticket(by=agent, ticket_id=ticket.pk, now=NOON)
    before = EventRecord.objects.count()
    cursor = listen(server, admin).welcome["cursor"]
    until = threading.Event()

    with ThreadPoolExecutor(8) as threads:
        followers = [
            threads.submit(follow, listen, server, user, after=cursor, until=until, seed=seed)
            for seed, user in enumerate(people)
        ]
        wait([threads.submit(work, opened, people, seed=seed) for seed in range(4)])
        until.set()
        heard = [follower.result() for follower in followers]

    assert EventRecord.objects.count() - before == 1000
    for user, frames in zip(people, heard, strict=True):
        pushed = pushed_to(user).filter(position__gt=before).order_by("position")
        assert [frame["id"] for frame in frames] == list(pushed.values_list("pk", flat=True))
        assert len(frames) > 100


def test_the_events_of_one_ticket_keep_their_order(server: Daphne, customer: User, agent: User, listen: Opener) -> None:
    ticket = ticket_of(customer)
    client = listen(server, customer)

    def say(turn: int) -> None:
        comment_on(ticket, agent, content=str(turn))
        connection.close()

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(say, range(30)))

    ids = [frame["comment"]["id"] for frame in client.take(30)]
    assert ids == sorted(ids)


def test_two_processes_hear_the_same(
    server: Daphne, start_daphne: Callable[..., Daphne], customer: User, agent: User, listen: Opener
) -> None:
    second = start_daphne(CHANNELS_REDIS_URL=server.env["CHANNELS_REDIS_URL"])
    here, there = listen(server, agent), listen(second, agent)
    with signed_in(second, customer) as http:
        http.post("/api/tickets/", json={"title": "Over there", "description": "…"})

    assert here.next(seconds=1)["ticket"]["title"] == there.next(seconds=1)["ticket"]["title"] == "Over there"
    assert here.welcome["cursor"].startswith(there.welcome["cursor"][:2])
