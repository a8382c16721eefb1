"""Every change to comments and notes. The ticket is locked first: its counters move in the same transaction."""

from datetime import datetime
from typing import Any, Protocol

from django.conf import settings
from django.db import transaction
from django.db.models import Max, Q
from django.utils.translation import gettext_lazy as _

from helpdesk.accounts.models import User
from helpdesk.accounts.roles import Permission
from helpdesk.core.errors import Conflict, NotFound
from helpdesk.events.operations import publish
from helpdesk.tickets.enums import WOKEN_BY_CUSTOMER, Status
from helpdesk.tickets.events import (
    CommentAdded,
    CommentDeleted,
    CommentUpdated,
    NoteAdded,
    NoteDeleted,
    NoteUpdated,
)
from helpdesk.tickets.models import Attachment, Comment, Ticket
from helpdesk.tickets.operations import search_texts
from helpdesk.tickets.operations.collisions import require_seen
from helpdesk.tickets.operations.moving import Moved, wherever_it_is
from helpdesk.tickets.operations.telling import about_ticket
from helpdesk.tickets.operations.tickets import later, lock_ticket, require_unmerged, wake_ticket
from helpdesk.tickets.operations.versions import require_version


class TicketClosed(Conflict):
    code = "ticket_closed"


class CommentNotFound(NotFound):
    def __init__(self) -> None:
        super().__init__(_("Not found."))


class Spoken(Protocol):
    """A comment, as far as counting and telling it goes."""

    @property
    def pk(self) -> int: ...
    @property
    def author(self) -> User: ...
    @property
    def content(self) -> str: ...
    @property
    def is_internal(self) -> bool: ...
    @property
    def created_at(self) -> datetime: ...


@transaction.atomic
def add_comment(
    *,
    by: User,
    ticket_id: int,
    content: str,
    now: datetime,
    is_internal: bool = False,
    seen_version: int | None = None,
    force: bool = False,
) -> Comment:
    """Add a comment, or a note; a customer's comment wakes a waiting ticket (`CUSTOMER_COMMENT_REOPENS`).

    Whoever says by `seen_version` which comment was the newest they had read is told of newer ones, unless by `force`.
    """
    ticket = lock_ticket(ticket_id)
    require_unmerged(ticket)
    if ticket.status == Status.CLOSED and not by.may(Permission.COMMENT_ON_CLOSED_TICKET):
        raise TicketClosed(_("This ticket is closed. Reopen it, or open a new one."))
    require_seen(ticket, None if force else seen_version, by=by)
    comment = Comment.objects.create(ticket=ticket, author=by, content=content, is_internal=is_internal, created_at=now)
    search_texts.add(comment)
    count_comment(ticket, comment)
    ticket.save(update_fields=[*_COUNTERS, *_TIMES])
    publish(event_of_comment(ticket, comment), by=by, now=now)
    wakes = settings.CUSTOMER_COMMENT_REOPENS and not by.is_agent and not is_internal
    if wakes and ticket.status in WOKEN_BY_CUSTOMER:
        wake_ticket(ticket, by=by, now=now)
    return comment


@wherever_it_is
@transaction.atomic
def edit_comment(*, by: User, comment_id: int, content: str, now: datetime, if_version: int | None = None) -> Comment:
    ticket, comment = lock_comment(comment_id)
    require_version(comment, if_version, by=by)
    if comment.content == content:
        return comment
    old, comment.content = comment.content, content
    comment.edited_at, comment.version = now, comment.version + 1
    comment.save(update_fields=["content", "edited_at", "version"])
    search_texts.refresh(ticket.pk)
    _touch(ticket, comment, now=now)
    ticket.save(update_fields=_TIMES)
    event_type = NoteUpdated if comment.is_internal else CommentUpdated
    publish(_told(event_type, ticket, comment, old_content=old), by=by, now=now)
    return comment


@wherever_it_is
@transaction.atomic
def delete_comment(*, by: User, comment_id: int, now: datetime, if_version: int | None = None) -> None:
    ticket, comment = lock_comment(comment_id)
    require_version(comment, if_version, by=by)
    comment.deleted_at, comment.version = now, comment.version + 1
    comment.save(update_fields=["deleted_at", "version"])
    Attachment.objects.filter(comment=comment, deleted_at=None).update(deleted_at=now)
    search_texts.refresh(ticket.pk)
    left = Comment.objects.filter(ticket=ticket, deleted_at=None).aggregate(
        last=Max("created_at"), public_last=Max("created_at", filter=Q(is_internal=False))
    )
    ticket.comments_count -= 1
    ticket.last_comment_at = left["last"]
    if not comment.is_internal:
        ticket.public_comments_count -= 1
        ticket.public_last_comment_at = left["public_last"]
    _touch(ticket, comment, now=now)
    ticket.save(update_fields=[*_COUNTERS, *_TIMES])
    publish(_told(NoteDeleted if comment.is_internal else CommentDeleted, ticket, comment), by=by, now=now)


def count_comment(ticket: Ticket, comment: Spoken) -> None:
    """Move what a new comment moves: the staff's numbers and times always, the public's never for a note."""
    ticket.comments_count += 1
    ticket.last_comment_at = later(ticket.last_comment_at, comment.created_at)
    if not comment.is_internal:
        ticket.public_comments_count += 1
        ticket.public_last_comment_at = later(ticket.public_last_comment_at, comment.created_at)
    _touch(ticket, comment, now=comment.created_at)


def event_of_comment(ticket: Ticket, comment: Spoken) -> CommentAdded | NoteAdded:
    told: CommentAdded | NoteAdded = _told(NoteAdded if comment.is_internal else CommentAdded, ticket, comment)
    return told


_COUNTERS = ("comments_count", "public_comments_count", "last_comment_at", "public_last_comment_at")
_TIMES = ("updated_at", "public_updated_at")


def _touch(ticket: Ticket, comment: Spoken, *, now: datetime) -> None:
    """Move the ticket's times: the staff's always, the public's never for a note."""
    ticket.updated_at = later(ticket.updated_at, now)
    if not comment.is_internal:
        ticket.public_updated_at = later(ticket.public_updated_at, now)


def lock_comment(comment_id: int) -> tuple[Ticket, Comment]:
    """Both rows, the ticket first, as everywhere: two locks in one order cannot deadlock. For `wherever_it_is`."""
    alive = Comment.objects.select_related("author").filter(deleted_at=None, pk=comment_id)
    found = alive.values_list("ticket_id", flat=True).first()
    if found is None:
        raise CommentNotFound
    ticket = lock_ticket(found)
    comment = alive.select_for_update(of=("self",)).first()
    if comment is None:
        raise CommentNotFound
    if comment.ticket_id != ticket.pk:
        raise Moved
    return ticket, comment


def _told(event_type: Any, ticket: Ticket, comment: Spoken, **more: str) -> Any:
    return event_type(
        **about_ticket(ticket),
        comment_id=comment.pk,
        author=comment.author.username,
        content=comment.content,
        **more,
    )
