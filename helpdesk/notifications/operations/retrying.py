"""Take up again what was given up."""

from datetime import datetime

from helpdesk.notifications.enums import State
from helpdesk.notifications.models import EmailLog


def retry_emails(*, now: datetime, also_failed: bool = False) -> int:
    """Give every parked mail a fresh start, and on demand what was refused for good; return how many there were."""
    states = [State.PARKED, State.FAILED] if also_failed else [State.PARKED]
    given_up = EmailLog.objects.filter(state__in=states)
    return given_up.update(state=State.PENDING, attempts=0, error="", due_at=now, updated_at=now)
