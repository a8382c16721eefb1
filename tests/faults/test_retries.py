"""Killed after the commit, before the answer: whoever asks again with the same key gets it, and nothing is done twice."""

import contextlib
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import httpx
import pytest

from helpdesk.api.models import IdempotencyKey
from helpdesk.events.models import EventRecord
from helpdesk.tickets.models import Ticket
from tests.journeys.client import Person
from tests.people import UserFactory, access_token
from tests.servers import ROOT, Daphne, Servers


@pytest.mark.slow
def test_a_hundred_answers_that_were_lost_are_given_to_twenty_retries_each(servers: Servers, daphne: Daphne) -> None:
    token = access_token(UserFactory(username="ada"))
    killed = subprocess.run(
        [sys.executable, "-m", "tests.faults.post_and_die", token, "100"],
        cwd=ROOT,
        env=os.environ | servers.env,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert killed.stdout.strip() == "100"
    assert (Ticket.objects.count(), IdempotencyKey.objects.count()) == (100, 100)

    with httpx.Client(base_url=daphne.base_url, headers={"Authorization": f"Bearer {token}"}, timeout=60) as http:

        def retry(key: int) -> tuple[int, str | None, str, bool]:
            body, deadline = b'{"title":"Ticket %d","description":"x"}' % key, time.monotonic() + 60
            headers = {"Idempotency-Key": f"key-{key}", "Content-Type": "application/json"}
            while (answer := http.post("/api/tickets/", content=body, headers=headers)).status_code in {409, 503}:
                assert time.monotonic() < deadline
                time.sleep(0.02)
            replayed = answer.headers.get("Idempotent-Replayed")
            return answer.status_code, replayed, answer.json()["title"], "etag" in answer.headers

        with ThreadPoolExecutor(20) as pool:
            answers = Counter(pool.map(retry, [key for key in range(100) for _ in range(20)]))

    assert answers == {(201, "true", f"Ticket {key}", True): 20 for key in range(100)}
    assert Ticket.objects.count() == 100
    assert EventRecord.objects.filter(type="ticket_created").count() == 100


def test_the_server_killed_after_the_commit_answers_the_retry_after_its_restart(
    start_daphne: Callable[..., Daphne],
) -> None:
    UserFactory(username="ada")
    daphne = start_daphne()
    call = {"json": {"title": "Kept", "description": "…"}, "headers": {"Idempotency-Key": "one"}}
    with closing(Person(daphne.base_url, "ada")) as ada:
        daphne.restart(HELPDESK_FAULT="events.committed")
        with contextlib.suppress(httpx.TransportError):
            ada.http.post("/api/tickets/", **call)
        assert daphne.wait() == -9
        daphne.start(HELPDESK_FAULT="")

        again = ada.http.post("/api/tickets/", **call)
        page = ada.answer(200, "GET", "/api/tickets/")

    assert (again.status_code, again.headers["Idempotent-Replayed"]) == (201, "true")
    assert [ticket["id"] for ticket in page["results"]] == [again.json()["id"]]
    assert again.json()["title"] == "Kept"
