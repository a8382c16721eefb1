"""What the wire looks like, for the API's description: one ticket, and what is said and done about it."""

from typing import Any, Final

from drf_spectacular.utils import OpenApiExample

from helpdesk.accounts.api.examples import AGENT, CUSTOMER
from helpdesk.api.schema import problem

WRITTEN: Final = {"title": "The printer is on fire", "description": "It began after lunch. The smoke is blue."}
ASSIGNED: Final = {**WRITTEN, "priority": "high", "assigned_to": AGENT["id"], "created_by": CUSTOMER["id"]}
WHOLE: Final = {**WRITTEN, "status": "in_progress", "priority": "urgent", "assigned_to": AGENT["id"]}
CHANGES: Final = [
    OpenApiExample("Take it and begin", value={"assigned_to": AGENT["id"], "status": "in_progress"}),
    OpenApiExample("Give it back", value={"assigned_to": None}),
]

TICKET: Final[dict[str, Any]] = {
    "id": 7,
    "title": WRITTEN["title"],
    "status": "in_progress",
    "priority": "high",
    "created_by": CUSTOMER,
    "assigned_to": AGENT,
    "comments_count": 1,
    "last_comment_at": "2026-11-20T10:05:00Z",
    "created_at": "2026-11-20T10:00:00Z",
    "updated_at": "2026-11-20T10:05:00Z",
    "version": 3,
}
ATTACHMENT: Final[dict[str, Any]] = {
    "id": 12,
    "filename": "smoke.png",
    "content_type": "image/png",
    "size": 48_213,
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "uploaded_by": CUSTOMER,
    "created_at": "2026-11-20T10:00:30Z",
    "url": "https://helpdesk.example.com/api/attachments/12/download/",
}
COMMENT: Final[dict[str, Any]] = {
    "id": 31,
    "ticket": TICKET["id"],
    "author": AGENT,
    "content": "Water helps. Unplug it first.",
    "attachments": [],
    "created_at": "2026-11-20T10:05:00Z",
    "edited_at": None,
    "version": 1,
}
NOTE: Final = {**COMMENT, "id": 32, "content": "The third one this week.", "is_internal": True}
DETAIL: Final = {
    **TICKET,
    "description": WRITTEN["description"],
    "comments": [COMMENT],
    "comments_previous": None,
    "attachments": [ATTACHMENT],
    "allowed_actions": ["comment", "close"],
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
TICKET_CLOSED: Final = problem(409, "ticket_closed", "This ticket is closed. Reopen it, or open a new one.")
BAD_PRIORITY: Final = problem(
    400,
    "invalid",
    "Some fields are wrong.",
    errors=[{"field": "priority", "code": "invalid_choice", "message": '"soon" is not a valid choice.'}],
)
NOT_AN_AGENT: Final = problem(
    400,
    "invalid",
    "Tickets are assigned to active agents only.",
    errors=[{"field": "assigned_to", "code": "not_an_agent", "message": "Tickets are assigned to active agents only."}],
)
