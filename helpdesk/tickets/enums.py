"""Fixed choices and legal moves, as tables."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Status(models.TextChoices):
    OPEN = "open", _("Open")
    IN_PROGRESS = "in_progress", _("In Progress")
    PENDING = "pending", _("Pending")
    RESOLVED = "resolved", _("Resolved")
    CLOSED = "closed", _("Closed")


class Priority(models.TextChoices):
    LOW = "low", _("Low")
    MEDIUM = "medium", _("Medium")
    HIGH = "high", _("High")
    URGENT = "urgent", _("Urgent")


# The alphabet would sort high, low, medium, urgent.
PRIORITY_RANK: dict[str, int] = {
    Priority.LOW: 1,
    Priority.MEDIUM: 2,
    Priority.HIGH: 3,
    Priority.URGENT: 4,
}

# The whole lifecycle. A move that is not listed does not exist.
MOVES: dict[str, frozenset[str]] = {
    status: frozenset(Status) - {status} for status in Status if status != Status.CLOSED
}
MOVES[Status.CLOSED] = frozenset({Status.OPEN})

# What somebody still has to do something about.
UNSOLVED = (Status.OPEN, Status.IN_PROGRESS, Status.PENDING)

# From where the action "reopen" leads back to open, though other moves to open exist.
REOPENABLE = frozenset({Status.RESOLVED, Status.CLOSED})

# A customer's comment says: it is not solved, or: here is what you asked for.
WOKEN_BY_CUSTOMER = frozenset({Status.PENDING, Status.RESOLVED})


class Assignment(models.TextChoices):
    """Who gets the next ticket of a team's queue."""

    MANUAL = "manual", _("By hand")
    ROUND_ROBIN = "round_robin", _("In turn")
    LEAST_LOADED = "least_loaded", _("Whoever has least")


class LinkKind(models.TextChoices):
    RELATED = "related", _("Related to")
    DUPLICATE_OF = "duplicate_of", _("Duplicate of")
    PARENT_OF = "parent_of", _("Parent of")


# By what is stored: how its source and its target call it.
LINK_NAMES: dict[str, tuple[str, str]] = {
    LinkKind.RELATED: ("related", "related"),
    LinkKind.DUPLICATE_OF: ("duplicate_of", "duplicated_by"),
    LinkKind.PARENT_OF: ("parent_of", "child_of"),
}
# And back: what is stored for it, and whether whoever says so is the source.
LINKS_AS_SEEN: dict[str, tuple[str, bool]] = {
    name: (kind, is_source)
    for kind, names in LINK_NAMES.items()
    for name, is_source in zip(reversed(names), (False, True), strict=True)
}


class Tallied(models.TextChoices):
    """What is counted as it comes and goes, since to count a million anew takes as long as reading them."""

    TICKETS = "tickets"
    COMMENTS = "comments"


class TimerKind(models.TextChoices):
    CLOSE_RESOLVED = "close_resolved", _("Close a resolved ticket")
