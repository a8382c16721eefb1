"""Comments and files that go from one ticket to another. Both tickets are locked: their counters move too."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, fields
from datetime import datetime
from functools import wraps
from typing import Any, Final, ParamSpec, TypeVar

from django.db.models import Count, Max, Q, Value
from django.db.models.functions import Coalesce, NullIf

from helpdesk.tickets.models import Attachment, Comment, Merge, Ticket
from helpdesk.tickets.operations import search_texts
from helpdesk.tickets.operations.tickets import later

P = ParamSpec("P")
R = TypeVar("R")


class Moved(Exception):
    """While we waited for a ticket, what we wanted of it went to another one."""


def wherever_it_is(operation: Callable[P, R]) -> Callable[P, R]:
    """Do it again, in a new transaction, where it has moved meanwhile: a merge was faster.

    The lock of the old ticket goes with the transaction. Whoever kept it while asking for the new one's would take two
    locks in any order.
    """

    @wraps(operation)
    def tried(*args: P.args, **kwargs: P.kwargs) -> R:
        while True:
            with suppress(Moved):
                return operation(*args, **kwargs)

    return tried


@dataclass(frozen=True, kw_only=True)
class Load:
    """What is carried, by ids; notes stay notes, and are told apart from what everybody on the ticket reads."""

    comment_ids: list[int]
    note_ids: list[int]
    attachment_ids: list[int]

    @property
    def said(self) -> list[int]:
        return [*self.comment_ids, *self.note_ids]

    def as_data(self) -> dict[str, Any]:
        return {field.name: getattr(self, field.name) for field in fields(self)}


def carry_all(source: Ticket, target: Ticket) -> Load:
    """All that is alive on the source. What came there from a third ticket still says so."""
    said = Comment.objects.filter(ticket=source, deleted_at=None)
    load = _load(said, attached=Q(ticket=source, comment=None, deleted_at=None))
    _carry(load, target, moved_from=Coalesce("moved_from", Value(source.pk)))
    return load


def carry_one(comment: Comment, target: Ticket) -> Load:
    """The comment, and the files on it."""
    source_id = comment.ticket_id
    load = _load(Comment.objects.filter(pk=comment.pk))
    _carry(load, target, moved_from=Coalesce("moved_from", Value(source_id)))
    return load


def carry_back(merge: Merge, source: Ticket) -> Load:
    """What the merge had moved, where it still is, also what was deleted there.

    What has been written since stays, except files on what goes. What has been split off since is another ticket's.
    """
    said = Comment.objects.filter(ticket=merge.target_id, pk__in=merge.comment_ids)
    load = _load(said, attached=Q(ticket=merge.target_id, pk__in=merge.attachment_ids))
    _carry(load, source, moved_from=NullIf("moved_from", Value(source.pk)))
    return load


def recount(ticket: Ticket, *, touched: datetime, publicly: bool = True) -> None:
    """The counters, and what a search reads, as the comments are now; and the times that tell of the change.

    The public's never for a note.
    """
    public = Q(is_internal=False)
    counted = Comment.objects.filter(ticket=ticket, deleted_at=None).aggregate(
        comments_count=Count("*"),
        public_comments_count=Count("pk", filter=public),
        last_comment_at=Max("created_at"),
        public_last_comment_at=Max("created_at", filter=public),
    )
    counted["updated_at"] = later(ticket.updated_at, touched)
    if publicly:
        counted["public_updated_at"] = later(ticket.public_updated_at, touched)
    for field, value in counted.items():
        setattr(ticket, field, value)
    ticket.save(update_fields=list(counted))
    search_texts.refresh(ticket.pk)


_NONE: Final = Q(pk__in=[])


def _load(said: Any, *, attached: Q = _NONE) -> Load:
    """What was said goes with every file on it, deleted ones too: a file is where its comment is."""
    rows = list(said.order_by("pk").values_list("pk", "is_internal"))
    ids = [pk for pk, _ in rows]
    files = Attachment.objects.filter(attached | Q(comment__in=ids))
    return Load(
        comment_ids=[pk for pk, is_internal in rows if not is_internal],
        note_ids=[pk for pk, is_internal in rows if is_internal],
        attachment_ids=list(files.order_by("pk").values_list("pk", flat=True)),
    )


def _carry(load: Load, target: Ticket, *, moved_from: Any) -> None:
    Comment.objects.filter(pk__in=load.said).update(ticket=target, moved_from=moved_from)
    Attachment.objects.filter(pk__in=load.attachment_ids).update(ticket=target, moved_from=moved_from)
