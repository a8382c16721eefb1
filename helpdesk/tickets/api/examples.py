"""What the wire looks like, for the API's description: one ticket, and what is said and done about it."""

from typing import Any, Final

from drf_spectacular.utils import OpenApiExample

from helpdesk.accounts.api.examples import AGENT, CUSTOMER
from helpdesk.api.schema import problem

WRITTEN: Final = {"title": "The printer is on fire", "description": "It began after lunch. The smoke is blue."}
CATEGORY: Final = {"id": 4, "name": "Hardware"}
TEAM: Final = {"id": 2, "name": "Field service"}
FILED: Final = {**WRITTEN, "category": CATEGORY["id"], "tags": ["fire", "printer"]}
ASSIGNED: Final = {**FILED, "priority": "high", "assigned_to": AGENT["id"], "created_by": CUSTOMER["id"]}
WHOLE: Final = {**WRITTEN, "status": "in_progress", "priority": "urgent", "assigned_to": AGENT["id"]}
CHANGES: Final = [
    OpenApiExample("Take it and begin", value={"assigned_to": AGENT["id"], "status": "in_progress"}),
    OpenApiExample("Give it back", value={"assigned_to": None}),
    OpenApiExample("File it elsewhere", value={"category": CATEGORY["id"], "tags": ["printer"]}),
    OpenApiExample("Put it into another queue", value={"team": TEAM["id"]}),
]

TICKET: Final[dict[str, Any]] = {
    "id": 7,
    "title": WRITTEN["title"],
    "status": "in_progress",
    "priority": "high",
    "category": CATEGORY,
    "tags": ["fire", "printer"],
    "created_by": CUSTOMER,
    "assigned_to": AGENT,
    "comments_count": 1,
    "last_comment_at": "2026-11-20T10:05:00Z",
    "created_at": "2026-11-20T10:00:00Z",
    "updated_at": "2026-11-20T10:05:00Z",
    "version": 3,
    "team": TEAM,
}
OWN_TICKET: Final = {name: value for name, value in TICKET.items() if name != "team"}
FOUND: Final = {
    **TICKET,
    "highlight": {
        "title": "The <mark>printer</mark> is on fire",
        "excerpt": "It began after lunch. The <mark>smoke</mark> is blue.",
    },
}
ATTACHMENT: Final[dict[str, Any]] = {
    "id": 12,
    "filename": "smoke.png",
    "content_type": "image/png",
    "size": 48_213,
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "uploaded_by": CUSTOMER,
    "created_at": "2026-11-20T10:00:30Z",
    "moved_from": None,
    "url": "https://helpdesk.example.com/api/attachments/12/download/",
}
COMMENT: Final[dict[str, Any]] = {
    "id": 31,
    "ticket": TICKET["id"],
    "author": AGENT,
    "content": "Water helps. Unplug it first.",
    "moved_from": None,
    "attachments": [],
    "created_at": "2026-11-20T10:05:00Z",
    "edited_at": None,
    "version": 1,
}
NOTE: Final = {**COMMENT, "id": 32, "content": "The third one this week.", "is_internal": True}
DRAFT: Final[dict[str, Any]] = {
    "ticket": TICKET["id"],
    "content": "Water helps. Unpl",
    "updated_at": "2026-11-20T10:04:40Z",
}
DETAIL: Final = {
    **OWN_TICKET,
    "description": WRITTEN["description"],
    "follow_up_of": None,
    "merged_into": None,
    "split_from": None,
    "comments": [COMMENT],
    "comments_previous": None,
    "attachments": [ATTACHMENT],
    "allowed_actions": ["comment", "close"],
}
OTHER_TICKET: Final = {"id": 5, "title": "Smoke in the print room", "status": "open"}
LINKING: Final = {"kind": "duplicate_of", "ticket": OTHER_TICKET["id"]}
LINK: Final = {
    "id": 12,
    "kind": LINKING["kind"],
    "ticket": OTHER_TICKET,
    "created_by": AGENT,
    "created_at": "2026-11-20T10:06:00Z",
}
TIMELINE_ENTRY: Final[dict[str, Any]] = {
    "id": 918,
    "type": "status_changed",
    "occurred_at": "2026-11-20T10:02:00Z",
    "actor": AGENT,
    "changes": {"status": {"from": "open", "to": "in_progress"}},
    "ticket": {
        "id": TICKET["id"],
        "title": TICKET["title"],
        "old_status": "open",
        "new_status": "in_progress",
    },
    "message": "Ticket #7 status changed to In Progress",
}

