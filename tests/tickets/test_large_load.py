"""A large load drops indexes and foreign keys for a while: nothing is lost by it, and nobody else is lost beside it."""

import threading
import time
from contextlib import contextmanager

import pytest
from django.db import IntegrityError, connection, transaction

from helpdesk.accounts.models import User
from helpdesk.core import bulk
from helpdesk.events.models import EventRecord
from helpdesk.events.operations import sequence
from helpdesk.tickets.models import Comment, Ticket
from helpdesk.tickets.operations.bulk_load import Said, bulk_load
from tests import catalog
from tests.factories import ticket_of
from tests.people import NOON
from tests.tickets.loads import LATER, MANY, load, story_of

FILES = (
    "SELECT oid FROM pg_class WHERE relname IN ('ticket_newest', 'ticket_search', 'comment_author', 'event_subject')"
)


def assert_gap_free(count):
    positions = list(EventRecord.objects.order_by("position").values_list("position", flat=True))
    assert positions == list(range(1, count + 1))


@contextmanager
def elsewhere(work):
    """On another connection, inside a transaction: enter `work`, and leave it when the block ends."""
    inside, done = threading.Event(), threading.Event()

    def hold():
        with transaction.atomic(), work():
            inside.set()
            done.wait(30)
        connection.close()

    other = threading.Thread(target=hold)
    other.start()
    assert inside.wait(10)
    yield
    done.set()
    other.join(10)


@pytest.fixture
def definitions():
    """The same before and after, whatever the test does."""
    before = catalog.definitions()
    yield
    assert catalog.definitions() == before


def many(customer, count=MANY):
    return (story_of(customer) for _ in range(count))


def test_a_large_load_rebuilds_the_indexes_as_they_were(customer, definitions):
    files = set(catalog.ask(FILES))

    load(*many(customer))

    assert not files & set(catalog.ask(FILES))
    assert Ticket.objects.count() == MANY


def test_a_small_load_leaves_the_indexes_alone(customer, definitions):
    files = catalog.ask(FILES)

    load(*many(customer, MANY - 1))

    assert catalog.ask(FILES) == files


def test_a_load_that_is_small_beside_what_is_there_leaves_the_indexes_alone(customer, definitions):
    load(*many(customer, 4 * MANY + 1))
    files = catalog.ask(FILES)

    load(*many(customer))

    assert catalog.ask(FILES) == files


def test_a_large_load_into_a_filled_desk_keeps_what_is_there(customer, definitions):
    kept = ticket_of(customer, title="Was here before")

    load(*many(customer))

    kept.refresh_from_db()
    assert (kept.title, Ticket.objects.count()) == ("Was here before", MANY + 1)


