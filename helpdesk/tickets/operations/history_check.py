"""Does replaying what happened to every ticket give what its row says?

If not, somebody changed a row past the operations, or an operation told less or other than it did. Nothing is repaired:
which of the two is right is for people to find out.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any, Final

import structlog
from django.db import transaction
from django.db.models.functions import MD5

from helpdesk.tickets.history import COLUMNS
from helpdesk.tickets.models import Comment, Ticket
from helpdesk.tickets.past import replayed

logger = structlog.get_logger(__name__)

BATCH: Final = 500
_OF_COMMENTS: Final = (
    *("author_id", "is_internal", "created_at", "edited_at", "deleted_at", "version", "moved_from_id", "digest"),
)

# By ticket, the names of what differs; not the values, which are people's.
Differences = dict[int, list[str]]


@dataclass(frozen=True, kw_only=True)
class Checked:
    """`last` is where the next batch begins."""

    tickets: int
    last: int
    differing: Differences


def check_history(*, after: int = 0, batch_size: int = BATCH) -> Iterator[Checked]:
    """Batch by batch, all tickets with a higher id, deleted ones too. What differs is logged as an error."""
    while ids := list(Ticket.objects.filter(pk__gt=after).order_by("pk").values_list("pk", flat=True)[:batch_size]):
        after = ids[-1]
        differing = _confirmed(_suspects(ids))
        for ticket_id, fields in differing.items():
            logger.error("history_differs", ticket_id=ticket_id, fields=fields)
        yield Checked(tickets=len(ids), last=after, differing=differing)


def _suspects(ids: Collection[int]) -> Collection[int]:
    """Rows and records are read one after the other: of what changes in between they differ, and are asked again."""
    try:
        return _differences(ids).keys()
    except LookupError:
        # An event that speaks of what is not there: of one of them, so each is replayed by itself.
        return ids


def _confirmed(suspects: Collection[int]) -> Differences:
    return {pk: fields for pk in suspects if (fields := _locked(pk))}


@transaction.atomic
def _locked(ticket_id: int) -> list[str]:
    """What differs while nobody can change the ticket."""
    Ticket.objects.select_for_update().filter(pk=ticket_id).values_list("pk").first()
    try:
        return _differences([ticket_id]).get(ticket_id, [])
    except LookupError:
        return ["history"]


def _differences(ids: Collection[int]) -> Differences:
    rows = {row.pop("id"): row for row in Ticket.objects.filter(pk__in=ids).values("id", *COLUMNS)}
    comments: dict[int, dict[int, Any]] = {pk: {} for pk in rows}
    said = Comment.objects.filter(ticket_id__in=ids).annotate(digest=MD5("content"))
    for comment in said.values("id", "ticket_id", *_OF_COMMENTS).iterator():
        comments[comment.pop("ticket_id")][comment.pop("id")] = comment
    pasts, differing = replayed(ids), {}
    for pk, row in rows.items():
        past = pasts.get(pk)
        columns = past.columns if past else {}
        fields = [name for name in COLUMNS if name not in columns or columns[name] != row[name]]
        spoken = (
            {n: {name: getattr(c, name) for name in _OF_COMMENTS} for n, c in past.comments.items()} if past else {}
        )
        if fields or spoken != comments[pk]:
            differing[pk] = fields + ["comments"] * (spoken != comments[pk])
    return differing
