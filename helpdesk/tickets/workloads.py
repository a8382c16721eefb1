"""How much an agent has, and how much they take."""

from typing import Any, Final

from django.conf import settings
from django.db.models import Count, F, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from helpdesk.accounts.models import User
from helpdesk.accounts.roles import Permission, roles_with
from helpdesk.tickets.enums import UNSOLVED
from helpdesk.tickets.models import Ticket

# Unsolved tickets of one agent.
MOST_TAKEN: Final = 10_000


class LoadOf(Coalesce):
    """How many unsolved tickets the user has, from one index."""

    def __init__(self, user: Any) -> None:
        unsolved = Ticket.objects.filter(assigned_to=user, deleted_at=None, status__in=UNSOLVED).order_by()
        counted: QuerySet[Any, Any] = unsolved.values("assigned_to").annotate(number=Count("*")).values("number")
        super().__init__(Subquery(counted), 0, output_field=IntegerField())


def workload_of(user_id: int) -> dict[str, Any] | None:
    """In one statement; None for who is no agent. Who was deactivated has one still."""
    agents = User.objects.filter(pk=user_id, role__in=roles_with(Permission.BE_ASSIGNED))
    row = agents.annotate(
        capacity=F("workload__capacity"), available=F("workload__available"), open_tickets=LoadOf(OuterRef("pk"))
    ).first()
    if row is None:
        return None
    found: Any = row
    return {
        "user": row.as_dict(),
        "available": found.available is not False,
        "capacity": found.capacity,
        "effective_capacity": settings.AGENT_CAPACITY if found.capacity is None else found.capacity,
        "open_tickets": found.open_tickets,
    }