def test_what_its_definition_does_not_say_keeps_an_index_from_being_rebuilt(customer, definitions):
    """Or a table would no longer be clustered by it, and a unique one would not guard the load."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE INDEX clustered ON tickets_ticket (created_by_id)")
        cursor.execute("CLUSTER tickets_ticket USING clustered")
        cursor.execute("CREATE UNIQUE INDEX guard ON tickets_comment (id, author_id)")
    marks = "SELECT oid, indisclustered FROM pg_class JOIN pg_index ON oid = indexrelid WHERE relname IN ('clustered', 'guard')"
    before = catalog.ask(marks)

    load(*many(customer))

    assert len(before) == 2
    assert catalog.ask(marks) == before
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX clustered, guard")


@pytest.mark.parametrize("broken", ["the story", "a row", "a reference"])
def test_a_large_load_that_fails_leaves_all_as_it_was(customer, definitions, broken):
    kept = ticket_of(customer)
    stranger = User(username="nobody", id=10**9)

    def stories():
        yield from many(customer, MANY - 1)
        if broken == "the story":
            raise KeyboardInterrupt
        author = {"a row": User(username="nobody"), "a reference": stranger}[broken]
        yield story_of(customer, Said(by=author, at=NOON, content="Boo"))

    with pytest.raises((KeyboardInterrupt, IntegrityError)):
        bulk_load(stories(), expected=MANY, now=LATER, batch_size=400)

    assert list(Ticket.objects.all()) == [kept]
    assert not Comment.objects.exists()


def test_a_desk_in_use_is_loaded_by_batches(transactional_db, customer, definitions):
    """A transaction that stays open keeps the tables from being ours alone: nobody waits for the other for ever."""

    @contextmanager
    def slow_ticket():
        yield ticket_of(customer, title="Slow")

    with elsewhere(slow_ticket):
        files = catalog.ask(FILES)
        load(*many(customer), batch_size=500)
    sequence()

    assert catalog.ask(FILES) == files
    assert EventRecord.objects.filter(type="tickets_loaded").count() == 2
    assert Ticket.objects.filter(title="Slow").exists()
    assert_gap_free(MANY + 3)


def test_the_planner_knows_at_once_what_was_loaded(transactional_db, customer):
    load(*(story_of(customer, Said(by=customer, at=NOON, content="?")) for _ in range(MANY)))

    known = dict(catalog.ask("SELECT relname, reltuples::int FROM pg_class WHERE relkind = 'r'"))
    assert (known["tickets_ticket"], known["tickets_comment"]) == (MANY, MANY)
    assert known["events_eventrecord"] >= 2 * MANY
    assert catalog.ask(
        "SELECT count(*) > 0 FROM pg_stats WHERE tablename = 'tickets_ticket' AND attname = 'status'"
    ) == [(True,)]


@pytest.mark.parametrize("count", [300, MANY])
def test_a_ticket_opened_meanwhile_is_neither_lost_nor_misordered(transactional_db, customer, count):
    """It waits for a large load, and comes in between the batches of a small one; its position is behind what it saw."""
    loading, opened = threading.Event(), []

    def open_one():
        loading.wait(10)
        opened.append(ticket_of(customer, title="Meanwhile"))
        connection.close()

    def stories():
        for number in range(count):
            if number == count // 2:
                loading.set()
                time.sleep(0.5)
            yield story_of(customer, Said(by=customer, at=NOON, content="?"))

    other = threading.Thread(target=open_one)
    other.start()
    bulk_load(stories(), expected=count, now=LATER, batch_size=100)
    other.join(15)
    sequence()

    own = EventRecord.objects.get(subject_type="ticket", subject_id=opened[0].pk)
    loads = 1 if count == MANY else 3
    assert Ticket.objects.count() == count + 1
    assert len(set(Ticket.objects.values_list("id", flat=True))) == count + 1
    assert_gap_free(2 * count + loads + 1)
    if count == MANY:
        assert own.position > max(EventRecord.objects.filter(type="comment_added").values_list("position", flat=True))
    assert ticket_of(customer).pk > max(Ticket.objects.exclude(title="Printer on fire").values_list("id", flat=True))


def test_who_publishes_while_a_load_takes_its_time_is_numbered_behind_it(transactional_db, customer):
    """The load holds the sequencer until it commits."""
    loaded = threading.Event()

    def publish() -> None:
        loaded.wait(10)
        ticket_of(customer)
        connection.close()

    other = threading.Thread(target=publish)
    other.start()
    with transaction.atomic():
        load(*(story_of(customer) for _ in range(5)))
        loaded.set()
        other.join(0.5)
        still_waiting = other.is_alive()
    other.join(10)
    sequence()

    assert still_waiting
    assert_gap_free(7)
    assert (
        EventRecord.objects.filter(type="ticket_created").latest("position").subject_id
        == Ticket.objects.latest("id").pk
    )


@pytest.fixture
def impatient(transactional_db):
    """Who waits for a lock gives up soon."""
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '100ms'")
    yield
    # The connection goes back to the pool.
    with connection.cursor() as cursor:
        cursor.execute("RESET lock_timeout")


def test_a_change_whose_number_has_to_wait_too_long_has_succeeded_all_the_same(impatient, customer):
    @contextmanager
    def as_sequencer():
        yield sequence()

    with elsewhere(as_sequencer):
        ticket = ticket_of(customer)
        assert EventRecord.objects.get(subject_id=ticket.pk).position is None
    sequence()

    assert EventRecord.objects.get(subject_id=ticket.pk).position == 1


def test_a_request_during_a_large_load_is_asked_to_come_back(impatient, customer, api_as):
    client = api_as(customer)

    with elsewhere(lambda: bulk.rebuilding(Ticket, Comment, EventRecord)):
        answer = client.get("/api/tickets/")

    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert "Retry-After" in answer.headers
    assert client.get("/api/tickets/").status_code == 200
