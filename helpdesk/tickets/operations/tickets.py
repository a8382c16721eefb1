"""Every change to a ticket's own fields: one row lock, one transaction, and the events that tell of it."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from helpdesk.accounts.models import User
from helpdesk.accounts.roles import Permission
from helpdesk.core.errors import Conflict, FieldError, Invalid, NotFound
from helpdesk.events.declaration import Event
from helpdesk.events.operations import publish
from helpdesk.tickets.enums import MOVES, REOPENABLE, Priority, Status
from helpdesk.tickets.events import TicketAssigned, TicketDeleted, TicketRestored
from helpdesk.tickets.models import Ticket
from helpdesk.tickets.operations import search_texts
from helpdesk.tickets.operations.telling import about_ticket, event_of_opening, events_of_change


class TicketNotFound(NotFound):
    def __init__(self) -> None:
        super().__init__(_("Not found."))


class MoveNotAllowed(Conflict):
    code = "move_not_allowed"


class AlreadyAssigned(Conflict):
    """Brings `assigned_to`, who was faster."""

    code = "already_assigned"


class NotAnAgent(Invalid):
    def __init__(self) -> None:
        message = _("Tickets are assigned to active agents only.")
        super().__init__(message, errors=[FieldError("assigned_to", "not_an_agent", message)])


class UnknownCreator(Invalid):
    def __init__(self) -> None:
        message = _("There is no such active user.")
        super().__init__(message, errors=[FieldError("created_by", "does_not_exist", message)])


@transaction.atomic
def open_ticket(
    *,
    by: User,
    title: str,
    description: str,
    now: datetime,
    priority: str = Priority.MEDIUM,
    assigned_to: int | None = None,
    created_by: int | None = None,
) -> Ticket:
    """Open a ticket for `by`, or on behalf of the user `created_by`; ids are user ids."""
    creator = by if created_by in (None, by.pk) else User.objects.filter(pk=created_by, is_active=True).first()
    if creator is None:
        raise UnknownCreator
    assignee = _agent(assigned_to)
    ticket = Ticket.objects.create(
        title=title,
        description=description,
        priority=priority,
        created_by=creator,
        assigned_to=assignee,
        created_at=now,
        updated_at=now,
        public_updated_at=now,
    )
    search_texts.refresh(ticket.pk)
    publish(event_of_opening(ticket), by=by, now=now)
    if assignee:
        assigned = TicketAssigned(**about_ticket(ticket), old_assignee=None, new_assignee=assignee.as_dict())
        publish(assigned, by=by, now=now)
    return ticket


@transaction.atomic
def update_ticket(*, by: User, ticket_id: int, changes: dict[str, Any], now: datetime) -> Ticket:
    """Write the named of `title`, `description`, `status`, `priority`, `assigned_to` (a user id or None), no others."""
    return _change(lock_ticket(ticket_id), changes, by=by, now=now)


@transaction.atomic
def close_ticket(*, by: User, ticket_id: int, now: datetime) -> Ticket:
    return _change(lock_ticket(ticket_id), {"status": Status.CLOSED}, by=by, now=now)


@transaction.atomic
def reopen_ticket(*, by: User, ticket_id: int, now: datetime) -> Ticket:
    ticket = lock_ticket(ticket_id)
    if ticket.status not in REOPENABLE:
        raise MoveNotAllowed(_("Only a resolved or closed ticket can be reopened."))
    return _change(ticket, {"status": Status.OPEN}, by=by, now=now)


@transaction.atomic
def claim_ticket(*, by: User, ticket_id: int, now: datetime) -> Ticket:
    """Take an unassigned ticket: of many who try at once, the row lock lets one through."""
    ticket = lock_ticket(ticket_id)
    if ticket.assigned_to is not None and ticket.assigned_to != by:
        raise AlreadyAssigned(_("Somebody else has taken this ticket."), assigned_to=ticket.assigned_to.as_dict())
    return _change(ticket, {"assigned_to": by.pk}, by=by, now=now)


@transaction.atomic
def delete_ticket(*, by: User, ticket_id: int, now: datetime) -> None:
    """Hide the ticket and with it its comments; `restore_ticket` brings all of it back."""
    ticket = lock_ticket(ticket_id)
    ticket.save(update_fields=_set(ticket, {"deleted_at": now}, now=now))
    publish(TicketDeleted(**about_ticket(ticket)), by=by, now=now)


@transaction.atomic
def restore_ticket(*, by: User, ticket_id: int, now: datetime) -> Ticket:
    ticket = lock_ticket(ticket_id, deleted=True)
    if ticket.deleted_at is not None:
        ticket.save(update_fields=_set(ticket, {"deleted_at": None}, now=now))
        publish(TicketRestored(**about_ticket(ticket)), by=by, now=now)
    return ticket


def wake_ticket(ticket: Ticket, *, by: User, now: datetime) -> None:
    """Move a locked ticket back to open, inside the caller's transaction."""
    _change(ticket, {"status": Status.OPEN}, by=by, now=now)


