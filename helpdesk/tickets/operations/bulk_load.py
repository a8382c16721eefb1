"""Many tickets at once, each with its history, as if every step had been taken when it says; nobody is told."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from helpdesk.accounts.models import User
from helpdesk.core import bulk
from helpdesk.events.operations.bulk_load import Happening
from helpdesk.events.operations.bulk_load import bulk_load as load_history
from helpdesk.tickets.models import Comment, Ticket
from helpdesk.tickets.operations.comments import count_comment, event_of_comment
from helpdesk.tickets.operations.telling import event_of_opening
from helpdesk.tickets.operations.tickets import apply_changes


@dataclass(frozen=True, kw_only=True, slots=True)
class Said:
    """A comment, or a note."""

    by: User
    at: datetime
    content: str
    is_internal: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Changed:
    """`changes` as `update_ticket` takes them, except that `assigned_to` is a user or None."""

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


@transaction.atomic
def bulk_load(stories: Sequence[Story]) -> int:
    """Write the tickets with their comments and records; return how many comments there were.

    A customer's words do not wake a ticket here: that is a step of its own in the story.
    """
    tickets: list[Ticket] = []
    comments: list[Comment] = []
    happenings: list[Happening] = []
    spoken = sum(isinstance(step, Said) for story in stories for step in story.steps)
    comment_ids = iter(bulk.reserve_ids(Comment, spoken))
    for ticket_id, story in zip(bulk.reserve_ids(Ticket, len(stories)), stories, strict=True):
        ticket = _opened(ticket_id, story)
        tickets.append(ticket)
        happenings.append(Happening(event_of_opening(ticket), story.by, story.at))
        for step in story.steps:
            if isinstance(step, Said):
                comment = _said(next(comment_ids), ticket, step)
                count_comment(ticket, comment)
                comments.append(comment)
                happenings.append(Happening(event_of_comment(ticket, comment), step.by, step.at))
            else:
                _written, events = apply_changes(ticket, step.changes, now=step.at)
                happenings.extend(Happening(event, step.by, step.at) for event in events)
    bulk.copy(tickets)
    bulk.copy(comments)
    # A stable sort: what happened to one ticket at one moment keeps its order.
    load_history(sorted(happenings, key=lambda happening: happening.at))
    return len(comments)


def _opened(ticket_id: int, story: Story) -> Ticket:
    return Ticket(
        id=ticket_id,
        title=story.title,
        description=story.description,
        priority=story.priority,
        created_by=story.by,
        created_at=story.at,
        updated_at=story.at,
        public_updated_at=story.at,
    )


def _said(comment_id: int, ticket: Ticket, step: Said) -> Comment:
    return Comment(
        id=comment_id,
        ticket=ticket,
        author=step.by,
        content=step.content,
        is_internal=step.is_internal,
        created_at=step.at,
    )
