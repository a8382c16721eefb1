"""How a request for the stream says that it would wait for news, to whoever can hold it without a thread.

Who holds requests puts a `Door` into their ASGI scope. The view, which has found nothing, leaves its wish there, and
its answer is held back. A request that must be answered by the view after all comes `AGAIN`.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from helpdesk.core.errors import Conflict
from helpdesk.events.models import EventRecord

LONGEST: Final = 25  # seconds
A_USER: Final = 20  # waiting requests of one person in one process, as many as sockets
_KEY: Final = "helpdesk.events.waiting"


class TooManyWaiting(Conflict):
    code = "too_many_waiting"

    def __init__(self) -> None:
        super().__init__(_("Too many of your requests wait for events. End some, or use one socket."))


@dataclass(frozen=True, kw_only=True)
class Wish:
    """`after` is the position up to which there was nothing; `at` what the cursors of old events are as young as."""

    claims: Any
    after: int
    at: datetime
    types: frozenset[str]
    ticket_id: int | None
    limit: int
    seconds: int

    def concerns(self, record: EventRecord) -> bool:
        """Whether it asks for such an event; whether the caller may see it is another question."""
        of_ticket = self.ticket_id is None or (record.subject_type, record.subject_id) == ("ticket", self.ticket_id)
        return (record.position or 0) > self.after and of_ticket and (not self.types or record.type in self.types)


@dataclass
class Door:
    wish: Wish | None = None


class Again(Enum):
    """It was charged for the first time, and waits no more."""

    ANSWER = "answer"
    REFUSE = "refuse"


def with_door(scope: dict[str, Any], what: Door | Again) -> dict[str, Any]:
    return {**scope, _KEY: what}


def door_of(request: Any) -> Door | Again | None:
    """None under a server that holds nothing: the view answers at once."""
    found: Door | Again | None = getattr(request, "scope", {}).get(_KEY)
    return found
