"""Teams, and tickets in their queues."""

from collections import Counter
from typing import Any

from helpdesk.accounts.models import User
from helpdesk.tickets.enums import Assignment
from helpdesk.tickets.models import Membership, Team, Ticket
from tests.factories import ticket_of


def team_of(*members: User, name: str = "Printers", assignment: str = Assignment.MANUAL) -> Team:
    team = Team.objects.create(name=name, assignment=assignment)
    Membership.objects.bulk_create(Membership(team=team, user=member) for member in members)
    return team


def in_queue(ticket: Ticket, team: Team) -> Ticket:
    Ticket.objects.filter(pk=ticket.pk).update(team=team)
    return Ticket.objects.get(pk=ticket.pk)


def waiting(team: Team, creator: Any = None, /, **fields: Any) -> Ticket:
    """A new ticket in the queue; whoever hears of its opening finds it there, if the caller is `committing`."""
    return Ticket.objects.get(pk=ticket_of(creator, team=team.pk, **fields).pk)


def loads() -> Counter[str]:
    """How many tickets each has."""
    return Counter(Ticket.objects.exclude(assigned_to=None).values_list("assigned_to__username", flat=True))
