"""What happens to the spine's own books."""

from dataclasses import dataclass
from typing import Any

from helpdesk.events.declaration import Event
from helpdesk.events.shapes import INTEGER, record


@dataclass(frozen=True, kw_only=True)
class DeliveriesRetried(Event, name="deliveries_retried", staff_only=True):
    """Somebody had parked parts of events delivered again."""

    shape = {"retried": record(deliveries=INTEGER)}

    deliveries: int

    @property
    def subject(self) -> tuple[str, int]:
        return ("desk", 1)

    @property
    def members(self) -> dict[str, Any]:
        return {"retried": {"deliveries": self.deliveries}}

    @property
    def message(self) -> str:
        return f"{self.deliveries:,} parked deliveries will be tried again"
