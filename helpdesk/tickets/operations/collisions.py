"""Two who answer at once: the second is shown what the first has said before they say the same again."""

from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from helpdesk.accounts.models import User
from helpdesk.core.errors import Conflict
from helpdesk.tickets import queries
from helpdesk.tickets.models import Comment, Ticket

# Whoever has missed more reads the ticket again.
MOST_SHOWN: Final = 100


class NewerComments(Conflict):
    """What others have said since, oldest first. Whoever answers shows it as `comments`."""

    code = "newer_comments"

    def __init__(self, rows: list[dict[str, Any]]) -> None:
        super().__init__(_("Others have written meanwhile. Read it, and say it again with `force`."))
        self.rows = rows


def require_seen(ticket: Ticket, newest_seen: int | None, *, by: User) -> None:
    """Of a locked ticket, under whose lock comments get their ids in order; None asks for nothing.

    Public comments of others alone: a note must leave no trace, and what one has said oneself is no news.
    """
    if newest_seen is None:
        return
    others = Comment.objects.filter(ticket=ticket, deleted_at=None, is_internal=False).exclude(author=by)
    newer = others.filter(pk__gt=newest_seen).order_by("-pk")
    rows = list(queries.comment_values(newer)[:MOST_SHOWN])
    if rows:
        raise NewerComments(rows[::-1])
