"""Reading the stream in its order."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db.models import BigIntegerField, Max, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from helpdesk.events.cursors import LIFETIME, Cursor, CursorExpired
from helpdesk.events.models import EventRecord, EventRecordQuerySet
from helpdesk.events.visibility import Reader


@dataclass(frozen=True)
class StreamPage:
    """`at` is its reader's own cursor's: that of a very old event is as young, or it would be dead when it arrives."""

    records: list[EventRecord]
    next: Cursor
    head: Cursor
    at: datetime

    def as_dict(self) -> dict[str, Any]:
        results = [record.wire(str(cursor_of(record, at_least=self.at))) for record in self.records]
        return {"results": results, "next": str(self.next), "head": str(self.head)}


def head_position() -> int:
    """The newest position; 0 before the first event."""
    return EventRecord.objects.aggregate(head=Max("position"))["head"] or 0


def head_column() -> Coalesce:
    """The same, as a column of another statement: read together with what comes before all data."""
    newest = EventRecord.objects.filter(position__isnull=False).order_by("-position").values("position")[:1]
    return Coalesce(Subquery(newest), Value(0), output_field=BigIntegerField())


def cursor_of(record: EventRecord, *, at_least: datetime | None = None) -> Cursor:
    """As old as its event; or `at_least`, its reader's own, where the event is very old for that reader."""
    if record.position is None:
        raise ValueError("An event has no cursor before it was sequenced.")
    is_very_old = at_least is not None and at_least - record.occurred_at > LIFETIME / 2
    return Cursor(position=record.position, at=at_least if at_least and is_very_old else record.occurred_at)


def after(position: int, *, upto: int) -> EventRecordQuerySet:
    return EventRecord.objects.filter(position__gt=position, position__lte=upto).order_by("position")


def stream_page(
    *,
    user: Reader,
    after_cursor: Cursor | None,
    types: Collection[str],
    ticket_id: int | None,
    limit: int,
    now: datetime,
) -> StreamPage:
    """The events after the cursor that the user may see, oldest first; without a cursor none, but where "now" is.

    The head is read first: what commits meanwhile has a higher position, and belongs to the next page.
    """
    head = Cursor(position=head_position(), at=now)
    if after_cursor is None:
        return StreamPage(records=[], next=head, head=head, at=now)
    if after_cursor.position > head.position:
        # From before the database was restored from a backup: what it stands for is gone.
        raise CursorExpired(_("This cursor is ahead of the stream. Reload, and go on from a new one."))
    records = after(after_cursor.position, upto=head.position).visible_to(user).defer("data", "changes")
    if types:
        records = records.filter(type__in=types)
    if ticket_id is not None:
        records = records.filter(subject_type="ticket", subject_id=ticket_id)
    return page_of(list(records[:limit]), limit=limit, head=head, at=after_cursor.at)


def page_of(found: list[EventRecord], *, limit: int, head: Cursor, at: datetime) -> StreamPage:
    """The first of what was found up to the head.

    A full page may have more behind it; a short one has been read to the head. What was loaded with old dates must not
    lead on by a cursor that has expired.
    """
    records, following = found[:limit], head
    if len(records) == limit:
        last = cursor_of(records[-1])
        following = replace(last, at=max(last.at, at))
    return StreamPage(records=records, next=following, head=head, at=at)
