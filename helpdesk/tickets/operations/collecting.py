"""Of files that were deleted, the bytes are given up, and only then those that nobody can reach."""

from datetime import datetime, timedelta
from typing import Final

from helpdesk.files.collecting import give_up_unused
from helpdesk.tickets.models import Attachment

# Longer than any upload takes from its bytes to its row.
GRACE: Final = timedelta(hours=24)


def collect(*, now: datetime, grace: timedelta = GRACE) -> int:
    """Return how many stored files were given up. A crash anywhere leaves the rest to the next time."""
    _let_go(before=now - grace)
    return give_up_unused(before=now - grace)


def _let_go(*, before: datetime) -> None:
    """Of a file deleted long enough ago, only the row stays: its history names it."""
    Attachment.objects.filter(deleted_at__lt=before, blob__isnull=False).update(blob=None)
