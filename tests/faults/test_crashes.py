"""A crash between any two lines loses nothing that somebody was promised."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing

import httpx
import pytest

from helpdesk.events.models import EventReceipt, EventRecord
from helpdesk.notifications.models import EmailLog
from tests.journeys.client import Person
from tests.people import AgentFactory, UserFactory
from tests.servers import ROOT, Beat, Daphne, Desk, Servers, Smtp, Worker, eventually


@pytest.mark.slow
def test_killed_right_after_the_commit_a_hundred_of_a_hundred_are_told_after_the_restart(
    servers: Servers, smtp: Smtp, daphne: Daphne, worker: Worker, start_beat: Callable[..., Beat]
) -> None:
    UserFactory(username="ada", email="ada@example.com")
    AgentFactory(username="grace", email="grace@example.com")
    # Listening from before: a sign-in afterwards would be an event too, and number what nobody has.
    with closing(Person(daphne.base_url, "grace")) as grace, grace.listen(daphne.ws_url) as ear:
        killed = subprocess.run(
            [sys.executable, "-m", "tests.faults.kill_after_commit", "ada", "100"],
            cwd=ROOT,
            env=os.environ | servers.env,
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        )
        assert killed.stdout.strip() == "100"
        # Committed, and nobody knows: no position, no mail.
        assert EventRecord.objects.filter(position=None).count() == 100
        assert smtp.mails == []

        start_beat()
        heard = [ear.next(seconds=30)["ticket"]["title"] for _ in range(100)]

    assert heard == [f"Ticket {number}" for number in range(100)]
    eventually(lambda: len(smtp.mails) == 200, seconds=60)
    assert {(tuple(mail.to), mail.message_id) for mail in smtp.mails} == {
        ((address,), message_id) for address, message_id in EmailLog.objects.values_list("address", "message_id")
    }
    eventually(lambda: not EventReceipt.objects.exclude(state="done").exists())


def test_the_server_killed_right_after_the_commit_tells_it_after_its_restart(
    smtp: Smtp, start_daphne: Callable[..., Daphne], worker: Worker, beat: Beat
) -> None:
    UserFactory(username="ada", email="ada@example.com")
    daphne = start_daphne()
    with closing(Person(daphne.base_url, "ada")) as ada:
        daphne.restart(HELPDESK_FAULT="events.committed")
        with contextlib.suppress(httpx.TransportError):
            ada.http.post("/api/tickets/", json={"title": "Kept", "description": "…"})
        assert daphne.wait() == -9
        daphne.start(HELPDESK_FAULT="")

        page = ada.answer(200, "GET", "/api/tickets/")

    assert [ticket["title"] for ticket in page["results"]] == ["Kept"]
    eventually(lambda: [mail.to for mail in smtp.mails] == [["ada@example.com"]])


@pytest.mark.parametrize("outage", ["stop", "freeze"])
def test_without_redis_the_desk_goes_on_and_tells_everything_afterwards(desk: Desk, outage: str) -> None:
    UserFactory(username="ada", email="ada@example.com")
    AgentFactory(username="grace", email="grace@example.com")
    with closing(Person(desk.base_url, "ada")) as ada, closing(Person(desk.base_url, "grace")) as grace:
        first = ada.answer(201, "POST", "/api/tickets/", json={"title": "Before", "description": "…"})
        eventually(lambda: len(desk.smtp.mails) == 2)
        cursor = grace.answer(200, "GET", "/api/events/")["next"]
        (desk.valkey.kill if outage == "stop" else desk.valkey.freeze)()

        seconds = {}
        for name, call in {
            "list": lambda: ada.http.get("/api/tickets/"),
            "detail": lambda: ada.http.get(f"/api/tickets/{first['id']}/"),
            "create": lambda: ada.http.post("/api/tickets/", json={"title": "During", "description": "…"}),
        }.items():
            response = call()
            assert response.is_success, response.text
            seconds[name] = response.elapsed.total_seconds()
        assert {name: took for name, took in seconds.items() if took > 1} == {}
        # The stream needs no Redis.
        assert [e["ticket"]["title"] for e in grace.answer(200, "GET", f"/api/events/?after={cursor}")["results"]] == [
            "During"
        ]
        ready = grace.http.get("/readyz")
        assert (ready.status_code, ready.json()["redis"]) == (200, "down")

        (desk.valkey.start if outage == "stop" else desk.valkey.thaw)()
        eventually(lambda: len(desk.smtp.mails) == 4, seconds=40)
    after = desk.smtp.mails[2:]
    assert sorted(mail.to[0] for mail in after) == ["ada@example.com", "grace@example.com"]
    assert all("During" in mail.subject for mail in after)
    eventually(lambda: not EventReceipt.objects.exclude(state="done").exists(), seconds=30)


def test_connections_cut_by_postgresql_are_never_a_500(start_daphne: Callable[..., Daphne]) -> None:
    from django.db import connection

    UserFactory(username="ada")
    daphne = start_daphne()
    with closing(Person(daphne.base_url, "ada")) as ada:
        statuses = []
        for _ in range(5):
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            statuses += [ada.http.get("/api/tickets/").status_code for _ in range(3)]
    assert set(statuses) <= {200, 503}
    assert statuses[-1] == 200
    # The pool of this process has lost its connections too, and the next test is not about that.
    connection.close()
    connection.close_pool()
