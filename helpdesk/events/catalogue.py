"""What can be told, made from the declarations: a JSON Schema of each event, and who reads and hears it in words."""

from typing import Final

from helpdesk.events.declaration import Event
from helpdesk.events.shapes import INTEGER, MOMENT, TEXT, Shape, nullable, record

_READERS: Final = {
    "user": "the person, admins",
    "desk": "admins",
    "category": "agents",
    "tag": "agents",
    "team": "agents",
    "conversation": "its members",
}


def schema_of(event_type: type[Event]) -> Shape:
    """Of the whole event. A `message` of its own stands where the sentence stands otherwise."""
    own = {"message": TEXT} | event_type.shape
    about = {"type": {"const": event_type.name}, "id": INTEGER, "cursor": TEXT, "occurred_at": MOMENT}
    return record(**about, actor=nullable(TEXT), **own)


def readers(event: Event) -> str:
    """Who finds it in `GET /api/events/`."""
    kind, _pk = event.subject
    if kind == "ticket":
        return "agents" if event.staff_only else "creator, agents"
    return _READERS[kind]


def hearers(event: Event) -> str:
    """Whose sockets are told. Besides these, those of agents that subscribed to the ticket."""
    kind, _pk = event.subject
    if event.pushed_to_agents:
        return "every agent"
    if not event.audience:
        return "nobody"
    if kind == "conversation":
        return "its members"
    return "assignee" if event.staff_only else "creator, assignee"