CANDIDATE: Final[dict[str, Any]] = {
    "user": AGENT,
    "open_tickets": 4,
    "capacity": 20,
    "last_assigned_at": "2026-11-20T09:41:00Z",
    "eligible": True,
    "reason": "free",
}
EXPLANATION: Final[dict[str, Any]] = {
    "ticket": TICKET["id"],
    "team": {"id": 2, "name": "Hardware"},
    "strategy": "round_robin",
    "assigned_to": AGENT,
    "decisions": [
        {
            "id": 53,
            "decided_at": "2026-11-20T10:00:01Z",
            "team": {"id": 2, "name": "Hardware"},
            "strategy": "round_robin",
            "chosen": AGENT,
            "reason": "next_in_turn",
            "candidates": [CANDIDATE],
        }
    ],
}
WORKLOAD: Final[dict[str, Any]] = {
    "user": AGENT,
    "available": True,
    "capacity": None,
    "effective_capacity": 20,
    "open_tickets": 4,
}

FILE_TOO_LARGE: Final = problem(413, "too_large", "The file is larger than 10485760 bytes.")
TYPE_NOT_ALLOWED: Final = problem(415, "unsupported_media_type", "Files of this kind are not taken.")
TOO_MANY_FILES: Final = problem(409, "too_many_files", "There are 100 files here already.")
NO_FILE: Final = problem(
    400,
    "invalid",
    "The file is empty.",
    errors=[{"field": "file", "code": "empty", "message": "The file is empty."}],
)
MOVE_NOT_ALLOWED: Final = problem(409, "move_not_allowed", "A ticket that is “Closed” cannot become “Pending”.")
NOT_TO_REOPEN: Final = problem(409, "move_not_allowed", "Only a resolved or closed ticket can be reopened.")
ALREADY_ASSIGNED: Final = problem(409, "already_assigned", "Somebody else has taken this ticket.", assigned_to=AGENT)
REOPEN_WINDOW_OVER: Final = problem(
    409,
    "reopen_window_over",
    "This ticket was closed too long ago. Open a new one that follows it up.",
    reopenable_until="2026-11-19T10:00:00Z",
)
NOT_AN_AGENT_TO_ASSIGN: Final = problem(
    400,
    "invalid",
    "Tickets are assigned to active agents only.",
    errors=[{"field": "user", "code": "not_an_agent", "message": "Tickets are assigned to active agents only."}],
)
TICKET_CLOSED: Final = problem(409, "ticket_closed", "This ticket is closed. Reopen it, or open a new one.")
NEWER_COMMENTS: Final = problem(
    409, "newer_comments", "Others have written meanwhile. Read it, and say it again with `force`.", comments=[COMMENT]
)
TICKET_MERGED: Final = problem(409, "ticket_merged", "Ticket #7 has been merged into #5.", merged_into=5)
OTHER_REQUESTER: Final = problem(409, "other_requester", "The two tickets were not opened for the same person.")
NOT_MERGED: Final = problem(409, "not_merged", "This ticket is not merged into another one.")
UNMERGE_WINDOW_OVER: Final = problem(409, "unmerge_window_over", "A merge can be undone for 30 days.")
LINK_CYCLE: Final = problem(
    409, "link_cycle", "The other ticket comes before this one already: that would be a circle."
)
BAD_PRIORITY: Final = problem(
    400,
    "invalid",
    "Some fields are wrong.",
    errors=[{"field": "priority", "code": "invalid_choice", "message": '"soon" is not a valid choice.'}],
)
NOT_CLOSED: Final = problem(
    400,
    "invalid",
    "Only a closed ticket is followed up. Comment on this one.",
    errors=[
        {
            "field": "follow_up_of",
            "code": "not_closed",
            "message": "Only a closed ticket is followed up. Comment on this one.",
        }
    ],
)
UNKNOWN_TICKET: Final = problem(
    400,
    "invalid",
    "There is no such ticket.",
    errors=[{"field": "into", "code": "does_not_exist", "message": "There is no such ticket."}],
)
UNKNOWN_TAG: Final = problem(
    400,
    "invalid",
    "Some fields are wrong.",
    errors=[{"field": "tags.0", "code": "does_not_exist", "message": "There is no tag “smoke”."}],
)
NOT_AN_AGENT: Final = problem(
    400,
    "invalid",
    "Tickets are assigned to active agents only.",
    errors=[{"field": "assigned_to", "code": "not_an_agent", "message": "Tickets are assigned to active agents only."}],
)
