"""How much an agent takes from the queues."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from helpdesk.accounts.models import User
from helpdesk.accounts.roles import Permission, roles_with
from helpdesk.core.errors import NotFound
from helpdesk.events.operations import publish
from helpdesk.tickets.events import WorkloadUpdated
from helpdesk.tickets.models import Workload


class NoWorkload(NotFound):
    """There is no such agent."""

    def __init__(self) -> None:
        super().__init__(_("Not found."))


@transaction.atomic
def update_workload(*, by: User, user_id: int, changes: dict[str, Any], now: datetime) -> Workload:
    """Write the named of `capacity` (None: `AGENT_CAPACITY`) and `available`, no others.

    The row is the allocator's lock: while it counts the agent's tickets, their capacity stays as it is.
    """
    agent = User.objects.filter(pk=user_id, role__in=roles_with(Permission.BE_ASSIGNED)).first()
    if agent is None:
        raise NoWorkload
    Workload.objects.bulk_create([Workload(user=agent)], ignore_conflicts=True)
    workload = Workload.objects.select_for_update().get(pk=user_id)
    changes = {field: value for field, value in changes.items() if getattr(workload, field) != value}
    if changes:
        values = {field: [getattr(workload, field), value] for field, value in changes.items()}
        for field, value in changes.items():
            setattr(workload, field, value)
        workload.save(update_fields=list(changes))
        publish(WorkloadUpdated(user=agent.as_dict(), values=values), by=by, now=now)
    return workload
