"""Why somebody, or nobody, has a ticket: as the allocator wrote it down."""

from typing import Any, Final

from helpdesk.tickets.models import AssignmentDecision, Ticket

DECISIONS: Final = 20


def explanation(ticket_id: int) -> dict[str, Any]:
    """How it stands, and the latest decisions, newest first; two statements. The ticket is there."""
    ticket = Ticket.objects.select_related("team", "assigned_to").get(pk=ticket_id)
    decisions = AssignmentDecision.objects.filter(ticket=ticket_id).select_related("team", "chosen").order_by("-id")
    return {
        "ticket": ticket.pk,
        "team": _team(ticket.team),
        "strategy": ticket.team.assignment if ticket.team else None,
        "assigned_to": ticket.assigned_to.as_dict() if ticket.assigned_to else None,
        "decisions": [_decision(decision) for decision in decisions[:DECISIONS]],
    }


def _decision(decision: AssignmentDecision) -> dict[str, Any]:
    return {
        "id": decision.pk,
        "decided_at": decision.decided_at,
        "team": _team(decision.team),
        "strategy": decision.strategy,
        "chosen": decision.chosen.as_dict() if decision.chosen else None,
        "reason": decision.reason,
        "candidates": decision.candidates,
    }


def _team(team: Any) -> dict[str, Any] | None:
    return {"id": team.pk, "name": team.name} if team else None
