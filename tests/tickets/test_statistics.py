"""What the dashboard counts, and how PostgreSQL finds it."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from helpdesk.core import bulk
from helpdesk.tickets import statistics
from helpdesk.tickets.models import Ticket
from helpdesk.tickets.operations.tickets import delete_ticket, update_ticket
from tests.factories import ticket_of
from tests.people import NOON
from tests.tickets.loads import load, story_of


def moved(ticket: Any, by: Any, status: str, at: datetime) -> None:
    update_ticket(by=by, ticket_id=ticket.pk, changes={"status": status}, now=at)


def test_what_waits_is_counted_by_status_and_by_priority(customer: Any, agent: Any) -> None:
    for priority, status in [
        ("low", "open"),
        ("urgent", "open"),
        ("urgent", "in_progress"),
        ("high", "pending"),
        ("high", "resolved"),
        ("high", "closed"),
    ]:
        ticket = ticket_of(customer, priority=priority)
        if status != "open":
            moved(ticket, agent, status, NOON)
    delete_ticket(by=agent, ticket_id=ticket_of(customer).pk, now=NOON)

    counted = statistics.workload(Ticket.objects.visible_to(agent))

    assert counted.by_status == {"open": 2, "in_progress": 1, "pending": 1}
    assert counted.by_priority == {"low": 1, "medium": 0, "high": 1, "urgent": 2}
    assert (counted.total, counted.is_capped) == (4, False)


def test_no_more_are_counted_than_can_be_counted_at_a_glance(
    customer: Any, agent: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statistics, "MOST_COUNTED", 3)
    for _ in range(5):
        ticket_of(customer)
    counted = statistics.workload(Ticket.objects.visible_to(agent))
    assert (counted.total, counted.by_status["open"], counted.is_capped) == (3, 3, True)


def test_an_empty_desk_has_zeros(agent: Any) -> None:
    tickets = Ticket.objects.visible_to(agent)
    counted = statistics.workload(tickets)
    assert (counted.total, set(counted.by_status.values()), set(counted.by_priority.values())) == (0, {0}, {0})
    days = statistics.daily(tickets, now=NOON, days=30)
    assert [(day.created, day.resolved) for day in days] == [(0, 0)] * 30


def test_each_day_has_what_was_created_and_resolved_on_it(customer: Any, agent: Any) -> None:
    midnight = datetime(2026, 11, 20, tzinfo=UTC)
    for opened, resolved in [
        (midnight - timedelta(days=2), midnight),
        (midnight - timedelta(seconds=1), midnight + timedelta(hours=1)),
        (midnight, None),
        (midnight - timedelta(days=29), midnight - timedelta(days=2)),
        (midnight - timedelta(days=30), midnight - timedelta(days=29)),
    ]:
        ticket = ticket_of(customer, now=opened)
        if resolved:
            moved(ticket, agent, "resolved", resolved)
    delete_ticket(by=agent, ticket_id=ticket_of(customer, now=midnight).pk, now=NOON)

    days = statistics.daily(Ticket.objects.visible_to(agent), now=NOON, days=30)

    assert [days[0].day, days[-1].day] == [date(2026, 10, 22), date(2026, 11, 20)]
    found = {day.day.isoformat(): (day.created, day.resolved) for day in days if day.created or day.resolved}
    assert found == {
        "2026-10-22": (1, 1),
        "2026-11-18": (1, 1),
        "2026-11-19": (1, 0),
        "2026-11-20": (1, 2),
    }


def test_each_number_comes_from_an_index(customer: Any, agent: Any) -> None:
    """At a million tickets, reading all of them would take seconds."""
    # Of so few that they stand in one page, any index will do; most are closed, as at any desk.
    load(*(story_of(customer) for _ in range(300)))
    Ticket.objects.update(status="closed", closed_at=NOON)
    ticket_of(customer)
    bulk.analyze(Ticket)
    tickets = Ticket.objects.visible_to(agent)
    with connection.cursor() as cursor:
        # A small table is read whole, whatever there is; here the question is what there is.
        cursor.execute("SET LOCAL enable_seqscan = off")
        with CaptureQueriesContext(connection) as statements:
            statistics.workload(tickets)
            statistics.daily(tickets, now=NOON, days=30)
        plans = []
        for statement in statements:
            cursor.execute(f"EXPLAIN {statement['sql']}")
            plans.append("\n".join(line for (line,) in cursor.fetchall()))

    assert len(plans) == 3
    assert [plan for plan in plans if "Seq Scan" in plan] == []
    assert "ticket_waiting" in plans[0]
    assert "ticket_resolved" in plans[2]
