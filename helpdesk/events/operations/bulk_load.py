"""History that nobody needs to hear: the records of events, with their positions, and nobody's part to do."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, Final, NamedTuple

import orjson
from django.db import transaction

from helpdesk.core import bulk
from helpdesk.events.declaration import Event
from helpdesk.events.models import EventRecord
from helpdesk.events.operations.publishing import Actor, body_of
from helpdesk.events.operations.sequencing import sequence
from helpdesk.events.queries import head_position

_COLUMNS: Final = (
    "type",
    "subject_type",
    "subject_id",
    "staff_only",
    "actor_id",
    "occurred_at",
    "data",
    "body",
    "changes",
    "audience",
    "pushed_to_agents",
    "position",
)


class Happening(NamedTuple):
    event: Event
    by: Actor | None
    at: datetime


@transaction.atomic
def bulk_load(happenings: Iterable[Happening]) -> None:
    """Write the records in this order, without subscribers and pushed to no one.

    Sequencing first takes the sequencer's lock, which stays ours until the commit: nobody else can take the numbers.
    """
    sequence()
    bulk.copy(EventRecord, _COLUMNS, _rows(happenings, head=head_position()))


def _rows(happenings: Iterable[Happening], *, head: int) -> Iterator[tuple[Any, ...]]:
    """As `record_of`, without an instance for each of millions of rows."""
    for position, (event, by, at) in enumerate(happenings, start=head + 1):
        yield (
            event.name,
            *event.subject,
            event.staff_only,
            by.pk if by else None,
            at,
            _json(event.as_data()),
            _json(body_of(event, by=by)),
            _json(event.changes),
            "{}",
            False,
            position,
        )


def _json(value: dict[str, Any]) -> str:
    return orjson.dumps(value).decode()
