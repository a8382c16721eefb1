"""Every change to a ticket's own fields: one row lock, one transaction, and the events that tell of it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from helpdesk.accounts.models import User
from helpdesk.accounts.roles import Permission
from helpdesk.core.errors import Conflict, FieldError, Invalid, NotFound
from helpdesk.events.declaration import Event
from helpdesk.events.operations import publish
from helpdesk.tickets.enums import MOVES, REOPENABLE, Status
from helpdesk.tickets.events import TicketAssigned, TicketDeleted, TicketRestored
from helpdesk.tickets.models import Ticket
from helpdesk.tickets.operations import filing, lifecycle, search_texts
from helpdesk.tickets.operations.telling import about_ticket, event_of_opening, events_of_change
from helpdesk.tickets.operations.versions import require_version


class TicketNotFound(NotFound):
    def __init__(self) -> None:
        super().__init__(_("Not found."))


class MoveNotAllowed(Conflict):
    code = "move_not_allowed"


class AlreadyAssigned(Conflict):
    """Brings `assigned_to`, who was faster."""

    code = "already_assigned"


class AlreadyMerged(Conflict):
    """Brings `merged_into`, the ticket that has taken its place."""

    code = "ticket_merged"


class NotAnAgent(Invalid):
    """`field`: what the caller calls the assignee."""

    def __init__(self, field: str = "assigned_to") -> None:
        message = _("Tickets are assigned to active agents only.")
        super().__init__(message, errors=[FieldError(field, "not_an_agent", message)])


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
    priority: str | None = None,
    assigned_to: int | None = None,
    created_by: int | None = None,
    follow_up_of: int | None = None,
    category: int | None = None,
    tags: Sequence[str] = (),
    team: int | None = None,
) -> Ticket:
    """Open a ticket for `by`, or on behalf of the user `created_by`; tags are names, all else is told by ids.

    `follow_up_of` is a closed ticket of theirs. The category brings the team and the priority where none is named.
    """
    creator = by if created_by in (None, by.pk) else User.objects.filter(pk=created_by, is_active=True).first()
    if creator is None:
        raise UnknownCreator
    assignee = _agent(assigned_to)
    place = filing.place_of(category=category, tags=tags, team=team, priority=priority)
    ticket = Ticket.objects.create(
        title=title,
        description=description,
        created_by=creator,
        assigned_to=assignee,
        follow_up_of=lifecycle.followed_up(follow_up_of, by=by, creator=creator),
        created_at=now,
        updated_at=now,
        public_updated_at=now,
        **place.columns,
    )
    ticket.tags = place.tags
    search_texts.refresh(ticket.pk)
    publish(event_of_opening(ticket), by=by, now=now)
    if assignee:
        assigned = TicketAssigned(**about_ticket(ticket), old_assignee=None, new_assignee=assignee.as_dict())
        publish(assigned, by=by, now=now)
    return ticket


@transaction.atomic
def update_ticket(
    *, by: User, ticket_id: int, changes: dict[str, Any], now: datetime, if_version: int | None = None
) -> Ticket:
    """Write the named of title, description, status, priority, assigned_to, category, team and tags, no others.

    People, categories and teams are told by id, or None; tags are names, and these are all that it will bear.

    Here and below: where `if_version` is not the ticket's version any more, nothing is done (`Outdated`).
    """
    ticket = lock_ticket(ticket_id)
    require_version(ticket, if_version, by=by)
    return _change(ticket, changes, by=by, now=now)


@transaction.atomic
def close_ticket(*, by: User, ticket_id: int, now: datetime, if_version: int | None = None) -> Ticket:
    ticket = lock_ticket(ticket_id)
    require_version(ticket, if_version, by=by)
    return _change(ticket, {"status": Status.CLOSED}, by=by, now=now)


@transaction.atomic
def reopen_ticket(*, by: User, ticket_id: int, now: datetime, if_version: int | None = None) -> Ticket:
    ticket = lock_ticket(ticket_id)
    require_version(ticket, if_version, by=by)
    require_unmerged(ticket)
    if ticket.status not in REOPENABLE:
        raise MoveNotAllowed(_("Only a resolved or closed ticket can be reopened."))
    lifecycle.require_reopenable(ticket, by=by, now=now)
    return _change(ticket, {"status": Status.OPEN}, by=by, now=now)


@transaction.atomic
def claim_ticket(
    *, by: User, ticket_id: int, now: datetime, steal: bool = False, if_version: int | None = None
) -> Ticket:
    """Take an unassigned ticket: of many who try at once, the row lock lets one through. Or steal somebody's."""
    ticket = lock_ticket(ticket_id)
    require_version(ticket, if_version, by=by)
    require_unmerged(ticket)
    if ticket.assigned_to is not None and ticket.assigned_to != by and not steal:
        raise AlreadyAssigned(_("Somebody else has taken this ticket."), assigned_to=ticket.assigned_to.as_dict())
    return _change(ticket, {"assigned_to": by.pk}, by=by, now=now)


@transaction.atomic
def delete_ticket(*, by: User, ticket_id: int, now: datetime, if_version: int | None = None) -> None:
    """Hide the ticket and with it its comments; `restore_ticket` brings all of it back."""
    ticket = lock_ticket(ticket_id)
    require_version(ticket, if_version, by=by)
    ticket.save(update_fields=_set(ticket, {"deleted_at": now}, now=now))
    lifecycle.set_timers(ticket, now=now)
    publish(TicketDeleted(**about_ticket(ticket)), by=by, now=now)


