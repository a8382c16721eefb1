"""What the sockets of a process hear, from whom, and through which troubles."""

import json
import random
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any

import httpx
import pytest
from django.db import connection
from django.utils import timezone

from helpdesk.accounts.models import Session, User
from helpdesk.events.cursors import read_cursor
from helpdesk.events.models import EventRecord
from helpdesk.events.operations import sequence
from helpdesk.tickets.operations import comments, tickets
from tests.factories import comment_on, ticket_of
from tests.people import NOON, access_token
from tests.realtime.client import Client
from tests.servers import Daphne, Servers, Valkey, eventually

Opener = Callable[..., Client]


def types(frames: list[Any]) -> list[str]:
    return [frame["type"] for frame in frames]


def signed_in(server: Daphne, user: User) -> httpx.Client:
    return httpx.Client(base_url=server.base_url, headers={"Authorization": f"Bearer {access_token(user)}"})


# Who hears what


def test_an_agent_hears_a_creation_within_a_second(
    server: Daphne, customer: User, agent: User, listen_plainly: Opener
) -> None:
    client = listen_plainly(server, agent)

    with signed_in(server, customer) as http:
        started = time.monotonic()
        answer = http.post("/api/tickets/", json={"title": "Mi ticket", "description": "No funciona."})
        assert client.next()["ticket"]["id"] == answer.json()["id"]
        assert time.monotonic() - started < 1


def test_a_customer_hears_of_their_own_tickets_only_and_never_of_notes(
    server: Daphne, customer: User, stranger: User, agent: User, listen: Opener
) -> None:
    theirs, strangers = listen(server, customer), listen(server, stranger)
    other = ticket_of(stranger, title="Not theirs")
    ticket = ticket_of(customer, title="Theirs")

    tickets.claim_ticket(by=agent, ticket_id=ticket.pk, now=NOON)
    note = comment_on(ticket, agent, content="Secret: bill them twice.", is_internal=True)
    comments.edit_comment(by=agent, comment_id=note.pk, content="Secret: three times.", now=NOON)
    comments.delete_comment(by=agent, comment_id=note.pk, now=NOON)
    comment_on(other, agent, content="For the stranger.")
    tickets.update_ticket(by=agent, ticket_id=ticket.pk, changes={"status": "resolved"}, now=NOON)

    heard = theirs.take(2)
    assert types(heard) == ["ticket_assigned", "status_changed"]
    assert {frame["ticket"]["id"] for frame in heard} == {ticket.pk}
    assert types(strangers.take(1)) == ["comment_added"]
    assert (theirs.so_far(), strangers.so_far()) == ([], [])


def test_an_agent_hears_of_new_tickets_and_of_those_assigned_before_or_by_the_event(
    server: Daphne, customer: User, agent: User, admin: User, listen: Opener
) -> None:
    client = listen(server, agent)
    ticket = ticket_of(customer)
    comment_on(ticket, customer, content="Not theirs yet.")

    tickets.update_ticket(by=admin, ticket_id=ticket.pk, changes={"assigned_to": agent.pk}, now=NOON)
    comment_on(ticket, admin, content="A note.", is_internal=True)
    comment_on(ticket, customer, content="Theirs.")
    tickets.update_ticket(by=admin, ticket_id=ticket.pk, changes={"assigned_to": admin.pk}, now=NOON)
    comment_on(ticket, customer, content="Not theirs any more.")
    tickets.delete_ticket(by=admin, ticket_id=ticket.pk, now=NOON)

    told = ["ticket_created", "ticket_assigned", "note_added", "comment_added", "ticket_assigned"]
    assert types(client.take(5)) == told
    assert client.so_far() == []


def test_a_customer_hears_that_their_ticket_was_deleted(
    server: Daphne, customer: User, agent: User, listen: Opener
) -> None:
    client = listen(server, customer)
    ticket = ticket_of(customer)
    tickets.delete_ticket(by=agent, ticket_id=ticket.pk, now=NOON)

    assert client.next()["type"] == "ticket_deleted"


