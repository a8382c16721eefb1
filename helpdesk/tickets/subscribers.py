"""What ticket events set off outside: every one wakes the sockets."""

from helpdesk.events.declaration import EVENT_TYPES
from helpdesk.events.subscriptions import subscribe
from helpdesk.realtime import push
from helpdesk.tickets.events import TicketEvent

TICKET_EVENTS = [event_type for event_type in EVENT_TYPES.values() if issubclass(event_type, TicketEvent)]

subscribe(*TICKET_EVENTS, name="realtime.push")(push.wake)
