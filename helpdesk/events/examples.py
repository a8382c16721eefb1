"""An example of every event, for those who read the catalogue: a name means the same in all declarations."""

import dataclasses
from datetime import UTC, datetime
from typing import Any, Final

from helpdesk.events.cursors import Cursor
from helpdesk.events.declaration import Event

_PERSON: Final = {"id": 5, "username": "agent_1", "name": "", "role": "agent"}
_NAMED: Final = {"id": 9, "name": "printer"}
_VALUES: Final[dict[str, Any]] = {
    "ticket_id": 7,
    "title": "Printer on fire",
    "description": "It burns.",
    "creator_id": 1,
    "assignee_ids": [],
    "gained_ids": [],
    "lost_ids": [],
    "version": 3,
    "public_version": 2,
    "creator": _PERSON | {"username": "customer_1"},
    "assignee": None,
    "follow_up_of": None,
    "priority": "medium",
    "status": "open",
    "old_status": "open",
    "new_status": "in_progress",
    "old_priority": "medium",
    "new_priority": "high",
    "old_assignee": None,
    "new_assignee": _PERSON,
    "fields": {"title": ["a", "b"], "description": ["c", "d"], "category": [None, _NAMED], "tags": [[], [_NAMED]]},
    "old_team": None,
    "new_team": _NAMED | {"name": "Field service"},
    "category": _NAMED | {"name": "Printers", "parent": 4, "team": 2, "priority": "high"},
    "tags": [_NAMED],
    "tag": _NAMED | {"color": "#1f883d"},
    "team": _NAMED | {"name": "Field service", "assignment": "manual", "members": [_PERSON]},
    "edits": {"name": ["a", "b"]},
    "comment_id": 9,
    "author": "agent_1",
    "content": "Water helps.",
    "attachment_id": 12,
    "filename": "smoke.png",
    "content_type": "image/png",
    "size": 48_213,
    "old_content": "Sand helps.",
    "source_id": 7,
    "target_id": 8,
    "comment_ids": [9],
    "note_ids": [10],
    "attachment_ids": [],
    "started_at": None,
    "closed_at": None,
    "link_id": 12,
    "kind": "duplicate_of",
    "other_id": 8,
    "user": _PERSON,
    "values": {"role": ["customer", "agent"], "email": ["a@example.com", "b@example.com"]},
    "device": {"address": "192.0.2.7", "user_agent": "curl/8"},
    "session": "6f1c…",
    "method": "password",
    "reason": "signed_out",
    "provider": "google",
    "count": 3,
    "deliveries": 1000,
    "emails": 1000,
    "ids": [7],
    "left": 9,
    "conversation_id": 3,
    "member_ids": [1, 5],
    "message_id": 41,
    "excerpt": "Hello?",
    "attachments": 0,
    "reader": "agent_1",
    "recipient_id": 5,
    "other": "Ada Lovelace",
    "unread": 2,
    "tickets": 1000,
    "users": 1000,
    "comments": 5000,
}

# Where a name means two things after all.
_OWN: Final[dict[str, dict[str, Any]]] = {
    "workload_updated": {"values": {"capacity": [None, 5], "available": [True, False]}},
}

_AT: Final = datetime(2026, 11, 20, 10, 2, tzinfo=UTC)


def example(event_type: type[Event]) -> Event:
    values = _VALUES | _OWN.get(event_type.name, {})
    return event_type(**{field.name: values[field.name] for field in dataclasses.fields(event_type)})


def told(event_type: type[Event]) -> dict[str, Any]:
    """The example as it comes over the wire."""
    event = example(event_type)
    cursor = str(Cursor(position=918, at=_AT))
    about = {"type": event.name, "id": 918, "cursor": cursor, "occurred_at": "2026-11-20T10:02:00Z"}
    return about | {"actor": _PERSON["username"], "message": event.message, **event.members}
