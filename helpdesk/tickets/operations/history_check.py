"""Does replaying what happened to every ticket give what its row says?

If not, somebody changed a row past the operations, or an operation told less or other than it did. Nothing is repaired:
which of the two is right is for people to find out.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import structlog
from django.db import transaction
from django.db.models.functions import MD5

from helpdesk.tickets.effects import Past
from helpdesk.tickets.history import COLUMNS
from helpdesk.tickets.models import Attachment, Comment, Ticket
from helpdesk.tickets.past import replayed

logger = structlog.get_logger(__name__)

BATCH: Final = 500
_OF_COMMENTS: Final = (
    *("author_id", "is_internal", "created_at", "edited_at", "deleted_at", "version", "moved_from_id", "digest"),
)
_OF_FILES: Final = ("comment_id", "deleted_at", "moved_from_id")

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
    said = Comment.objects.filter(ticket_id__in=ids).annotate(digest=MD5("content"))
    comments = _by_ticket(said.values("id", "ticket_id", *_OF_COMMENTS))
    files = _by_ticket(Attachment.objects.filter(ticket_id__in=ids).values("id", "ticket_id", *_OF_FILES))
    pasts, differing = replayed(ids), {}
    for pk, row in rows.items():
        past = pasts.get(pk, Past())
        fields = [name for name in COLUMNS if name not in past.columns or past.columns[name] != row[name]]
        fields += ["comments"] * (_values(past.comments, _OF_COMMENTS) != comments[pk])
        fields += ["attachments"] * (_values(past.files, _OF_FILES) != files[pk])
        if fields:
            differing[pk] = fields
    return differing


def _by_ticket(rows: Any) -> dict[int, dict[int, dict[str, Any]]]:
    """Row by id, by ticket."""
    found: dict[int, dict[int, dict[str, Any]]] = defaultdict(dict)
    for row in rows.iterator():
        found[row.pop("ticket_id")][row.pop("id")] = row
    return found


def _values(parts: Mapping[int, Any], names: Sequence[str]) -> dict[int, dict[str, Any]]:
    return {pk: {name: getattr(part, name) for name in names} for pk, part in parts.items()}
