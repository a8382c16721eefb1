"""Nothing is lost, whoever goes away meanwhile: a client, its network, Redis, or the process beside it."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from helpdesk.accounts.models import User
from helpdesk.events.models import EventRecord
from helpdesk.events.operations import sequence
from helpdesk.realtime import push
from helpdesk.tickets.operations.bulk_changes import change_tickets
from tests.factories import comment_on, ticket_of
from tests.people import NOON, access_token
from tests.realtime.client import signed_in
from tests.servers import Daphne, Valkey, eventually
from tests.sockets.crowd import Crowd, ids, last_cursor

TICKETS, STEPS, GONE = 100, 10, 2
PRIORITIES = ("high", "low")


@pytest.fixture
def owned(customer: User, agent: User) -> list[int]:
    """A hundred tickets of one customer, all the agent's."""
    owned = [ticket_of(customer).pk for _ in range(TICKETS)]
    result = change_tickets(by=agent, ticket_ids=owned, changes={"assigned_to": agent.pk}, now=NOON, all_or_none=True)
    assert all(outcome.refusal is None for outcome in result.outcomes)
    sequence()
    return owned


def change_all(owned: list[int], *, by: User, turn: int) -> None:
    """A hundred events, which both people hear."""
    changes = {"priority": PRIORITIES[turn % 2]}
    change_tickets(by=by, ticket_ids=owned, changes=changes, now=timezone.now(), all_or_none=True)
    sequence()
    push.wake(None, EventRecord.objects.latest("position"))  # type: ignore[arg-type]


@pytest.mark.slow
@pytest.mark.failing_subscriber  # the cache's, while Redis is away
def test_thirty_clients_drop_for_five_seconds_while_a_thousand_events_flow_and_again_without_redis(
    daphne: Daphne, valkey_here: Valkey, customer: User, agent: User, owned: list[int], crowd: Crowd
) -> None:
    tokens = [access_token(customer), access_token(agent)] * 15
    clients = crowd.open(daphne, tokens)

    for redis_restarts in (False, True):
        before = EventRecord.objects.latest("position").position or 0
        for step in range(STEPS):
            if step == GONE:
                crowd.drop(clients)
                dropped = time.monotonic()
            if step == 5 and redis_restarts:
                valkey_here.kill()
            if step == 7 and redis_restarts:
                valkey_here.start()
            change_all(owned, by=agent, turn=step)
            if step >= GONE:
                time.sleep(max(0.0, dropped + 5 * (step - GONE + 1) / (STEPS - GONE) - time.monotonic()))
        back = crowd.open(daphne, tokens, after=[last_cursor(client) for client in clients])

        told = EventRecord.objects.filter(position__gt=before).order_by("position")
        expected = list(told.values_list("pk", flat=True))
        assert len(expected) == TICKETS * STEPS
        eventually(lambda back=back, expected=expected: all(expected[-1:] == ids(one)[-1:] for one in back))
        for gone, one in zip(clients, back, strict=True):
            assert [*(pk for pk in ids(gone) if pk >= expected[0]), *ids(one)] == expected
            assert len(ids(one)) < len(expected)
        clients = back


def test_two_processes_share_the_work_and_an_event_of_one_is_heard_on_the_other(
    start_daphne: Callable[..., Daphne], valkey_here: Valkey, customer: User, agent: User, crowd: Crowd
) -> None:
    one, other = start_daphne(), start_daphne()
    here, there = crowd.open(one, [access_token(agent)]), crowd.open(other, [access_token(agent)])

    body = {"title": "Printer on fire", "description": "It burns."}
    for server in (one, other, one, other):
        with signed_in(server, customer) as http:
            assert http.post("/api/tickets/", json=body).status_code == 201

    eventually(lambda: len(ids(here[0])) == len(ids(there[0])) == 4)
    assert ids(here[0]) == ids(there[0]) == sorted(EventRecord.objects.values_list("pk", flat=True))

    # Twenty are twenty, wherever they are.
    for server in (one, other, one, other):
        crowd.open(server, [access_token(customer)] * 5)
    with pytest.raises(ConnectionError, match="4409"):
        crowd.open(one, [access_token(customer)])

    # What one has told, its neighbour goes on from.
    one.kill()
    [moved] = crowd.open(other, [access_token(agent)], after=[last_cursor(here[0])])
    ticket_of(customer)
    eventually(lambda: len(ids(moved)) == 1)


def test_a_customer_hears_not_one_frame_of_a_thousand_notes_live_or_coming_back(
    server: Daphne, customer: User, agent: User, crowd: Crowd
) -> None:
    ticket = ticket_of(customer)
    token = access_token(customer)
    [live] = crowd.open(server, [token])
    cursor = last_cursor(live)

    comment_on(ticket, agent, content="Bill them twice.", is_internal=True)
    repeat(EventRecord.objects.latest("position"), times=999)
    comment_on(ticket, agent, content="Water helps.")
    [back] = crowd.open(server, [token], after=[cursor])
    eventually(lambda: ids(live) and ids(back))

    assert EventRecord.objects.filter(staff_only=True).exclude(type="ticket_created").count() == 1000
    assert ids(live) == ids(back) == [EventRecord.objects.latest("position").pk]
    assert not any(b"Bill them" in text for text in (*live.texts, *back.texts))


def repeat(record: EventRecord, *, times: int) -> None:
    """The same again, so many times: a thousand notes take longer to write than to tell of."""
    columns: dict[str, Any] = {
        field.attname: getattr(record, field.attname) for field in EventRecord._meta.concrete_fields
    }
    EventRecord.objects.bulk_create(EventRecord(**columns | {"id": None, "position": None}) for _ in range(times))
    sequence()
