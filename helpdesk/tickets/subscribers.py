"""What ticket events set off: every one moves the lists on and wakes the sockets; some put a queue in motion."""

from collections.abc import Callable
from typing import Any, Final

from django.utils import timezone

from helpdesk.accounts.scopes import scopes_of_ticket, staff_scopes
from helpdesk.cache import pages
from helpdesk.events.declaration import EVENT_TYPES, Event
from helpdesk.events.models import EventRecord
from helpdesk.events.subscriptions import subscribe
from helpdesk.realtime import push
from helpdesk.tickets.catalog_events import CategoryEvent, TagEvent, TeamCreated, TeamEvent, TeamUpdated
from helpdesk.tickets.enums import UNSOLVED
from helpdesk.tickets.events import (
    AttachmentEvent,
    CommentEvent,
    StatusChanged,
    TicketAssigned,
    TicketCreated,
    TicketDeleted,
    TicketEvent,
    TicketRestored,
    TicketsLoaded,
    TicketTeamChanged,
    WorkloadUpdated,
)
from helpdesk.tickets.operations.assignment_queue import share_out

CATALOG_EVENTS = [
    event_type for event_type in EVENT_TYPES.values() if issubclass(event_type, CategoryEvent | TagEvent | TeamEvent)
]
TICKET_EVENTS = [event_type for event_type in EVENT_TYPES.values() if issubclass(event_type, TicketEvent)]


@subscribe(*TICKET_EVENTS, name="cache.lists", urgent=True)
def move_lists_on(event: TicketEvent, _record: EventRecord) -> None:
    """Before the answer to whoever made the change, and before anybody hears of it."""
    is_note = isinstance(event, CommentEvent | AttachmentEvent) and event.staff_only
    pages.bump(*(staff_scopes() if is_note else scopes_of_ticket(event.creator_id)))


# What they are called stands in the rows of everybody's lists.
@subscribe(*CATALOG_EVENTS, name="cache.lists", urgent=True)
@subscribe(TicketsLoaded, name="cache.lists", urgent=True)
def move_all_lists_on(_event: Event, _record: EventRecord) -> None:
    pages.bump(pages.EVERYONE)


subscribe(*TICKET_EVENTS, name="realtime.push")(push.wake)
# Who comes into a team sees its queue from then on.
subscribe(TeamUpdated, name="realtime.push")(push.wake)


# When an event may have put its ticket into a queue, or freed somebody whom it was assigned to.
_MOVES_A_QUEUE: Final[dict[type[TicketEvent], Callable[[Any], bool]]] = {
    TicketCreated: lambda event: event.assignee is None,
    StatusChanged: lambda event: (event.old_status in UNSOLVED) != (event.new_status in UNSOLVED),
    TicketTeamChanged: lambda _event: True,
    TicketAssigned: lambda event: event.old_assignee is not None,
    TicketDeleted: lambda _event: True,
    TicketRestored: lambda _event: True,
}


@subscribe(*_MOVES_A_QUEUE, name="tickets.assignment")
def give_out_what_waits(event: TicketEvent, _record: EventRecord) -> None:
    if _MOVES_A_QUEUE[type(event)](event):
        share_out(ticket_id=event.ticket_id, freed=event.assignee_ids, now=timezone.now())


@subscribe(WorkloadUpdated, name="tickets.assignment")
def give_out_to_who_is_free(event: WorkloadUpdated, _record: EventRecord) -> None:
    share_out(ticket_id=None, freed=[event.user["id"]], now=timezone.now())


@subscribe(TeamCreated, TeamUpdated, name="tickets.assignment")
def give_out_to_the_team(event: TeamEvent, _record: EventRecord) -> None:
    share_out(ticket_id=None, freed=[member["id"] for member in event.team["members"]], now=timezone.now())
