"""Replaying the events of every ticket equals its row; where it does not, somebody hears of it."""

import random
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from structlog.testing import capture_logs

from helpdesk.events.models import EventRecord
from helpdesk.files.receiving import Incoming, check
from helpdesk.tickets import tasks
from helpdesk.tickets.enums import Priority, Status
from helpdesk.tickets.models import Attachment, Comment, Ticket
from helpdesk.tickets.operations import attachments, bulk_changes, comments, links, merges, splits, tickets
from helpdesk.tickets.operations.history_check import Differences, check_history
from tests.factories import comment_on, ticket_of
from tests.people import NOON, AgentFactory, UserFactory
from tests.tickets.loads import load, story_of


def differing(**options: Any) -> Differences:
    return {pk: fields for checked in check_history(**options) for pk, fields in checked.differing.items()}


def try_something(chance: random.Random, people: list[Any], *, now: Any) -> None:
    """One of the operations, on any ticket; what it refuses changes nothing."""
    from helpdesk.core.errors import DomainError

    by = chance.choice(people)
    ids = list(Ticket.objects.values_list("pk", flat=True))
    said = list(Comment.objects.values_list("pk", flat=True)) or [0]
    files = list(Attachment.objects.values_list("pk", flat=True)) or [0]
    changes = {
        "status": chance.choice(Status.values),
        "priority": chance.choice(Priority.values),
        "assigned_to": chance.choice([None, *(person.pk for person in people if person.is_agent)]),
        "title": f"Ticket {chance.random()}",
        "description": f"It burns {chance.random()}.",
    }
    some = dict(chance.sample(sorted(changes.items()), chance.randint(1, 3)))
    one = {"by": by, "ticket_id": chance.choice(ids), "now": now}
    words = {"content": f"Words {chance.random()}", "now": now}
    acts: list[Callable[[], Any]] = [
        lambda: tickets.update_ticket(changes=some, **one),
        lambda: tickets.close_ticket(**one),
        lambda: tickets.reopen_ticket(**one),
        lambda: tickets.claim_ticket(**one),
        lambda: tickets.delete_ticket(**one),
        lambda: tickets.restore_ticket(**one),
        lambda: comments.add_comment(ticket_id=one["ticket_id"], by=by, is_internal=by.is_agent, **words),
        lambda: comments.add_comment(ticket_id=one["ticket_id"], by=by, **words),
        lambda: comments.edit_comment(by=by, comment_id=chance.choice(said), **words),
        lambda: comments.delete_comment(by=by, comment_id=chance.choice(said), now=now),
        lambda: attach_something(chance, comment_id=chance.choice([None, *said]), **one),
        lambda: attachments.delete_attachment(by=by, attachment_id=chance.choice(files), now=now),
        lambda: bulk_changes.change_tickets(
            by=people[0], ticket_ids=chance.sample(ids, 3), changes=some, now=now, all_or_none=chance.random() < 0.5
        ),
        lambda: merges.merge_ticket(into=chance.choice(ids), **one),
        lambda: merges.unmerge_ticket(**one),
        lambda: splits.split_comment(
            by=by, ticket_id=one["ticket_id"], comment_id=chance.choice(said), title=None, now=now
        ),
        lambda: links.link_tickets(kind="related", other_id=chance.choice(ids), **one),
        lambda: ticket_of(people[0], created_by=people[2].pk, assigned_to=chance.choice([None, by.pk]), now=now),
    ]
    with suppress(DomainError):
        chance.choice(acts)()


def attach_something(chance: random.Random, *, by: Any, comment_id: int | None, **about: Any) -> None:
    if comment := Comment.objects.filter(pk=comment_id).first():
        # Nobody hangs a file on what another one has said.
        about, by = about | {"ticket_id": comment.ticket_id}, comment.author
    incoming = Incoming(filename="smoke.txt", announced="")
    incoming.write(f"Smoke {chance.random()}".encode())
    with check(incoming) as file:
        attachments.attach(by=by, comment_id=comment_id, file=file, **about)


