"""What becomes of a solved ticket: when it closes, until when its customer may reopen it, and what follows it up."""

from datetime import datetime, timedelta

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from helpdesk.accounts.models import User
from helpdesk.accounts.roles import Permission
from helpdesk.core.errors import Conflict, FieldError, Invalid
from helpdesk.tickets.enums import Status, TimerKind
from helpdesk.tickets.models import Ticket, Timer
from helpdesk.tickets.queries import reopenable_until


class ReopenWindowOver(Conflict):
    """Brings `reopenable_until`, when it was over."""

    code = "reopen_window_over"


class UnknownFollowed(Invalid):
    """As for a ticket that is not there, so for one that the caller does not see."""

    def __init__(self) -> None:
        message = _("There is no such ticket.")
        super().__init__(message, errors=[FieldError("follow_up_of", "does_not_exist", message)])


class NotToFollowUp(Invalid):
    def __init__(self, code: str, message: str | Promise) -> None:
        super().__init__(message, errors=[FieldError("follow_up_of", code, message)])


def require_reopenable(ticket: Ticket, *, by: User, now: datetime) -> None:
    """Whoever works here may reopen at any time; customers for a while (`TICKET_REOPEN_DAYS`)."""
    until = reopenable_until(ticket.status, ticket.closed_at)
    if until is None or now <= until or by.may(Permission.REOPEN_AT_ANY_TIME):
        return
    raise ReopenWindowOver(
        _("This ticket was closed too long ago. Open a new one that follows it up."), reopenable_until=until
    )


def followed_up(ticket_id: int | None, *, by: User, creator: User) -> Ticket | None:
    """The closed ticket that a new one of `creator` takes up again."""
    if ticket_id is None:
        return None
    ticket = Ticket.objects.visible_to(by).filter(pk=ticket_id).first()
    if ticket is None:
        raise UnknownFollowed
    if ticket.created_by_id != creator.pk:
        raise NotToFollowUp("other_requester", _("A ticket is followed up for the person who opened it."))
    if ticket.status != Status.CLOSED:
        raise NotToFollowUp("not_closed", _("Only a closed ticket is followed up. Comment on this one."))
    if ticket.merged_into_id is not None:
        raise NotToFollowUp("ticket_merged", _("This ticket has been merged into another one, and goes on there."))
    return ticket


def set_timers(*tickets: Ticket, now: datetime) -> None:
    """Arm what the state of the locked tickets asks for, and disarm what it makes moot."""
    days = settings.TICKET_AUTO_CLOSE_DAYS
    close = [ticket for ticket in tickets if days and ticket.status == Status.RESOLVED and ticket.deleted_at is None]
    if close:
        due_at = now + timedelta(days=days)
        Timer.objects.bulk_create(
            [Timer(ticket=ticket, kind=TimerKind.CLOSE_RESOLVED, armed_at=now, due_at=due_at) for ticket in close],
            update_conflicts=True,
            unique_fields=["ticket", "kind"],
            update_fields=["armed_at", "due_at"],
        )
    others = [ticket for ticket in tickets if ticket not in close]
    if others:
        Timer.objects.filter(ticket__in=others, kind=TimerKind.CLOSE_RESOLVED).delete()
