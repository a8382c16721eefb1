"""Loaded tickets cannot be told from those that people made step by step, except that nobody was told."""

from datetime import timedelta
from random import Random

import pytest
from django.db import IntegrityError

from helpdesk.accounts.models import User
from helpdesk.demo.filing import add_places
from helpdesk.demo.stories import write_story
from helpdesk.events.models import EventReceipt, EventRecord
from helpdesk.notifications.models import Delivery
from helpdesk.tickets.enums import Status
from helpdesk.tickets.models import Comment, Ticket
from helpdesk.tickets.operations import comments, tickets
from helpdesk.tickets.operations.bulk_load import Changed, Said
from helpdesk.tickets.operations.tickets import MoveNotAllowed
from tests.factories import ticket_of
from tests.people import NOON, AgentFactory
from tests.pushed import pushed_to
from tests.tickets.loads import LATER, MANY, load, story_of

NASTY = "tab\there\nline\r\nback\\slash \\N \\. \"quotes\" 'n' Ñandú 🦤 \x7f"


def named(value):
    """As callers of the operations name it: rows by id, tags by name."""
    if isinstance(value, list | tuple):
        return [tag.name for tag in value]
    return getattr(value, "pk", value)


def acted_out(story):
    """The same story by the operations that serve people."""
    ticket = tickets.open_ticket(
        by=story.by,
        title=story.title,
        description=story.description,
        priority=story.priority,
        category=named(story.category),
        tags=named(story.tags),
        team=named(story.team),
        now=story.at,
    )
    for step in story.steps:
        if isinstance(step, Said):
            comments.add_comment(
                by=step.by, ticket_id=ticket.pk, content=step.content, is_internal=step.is_internal, now=step.at
            )
        else:
            changes = {name: named(value) for name, value in step.changes.items()}
            tickets.update_ticket(by=step.by, ticket_id=ticket.pk, changes=changes, now=step.at)
    return ticket.pk


def seen(ticket_id):
    """All that is known of a ticket, without the ids that two tickets cannot share."""
    own = {
        "id",
        "ticket_id",
        "comment_id",
        "position",
        "audience",
        "pushed_to_agents",
        "gained_by",
        "lost_by",
        "subject_id",
    }

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
    places = add_places(agents=agents, now=NOON)
    stories = [
        write_story(
            Random(seed),
            customer=customer,
            agents=agents,
            at=NOON - timedelta(days=seed % 45, hours=1),
            end=NOON,
            sentences=seed % 9,
            places=places,
        )
        for seed in range(60)
    ]

    load(*stories)
    loaded = list(Ticket.objects.order_by("id").values_list("id", flat=True))

    assert set(Ticket.objects.values_list("status", flat=True)) == set(Status)
    # Customers filed some, and agents others.
    assert Ticket.objects.exclude(tag_ids=[]).filter(category__isnull=False, team__isnull=False).exists()
    assert EventRecord.objects.filter(type="ticket_updated", data__fields__has_key="tags").exists()
    assert [seen(pk) for pk in loaded] == [seen(acted_out(story)) for story in stories]


def test_texts_arrive_as_they_are(customer):
    load(story_of(customer, Said(by=customer, at=NOON, content=NASTY), title=NASTY[:255], description=NASTY))

    ticket = Ticket.objects.get()
    assert (ticket.title, ticket.description, Comment.objects.get().content) == (NASTY, NASTY, NASTY)
    assert EventRecord.objects.get(type="comment_added").body["comment"]["content"] == NASTY[:100]


def test_sequences_go_on_after_the_loaded_rows(customer):
    load(*(story_of(customer, Said(by=customer, at=NOON, content="Hello?")) for _ in range(3)))

    later = ticket_of(customer)

    assert later.pk > max(Ticket.objects.exclude(pk=later.pk).values_list("pk", flat=True))
    assert comments.add_comment(by=customer, ticket_id=later.pk, content="!", now=NOON).pk == max(
        Comment.objects.values_list("pk", flat=True)
    )


