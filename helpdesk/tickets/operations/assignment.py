"""A ticket is handed to somebody, or taken back into its queue, by somebody's decision."""

from datetime import datetime

from django.db import transaction

from helpdesk.accounts.models import User
from helpdesk.tickets.models import Ticket
from helpdesk.tickets.operations.tickets import hand_over, lock_ticket
from helpdesk.tickets.operations.versions import require_version


@transaction.atomic
def assign_ticket(*, by: User, ticket_id: int, user_id: int, now: datetime, if_version: int | None = None) -> Ticket:
    """To this agent, whoever has it; nobody's capacity is asked: a person has decided."""
    ticket = lock_ticket(ticket_id)
    require_version(ticket, if_version, by=by)
    return hand_over(ticket, to=user_id, field="user", by=by, now=now)


@transaction.atomic
def unassign_ticket(*, by: User, ticket_id: int, now: datetime, if_version: int | None = None) -> Ticket:
    """Back into the queue of its team, which gives it to anybody but the one who had it."""
    ticket = lock_ticket(ticket_id)
    require_version(ticket, if_version, by=by)
    return hand_over(ticket, to=None, by=by, now=now)
