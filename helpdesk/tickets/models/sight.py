"""Which tickets somebody sees, and the same rule turned round: who sees a ticket. One table for both."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from django.conf import settings
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import BooleanField, F, Func, Q, QuerySet

from helpdesk.accounts.enums import AgentScope
from helpdesk.accounts.models import User, UserQuerySet
from helpdesk.accounts.roles import Permission, roles_with
from helpdesk.accounts.scopes import is_narrowed
from helpdesk.tickets.models.teams import Membership

if TYPE_CHECKING:
    from helpdesk.tickets.models.tickets import Ticket


class _Any(ArraySubquery):
    template = "(ARRAY(%(subquery)s))"


class InTeamsOf(Func):
    """Of a ticket: it stands in the queue of a team of the user's.

    As an array PostgreSQL reads the teams once, and then looks them up in an index; `IN (SELECT …)` beside an `OR` is
    asked of every ticket that there is.
    """

    arg_joiner = " = ANY "
    template = "(%(expressions)s)"
    output_field = BooleanField()

    def __init__(self, user: User) -> None:
        super().__init__(F("team_id"), _Any(Membership.objects.filter(user=user).values("team_id")))


def sight_of(user: User) -> Q:
    """Of tickets, the deleted ones too; empty for who sees all of them."""
    own = Q(created_by=user)
    if not user.may(Permission.SEE_ALL_TICKETS):
        return own
    return _NARROWED[_scope()](user) | own if is_narrowed(user.role) else Q()


def sees_all(user: User) -> bool:
    return not sight_of(user)


def agents_who_see(tickets: "QuerySet[Ticket]") -> UserQuerySet:
    """The active agents and admins to whom `sight_of` shows any of the tickets."""
    agents = User.objects.agents()
    if _scope() == AgentScope.ALL:
        return agents
    unbound = Q(role__in=roles_with(Permission.IGNORE_AGENT_SCOPE))
    concerned = Q(pk__in=tickets.values("created_by")) | Q(pk__in=tickets.values("assigned_to"))
    if _scope() == AgentScope.TEAM:
        concerned |= Q(pk__in=Membership.objects.filter(team__in=tickets.values("team")).values("user"))
    return agents.filter(unbound | concerned)


def _scope() -> AgentScope:
    return AgentScope(settings.AGENT_SCOPE)


_NARROWED: Final[dict[AgentScope, Callable[[User], Q]]] = {
    AgentScope.TEAM: lambda user: Q(InTeamsOf(user)) | Q(assigned_to=user),
    AgentScope.ASSIGNED: lambda user: Q(assigned_to=user),
}
