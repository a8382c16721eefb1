"""What happens to the spine's own books."""

from dataclasses import dataclass
from typing import Any

from helpdesk.events.declaration import Event


@dataclass(frozen=True, kw_only=True)
class DeliveriesRetried(Event, name="deliveries_retried", staff_only=True):
    """Somebody had parked parts of events delivered again."""

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