def test_the_history_takes_its_place_behind_what_was_told_before(customer, committing):
    with committing():
        ticket_of(customer)
    ticket_of(customer)  # not numbered yet
    with committing():
        load(story_of(customer), story_of(customer))
    with committing():
        ticket_of(customer)

    records = EventRecord.objects.order_by("id")
    assert [record.position for record in records] == [1, 2, 3, 4, 5, 6]
    tickets_opened = records.filter(type="ticket_created").values_list("subject_id", flat=True)
    assert list(tickets_opened) == list(Ticket.objects.order_by("id").values_list("id", flat=True))


def test_a_batch_is_told_in_the_order_of_time(customer):
    hour = timedelta(hours=1)
    first = story_of(customer, Said(by=customer, at=NOON + 2 * hour, content="late"))
    second = story_of(customer, at=NOON + hour)

    load(first, second)

    records = EventRecord.objects.filter(subject_type="ticket").order_by("position")
    assert [record.occurred_at for record in records] == [NOON, NOON + hour, NOON + 2 * hour]


def test_nobody_hears_of_the_single_steps(customer, agent, committing):
    with committing():
        load(story_of(customer, Changed(by=agent, at=NOON, changes={"assigned_to": agent, "status": "pending"})))

    assert not EventReceipt.objects.exclude(record__type="tickets_loaded").exists()
    assert not Delivery.objects.exists()
    assert not pushed_to(agent).exists()
    assert not pushed_to(customer).exists()
    assert EventRecord.objects.visible_to(agent).count() == 3


def test_the_load_itself_is_told_once_for_each_transaction(customer, admin, agent, committing):
    said = Said(by=customer, at=NOON, content="Hello?")
    with committing():
        load(*(story_of(customer, said) for _ in range(5)), batch_size=2)
        load(*(story_of(customer, said, said) for _ in range(MANY)), batch_size=300)

    told = EventRecord.objects.filter(type="tickets_loaded").order_by("position")
    assert [(record.body["loaded"], record.occurred_at, record.actor_id) for record in told] == [
        ({"tickets": 2, "comments": 2}, LATER, None),
        ({"tickets": 2, "comments": 2}, LATER, None),
        ({"tickets": 1, "comments": 1}, LATER, None),
        ({"tickets": MANY, "comments": 2 * MANY}, LATER, None),
    ]
    assert told[3].body["message"] == "1,000 tickets loaded"
    assert EventRecord.objects.visible_to(admin).filter(type="tickets_loaded").count() == 4
    for person in (agent, customer):
        assert not EventRecord.objects.visible_to(person).filter(type="tickets_loaded").exists()
    assert not pushed_to(admin).exists()


@pytest.mark.parametrize("count", [3, MANY])
def test_a_load_gives_what_it_was_told_of_as_it_goes(customer, count):
    heard = []

    load(
        *(story_of(customer, Said(by=customer, at=NOON, content="?")) for _ in range(count)),
        batch_size=max(2, count // 2 - 1),
        report=lambda *so_far: heard.append(so_far),
    )

    step = max(2, count // 2 - 1)
    assert heard == [(done, done) for done in (*range(step, count, step), count)]
    assert Ticket.objects.count() == count


def test_an_illegal_move_loads_nothing(customer, agent):
    impossible = [Changed(by=agent, at=NOON, changes={"status": status}) for status in ("closed", "pending")]

    with pytest.raises(MoveNotAllowed):
        load(story_of(customer), story_of(customer, *impossible))

    assert (Ticket.objects.count(), EventRecord.objects.count()) == (0, 0)


def test_what_the_database_refuses_loads_nothing(customer):
    nobody = User(username="nobody")

    with pytest.raises(IntegrityError):
        load(story_of(customer, Said(by=nobody, at=NOON, content="Boo")))

    assert (Ticket.objects.count(), Comment.objects.count(), EventRecord.objects.count()) == (0, 0, 0)


def test_nothing_is_loaded_of_nothing(db):
    load()

    assert not EventRecord.objects.exists()
