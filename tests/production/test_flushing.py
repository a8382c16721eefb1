"""Flushing database 0 of Redis loses nothing but cache: seen with real servers, and without the sweeps that repair."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager

import pytest

from tests.journeys.client import Person
from tests.people import AgentFactory, UserFactory
from tests.servers import Daphne, Smtp, Valkey, Worker, eventually

pytestmark = pytest.mark.slow

BOTH = ["ada@example.com", "grace@example.com"]


@pytest.fixture(autouse=True)
def people(transactional_db: None) -> None:
    UserFactory(username="ada", email="ada@example.com")
    AgentFactory(username="grace", email="grace@example.com")


@contextmanager
def meanwhile(work: Callable[[], object], *, every: float) -> Iterator[None]:
    """Does it again and again beside the test, so many seconds apart."""
    stop = threading.Event()

    def repeat() -> None:
        while not stop.wait(every):
            work()

    with ThreadPoolExecutor(1) as thread:
        working = thread.submit(repeat)
        try:
            yield
        finally:
            stop.set()
    working.result()


def titles(person: Person) -> list[str]:
    return [ticket["title"] for ticket in person.answer(200, "GET", "/api/tickets/")["results"]]


def opened(person: Person, title: str) -> int:
    body = {"title": title, "description": "It burns."}
    number: int = person.answer(201, "POST", "/api/tickets/", json=body)["id"]
    return number


def test_tasks_that_wait_are_still_there_and_the_mails_arrive(
    daphne: Daphne, start_worker: Callable[..., Worker], smtp: Smtp, valkey: Valkey
) -> None:
    with closing(Person(daphne.base_url, "ada")) as ada, valkey.client(db=2) as broker, valkey.client(db=0) as cache:
        opened(ada, "Printer")
        waiting = broker.llen("mail")
        cache.flushdb()

        assert broker.llen("mail") == waiting == 1
        start_worker()
        eventually(lambda: sorted(address for mail in smtp.mails for address in mail.to) == BOTH)


def test_at_any_moment_lists_are_right_sockets_stay_and_hear_and_mails_arrive(
    daphne: Daphne, worker: Worker, smtp: Smtp, valkey: Valkey
) -> None:
    told = [f"Ticket {number}" for number in range(20)]
    with (
        closing(Person(daphne.base_url, "ada")) as ada,
        closing(Person(daphne.base_url, "grace")) as grace,
        grace.listen(daphne.ws_url) as agent,
        ada.listen(daphne.ws_url) as customer,
        closing(Person(daphne.base_url, "ada")) as other,
        valkey.client(db=0) as cache,
        # Not so often that no page were ever read from the cache. Others read as well, so that pages are stored which
        # were computed before a flush, or before a change.
        meanwhile(cache.flushdb, every=0.15),
        meanwhile(lambda: titles(other), every=0.01),
    ):
        for number, title in enumerate(told, start=1):
            ticket = opened(ada, title)
            expected = told[:number][::-1]
            assert (titles(ada), titles(grace)) == (expected, expected)
            grace.answer(200, "PATCH", f"/api/tickets/{ticket}/", json={"status": "in_progress"})
            assert ada.answer(200, "GET", "/api/tickets/")["results"][0]["status"] == "in_progress"

        assert [agent.next()["ticket"]["title"] for _ in told] == told
        assert customer.types(len(told)) == ["status_changed"] * len(told)
    # The creator's receipt and the news of the status, and the agent's news.
    eventually(lambda: len(smtp.mails) == 3 * len(told), seconds=30)


def test_the_limits_begin_anew_and_go_on(start_daphne: Callable[..., Daphne], valkey: Valkey) -> None:
    daphne = start_daphne(RATE_LIMIT_ENABLED="true", RATE_LIMIT_USER="3/min")
    with closing(Person(daphne.base_url, "ada")) as ada, valkey.client(db=0) as cache:

        def asked() -> list[int]:
            return [ada.http.get("/api/tickets/").status_code for _ in range(4)]

        before = asked()
        cache.flushdb()
        after = asked()

    assert (before, after) == ([200, 200, 200, 429], [200, 200, 200, 429])
