"""What there is to tell of a ticket: its events, made of the row as it stands."""

from typing import Any, Final

from helpdesk.events.declaration import Event
from helpdesk.tickets.events import (
    Named,
    PriorityChanged,
    StatusChanged,
    TicketAssigned,
    TicketCreated,
    TicketTeamChanged,
    TicketUpdated,
)
from helpdesk.tickets.models import Category, Tag, Team, Ticket

# What `ticket_updated` tells: all that has no event of its own.
_REST: Final = ("title", "description", "category", "tags")


def events_of_change(ticket: Ticket, old: dict[str, Any]) -> list[Event]:
    """The events of one change, in the contract's order."""
    before = old.get("assigned_to")
    about = about_ticket(ticket)
    about["assignee_ids"] = sorted({*about["assignee_ids"], *([before.pk] if before else [])})
    events: list[Event] = []
    if "status" in old:
        events.append(StatusChanged(**about, old_status=str(old["status"]), new_status=str(ticket.status)))
    if "priority" in old:
        events.append(PriorityChanged(**about, old_priority=str(old["priority"]), new_priority=str(ticket.priority)))
    if "assigned_to" in old:
        after = ticket.assigned_to
        events.append(
            TicketAssigned(
                **about,
                old_assignee=before.as_dict() if before else None,
                new_assignee=after.as_dict() if after else None,
            )
        )
    if "team" in old:
        events.append(TicketTeamChanged(**about, old_team=named(old["team"]), new_team=named(ticket.team)))
    fields: dict[str, list[Any]] = {
        field: [_kept(old[field]), _kept(getattr(ticket, field))] for field in _REST if field in old
    }
    if fields:
        events.append(TicketUpdated(**about, fields=fields))
    return events


def named(row: Category | Tag | Team | None) -> Named | None:
    return {"id": row.pk, "name": row.name} if row else None


def _kept(value: Any) -> Any:
    if isinstance(value, list):
        return [named(tag) for tag in value]
    return value if isinstance(value, str) else named(value)


def about_ticket(ticket: Ticket) -> dict[str, Any]:
    """The fields that all ticket events share."""
    return {
        "ticket_id": ticket.pk,
        "title": ticket.title,
        "creator_id": ticket.created_by_id,
        "assignee_ids": [ticket.assigned_to_id] if ticket.assigned_to_id else [],
        "version": ticket.version,
        "public_version": ticket.public_version,
    }


def event_of_opening(ticket: Ticket) -> TicketCreated:
    return TicketCreated(
        **about_ticket(ticket),
        description=ticket.description,
        priority=str(ticket.priority),
        status=str(ticket.status),
        creator=ticket.created_by.as_dict(),
        assignee=ticket.assigned_to.as_dict() if ticket.assigned_to else None,
        follow_up_of=ticket.follow_up_of_id,
        category=named(ticket.category),
        tags=_kept(ticket.tags),
        team=named(ticket.team),
    )
