"""Who sees the same lists: what is remembered for one of a scope serves all of it, and nobody else."""

from helpdesk.accounts.roles import Permission, Role, roles_with


def scope_of(role: str, user_id: int) -> str:
    """`agent`, `admin`; who sees only the own rows is alone: `customer:7`."""
    return str(role) if role in staff_scopes() else f"{role}:{user_id}"


def staff_scopes() -> list[str]:
    return [str(role) for role in roles_with(Permission.SEE_ALL_TICKETS)]


def scopes_of_ticket(creator_id: int) -> list[str]:
    """All whose lists may hold a ticket of this creator, whatever role the creator has by now."""
    return sorted({*staff_scopes(), *(scope_of(role, creator_id) for role in Role.values)})
