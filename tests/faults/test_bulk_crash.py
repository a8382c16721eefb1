"""The server dies right after it has changed many tickets: all of them are changed, and everybody is told."""

import contextlib
from collections.abc import Callable
from contextlib import closing

import httpx
from django.utils import timezone

from helpdesk.events.models import EventReceipt, EventRecord
from helpdesk.tickets.models import Ticket
from helpdesk.tickets.operations.history_check import check_history
from tests.factories import ticket_of
from tests.journeys.client import Person
from tests.people import AgentFactory, UserFactory
from tests.servers import Beat, Daphne, Smtp, Worker, eventually


def test_killed_between_the_commit_and_the_answer_all_are_changed_and_told(
    smtp: Smtp, start_daphne: Callable[..., Daphne], worker: Worker, beat: Beat
) -> None:
    ada = UserFactory(username="ada", email="ada@example.com")
    AgentFactory(username="grace", email="grace@example.com")
    ids = [ticket_of(ada, title=f"Ticket {n}").pk for n in range(20)]
    eventually(lambda: len(smtp.mails) == 40, seconds=60)
    daphne = start_daphne()
    body = {"mode": "atomic", "ids": ids, "changes": {"status": "pending"}}
    with closing(Person(daphne.base_url, "grace")) as grace, closing(Person(daphne.base_url, "ada")) as owner:
        before = owner.answer(200, "GET", "/api/tickets/")
        then = timezone.now().isoformat()
        daphne.restart(HELPDESK_FAULT="events.committed")
        with contextlib.suppress(httpx.TransportError):
            grace.http.post("/api/tickets/bulk/", json=body)
        assert daphne.wait() == -9
        daphne.start(HELPDESK_FAULT="")

        # A page that was kept from before is not shown again for long.
        eventually(lambda: owner.answer(200, "GET", "/api/tickets/") != before)
        assert {ticket["status"] for ticket in owner.answer(200, "GET", "/api/tickets/")["results"]} == {"pending"}
        again = grace.answer(200, "POST", "/api/tickets/bulk/", json=body)

        past = owner.answer(200, "GET", f"/api/tickets/{ids[0]}/", params={"at": then})

    assert (past["status"], past["version"]) == ("open", 1)
    assert {(result["status"], result["version"]) for result in again["results"]} == {(200, 2)}
    assert Ticket.objects.filter(status="pending", version=2).count() == 20
    assert EventRecord.objects.filter(type="status_changed").count() == 20
    eventually(lambda: len(smtp.mails) == 60, seconds=60)
    eventually(lambda: not EventReceipt.objects.exclude(state="done").exists())
    assert [checked.differing for checked in check_history()] == [{}]
