"""What happens to tickets by itself, when its time has come.

A timer is claimed in the transaction of what it does. So whoever dies in between has claimed nothing, and of two who
come for the same one, one finds it gone.
"""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Q

from helpdesk.core import faults
from helpdesk.tickets.enums import Status, TimerKind
from helpdesk.tickets.models import Ticket, Timer
from helpdesk.tickets.operations.tickets import close_resolved

logger = structlog.get_logger(__name__)

# How long one call takes new timers. Thousands may be due at once, and whoever lets them go off sweeps the events too.
BUDGET: Final = timedelta(seconds=1)
# One that breaks must not be the first of every call to come.
RETRY: Final = timedelta(minutes=10)

# When it was due, and its id.
_Place = tuple[datetime, int]


def fire_due(*, now: datetime, budget: timedelta = BUDGET) -> int:
    """Let due timers go off, the oldest first, for about as long as `budget`; return how many were claimed.

    Where closing by itself is turned off (`TICKET_AUTO_CLOSE_DAYS=0`), those of before stay as they are.
    """
    if not settings.TICKET_AUTO_CLOSE_DAYS:
        return 0
    began, claimed, elapsed = time.monotonic(), 0, timedelta()
    place: _Place | None = None
    while elapsed <= budget:
        # What it does is done now, not when the call began.
        place = _fire_next(place, now=now + elapsed)
        if place is None:
            break
        claimed += 1
        elapsed = timedelta(seconds=time.monotonic() - began)
    return claimed


@transaction.atomic
def _fire_next(after: _Place | None, *, now: datetime) -> _Place | None:
    """Claim the next one that nobody else holds, and do what it is for."""
    due = Timer.objects.filter(due_at__lte=now).order_by("due_at", "id")
    if after is not None:
        due = due.filter(Q(due_at__gt=after[0]) | Q(due_at=after[0], pk__gt=after[1]))
    timer = due.select_for_update(skip_locked=True).first()
    if timer is None:
        return None
    faults.reach("timers.claimed")
    place = timer.due_at, timer.pk
    # Whoever changes a ticket locks it before its timers. Waiting for it with the timer in our hands could be for ever:
    # one that is busy is left to the next call.
    ticket = Ticket.objects.select_for_update(skip_locked=True).filter(pk=timer.ticket_id).first()
    if ticket is not None:
        _go_off(timer, ticket, now=now)
    return place


def _go_off(timer: Timer, ticket: Ticket, *, now: datetime) -> None:
    try:
        with transaction.atomic():
            _DOES[timer.kind](timer, ticket, now)
    except Exception:
        # The others do not wait until somebody has found out why.
        logger.exception("timer_broke", timer_id=timer.pk, kind=timer.kind, ticket_id=ticket.pk)
        Timer.objects.filter(pk=timer.pk).update(due_at=now + RETRY)


def _close_resolved(timer: Timer, ticket: Ticket, now: datetime) -> None:
    """Looks again: whatever made it moot should have disarmed it, and a ticket closed in error cannot be unclosed."""
    if ticket.deleted_at is not None or ticket.status != Status.RESOLVED:
        timer.delete()
    elif (due_at := timer.armed_at + timedelta(days=settings.TICKET_AUTO_CLOSE_DAYS)) > now:
        # Tickets were given more time since.
        timer.due_at = due_at
        timer.save(update_fields=["due_at"])
    else:
        close_resolved(ticket, now=now)


_DOES: Final[dict[str, Callable[[Timer, Ticket, datetime], None]]] = {TimerKind.CLOSE_RESOLVED: _close_resolved}
