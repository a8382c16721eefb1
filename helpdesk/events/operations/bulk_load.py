"""History that nobody needs to hear: the records of events, with their positions, and nobody's part to do."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from django.db import transaction

from helpdesk.core import bulk
from helpdesk.events.declaration import Event
from helpdesk.events.models import EventRecord
from helpdesk.events.operations.publishing import Actor, record_of
from helpdesk.events.operations.sequencing import sequence
from helpdesk.events.queries import head_position


class Happening(NamedTuple):
    event: Event
    by: Actor
    at: datetime


@transaction.atomic
def bulk_load(happenings: Iterable[Happening]) -> int:
    """Write the records in this order, without subscribers and pushed to no one; return how many.

    Sequencing first takes the sequencer's lock, which stays ours until the commit: nobody else can take the numbers.
    """
    records = [record_of(event, by=by, now=at) for event, by, at in happenings]
    ids = bulk.reserve_ids(EventRecord, len(records))
    sequence()
    head = head_position()
    for place, (record, pk) in enumerate(zip(records, ids, strict=True), start=1):
        record.pk, record.position = pk, head + place
        record.audience, record.pushed_to_agents = [], False
    bulk.copy(records)
    return len(records)
