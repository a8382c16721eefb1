"""What happens to mails by somebody's hand."""

from dataclasses import dataclass
from typing import Any

from helpdesk.events.declaration import Event
from helpdesk.events.shapes import INTEGER, list_of, record


@dataclass(frozen=True, kw_only=True)
class EmailsResent(Event, name="emails_resent", staff_only=True):
    """Somebody had mails sent again, whatever became of them before. `ids` are those of the first hundred."""

    shape = {"resent": record(emails=INTEGER, ids=list_of(INTEGER))}

    emails: int
    ids: list[int]

    @property
    def subject(self) -> tuple[str, int]:
        return ("desk", 1)

    @property
    def members(self) -> dict[str, Any]:
        return {"resent": {"emails": self.emails, "ids": self.ids}}

    @property
    def message(self) -> str:
        return f"{self.emails:,} e-mails will be sent again"
