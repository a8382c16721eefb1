"""What chats look like on the wire, for the API's description."""

from typing import Any, Final

from helpdesk.accounts.api.examples import AGENT, CUSTOMER
from helpdesk.api.schema import problem

ATTACHMENT: Final[dict[str, Any]] = {
    "id": 5,
    "filename": "smoke.png",
    "content_type": "image/png",
    "size": 48_213,
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "uploaded_by": CUSTOMER,
    "created_at": "2026-11-20T10:06:00Z",
    "url": "https://helpdesk.example.com/api/chat/attachments/5/download/",
}
MESSAGE: Final[dict[str, Any]] = {
    "id": 41,
    "conversation": 3,
    "author": CUSTOMER,
    "content": "Is the smoke meant to be blue?",
    "attachments": [],
    "created_at": "2026-11-20T10:05:00Z",
}
WITH_FILE: Final = {**MESSAGE, "id": 42, "content": "", "attachments": [ATTACHMENT]}
CONVERSATION: Final[dict[str, Any]] = {
    "id": 3,
    "with": CUSTOMER,
    "online": True,
    "can_write": True,
    "unread_count": 1,
    "read_up_to": 40,
    "read_by_other": 39,
    "last_message": MESSAGE,
    "updated_at": MESSAGE["created_at"],
}
UNREAD: Final = {"total": 3, "conversations": {"3": 1, "8": 2}}
AGENT_ID: Final = AGENT["id"]

_NOBODY: Final = "There is nobody of this id whom you may write to."
_NO_MESSAGE: Final = "There is no such message in this conversation."
NO_SUCH_PERSON: Final = problem(
    400, "invalid", _NOBODY, errors=[{"field": "user", "code": "does_not_exist", "message": _NOBODY}]
)
NO_SUCH_MESSAGE: Final = problem(
    400, "invalid", _NO_MESSAGE, errors=[{"field": "up_to", "code": "does_not_exist", "message": _NO_MESSAGE}]
)
NOT_REACHABLE: Final = problem(409, "not_reachable", "You cannot write to this person any more.")
NO_FILE: Final = problem(
    400,
    "invalid",
    "The file is empty.",
    errors=[{"field": "file", "code": "empty", "message": "The file is empty."}],
)
FILE_TOO_LARGE: Final = problem(413, "too_large", "The file is larger than 10485760 bytes.")
TYPE_NOT_ALLOWED: Final = problem(415, "unsupported_media_type", "Files of this kind are not taken.")
