"""How often a person is written to because somebody asked for it: anybody may type anybody's address."""

from datetime import datetime, timedelta
from typing import Final

from helpdesk.accounts.models import User
from helpdesk.events.declaration import Event
from helpdesk.events.models import EventRecord

MOST: Final = 5
WINDOW: Final = timedelta(hours=1)


def pause_before(event_type: type[Event], *, user: User, now: datetime) -> timedelta:
    """How long until one more such event about the person is due; nothing if it is due now."""
    of_it = EventRecord.objects.filter(
        subject_type="user", subject_id=user.pk, type=event_type.name, occurred_at__gt=now - WINDOW
    )
    latest = list(of_it.order_by("-id").values_list("occurred_at", flat=True)[:MOST])
    return latest[-1] + WINDOW - now if len(latest) == MOST else timedelta()
