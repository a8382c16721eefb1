"""What sockets notice when Redis, PostgreSQL or their own server fails."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice

import pytest
from django.db import connection
from django.utils import timezone

from helpdesk.accounts.models import User
from helpdesk.events.cursors import read_cursor
from helpdesk.events.models import EventRecord
from helpdesk.events.operations import sequence
from tests.factories import comment_on, ticket_of
from tests.people import access_token
from tests.realtime.client import Opener
from tests.servers import Daphne, Servers, Valkey, eventually
from tests.wire import read_frame


@pytest.mark.slow
def test_an_idle_socket_lives_for_three_minutes_and_then_hears_within_a_second(
    daphne: Daphne, valkey_here: Valkey, customer: User, agent: User, listen: Opener, open_socket: Opener
) -> None:
    """The plain one hears nothing at all meanwhile, the others heartbeats; none of them says a word."""
    silent = {"ping_interval": None}
    plain = open_socket(daphne, f"?token={access_token(agent)}", **silent)
    listener = listen(daphne, agent, **silent)
    other = open_socket(daphne, f"?token={access_token(customer)}&v=1", **silent)
    ticket_of(customer)
    assert listener.next(seconds=1)["type"] == "ticket_created"

    frames = (read_frame(other.connection.recv(timeout=26)) for _ in range(5))
    welcome, heartbeat = islice((frame for frame in frames if frame["type"] != "presence_changed"), 2)
    assert (welcome["type"], heartbeat["type"]) == ("welcome", "heartbeat")
    assert read_cursor(heartbeat["cursor"], now=timezone.now()).position == EventRecord.objects.count()
    assert plain.next()["type"] == "ticket_created"

    time.sleep(180)
    started = time.monotonic()
    ticket_of(customer)
    assert listener.next(seconds=1)["type"] == plain.next(seconds=1)["type"] == "ticket_created"
    assert time.monotonic() - started < 0.9  # woken, not found by the poll


@pytest.mark.slow
@pytest.mark.failing_subscriber  # the cache's, until Redis is back
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


def cut() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE datname = current_database() AND application_name = 'cut'"
        )
        assert cursor.fetchone()[0] > 0


@contextmanager
def nobody_let_in() -> Iterator[None]:
    """PostgreSQL takes no new connection to this database, as while it restarts; ours stays."""
    allow = f'ALTER DATABASE "{connection.settings_dict["NAME"]}" ALLOW_CONNECTIONS'
    with connection._nodb_cursor() as cursor:
        cursor.execute(f"{allow} false")
        try:
            yield
        finally:
            cursor.execute(f"{allow} true")


@pytest.mark.slow  # a pool waits five seconds for a connection
def test_while_the_database_is_away_sockets_stay_and_hear_of_it_afterwards(
    servers: Servers,
    start_daphne: Callable[..., Daphne],
    valkey_here: Valkey,
    customer: User,
    agent: User,
    listen: Opener,
) -> None:
    server = start_daphne(DATABASE_URL=f"{servers.env['DATABASE_URL']}&application_name=cut")
    client = listen(server, agent)

    with nobody_let_in():
        cut()
        client.send({"type": "auth", "token": access_token(agent)})
        assert client.next(seconds=20)["code"] == "unavailable"
        eventually(lambda: '"event": "database_down"' in server.output())
        ticket_of(customer)

    # The pool asks again after a while, and longer after each refusal.
    assert client.next(seconds=30)["type"] == "ticket_created"
    assert client.is_alive()


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
    cut()
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