@pytest.mark.parametrize("seed", range(5))
def test_whatever_is_done_to_tickets_their_history_says_the_same(db: None, agent: Any, seed: int) -> None:
    chance, people = random.Random(seed), [agent, AgentFactory(), UserFactory(), UserFactory()]
    for _ in range(5):
        ticket_of(people[2], now=NOON)
    for n in range(150):
        # A clock may run behind that of whoever came before.
        try_something(chance, people, now=NOON + timedelta(minutes=n, seconds=chance.uniform(-200, 0)))

    assert EventRecord.objects.count() > 60
    assert differing(batch_size=3) == {}


def test_files_that_went_along_have_their_history_too(customer: Any, agent: Any) -> None:
    chance, about = random.Random(1), {"by": agent, "now": NOON}
    source, target = ticket_of(customer), ticket_of(customer)
    said = comment_on(source, customer)
    attach_something(chance, comment_id=None, ticket_id=source.pk, **about)
    attach_something(chance, comment_id=said.pk, ticket_id=source.pk, **about)

    merges.merge_ticket(ticket_id=source.pk, into=target.pk, **about)
    assert Attachment.objects.filter(ticket=target, moved_from=source).count() == 2
    assert differing() == {}

    new = splits.split_comment(ticket_id=target.pk, comment_id=said.pk, title=None, **about)
    merges.unmerge_ticket(ticket_id=source.pk, **about)
    assert set(Attachment.objects.values_list("ticket", "moved_from")) == {(new.pk, source.pk), (source.pk, None)}
    assert differing() == {}


def test_a_deleted_file_is_where_its_comment_is(customer: Any, agent: Any) -> None:
    """Left behind, a merge that is undone would bring it to a ticket where it never was."""
    chance, about = random.Random(1), {"by": agent, "now": NOON}
    ticket = ticket_of(customer)
    said = comment_on(ticket, customer)
    attach_something(chance, comment_id=said.pk, ticket_id=ticket.pk, **about)
    file = Attachment.objects.get()
    attachments.delete_attachment(by=customer, attachment_id=file.pk, now=NOON)

    new = splits.split_comment(ticket_id=ticket.pk, comment_id=said.pk, title=None, **about)

    file.refresh_from_db()
    assert file.ticket_id == new.pk
    assert differing() == {}


def test_what_was_loaded_has_its_history_too(db: None, customer: Any, agent: Any) -> None:
    from helpdesk.tickets.operations.bulk_load import Changed, Said

    def later(minutes: int) -> Any:
        return NOON + timedelta(minutes=minutes)

    steps = (
        Said(by=customer, at=later(1), content="Help!"),
        Said(by=agent, at=later(2), content="Weird.", is_internal=True),
        Changed(by=agent, at=later(3), changes={"assigned_to": agent, "status": "in_progress"}),
        Changed(by=agent, at=later(4), changes={"status": "resolved"}),
        Changed(by=customer, at=later(5), changes={"status": "closed"}),
        Changed(by=customer, at=later(6), changes={"status": "open", "title": "Smoke"}),
    )
    load(*(story_of(customer, *steps[:n]) for n in range(7)))

    assert Ticket.objects.count() == 7
    assert differing() == {}


# --- what differs --------------------------------------------------------------------------------------------------------


@pytest.fixture
def touched(customer: Any, agent: Any) -> Any:
    """A ticket with a comment, among others with which nothing is wrong."""
    ticket_of(customer)
    ticket = ticket_of(customer)
    comment_on(ticket, agent)
    ticket_of(customer)
    return ticket


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"status": "pending"}, ["status"]),
        ({"title": "Mine now", "version": 7}, ["title", "version"]),
        ({"comments_count": 5}, ["comments_count"]),
        ({"updated_at": NOON + timedelta(days=1)}, ["updated_at"]),
        ({"deleted_at": NOON}, ["deleted_at"]),
    ],
)
def test_a_row_that_was_changed_past_the_operations_is_told(touched: Any, row: dict[str, Any], said: list[str]) -> None:
    Ticket.objects.filter(pk=touched.pk).update(**row)
    assert differing() == {touched.pk: said}