def lock_ticket(ticket_id: int, *, deleted: bool = False) -> Ticket:
    """The row, locked: whoever comes second waits, and events get the order of the changes.

    No joins: after the wait PostgreSQL reads only the locked row anew. A joined assignee would be the one from before,
    and of fifty who claim at once almost all would find nobody.
    """
    tickets = Ticket.objects.select_for_update()
    ticket = (tickets if deleted else tickets.filter(deleted_at=None)).filter(pk=ticket_id).first()
    if ticket is None:
        raise TicketNotFound
    return ticket


def _change(ticket: Ticket, wanted: dict[str, Any], *, by: User, now: datetime) -> Ticket:
    changes = {
        field: value for field, value in wanted.items() if field != "assigned_to" and getattr(ticket, field) != value
    }
    if "assigned_to" in wanted and wanted["assigned_to"] != ticket.assigned_to_id:
        changes["assigned_to"] = _agent(wanted["assigned_to"])
    if not changes:
        return ticket
    written, events = apply_changes(ticket, changes, now=now)
    ticket.save(update_fields=written)
    if not search_texts.TEXTS.isdisjoint(changes):
        search_texts.refresh(ticket.pk)
    for event in events:
        publish(event, by=by, now=now)
    return ticket


def apply_changes(ticket: Ticket, changes: dict[str, Any], *, now: datetime) -> tuple[list[str], list[Event]]:
    """Set fields, and what follows from them, on the instance; return the columns to write and the events to tell."""
    if "status" in changes:
        changes = changes | _move(ticket, Status(changes["status"]), now=now)
    old = {field: getattr(ticket, field) for field in changes}
    return _set(ticket, changes, now=now), events_of_change(ticket, old)


def _move(ticket: Ticket, to: Status, *, now: datetime) -> dict[str, Any]:
    """The stamps of the move."""
    if to not in MOVES[ticket.status]:
        raise MoveNotAllowed(
            _("A ticket that is “%(old)s” cannot become “%(new)s”.")
            % {"old": Status(ticket.status).label, "new": to.label}
        )
    stamps: dict[str, Any] = {}
    if ticket.status == Status.OPEN and ticket.started_at is None:
        stamps["started_at"] = now
    if to == Status.RESOLVED:
        stamps["resolved_at"] = now
    if to == Status.CLOSED:
        stamps["closed_at"] = now
    if ticket.status in REOPENABLE and to not in REOPENABLE:
        stamps["reopened_at"] = now
    return stamps


def _set(ticket: Ticket, changes: dict[str, Any], *, now: datetime) -> list[str]:
    """Count one version; return the columns to write, these and no others."""
    written = changes | {
        "version": ticket.version + 1,
        "updated_at": later(ticket.updated_at, now),
        "public_updated_at": later(ticket.public_updated_at, now),
    }
    for field, value in written.items():
        setattr(ticket, field, value)
    return list(written)


def later(known: datetime | None, now: datetime) -> datetime:
    """A time that never runs backwards: who looked at the clock first may be second to get the row."""
    return max(known, now) if known else now


def _agent(user_id: int | None) -> User | None:
    if user_id is None:
        return None
    agent = User.objects.who_may(Permission.BE_ASSIGNED).filter(pk=user_id).first()
    if agent is None:
        raise NotAnAgent
    return agent
