"""Who sees the same lists: what is remembered for one of a scope serves all of it, and nobody else."""

from django.conf import settings

from helpdesk.accounts.enums import AgentScope
from helpdesk.accounts.roles import GRANTS, Permission, Role, roles_with


def scope_of(role: str, user_id: int) -> str:
    """`agent`, `admin`; who sees only some of the rows is alone: `customer:7`, `agent:5`."""
    return str(role) if role in staff_scopes() and not is_narrowed(role) else f"{role}:{user_id}"


def wider_scopes(role: str) -> tuple[str, ...]:
    """Whose lists also change when those of this role do, where each of the role is alone."""
    return (str(role),) if role in staff_scopes() and is_narrowed(role) else ()


def is_narrowed(role: str) -> bool:
    """Whether `AGENT_SCOPE` leaves the role only a part of what it would see."""
    return settings.AGENT_SCOPE != AgentScope.ALL and Permission.IGNORE_AGENT_SCOPE not in GRANTS[role]


def staff_scopes() -> list[str]:
    return [str(role) for role in roles_with(Permission.SEE_ALL_TICKETS)]


def scopes_of_ticket(creator_id: int) -> list[str]:
    """All whose lists may hold a ticket of this creator, whatever role the creator has by now."""
    return sorted({*staff_scopes(), *(scope_of(role, creator_id) for role in Role.values)})
