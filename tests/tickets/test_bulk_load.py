"""Loaded tickets cannot be told from those that people made step by step, except that nobody was told."""

import threading
from datetime import timedelta
from random import Random

import pytest
from django.db import IntegrityError, connection, transaction

from helpdesk.accounts.models import User
from helpdesk.demo.stories import write_story
from helpdesk.events.models import EventReceipt, EventRecord
from helpdesk.events.operations import sequence
from helpdesk.notifications.models import Delivery
from helpdesk.tickets.enums import Status
from helpdesk.tickets.models import Comment, Ticket
from helpdesk.tickets.operations import comments, tickets
from helpdesk.tickets.operations.bulk_load import Changed, Said, Story, bulk_load
from helpdesk.tickets.operations.tickets import MoveNotAllowed
from tests.factories import ticket_of
from tests.people import NOON, AgentFactory

NASTY = "tab\there\nline\r\nback\\slash \\N \\. \"quotes\" 'n' Ñandú 🦤 \x7f"


def story_of(customer, *steps, **fields):
    values = {"title": "Printer on fire", "description": "It burns.", "priority": "high", "at": NOON} | fields
    return Story(by=customer, steps=steps, **values)


def acted_out(story):
    """The same story by the operations that serve people."""
    ticket = tickets.open_ticket(
        by=story.by, title=story.title, description=story.description, priority=story.priority, now=story.at
    )
    for step in story.steps:
        if isinstance(step, Said):
            comments.add_comment(
                by=step.by, ticket_id=ticket.pk, content=step.content, is_internal=step.is_internal, now=step.at
            )
        else:
            changes = {name: getattr(value, "pk", value) for name, value in step.changes.items()}
            tickets.update_ticket(by=step.by, ticket_id=ticket.pk, changes=changes, now=step.at)
    return ticket.pk


def seen(ticket_id):
    """All that is known of a ticket, without the ids that two tickets cannot share."""
    own = {"id", "ticket_id", "comment_id", "position", "audience", "pushed_to_agents", "subject_id"}

    def without_ids(value):
        if isinstance(value, dict):
            return {name: without_ids(member) for name, member in value.items() if name not in own}
        return value.replace(f"#{ticket_id}", "#N") if isinstance(value, str) else value

    rows = [
        Ticket.objects.filter(pk=ticket_id),
        Comment.objects.filter(ticket_id=ticket_id).order_by("id"),
        EventRecord.objects.filter(subject_type="ticket", subject_id=ticket_id).order_by("id"),
    ]
    return [[without_ids(row) for row in queryset.values()] for queryset in rows]


def test_a_loaded_story_equals_the_same_story_acted_out(customer, agent):
    agents = [agent, AgentFactory(), AgentFactory()]
    stories = [
        write_story(
            Random(seed),
            customer=customer,
            agents=agents,
            at=NOON - timedelta(days=seed % 45, hours=1),
            end=NOON,
            sentences=seed % 9,
        )
        for seed in range(60)
    ]

    bulk_load(stories)
    loaded = list(Ticket.objects.order_by("id").values_list("id", flat=True))

    assert set(Ticket.objects.values_list("status", flat=True)) == set(Status)
    assert [seen(pk) for pk in loaded] == [seen(acted_out(story)) for story in stories]


def test_texts_arrive_as_they_are(customer):
    bulk_load([story_of(customer, Said(by=customer, at=NOON, content=NASTY), title=NASTY[:255], description=NASTY)])

    ticket = Ticket.objects.get()
    assert (ticket.title, ticket.description, Comment.objects.get().content) == (NASTY, NASTY, NASTY)
    assert EventRecord.objects.get(type="comment_added").body["comment"]["content"] == NASTY[:100]


def test_sequences_go_on_after_the_loaded_rows(customer):
    bulk_load([story_of(customer, Said(by=customer, at=NOON, content="Hello?")) for _ in range(3)])

    later = ticket_of(customer)

    assert later.pk > max(Ticket.objects.exclude(pk=later.pk).values_list("pk", flat=True))
    assert comments.add_comment(by=customer, ticket_id=later.pk, content="!", now=NOON).pk == max(
        Comment.objects.values_list("pk", flat=True)
    )


def test_the_history_takes_its_place_behind_what_was_told_before(customer, committing):
    ticket_of(customer)  # not numbered yet
    bulk_load([story_of(customer), story_of(customer)])
    with committing():
        ticket_of(customer)

    records = EventRecord.objects.order_by("id")
    assert [record.position for record in records] == [1, 2, 3, 4]
    assert [record.subject_id for record in records] == list(Ticket.objects.order_by("id").values_list("id", flat=True))


def test_a_batch_is_told_in_the_order_of_time(customer):
    hour = timedelta(hours=1)
    first = story_of(customer, Said(by=customer, at=NOON + 2 * hour, content="late"))
    second = story_of(customer, at=NOON + hour)

    bulk_load([first, second])

    records = EventRecord.objects.order_by("position")
    assert [record.occurred_at for record in records] == [NOON, NOON + hour, NOON + 2 * hour]


def test_nobody_hears_of_it(customer, agent, committing):
    with committing():
        bulk_load([story_of(customer, Changed(by=agent, at=NOON, changes={"assigned_to": agent, "status": "pending"}))])

    assert not EventReceipt.objects.exists()
    assert not Delivery.objects.exists()
    assert not EventRecord.objects.pushed_to(agent).exists()
    assert not EventRecord.objects.pushed_to(customer).exists()
    assert EventRecord.objects.visible_to(agent).count() == 3


def test_an_illegal_move_loads_nothing(customer, agent):
    impossible = [Changed(by=agent, at=NOON, changes={"status": status}) for status in ("closed", "pending")]

    with pytest.raises(MoveNotAllowed):
        bulk_load([story_of(customer), story_of(customer, *impossible)])

    assert (Ticket.objects.count(), EventRecord.objects.count()) == (0, 0)


def test_what_the_database_refuses_loads_nothing(customer):
    nobody = User(username="nobody")

    with pytest.raises(IntegrityError):
        bulk_load([story_of(customer, Said(by=nobody, at=NOON, content="Boo"))])

    assert (Ticket.objects.count(), Comment.objects.count(), EventRecord.objects.count()) == (0, 0, 0)


def test_nothing_is_loaded_of_nothing(db):
    assert bulk_load([]) == 0


def test_positions_stay_gap_free_while_others_publish(transactional_db, customer):
    """A load that takes its time holds the sequencer: whoever publishes meanwhile is numbered behind it."""
    loaded = threading.Event()

    def publish() -> None:
        loaded.wait(10)
        ticket_of(customer)
        connection.close()

    other = threading.Thread(target=publish)
    other.start()
    with transaction.atomic():
        bulk_load([story_of(customer) for _ in range(5)])
        loaded.set()
        other.join(0.5)
        still_waiting = other.is_alive()
    other.join(10)
    sequence()

    assert still_waiting
    assert list(EventRecord.objects.order_by("position").values_list("position", flat=True)) == [1, 2, 3, 4, 5, 6]
    assert EventRecord.objects.get(position=6).subject_id == Ticket.objects.latest("id").pk