def test_ones_own_comment_is_silent_on_all_own_sockets_and_another_own_change_is_not(
    server: Daphne, customer: User, agent: User, listen: Opener
) -> None:
    tabs, other = [listen(server, customer), listen(server, customer)], listen(server, agent)
    ticket = ticket_of(customer)
    tickets.claim_ticket(by=agent, ticket_id=ticket.pk, now=NOON)
    tickets.update_ticket(by=agent, ticket_id=ticket.pk, changes={"status": "pending"}, now=NOON)

    comment_on(ticket, customer)  # wakes the ticket, too

    assert types(other.take(5)) == [
        "ticket_created",
        "ticket_assigned",
        "status_changed",
        "comment_added",
        "status_changed",
    ]
    for tab in tabs:
        assert types(tab.take(3)) == ["ticket_assigned", "status_changed", "status_changed"]
        assert tab.so_far() == []
    back = listen(server, customer, after=tabs[0].welcome["cursor"])
    assert types(back.take(3)) == ["ticket_assigned", "status_changed", "status_changed"]
    assert back.so_far() == []


# Changes of standing


def test_within_five_seconds_a_demoted_agent_hears_staff_no_more_and_a_promoted_customer_does(
    server: Daphne, customer: User, agent: User, stranger: User, listen: Opener
) -> None:
    demoted, promoted = listen(server, agent), listen(server, stranger)
    ticket = ticket_of(customer, assigned_to=agent.pk)
    eventually(demoted.so_far)

    User.objects.filter(pk=agent.pk).update(role="customer")
    User.objects.filter(pk=stranger.pk).update(role="agent")
    time.sleep(5)
    comment_on(ticket, customer, content="Still assigned, but not theirs to see.")
    ticket_of(customer)

    assert types(promoted.take(1)) == ["ticket_created"]
    assert demoted.so_far() == []


def test_within_five_seconds_a_ban_closes_4403_and_the_end_of_a_session_4401(
    server: Daphne, customer: User, agent: User, admin: User, listen: Opener
) -> None:
    banned, signed_out, other = listen(server, customer), listen(server, agent), listen(server, admin)

    started = time.monotonic()
    User.objects.filter(pk=customer.pk).update(is_active=False)
    Session.objects.filter(user=agent).update(ended_at=timezone.now())

    assert banned.close_code(seconds=5) == 4403
    assert signed_out.close_code(seconds=5) == 4401
    assert time.monotonic() - started < 5
    assert other.is_alive()


# Nothing lost, nothing twice


def follow(listen: Opener, server: Daphne, user: User, *, after: str, until: threading.Event, seed: int) -> list[Any]:
    """Listen, drop after some frames, with a word or without, and come back with the last cursor."""
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
        pushed = EventRecord.objects.filter(position__gt=before).pushed_to(user).order_by("position")
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


# Troubles


@pytest.mark.slow
def test_an_idle_socket_lives_longer_than_any_timeout_and_gets_a_heartbeat_with_a_fresh_cursor(
    daphne: Daphne, valkey_here: Valkey, customer: User, agent: User, listen: Opener, open_socket: Opener
) -> None:
    listener, other = listen(daphne, agent), open_socket(daphne, f"?token={access_token(customer)}&v=1")
    ticket_of(customer)
    assert listener.next(seconds=1)["type"] == "ticket_created"

    welcome, heartbeat = (json.loads(other.connection.recv(timeout=seconds)) for seconds in (1, 26))
    assert (welcome["type"], heartbeat["type"]) == ("welcome", "heartbeat")
    assert read_cursor(heartbeat["cursor"], now=timezone.now()).position == EventRecord.objects.count()

    started = time.monotonic()
    ticket_of(customer)
    assert listener.next(seconds=1)["type"] == "ticket_created"
    assert time.monotonic() - started < 0.9  # woken, not found by the poll


@pytest.mark.slow
def test_without_redis_events_arrive_by_the_poll_and_with_it_again_at_once(
    daphne: Daphne, valkey_here: Valkey, customer: User, agent: User, listen: Opener
) -> None:
    client = listen(daphne, agent)

    valkey_here.kill()
    for _ in range(3):
        ticket_of(customer)
        assert client.next(seconds=2)["type"] == "ticket_created"
    late_comer = listen(daphne, agent)

    valkey_here.start()
    time.sleep(2.5)
    slowest = 0.0
    for _ in range(5):
        started = time.monotonic()
        ticket_of(customer)
        assert client.next(seconds=2)["type"] == late_comer.next(seconds=2)["type"] == "ticket_created"
        slowest = max(slowest, time.monotonic() - started)
    assert slowest < 0.5


