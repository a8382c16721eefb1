"""What there is to tell of a ticket: its events, made of the row as it stands."""

from typing import Any, Final

from django.conf import settings

from helpdesk.accounts.enums import AgentScope
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
from helpdesk.tickets.models import Category, Membership, Tag, Team, Ticket

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
        gained, lost = _who_see(old["team"], ticket.team)
        events.append(
            TicketTeamChanged(
                **about,
                old_team=named(old["team"]),
                new_team=named(ticket.team),
                gained_ids=gained,
                lost_ids=lost,
            )
        )
    fields: dict[str, list[Any]] = {
        field: [_kept(old[field]), _kept(getattr(ticket, field))] for field in _REST if field in old
    }
    if fields:
        events.append(TicketUpdated(**about, fields=fields))
    return events


def _who_see(old: Team | None, new: Team | None) -> tuple[list[int], list[int]]:
    """Members of the one team only, who see it now, and who saw it: where teams are by what agents see."""
    if settings.AGENT_SCOPE != AgentScope.TEAM:
        return [], []
    members: dict[int, set[int]] = {team.pk: set() for team in (old, new) if team}
    for membership in Membership.objects.filter(team__in=members):
        members[membership.team_id].add(membership.user_id)
    before = members[old.pk] if old else set()
    after = members[new.pk] if new else set()
    return sorted(after - before), sorted(before - after)


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
