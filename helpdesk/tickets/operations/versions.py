"""A change that says which version it was made for is refused if that is not the version any more."""

from collections.abc import Mapping
from typing import Final

from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from helpdesk.accounts.models import User
from helpdesk.accounts.roles import Permission
from helpdesk.core.errors import PreconditionFailed
from helpdesk.events.models import EventRecord
from helpdesk.tickets.models import Comment, Ticket


class Outdated(PreconditionFailed):
    """Brings `current_version`, and `conflicting_fields`: what others have changed since the one that was named."""

    def __init__(self, *, current: int, fields: list[str]) -> None:
        message = _("Somebody has changed it meanwhile. Read it again.")
        super().__init__(message, current_version=current, conflicting_fields=fields)


# What everybody sees of a ticket, and what only staff does: a customer is told that it changed, not what of it.
_PUBLIC: Final = frozenset(
    {"title", "description", "status", "priority", "assigned_to", "category", "tags", "merged_into", "deleted"}
)
_STAFF: Final = _PUBLIC | {"team"}


def require_version(row: Ticket | Comment, expected: int | None, *, by: User | None = None) -> None:
    """Of a locked row; None asks for nothing. `by` is who is told what has changed, a customer if nobody is named."""
    current = row.version if isinstance(row, Comment) or _is_staff(by) else row.public_version
    if expected is None or current == expected:
        return
    fields = changed_since({row.pk: expected}, by=by)[row.pk] if isinstance(row, Ticket) else ["content"]
    raise Outdated(current=current, fields=fields)


def changed_since(versions: Mapping[int, int], *, by: User | None) -> dict[int, list[str]]:
    """Which fields of these tickets have changed since these versions of them, as `by` is told them; one statement."""
    records = EventRecord.objects.filter(subject_type="ticket", subject_id__in=versions)
    # A customer's version is never the higher one. What happens to a comment or a file carries the version that it
    # found, and changes nothing of the ticket.
    own = records.filter(data__version__gt=min(versions.values(), default=0)).exclude(data__has_key="comment_id")
    seen, counted = (_STAFF, "data__version") if _is_staff(by) else (_PUBLIC, "data__public_version")
    fields: dict[int, set[str]] = {pk: set() for pk in versions}
    for pk, version, changes in own.values_list("subject_id", Coalesce(counted, "data__version"), "changes"):
        if version > versions[pk]:
            fields[pk].update(seen.intersection(changes))
    return {pk: sorted(changed) for pk, changed in fields.items()}


def _is_staff(user: User | None) -> bool:
    return user is not None and user.may(Permission.SEE_STAFF_EVENTS)