def test_a_process_that_started_without_redis_tells_all_the_same(
    start_daphne: Callable[..., Daphne], valkey_here: Valkey, customer: User, agent: User, listen: Opener
) -> None:
    server = start_daphne(CHANNELS_REDIS_URL="redis://127.0.0.1:1/0")
    client = listen(server, agent)
    ticket_of(customer)

    assert client.next(seconds=2)["type"] == "ticket_created"
    assert server.output().count('"event": "no_wake_ups"') == 1


def test_lost_database_connections_lose_no_event(
    servers: Servers,
    start_daphne: Callable[..., Daphne],
    valkey_here: Valkey,
    customer: User,
    agent: User,
    listen: Opener,
) -> None:
    server = start_daphne(DATABASE_URL=f"{servers.env['DATABASE_URL']}&application_name=cut")
    client = listen(server, agent)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE datname = current_database() AND application_name = 'cut'"
        )
        assert cursor.fetchone()[0] > 0
    ticket_of(customer)

    # The pool itself takes seconds until it has thrown out the dead.
    assert client.next(seconds=15)["type"] == "ticket_created"
    assert client.is_alive()


def test_an_event_that_cannot_be_told_closes_1012_and_the_others_go_on(
    server: Daphne, customer: User, agent: User, listen: Opener
) -> None:
    client = listen(server, agent)
    ticket = ticket_of(customer)
    told = EventRecord.objects.get()
    # A number that PostgreSQL stores and no frame can carry.
    told.pk, told.position, told.body = None, None, {**told.body, "number": 10**30}
    told.save(force_insert=True)
    sequence()

    assert client.close_code() == 1012
    back = listen(server, agent)
    comment_on(ticket, customer)
    ticket_of(customer)
    assert back.next()["type"] == "ticket_created"


def test_over_a_restored_database_sockets_close_1012_and_come_back_to_what_happens_now(
    server: Daphne, customer: User, agent: User, listen: Opener
) -> None:
    client = listen(server, agent)
    for _ in range(5):
        ticket_of(customer)
    cursor = client.take(5)[-1]["cursor"]

    # The backup was taken after the second.
    EventRecord.objects.filter(position__gt=2).delete()

    assert client.close_code() == 1012
    back = listen(server, agent, after=cursor)
    assert back.welcome["recovered"] is False
    ticket_of(customer)
    assert read_cursor(back.next()["cursor"], now=timezone.now()).position == 3
    assert '"event": "stream_went_back"' in server.output()


def test_a_database_that_was_restored_while_nobody_listened_closes_no_socket(
    server: Daphne, customer: User, agent: User, listen: Opener
) -> None:
    client = listen(server, agent)
    for _ in range(5):
        ticket_of(customer)
    client.take(5)
    client.connection.close()
    EventRecord.objects.filter(position__gt=2).delete()

    client = listen(server, agent)
    ticket_of(customer)

    assert read_cursor(client.next()["cursor"], now=timezone.now()).position == 3
    time.sleep(2.5)  # longer than between two looks
    assert client.is_alive()


@pytest.mark.parametrize("age", [0, 3])
def test_a_server_that_ends_closes_its_sockets_1012(
    daphne: Daphne,
    valkey_here: Valkey,
    customer: User,
    agent: User,
    listen: Opener,
    listen_plainly: Opener,
    age: int,
) -> None:
    clients = [listen(daphne, agent), listen(daphne, customer), listen_plainly(daphne, agent)]
    # Daphne handles connections of more than a second in another way.
    time.sleep(age)

    started = time.monotonic()
    daphne.stop()

    assert [client.close_code() for client in clients] == [1012] * 3
    assert time.monotonic() - started < 5
    assert "Traceback" not in daphne.output()
    assert "never retrieved" not in daphne.output()
    assert "was destroyed" not in daphne.output()
