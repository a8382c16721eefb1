"""No update is lost and nothing is done twice, over the network and with as many at once as a busy desk has."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from random import Random
from typing import Any

import httpx
import pytest

from helpdesk.events.models import EventRecord
from helpdesk.tickets.models import Ticket
from tests.factories import ticket_of
from tests.people import AgentFactory, UserFactory, access_token
from tests.servers import Daphne

pytestmark = pytest.mark.slow

# What a client waits before it tries again: a little, and not all of them the same.
PAUSE = 0.05


@contextmanager
def people(daphne: Daphne, users: list[Any]) -> Iterator[list[httpx.Client]]:
    """A connection each. A part that is down for a moment, as with a hundred at the door, is asked again."""
    clients = [
        httpx.Client(base_url=daphne.base_url, headers={"Authorization": f"Bearer {access_token(user)}"}, timeout=60)
        for user in users
    ]
    yield clients
    for client in clients:
        client.close()


def patiently(call: Callable[[], httpx.Response], *, again: frozenset[int]) -> httpx.Response:
    """As a client does: after an answer that says "later", the same again."""
    deadline, dice = time.monotonic() + 120, Random(threading.get_ident())
    while (answer := call()).status_code in again and time.monotonic() < deadline:
        assert int(answer.headers["Retry-After"]) >= 1
        time.sleep(dice.uniform(0, PAUSE))
    return answer


def at_once(calls: list[Callable[[], Any]]) -> list[Any]:
    gate = threading.Barrier(len(calls))

    def run(call: Callable[[], Any]) -> Any:
        gate.wait(30)
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return [future.result(180) for future in [pool.submit(run, call) for call in calls]]


def test_of_two_hundred_changes_made_for_one_version_one_is_done(daphne: Daphne) -> None:
    ticket = ticket_of(UserFactory())
    url = f"/api/tickets/{ticket.pk}/"
    with people(daphne, AgentFactory.create_batch(20) * 10) as clients:
        etag = clients[0].get(url).headers["ETag"]

        def change(n: int) -> httpx.Response:
            body, headers = {"title": f"By {n}"}, {"If-Match": etag}
            return patiently(lambda: clients[n].patch(url, json=body, headers=headers), again=frozenset({503}))

        answers = at_once([lambda n=n: change(n) for n in range(200)])

    assert Counter(answer.status_code for answer in answers) == {200: 1, 412: 199}
    (winner,) = (answer.json() for answer in answers if answer.status_code == 200)
    losers = [answer.json() for answer in answers if answer.status_code == 412]
    assert {(loser["code"], loser["current_version"]) for loser in losers} == {("precondition_failed", 2)}
    assert {tuple(loser["conflicting_fields"]) for loser in losers} == {("title",)}
    row = Ticket.objects.get()
    assert (row.title, row.version, winner["version"]) == (winner["title"], 2, 2)
    assert EventRecord.objects.filter(type="ticket_updated").count() == 1


def test_fifty_agents_who_each_add_a_line_find_all_fifty_there(daphne: Daphne) -> None:
    """All in one field, so that each must have read what the one before wrote."""
    ticket = ticket_of(UserFactory(), description="Lines:")
    url = f"/api/tickets/{ticket.pk}/"
    refused = Counter[int]()
    with people(daphne, AgentFactory.create_batch(50)) as clients:

        def add(n: int) -> None:
            dice = Random(n)
            while True:
                seen = clients[n].get(url)
                if seen.status_code != 503:
                    body = {"description": f"{seen.json()['description']} <{n}>"}
                    answer = clients[n].patch(url, json=body, headers={"If-Match": seen.headers["ETag"]})
                    if answer.status_code == 200:
                        return
                    assert answer.status_code in {412, 503}, answer.text
                    refused[n] += answer.status_code == 412
                time.sleep(dice.uniform(0, PAUSE * (1 + refused[n])))

        at_once([lambda n=n: add(n) for n in range(50)])

    row = Ticket.objects.get()
    assert sorted(row.description.split()[1:]) == sorted(f"<{n}>" for n in range(50))
    assert row.version == 51
    # Or nobody was ever in anybody's way.
    assert refused.total() > 0


def test_fifty_agents_on_different_fields_of_ten_tickets_are_in_nobodys_way(daphne: Daphne) -> None:
    """Without If-Match: a PATCH writes what it names and nothing else."""
    tickets = [ticket_of(UserFactory()) for _ in range(10)]
    agents = AgentFactory.create_batch(50)
    changes: list[dict[str, Any]] = [
        {"title": "Smoke"},
        {"description": "It smokes."},
        {"status": "pending"},
        {"priority": "urgent"},
        {"assigned_to": agents[0].pk},
    ]
    with people(daphne, agents) as clients:

        def change(n: int) -> httpx.Response:
            url, body = f"/api/tickets/{tickets[n % 10].pk}/", changes[n // 10]
            return patiently(lambda: clients[n].patch(url, json=body), again=frozenset({503}))

        answers = at_once([lambda n=n: change(n) for n in range(50)])

    assert Counter(answer.status_code for answer in answers) == {200: 50}
    columns = ("title", "description", "status", "priority", "assigned_to", "version")
    assert set(Ticket.objects.values_list(*columns)) == {
        ("Smoke", "It smokes.", "pending", "urgent", agents[0].pk, 6),
    }


def test_twenty_at_once_with_each_of_a_hundred_keys_open_a_hundred_tickets(daphne: Daphne) -> None:
    customer = UserFactory()
    retried = Counter[int]()
    with people(daphne, [customer] * 20) as clients:

        def open_ticket(n: int, key: int) -> httpx.Response:
            body, headers = {"title": f"Ticket {key}", "description": "…"}, {"Idempotency-Key": f"key-{key}"}

            def call() -> httpx.Response:
                answer = clients[n].post("/api/tickets/", json=body, headers=headers)
                retried[answer.status_code] += 1
                return answer

            return patiently(call, again=frozenset({409, 503}))

        for key in range(100):
            answers = at_once([lambda n=n, key=key: open_ticket(n, key) for n in range(20)])
            assert {answer.status_code for answer in answers} == {201}
            assert len({answer.content for answer in answers}) == 1
            assert sum("Idempotent-Replayed" not in answer.headers for answer in answers) == 1

    assert sorted(Ticket.objects.values_list("title", flat=True)) == sorted(f"Ticket {key}" for key in range(100))
    assert EventRecord.objects.filter(type="ticket_created").count() == 100
    # Or they came one after the other.
    assert retried[409] > 0
    print(f"answers: {dict(retried)}")