@pytest.mark.parametrize(
    "row", [{"content": "Never said"}, {"deleted_at": NOON}, {"version": 2}, {"is_internal": True}]
)
def test_so_is_a_comment(touched: Any, row: dict[str, Any]) -> None:
    Comment.objects.filter(ticket=touched).update(**row)
    assert differing() == {touched.pk: ["comments"]}


@pytest.mark.parametrize("row", [{"deleted_at": NOON}, {"comment": None}])
def test_so_is_a_file(touched: Any, customer: Any, row: dict[str, Any]) -> None:
    comment = Comment.objects.get(ticket=touched)
    chance = random.Random(1)
    attach_something(chance, by=customer, comment_id=comment.pk, ticket_id=touched.pk, now=NOON)
    assert differing() == {}
    Attachment.objects.update(**row)
    assert differing() == {touched.pk: ["attachments"]}


def test_a_ticket_whose_records_are_lost_is_told(touched: Any) -> None:
    EventRecord.objects.filter(subject_id=touched.pk, type="ticket_created").delete()
    assert list(differing()) == [touched.pk]


def test_a_ticket_that_nobody_told_of_is_told(touched: Any) -> None:
    EventRecord.objects.filter(subject_id=touched.pk).delete()
    assert list(differing()) == [touched.pk]


def test_the_log_names_the_fields_and_not_what_is_in_them(touched: Any) -> None:
    Ticket.objects.filter(pk=touched.pk).update(title="A secret")
    with capture_logs() as lines:
        differing()
    (line,) = (line for line in lines if line["event"] == "history_differs")
    assert (line["log_level"], line["ticket_id"], line["fields"]) == ("error", touched.pk, ["title"])
    assert "secret" not in str(lines)


# --- who asks ------------------------------------------------------------------------------------------------------------


def test_the_command_counts_and_its_exit_status_says_whether_all_is_well(
    touched: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("check_history")
    assert capsys.readouterr().out == "3 tickets are what their history says.\n"

    Ticket.objects.filter(pk=touched.pk).update(title="Mine now")

    # What `manage.py` ends with status 1 on.
    with pytest.raises(CommandError, match="1 of 3 tickets are not what their history says"):
        call_command("check_history")
    assert capsys.readouterr().out == f"#{touched.pk} differs: title\n"
    call_command("check_history", after=touched.pk)


def test_every_night_it_goes_through_all_tickets_however_long_that_takes(
    touched: Any, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    sent: list[dict[str, int]] = []
    monkeypatch.setattr(tasks, "BUDGET", timedelta(seconds=-1))
    monkeypatch.setattr(tasks.check_history, "delay", lambda **kwargs: sent.append(kwargs))
    Ticket.objects.filter(pk=touched.pk).update(title="Mine now")
    plan = settings.CELERY_BEAT_SCHEDULE["check-history"]
    assert plan["task"] == tasks.check_history.name

    with capture_logs() as lines:
        tasks.check_history()
        while sent and "history_checked" not in {line["event"] for line in lines}:
            tasks.check_history(**sent[-1])

    (summary,) = (line for line in lines if line["event"] == "history_checked")
    assert (summary["log_level"], summary["tickets"], summary["differing"]) == ("error", 3, 1)


@pytest.mark.slow
def test_what_changes_while_it_looks_is_not_taken_for_a_difference(transactional_db: None) -> None:
    customer, agent = UserFactory(), AgentFactory()
    rows = [ticket_of(customer) for _ in range(5)]
    done = threading.Event()

    def keep_changing() -> None:
        n = 0
        while not done.is_set():
            n += 1
            ticket = rows[n % 5]
            comment_on(ticket, agent, content=str(n), is_internal=n % 2 == 0)
            tickets.update_ticket(by=agent, ticket_id=ticket.pk, changes={"title": f"Ticket {n}"}, now=NOON)
        connection.close()

    writers = [threading.Thread(target=keep_changing) for _ in range(2)]
    for writer in writers:
        writer.start()
    try:
        found = [differing() for _ in range(25)]
    finally:
        done.set()
        for writer in writers:
            writer.join(60)
    assert found == [{}] * 25
    assert EventRecord.objects.count() > 10
