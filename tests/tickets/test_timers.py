"""What is resolved closes by itself, unless something happens to it before."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from helpdesk.events.models import EventRecord
from helpdesk.notifications.models import EmailLog
from helpdesk.tickets.models import Ticket, Timer
from helpdesk.tickets.operations import comments, timers
from helpdesk.tickets.operations import tickets as operations
from helpdesk.tickets.operations.bulk_load import Changed
from tests.factories import comment_on, ticket_of
from tests.people import NOON
from tests.tickets.loads import load, story_of
from tests.tickets.test_concurrency import at_once

Api = Callable[[Any], Any]

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
WEEK = NOON + 7 * DAY
LONG = timedelta(minutes=5)


def move(ticket: Any, status: str, *, by: Any, at: datetime = NOON) -> Any:
    return operations.update_ticket(by=by, ticket_id=ticket.pk, changes={"status": status}, now=at)


def resolved_ticket(creator: Any = None, *, by: Any, at: datetime = NOON) -> Any:
    return move(ticket_of(creator), "resolved", by=by, at=at)


def due(ticket: Any) -> list[datetime]:
    return list(Timer.objects.filter(ticket=ticket.pk).values_list("due_at", flat=True))


def status_of(ticket: Any) -> str:
    status: str = Ticket.objects.get(pk=ticket.pk).status
    return status


# --- armed and disarmed ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["open", "in_progress", "pending", "closed"])
def test_a_ticket_has_a_timer_as_long_as_it_is_resolved(agent: Any, status: str) -> None:
    ticket = ticket_of()
    assert due(ticket) == []
    move(ticket, "resolved", by=agent)
    assert due(ticket) == [WEEK]
    move(ticket, status, by=agent, at=NOON + HOUR)
    assert due(ticket) == []


def test_resolving_it_again_counts_anew(agent: Any) -> None:
    ticket = resolved_ticket(by=agent)
    move(ticket, "open", by=agent, at=NOON + DAY)
    move(ticket, "resolved", by=agent, at=NOON + 2 * DAY)
    assert due(ticket) == [WEEK + 2 * DAY]


def test_a_timer_that_was_left_behind_is_armed_anew(agent: Any) -> None:
    ticket = resolved_ticket(by=agent)
    Ticket.objects.filter(pk=ticket.pk).update(status="open")
    move(ticket, "resolved", by=agent, at=NOON + DAY)
    timers.fire_due(now=WEEK)
    assert (status_of(ticket), due(ticket)) == ("resolved", [WEEK + DAY])


def test_a_customers_comment_disarms_it(customer: Any, agent: Any) -> None:
    ticket = resolved_ticket(customer, by=agent)
    comment_on(ticket, customer)
    assert (status_of(ticket), due(ticket)) == ("open", [])


def test_what_agents_say_and_change_besides_does_not_move_it(customer: Any, agent: Any) -> None:
    ticket = resolved_ticket(customer, by=agent)
    comment_on(ticket, agent)
    note = comment_on(ticket, agent, is_internal=True)
    comments.edit_comment(by=agent, comment_id=note.pk, content="Other", now=NOON + HOUR)
    operations.update_ticket(by=agent, ticket_id=ticket.pk, changes={"title": "Smoke"}, now=NOON + HOUR)
    assert due(ticket) == [WEEK]


@pytest.mark.parametrize("action", ["close", "reopen"])
def test_what_the_customer_does_disarms_it(api_as: Api, customer: Any, agent: Any, action: str) -> None:
    ticket = resolved_ticket(customer, by=agent)
    assert api_as(customer).post(f"/api/tickets/{ticket.pk}/{action}/").status_code == 200
    assert due(ticket) == []


def test_a_deleted_ticket_has_none_and_a_restored_one_gets_its_week_again(agent: Any, admin: Any) -> None:
    ticket, opened = resolved_ticket(by=agent), ticket_of()
    for each in (ticket, opened):
        operations.delete_ticket(by=agent, ticket_id=each.pk, now=NOON + DAY)
    assert Timer.objects.count() == 0
    for each in (ticket, opened):
        operations.restore_ticket(by=admin, ticket_id=each.pk, now=NOON + 30 * DAY)
    assert (due(ticket), due(opened)) == ([WEEK + 30 * DAY], [])


def test_a_move_that_is_taken_back_takes_its_timer_along(agent: Any) -> None:
    ticket = ticket_of()
    with transaction.atomic():
        move(ticket, "resolved", by=agent)
        transaction.set_rollback(True)
    assert (status_of(ticket), due(ticket)) == ("open", [])


def test_the_days_are_a_setting(agent: Any, settings: Any) -> None:
    settings.TICKET_AUTO_CLOSE_DAYS = 2
    assert due(resolved_ticket(by=agent)) == [NOON + 2 * DAY]
    settings.TICKET_AUTO_CLOSE_DAYS = 0
    assert due(resolved_ticket(by=agent)) == []


def test_what_was_resolved_in_the_loaded_past_has_no_timer(customer: Any, agent: Any) -> None:
    """Nobody is told of loaded tickets: they would be, one by one."""
    load(story_of(customer, Changed(by=agent, at=NOON, changes={"status": "resolved"})))
    assert (Ticket.objects.get().status, Timer.objects.count()) == ("resolved", 0)


# --- going off -------------------------------------------------------------------------------------------------------


def test_it_closes_when_the_time_has_come_and_nobody_did_it(customer: Any, agent: Any, committing: Any) -> None:
    with committing():
        ticket = resolved_ticket(customer, by=agent)
        early = timers.fire_due(now=WEEK - timedelta(seconds=1))
    assert (early, status_of(ticket)) == (0, "resolved")

    with committing():
        assert timers.fire_due(now=WEEK) == 1

    closed = Ticket.objects.get(pk=ticket.pk)
    assert (closed.status, closed.version, due(ticket)) == ("closed", ticket.version + 1, [])
    assert WEEK <= closed.closed_at < WEEK + LONG
    record = EventRecord.objects.get(type="status_changed", changes__status__to="closed")
    assert (record.actor_id, record.body["actor"], record.body["message"]) == (
        None,
        None,
        f"Ticket #{ticket.pk} status changed to Closed",
    )
    # Whoever opened it hears of it like of any other move.
    assert list(EmailLog.objects.filter(event=record).values_list("recipient", flat=True)) == [customer.pk]


def test_the_timeline_says_that_nobody_did_it(api_as: Api, customer: Any, agent: Any) -> None:
    ticket = resolved_ticket(customer, by=agent)
    timers.fire_due(now=WEEK)
    newest = api_as(customer).get(f"/api/tickets/{ticket.pk}/timeline/").json()["results"][0]
    assert (newest["actor"], newest["changes"]) == (None, {"status": {"from": "resolved", "to": "closed"}})


def test_hearing_it_twice_closes_once(agent: Any) -> None:
    ticket = resolved_ticket(by=agent)
    assert [timers.fire_due(now=WEEK), timers.fire_due(now=WEEK)] == [1, 0]
    operations.reopen_ticket(by=agent, ticket_id=ticket.pk, now=WEEK + HOUR)
    assert timers.fire_due(now=WEEK + 2 * HOUR) == 0
    assert status_of(ticket) == "open"


@pytest.mark.parametrize("state", [{"status": "open"}, {"deleted_at": NOON}, {"status": "closed", "closed_at": NOON}])
def test_a_timer_that_somebody_forgot_to_disarm_does_nothing(agent: Any, state: dict[str, Any]) -> None:
    ticket = resolved_ticket(by=agent)
    Ticket.objects.filter(pk=ticket.pk).update(**state)
    events = EventRecord.objects.count()

    assert timers.fire_due(now=WEEK) == 1

    assert Ticket.objects.filter(pk=ticket.pk, version=ticket.version, **state).exists()
    assert (EventRecord.objects.count(), Timer.objects.count()) == (events, 0)


def test_turned_off_nothing_closes_and_turned_on_again_it_goes_on(agent: Any, settings: Any) -> None:
    ticket = resolved_ticket(by=agent)
    settings.TICKET_AUTO_CLOSE_DAYS = 0
    assert (timers.fire_due(now=WEEK + DAY), status_of(ticket)) == (0, "resolved")
    settings.TICKET_AUTO_CLOSE_DAYS = 7
    assert (timers.fire_due(now=WEEK + DAY), status_of(ticket)) == (1, "closed")


def test_more_days_count_for_what_is_resolved_already(agent: Any, settings: Any) -> None:
    ticket = resolved_ticket(by=agent)
    settings.TICKET_AUTO_CLOSE_DAYS = 10
    timers.fire_due(now=WEEK)
    assert (status_of(ticket), due(ticket)) == ("resolved", [NOON + 10 * DAY])
    timers.fire_due(now=NOON + 10 * DAY)
    assert status_of(ticket) == "closed"


def test_one_that_breaks_does_not_hold_up_the_others(agent: Any) -> None:
    """A kind that this release does not know, as after a step back."""
    first, second = resolved_ticket(by=agent), resolved_ticket(by=agent, at=NOON + HOUR)
    Timer.objects.filter(ticket=first.pk).update(kind="of_a_later_release")

    assert timers.fire_due(now=WEEK + HOUR) == 2

    assert (status_of(first), status_of(second)) == ("resolved", "closed")
    [later] = due(first)
    assert later >= WEEK + HOUR + timers.RETRY


def test_a_call_ends_after_its_time_and_the_next_one_goes_on(agent: Any) -> None:
    tickets = [resolved_ticket(by=agent, at=NOON + n * HOUR) for n in range(3)]
    calls = [timers.fire_due(now=WEEK + DAY, budget=timedelta(0)) for _ in range(4)]
    assert calls == [1, 1, 1, 0]
    assert [status_of(ticket) for ticket in tickets] == ["closed"] * 3


# --- on committed rows -----------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_hundreds_due_at_once_are_closed_once_each_by_four_at_the_same_time(transactional_db: None, agent: Any) -> None:
    tickets = [resolved_ticket(by=agent) for _ in range(200)]

    claims = at_once([lambda: timers.fire_due(now=WEEK, budget=LONG)] * 4)

    # What one holds another passes over, so whoever comes first may leave some to the others, but to nobody else.
    assert sum(claims) == len(tickets)
    assert set(Ticket.objects.values_list("status", "version")) == {("closed", 3)}
    told = EventRecord.objects.filter(type="status_changed", changes__status__to="closed")
    assert sorted(told.values_list("subject_id", flat=True)) == sorted(ticket.pk for ticket in tickets)
    assert Timer.objects.count() == 0


def test_a_ticket_that_somebody_is_changing_is_left_to_the_next_call(transactional_db: None, agent: Any) -> None:
    """And nobody waits for anybody: the two would take their locks in opposite orders."""
    busy, other = resolved_ticket(by=agent), resolved_ticket(by=agent, at=NOON + HOUR)
    with transaction.atomic():
        operations.lock_ticket(busy.pk)
        [claimed] = at_once([lambda: timers.fire_due(now=WEEK + HOUR, budget=LONG)])
        assert claimed == 2
        assert (status_of(busy), status_of(other)) == ("resolved", "closed")
        move(busy, "open", by=agent, at=WEEK)

    assert timers.fire_due(now=WEEK + HOUR) == 0
    assert status_of(busy) == "open"


@pytest.mark.slow
def test_what_wakes_a_ticket_at_the_moment_of_its_closing_comes_first_or_last(
    transactional_db: None, customer: Any, agent: Any
) -> None:
    """Either it was woken and stays open, or it was closed and the customer hears so. Never a comment on a closed one."""
    outcomes = set()
    for _ in range(30):
        ticket = resolved_ticket(customer, by=agent)

        def comment(ticket: Any = ticket) -> str:
            try:
                comments.add_comment(by=customer, ticket_id=ticket.pk, content="It burns again.", now=WEEK)
            except comments.TicketClosed:
                return "refused"
            return "taken"

        _claimed, answer = at_once([lambda: timers.fire_due(now=WEEK, budget=LONG), comment])
        outcomes.add((answer, status_of(ticket), len(due(ticket))))
    assert outcomes <= {("taken", "open", 0), ("refused", "closed", 0)}


def test_looking_for_what_is_due_reads_an_index_and_not_the_tickets(agent: Any, django_assert_num_queries: Any) -> None:
    for n in range(20):
        resolved_ticket(by=agent, at=NOON + n * HOUR)
    with django_assert_num_queries(3) as seen:  # around it a savepoint
        timers.fire_due(now=NOON)
    [statement] = [query["sql"] for query in seen if query["sql"].startswith("SELECT")]
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("EXPLAIN " + statement)
        plan = " ".join(line for (line,) in cursor.fetchall())
    assert "timer_due" in plan
    assert "tickets_ticket" not in plan
