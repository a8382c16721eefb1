"""What closes by itself is closed once and told once, whoever dies on the way."""

from collections import Counter
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from helpdesk.events.models import EventReceipt, EventRecord
from helpdesk.notifications.models import EmailLog
from helpdesk.tickets.models import Ticket, Timer
from helpdesk.tickets.operations.tickets import update_ticket
from tests.factories import ticket_of
from tests.journeys.client import Person
from tests.people import AgentFactory, UserFactory
from tests.servers import Beat, Desk, Smtp, Worker, eventually

MANY = 5


def resolved_long_ago(creator: Any, *, number: int = MANY) -> list[int]:
    """Tickets whose time has come a day ago. They were told of then: nobody waits for those mails."""
    agent, then = AgentFactory(username="grace"), timezone.now() - timedelta(days=8)
    tickets = [ticket_of(creator, title=f"Ticket {n}", now=then) for n in range(number)]
    for ticket in tickets:
        update_ticket(by=agent, ticket_id=ticket.pk, changes={"status": "resolved"}, now=then)
    EventReceipt.objects.update(state="done")
    EmailLog.objects.all().delete()
    return [ticket.pk for ticket in tickets]


def closings() -> Counter[int]:
    told = EventRecord.objects.filter(type="status_changed", changes__status__to="closed")
    return Counter(told.values_list("subject_id", flat=True))


def open_timers() -> int:
    return Timer.objects.count()


def deaths(worker: Worker) -> int:
    return worker.output().count("signal 9 (SIGKILL)")


def test_a_worker_closes_what_is_due_and_its_customer_hears_it_live_and_by_mail(desk: Desk) -> None:
    ada = UserFactory(username="ada", email="ada@example.com")
    with closing(Person(desk.base_url, "ada")) as person, person.listen(desk.ws_url) as ear:
        [ticket] = resolved_long_ago(ada, number=1)
        resolving, frame = ear.next(seconds=40), ear.next(seconds=40)

    assert (resolving["actor"], resolving["ticket"]["new_status"]) == ("grace", "resolved")
    assert (frame["type"], frame["actor"], frame["ticket"]["new_status"]) == ("status_changed", None, "closed")
    assert Ticket.objects.get(pk=ticket).status == "closed"
    eventually(lambda: [mail.to for mail in desk.smtp.mails] == [["ada@example.com"]])


@pytest.mark.slow
def test_a_worker_killed_between_claim_and_commit_loses_no_timer(
    smtp: Smtp, start_worker: Callable[..., Worker], start_beat: Callable[..., Beat]
) -> None:
    tickets = resolved_long_ago(UserFactory(username="ada", email="ada@example.com"))
    doomed = start_worker(HELPDESK_FAULT="timers.claimed")
    start_beat()
    eventually(lambda: deaths(doomed) >= 2, seconds=60)
    # Its claims died with it.
    assert (open_timers(), closings()) == (MANY, {})
    doomed.kill()

    start_worker()
    eventually(lambda: open_timers() == 0, seconds=60)

    assert closings() == dict.fromkeys(tickets, 1)
    assert set(Ticket.objects.values_list("status", "version")) == {("closed", 3)}
    eventually(lambda: len(smtp.mails) == MANY, seconds=40)


@pytest.mark.slow
def test_a_worker_killed_right_after_the_commit_closes_once_and_all_is_told(
    smtp: Smtp, start_worker: Callable[..., Worker], start_beat: Callable[..., Beat]
) -> None:
    """The same task is heard again and again; what it did the first time, it finds done."""
    tickets = resolved_long_ago(UserFactory(username="ada", email="ada@example.com"))
    doomed = start_worker(HELPDESK_FAULT="events.committed")
    start_beat()
    eventually(lambda: open_timers() == 0, seconds=60)
    doomed.kill()
    assert closings() == dict.fromkeys(tickets, 1)

    start_worker()
    eventually(lambda: len(smtp.mails) == MANY, seconds=60)
    eventually(lambda: not EventReceipt.objects.exclude(state="done").exists(), seconds=30)

    assert closings() == dict.fromkeys(tickets, 1)
    assert {mail.to[0] for mail in smtp.mails} == {"ada@example.com"}
