"""What the operations refuse whoever calls them: the views look first, but somebody may be faster."""

import threading
from typing import Any

import pytest
from django.db import connection, transaction

from helpdesk.events.models import EventRecord
from helpdesk.tickets.models import Comment, Ticket
from helpdesk.tickets.operations import comments, tickets
from tests.factories import comment_on, ticket_of
from tests.people import NOON, AgentFactory, UserFactory
from tests.servers import eventually


def test_a_deleted_ticket_is_not_there_for_any_change(agent: Any) -> None:
    ticket = ticket_of()
    tickets.delete_ticket(by=agent, ticket_id=ticket.pk, now=NOON)
    events = EventRecord.objects.count()

    for change in (tickets.close_ticket, tickets.reopen_ticket, tickets.claim_ticket, tickets.delete_ticket):
        with pytest.raises(tickets.TicketNotFound):
            change(by=agent, ticket_id=ticket.pk, now=NOON)
    with pytest.raises(tickets.TicketNotFound):
        comment_on(ticket, agent)
    assert EventRecord.objects.count() == events


def test_a_deleted_comment_is_not_there_for_any_change(agent: Any) -> None:
    comment = comment_on(ticket_of(), agent)
    comments.delete_comment(by=agent, comment_id=comment.pk, now=NOON)
    events = EventRecord.objects.count()

    with pytest.raises(comments.CommentNotFound):
        comments.edit_comment(by=agent, comment_id=comment.pk, content="x", now=NOON)
    with pytest.raises(comments.CommentNotFound):
        comments.delete_comment(by=agent, comment_id=comment.pk, now=NOON)
    assert EventRecord.objects.count() == events


def test_an_edit_that_waited_for_the_deletion_finds_nothing(transactional_db: None) -> None:
    author = UserFactory()
    comment = comment_on(ticket_of(author), author)
    outcome: list[BaseException] = []

    def edit() -> None:
        try:
            comments.edit_comment(by=author, comment_id=comment.pk, content="late", now=NOON)
        except comments.CommentNotFound as error:
            outcome.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=edit)
    with transaction.atomic():
        comments.delete_comment(by=author, comment_id=comment.pk, now=NOON)
        thread.start()
        wait_for_a_lock()
    thread.join(30)

    assert len(outcome) == 1
    assert Comment.objects.get().content == "Water helps."


def wait_for_a_lock() -> None:
    """Until another connection to this database waits for a row that we hold."""
    eventually(somebody_waits)


def somebody_waits() -> bool:
    with connection.cursor() as cursor:
        # A transaction keeps what it has seen of the others until it is told to look again.
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock')"
        )
        return bool(cursor.fetchone()[0])


def test_whoever_waited_for_the_row_knows_what_became_of_it(transactional_db: None) -> None:
    """Also who was assigned meanwhile: a lock over joined tables would answer with the assignee from before."""
    agents = AgentFactory.create_batch(2)
    ticket = ticket_of(UserFactory())
    outcome: list[Any] = []

    def claim() -> None:
        try:
            tickets.claim_ticket(by=agents[1], ticket_id=ticket.pk, now=NOON)
        except tickets.AlreadyAssigned as error:
            outcome.append(error.extra["assigned_to"]["id"])
        finally:
            connection.close()

    thread = threading.Thread(target=claim)
    with transaction.atomic():
        tickets.claim_ticket(by=agents[0], ticket_id=ticket.pk, now=NOON)
        thread.start()
        wait_for_a_lock()
    thread.join(30)

    assert outcome == [agents[0].pk]
    assert Ticket.objects.get().assigned_to_id == agents[0].pk


def test_a_refused_change_leaves_no_trace(agent: Any) -> None:
    ticket = tickets.close_ticket(by=agent, ticket_id=ticket_of().pk, now=NOON)
    before = Ticket.objects.filter(pk=ticket.pk).values().get()
    events = EventRecord.objects.count()

    with pytest.raises(tickets.MoveNotAllowed):
        tickets.update_ticket(
            by=agent, ticket_id=ticket.pk, changes={"title": "x", "priority": "low", "status": "pending"}, now=NOON
        )

    assert Ticket.objects.filter(pk=ticket.pk).values().get() == before
    assert EventRecord.objects.count() == events


def test_an_exception_after_the_change_takes_it_back(agent: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The row and its event commit together, or not at all."""
    ticket = ticket_of()

    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("no ink")

    monkeypatch.setattr(tickets, "publish", broken)
    with pytest.raises(RuntimeError, match="no ink"), transaction.atomic():
        tickets.close_ticket(by=agent, ticket_id=ticket.pk, now=NOON)

    assert Ticket.objects.get(pk=ticket.pk).status == "open"
