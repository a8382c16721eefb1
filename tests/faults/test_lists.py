"""A list is never older than the last answer to a write; what a crash left behind is repaired by the next sweep."""

import contextlib
import itertools
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import httpx
import pytest
import redis
from django.conf import settings

from helpdesk.tickets.models import Ticket
from tests.factories import ticket_of
from tests.journeys.client import Person
from tests.people import AgentFactory, UserFactory
from tests.servers import ROOT, Beat, Daphne, Servers, Worker, eventually

ROUNDS = 100


def titles(response: httpx.Response) -> set[str]:
    assert response.status_code == 200, response.text
    return {ticket["title"] for ticket in response.json()["results"]}


def kept(daphne: Daphne) -> int:
    """How many pages of lists the cache holds."""
    with redis.Redis.from_url(daphne.env["REDIS_URL"]) as client:
        return len(client.keys("page:*:?*"))


@pytest.mark.slow
def test_two_creations_50_ms_apart_are_in_the_lists_of_two_readers_a_hundred_times(daphne: Daphne) -> None:
    """The readers never stop asking, so that there is always somebody computing a page while it grows old."""
    UserFactory(username="ada")
    AgentFactory(username="grace")
    stale: list[str] = []
    read, over = itertools.count(), threading.Event()
    with closing(Person(daphne.base_url, "ada")) as ada, closing(Person(daphne.base_url, "grace")) as grace:

        def keep_reading(person: Person) -> None:
            # A client each: what is measured is the server's order, not the client's.
            with httpx.Client(base_url=daphne.base_url, headers=person.http.headers, timeout=20) as http:
                while not over.is_set():
                    titles(http.get("/api/tickets/"))
                    next(read)

        def create(title: str) -> None:
            with httpx.Client(base_url=daphne.base_url, headers=ada.http.headers, timeout=20) as http:
                body = {"title": title, "description": "…"}
                assert http.post("/api/tickets/", json=body).status_code == 201
                for person in (ada, grace):
                    seen = titles(http.get("/api/tickets/", headers=person.http.headers))
                    if title not in seen:
                        stale.append(title)

        with ThreadPoolExecutor(4) as pool:
            readers = [pool.submit(keep_reading, person) for person in (ada, grace)]
            try:
                for number in range(ROUNDS):
                    first = pool.submit(create, f"{number} first")
                    time.sleep(0.05)
                    second = pool.submit(create, f"{number} second")
                    first.result(20)
                    second.result(20)
            finally:
                over.set()
            for reader in readers:
                reader.result(20)

    assert stale == []
    # It was a race: the two did not wait for their turn, and some were answered from the cache.
    assert next(read) > ROUNDS
    assert kept(daphne) > 0


@pytest.mark.slow
def test_killed_between_commit_and_bump_the_list_is_right_within_five_seconds_a_hundred_times(
    servers: Servers, daphne: Daphne, worker: Worker, start_beat: Callable[..., Beat]
) -> None:
    """Whoever could tell the cache is dead, except the sweep, at the pace of a real desk; every death comes at another
    moment of its rhythm."""
    UserFactory(username="ada")
    AgentFactory(username="grace")
    start_beat(SWEEP_SECONDS=str(settings.CELERY_BEAT_SCHEDULE["sweep-events"]["schedule"].total_seconds()))
    died: dict[str, float] = {}
    shown: dict[str, float] = {}
    late: list[str] = []
    with closing(Person(daphne.base_url, "grace")) as grace, _killed_creations(servers) as create:

        def look() -> None:
            found = titles(grace.http.get("/api/tickets/?page_size=100"))
            shown.update(dict.fromkeys(found - shown.keys(), time.monotonic()))

        for number in range(ROUNDS):
            look()  # so that there is a page to be wrong
            title = f"Ticket {number}"
            assert create(title) == -9
            died[title] = time.monotonic()
            look()
            if title not in shown:
                late.append(title)
        eventually(lambda: look() or shown.keys() == died.keys(), seconds=30)

    # Or the pages were not from the cache, and nothing was repaired.
    assert late
    took = sorted(shown[title] - died[title] for title in died)
    print(f"repaired after {took[ROUNDS // 2]:.2f} s in the middle, {took[-1]:.2f} s at most")
    assert took[-1] <= 5


def test_a_server_that_starts_shows_no_page_of_the_one_before(daphne: Daphne) -> None:
    """It may be another release, which writes pages in another way."""
    agent = AgentFactory(username="grace")
    ticket_of(agent, title="As it was")
    with closing(Person(daphne.base_url, "grace")) as grace:
        titles(grace.http.get("/api/tickets/"))
        Ticket.objects.update(title="As it is written now")  # behind the operations: nobody is told
        assert titles(grace.http.get("/api/tickets/")) == {"As it was"}

        daphne.restart()

        assert titles(grace.http.get("/api/tickets/")) == {"As it is written now"}


@contextlib.contextmanager
def _killed_creations(servers: Servers) -> Iterator[Callable[[str], int]]:
    """`create(title)` opens a ticket in a process that kills itself right after the commit, and says how that ended."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.faults.kill_on_demand", "ada"],
        cwd=ROOT,
        env=os.environ | servers.env,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin
    assert process.stdout
    stdin, stdout = process.stdin, process.stdout

    def create(title: str) -> int:
        stdin.write(title + "\n")
        stdin.flush()
        return int(stdout.readline())

    with process:
        yield create
        stdin.close()