@transaction.atomic
def restore_ticket(*, by: User, ticket_id: int, now: datetime, if_version: int | None = None) -> Ticket:
    ticket = lock_ticket(ticket_id, deleted=True)
    require_version(ticket, if_version, by=by)
    if ticket.deleted_at is not None:
        ticket.save(update_fields=_set(ticket, {"deleted_at": None}, now=now))
        lifecycle.set_timers(ticket, now=now)
        publish(TicketRestored(**about_ticket(ticket)), by=by, now=now)
    return ticket


def wake_ticket(ticket: Ticket, *, by: User, now: datetime) -> None:
    """Move a locked ticket back to open, inside the caller's transaction."""
    _change(ticket, {"status": Status.OPEN}, by=by, now=now)


def close_resolved(ticket: Ticket, *, now: datetime) -> None:
    """Close a locked ticket by nobody, inside the caller's transaction: its time has come."""
    _change(ticket, {"status": Status.CLOSED}, by=None, now=now)


def hand_over(ticket: Ticket, *, to: int | None, by: User, now: datetime, field: str = "assigned_to") -> Ticket:
    """Assign a locked ticket to the user of this id, or to nobody, inside the caller's transaction."""
    try:
        return _change(ticket, {"assigned_to": to}, by=by, now=now)
    except NotAnAgent:
        raise NotAnAgent(field) from None


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


def lock_tickets(*ids: int, deleted: bool = False) -> dict[int, Ticket]:
    """Several rows by their ids, locked in the order of these: two who want the same never wait for each other."""
    tickets = Ticket.objects.select_for_update().filter(pk__in=ids).order_by("pk")
    return {ticket.pk: ticket for ticket in (tickets if deleted else tickets.filter(deleted_at=None))}


def require_unmerged(ticket: Ticket) -> None:
    """Of a locked row: what was merged into another ticket goes on there."""
    if ticket.merged_into_id is not None:
        message = _("Ticket #%(number)d has been merged into #%(into)d.")
        detail = message % {"number": ticket.pk, "into": ticket.merged_into_id}
        raise AlreadyMerged(detail, merged_into=ticket.merged_into_id)


def _change(ticket: Ticket, wanted: dict[str, Any], *, by: User | None, now: datetime) -> Ticket:
    require_unmerged(ticket)
    return change_ticket(ticket, wanted, by=by, now=now)


def change_ticket(ticket: Ticket, wanted: dict[str, Any], *, by: User | None, now: datetime) -> Ticket:
    """Write those of the wanted that are another value on a locked row, inside the caller's transaction."""
    changes = filing.settled(ticket, resolved(what_differs(ticket, wanted)), named=wanted)
    if not changes:
        return ticket
    written, events = apply_changes(ticket, changes, now=now)
    ticket.save(update_fields=written)
    if "status" in changes:
        lifecycle.set_timers(ticket, now=now)
    if not search_texts.TEXTS.isdisjoint(changes):
        search_texts.refresh(ticket.pk)
    for event in events:
        publish(event, by=by, now=now)
    return ticket


def what_differs(ticket: Ticket, wanted: dict[str, Any]) -> dict[str, Any]:
    """Those of the wanted values that the ticket does not have already, as far as ids tell; of tags, names do not."""
    return {
        field: value
        for field, value in wanted.items()
        if field == "tags" or getattr(ticket, _COMPARED.get(field, field)) != value
    }


# Where the id stands that a change names.
_COMPARED: Final = {"assigned_to": "assigned_to_id", "category": "category_id", "team": "team_id"}


def resolved(changes: dict[str, Any]) -> dict[str, Any]:
    """Rows in place of the ids in a change; raises `Invalid` for what cannot be set."""
    people = {"assigned_to": _agent(changes["assigned_to"])} if "assigned_to" in changes else {}
    return changes | people | filing.resolved(changes)


def apply_changes(ticket: Ticket, changes: dict[str, Any], *, now: datetime) -> tuple[list[str], list[Event]]:
    """Set fields, and what follows from them, on the instance; return the columns to write and the events to tell."""
    if "status" in changes:
        changes = changes | _move(ticket, Status(changes["status"]), now=now)
    old = {field: getattr(ticket, field) for field in changes}
    if "tags" in changes:
        changes = changes | {"tag_ids": sorted(tag.pk for tag in changes["tags"])}
    return _set(ticket, changes, now=now), events_of_change(ticket, old)


def _move(ticket: Ticket, to: Status, *, now: datetime) -> dict[str, Any]:
    """The stamps of the move."""
    if ticket.merged_into_id is not None:
        # A merge is undone, which brings back the status and the stamps that there were.
        return {}
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


# What customers do not see of a ticket.
_STAFFS: Final = frozenset({"team"})


def _set(ticket: Ticket, changes: dict[str, Any], *, now: datetime) -> list[str]:
    """Count one version, for customers too if they see it; return the columns to write, these and no others."""
    written = changes | {"version": ticket.version + 1, "updated_at": later(ticket.updated_at, now)}
    if not _STAFFS.issuperset(changes):
        written["public_version"] = ticket.public_version + 1
        written["public_updated_at"] = later(ticket.public_updated_at, now)
    for field, value in written.items():
        setattr(ticket, field, value)
    return [field for field in written if field != "tags"]  # which are written as their ids


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
