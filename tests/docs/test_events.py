"""The catalogue of events is that of the code."""

import dataclasses
from typing import Any

from helpdesk.events.declaration import EVENT_TYPES, Event
from tests.docs.pages import REFERENCE, code, rows

PERSON = {"id": 5, "username": "agent_1", "name": "", "role": "agent"}
NAMED = {"id": 9, "name": "printer"}
SAMPLES: dict[str, Any] = {
    "ticket_id": 7,
    "title": "Printer on fire",
    "description": "It burns.",
    "creator_id": 1,
    "assignee_ids": [],
    "version": 3,
    "public_version": 2,
    "creator": PERSON | {"username": "customer_1"},
    "assignee": None,
    "follow_up_of": None,
    "priority": "medium",
    "status": "open",
    "old_status": "open",
    "new_status": "in_progress",
    "old_priority": "medium",
    "new_priority": "high",
    "old_assignee": None,
    "new_assignee": PERSON,
    "fields": {"title": ["a", "b"], "description": ["c", "d"], "category": [None, NAMED], "tags": [[], [NAMED]]},
    "old_team": None,
    "new_team": NAMED | {"name": "Field service"},
    "category": NAMED | {"name": "Printers", "parent": 4, "team": 2, "priority": "high"},
    "tags": [NAMED],
    "tag": NAMED | {"color": "#1f883d"},
    "team": NAMED | {"name": "Field service", "assignment": "manual", "members": [PERSON]},
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
    "user": PERSON,
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
    "gained_ids": [7],
    "lost_ids": [7],
    "left": 9,
    "tickets": 1000,
    "users": 1000,
    "comments": 5000,
}


def sample(event_type: type[Event]) -> Event:
    return event_type(**{field.name: SAMPLES[field.name] for field in dataclasses.fields(event_type)})


def told_members(event: Event) -> str:
    """`ticket` (`id`, `title`), `changes` (`status`), `reason`"""
    return ", ".join(f"`{name}`{told_inner(member)}" for name, member in event.members.items())


def told_inner(member: Any) -> str:
    return f" ({', '.join(f'`{inner}`' for inner in member)})" if isinstance(member, dict) else ""


def test_the_event_catalogue_is_that_of_the_code():
    told = {code(name)[0]: cells for name, *cells in rows(REFERENCE / "events.md", first="Type")}
    expected = {}
    for name, event_type in EVENT_TYPES.items():
        event = sample(event_type)
        of_ticket = "agents" if event_type.staff_only else "creator, agents"
        readers = {"ticket": of_ticket, "user": "the person, admins", "desk": "admins"}
        readers |= dict.fromkeys(("category", "tag", "team"), "agents")
        concerned = "assignee" if event_type.staff_only else "creator, assignee"
        expected[name] = [
            readers[event.subject[0]],
            "every agent" if event.pushed_to_agents else concerned if event.audience else "nobody",
            "yes" if event_type.echoed else "no",
            told_members(event),
            event.message,
        ]

    assert told == expected
    assert list(told) == list(EVENT_TYPES)
