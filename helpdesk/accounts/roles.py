"""May this role do this verb? The only answer; nobody else compares roles."""

from enum import StrEnum, auto

from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    CUSTOMER = "customer", _("Customer")
    AGENT = "agent", _("Agent")
    ADMIN = "admin", _("Admin")


class Permission(StrEnum):
    OPEN_TICKET = auto()
    COMMENT = auto()
    CLOSE_OR_REOPEN_TICKET = auto()
    REOPEN_AT_ANY_TIME = auto()
    SEE_ALL_TICKETS = auto()
    IGNORE_AGENT_SCOPE = auto()
    OPEN_TICKET_FOR_OTHERS = auto()
    EDIT_TICKET = auto()
    CLAIM_TICKET = auto()
    STEAL_TICKET = auto()
    EXPLAIN_ASSIGNMENT = auto()
    BE_ASSIGNED = auto()
    DELETE_TICKET = auto()
    LINK_TICKETS = auto()
    MERGE_TICKETS = auto()
    RESTORE_TICKET = auto()
    SEE_NOTES = auto()
    WRITE_NOTE = auto()
    DELETE_ANY_COMMENT = auto()
    COMMENT_ON_CLOSED_TICKET = auto()
    SEE_STAFF_EVENTS = auto()
    SEE_TEAMS = auto()
    SEE_USERS = auto()
    MANAGE_USERS = auto()
    MANAGE_WORKLOADS = auto()
    MANAGE_CATALOG = auto()
    USE_ADMIN = auto()
    CHAT = auto()
    CHAT_WITH_ANYONE = auto()


_CUSTOMER = frozenset({Permission.OPEN_TICKET, Permission.COMMENT, Permission.CLOSE_OR_REOPEN_TICKET, Permission.CHAT})
_AGENT = _CUSTOMER | {
    Permission.REOPEN_AT_ANY_TIME,
    Permission.SEE_ALL_TICKETS,
    Permission.OPEN_TICKET_FOR_OTHERS,
    Permission.EDIT_TICKET,
    Permission.CLAIM_TICKET,
    Permission.STEAL_TICKET,
    Permission.EXPLAIN_ASSIGNMENT,
    Permission.BE_ASSIGNED,
    Permission.DELETE_TICKET,
    Permission.LINK_TICKETS,
    Permission.MERGE_TICKETS,
    Permission.SEE_NOTES,
    Permission.WRITE_NOTE,
    Permission.COMMENT_ON_CLOSED_TICKET,
    Permission.SEE_STAFF_EVENTS,
    Permission.SEE_TEAMS,
    Permission.SEE_USERS,
    Permission.CHAT_WITH_ANYONE,
}
_ADMIN = _AGENT | {
    Permission.IGNORE_AGENT_SCOPE,
    Permission.RESTORE_TICKET,
    Permission.DELETE_ANY_COMMENT,
    Permission.MANAGE_USERS,
    Permission.MANAGE_WORKLOADS,
    Permission.MANAGE_CATALOG,
    Permission.USE_ADMIN,
}

GRANTS: dict[str, frozenset[Permission]] = {
    Role.CUSTOMER: _CUSTOMER,
    Role.AGENT: _AGENT,
    Role.ADMIN: _ADMIN,
}


def roles_with(permission: Permission) -> list[str]:
    return [role for role, granted in GRANTS.items() if permission in granted]
