"""A change that says which version it was made for is refused if that is not the version any more."""

from django.utils.translation import gettext_lazy as _

from helpdesk.core.errors import PreconditionFailed
from helpdesk.events.models import EventRecord
from helpdesk.tickets.models import Comment, Ticket


class Outdated(PreconditionFailed):
    """Brings `current_version`, and `conflicting_fields`: what others have changed since the one that was named."""

    def __init__(self, *, current: int, fields: list[str]) -> None:
        message = _("Somebody has changed it meanwhile. Read it again.")
        super().__init__(message, current_version=current, conflicting_fields=fields)


def require_version(row: Ticket | Comment, expected: int | None) -> None:
    """Of a locked row; None asks for nothing."""
    if expected is None or row.version == expected:
        return
    fields = _changed_since(row, expected) if isinstance(row, Ticket) else ["content"]
    raise Outdated(current=row.version, fields=fields)


def _changed_since(ticket: Ticket, version: int) -> list[str]:
    records = EventRecord.objects.filter(subject_type="ticket", subject_id=ticket.pk, data__version__gt=version)
    # A comment's events carry the version that it found, and change nothing of the ticket.
    changes = records.exclude(data__has_key="comment_id").values_list("changes", flat=True)
    return sorted({field for change in changes for field in change})
