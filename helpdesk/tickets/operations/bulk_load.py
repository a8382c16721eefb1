"""Many tickets at once, each with its history, as if every step had been taken when it says; nobody is told of each."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from operator import attrgetter
from typing import Any, Final, NamedTuple

from django.db import transaction

from helpdesk.accounts.models import User
from helpdesk.core import bulk
from helpdesk.events.models import EventRecord
from helpdesk.events.operations import publish, sequence
from helpdesk.events.operations.bulk_load import Happening
from helpdesk.events.operations.bulk_load import bulk_load as load_history
from helpdesk.tickets.events import TicketsLoaded
from helpdesk.tickets.models import Category, Comment, Tag, Team, Ticket, TicketText
from helpdesk.tickets.operations import search_texts
from helpdesk.tickets.operations.comments import count_comment, event_of_comment
from helpdesk.tickets.operations.telling import event_of_opening
from helpdesk.tickets.operations.tickets import apply_changes

BATCH: Final = 1000
# So many tickets are worth rebuilding the indexes, unless so many times more are there already.
_LARGE: Final = 1000
_TIMES: Final = 4

# Hears after each batch how many tickets and comments there are by now.
Report = Callable[[int, int], None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Said:
    """A comment, or a note."""

    by: User
    at: datetime
    content: str
    is_internal: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Changed:
    """`changes` as `update_ticket` takes them, except that people, categories, tags and teams are rows."""

    by: User
    at: datetime
    changes: dict[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Story:
    """A ticket from its opening on; its steps in the order of time."""

    by: User
    at: datetime
    title: str
    description: str
    priority: str
    steps: Sequence[Said | Changed]
    category: Category | None = None
    tags: Sequence[Tag] = ()
    team: Team | None = None


class _Comment(NamedTuple):
    """What is asked of a comment here, without a model instance for each of millions."""

    pk: int
    ticket_id: int
    author: User
    content: str
    is_internal: bool
    created_at: datetime


_TICKET_COLUMNS: Final = tuple(
    field.attname
    for field in Ticket._meta.concrete_fields  # noqa: SLF001 - Django's public name for it
    if not field.generated
)
_COMMENT_COLUMNS: Final = ("id", "ticket_id", "author_id", "content", "is_internal", "created_at", "version")


def bulk_load(
    stories: Iterable[Story],
    *,
    expected: int,
    now: datetime,
    batch_size: int = BATCH,
    report: Report = lambda _tickets, _comments: None,
) -> None:
    """Write the `expected` tickets with their comments and records.

    Many go in one transaction, around indexes that are rebuilt, unless somebody keeps the tables busy. Few go in one
    for each batch. A customer's words do not wake a ticket here: that is a step of its own in the story.
    """
    left = iter(stories)
    batches = iter(lambda: list(islice(left, batch_size)), [])
    with suppress(bulk.Busy):
        if _is_large(expected):
            _load_at_once(batches, now=now, report=report)
    _load_by_batches(batches, now=now, report=report)
    bulk.analyze(Ticket, Comment, TicketText, EventRecord)


def _is_large(expected: int) -> bool:
    most = expected * _TIMES
    return expected >= _LARGE and Ticket.objects.all()[: most + 1].count() <= most


@transaction.atomic
def _load_at_once(batches: Iterable[Sequence[Story]], *, now: datetime, report: Report) -> None:
    # First: who holds a table while waiting for our numbers would never let us have the table.
    sequence()
    tickets = comments = 0
    with bulk.rebuilding(Ticket, Comment, TicketText, EventRecord):
        for batch in batches:
            tickets, comments = tickets + len(batch), comments + _write(batch)
            report(tickets, comments)
    publish(TicketsLoaded(tickets=tickets, comments=comments), by=None, now=now)


def _load_by_batches(batches: Iterable[Sequence[Story]], *, now: datetime, report: Report) -> None:
    tickets = comments = 0
    for batch in batches:
        with transaction.atomic():
            written = _write(batch)
            publish(TicketsLoaded(tickets=len(batch), comments=written), by=None, now=now)
        tickets, comments = tickets + len(batch), comments + written
        report(tickets, comments)


def _write(stories: Sequence[Story]) -> int:
    """Insert tickets, comments and records; return how many comments there were."""
    tickets: list[Ticket] = []
    comments: list[_Comment] = []
    happenings: list[Happening] = []
    spoken = sum(isinstance(step, Said) for story in stories for step in story.steps)
    comment_ids = iter(bulk.reserve_ids(Comment, spoken))
    for ticket_id, story in zip(bulk.reserve_ids(Ticket, len(stories)), stories, strict=True):
        ticket = _opened(ticket_id, story)
        tickets.append(ticket)
        happenings.append(Happening(event_of_opening(ticket), story.by, story.at))
        for step in story.steps:
            if isinstance(step, Said):
                comment = _Comment(next(comment_ids), ticket_id, step.by, step.content, step.is_internal, step.at)
                count_comment(ticket, comment)
                comments.append(comment)
                happenings.append(Happening(event_of_comment(ticket, comment), step.by, step.at))
            else:
                _written, events = apply_changes(ticket, step.changes, now=step.at)
                happenings.extend(Happening(event, step.by, step.at) for event in events)
    bulk.copy(Ticket, _TICKET_COLUMNS, map(_ticket_row, tickets))
    bulk.copy(Comment, _COMMENT_COLUMNS, map(_comment_row, comments))
    search_texts.write([ticket.pk for ticket in tickets], [comment.pk for comment in comments])
    # A stable sort: what happened to one ticket at one moment keeps its order.
    load_history(sorted(happenings, key=attrgetter("at")))
    return len(comments)


def _opened(ticket_id: int, story: Story) -> Ticket:
    ticket = Ticket(
        id=ticket_id,
        title=story.title,
        description=story.description,
        priority=story.priority,
        created_by=story.by,
        created_at=story.at,
        updated_at=story.at,
        public_updated_at=story.at,
        category=story.category,
        team=story.team,
        tag_ids=sorted(tag.pk for tag in story.tags),
    )
    ticket.tags = sorted(story.tags, key=attrgetter("name"))
    return ticket


def _ticket_row(ticket: Ticket) -> tuple[Any, ...]:
    # A member of an enumeration is a string to Python, but not to the driver.
    ticket.status, ticket.priority = str(ticket.status), str(ticket.priority)
    row: tuple[Any, ...] = attrgetter(*_TICKET_COLUMNS)(ticket)
    return row


def _comment_row(comment: _Comment) -> tuple[Any, ...]:
    pk, ticket_id, author, content, is_internal, created_at = comment
    return pk, ticket_id, author.pk, content, is_internal, created_at, 1
