"""What ticket events set off outside: every one moves the lists on and wakes the sockets."""

from helpdesk.accounts.scopes import scopes_of_ticket, staff_scopes
from helpdesk.cache import pages
from helpdesk.events.declaration import EVENT_TYPES, Event
from helpdesk.events.models import EventRecord
from helpdesk.events.subscriptions import subscribe
from helpdesk.realtime import push
from helpdesk.tickets.events import AttachmentEvent, CommentEvent, TicketEvent, TicketsLoaded

TICKET_EVENTS = [event_type for event_type in EVENT_TYPES.values() if issubclass(event_type, TicketEvent)]


@subscribe(*TICKET_EVENTS, name="cache.lists", urgent=True)
def move_lists_on(event: TicketEvent, _record: EventRecord) -> None:
    """Before the answer to whoever made the change, and before anybody hears of it."""
    is_note = isinstance(event, CommentEvent | AttachmentEvent) and event.staff_only
    pages.bump(*(staff_scopes() if is_note else scopes_of_ticket(event.creator_id)))


@subscribe(TicketsLoaded, name="cache.lists", urgent=True)
def move_all_lists_on(_event: Event, _record: EventRecord) -> None:
    pages.bump(pages.EVERYONE)


subscribe(*TICKET_EVENTS, name="realtime.push")(push.wake)
