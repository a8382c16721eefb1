"""What a search reads, kept in the transaction of every change to a title, a description or a comment.

The rows are made in the database (migration 0006): folding, and telling words from signs, is its own. Of a very long
ticket the beginning is kept, 400,000 bytes of words and as many of notes; a write never fails for its length.
"""

from collections.abc import Sequence
from typing import Final

from django.db import connection

from helpdesk.tickets.models import Comment

# The columns of a ticket after whose change its row is made anew.
TEXTS: Final = frozenset({"title", "description"})


def refresh(*ticket_ids: int) -> None:
    """Make the rows of these tickets anew: whatever has changed in them, this is right afterwards."""
    alive = "ARRAY(SELECT id FROM tickets_comment WHERE ticket_id = ANY(%s) AND deleted_at IS NULL)"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT helpdesk_refresh_texts(%s::bigint[], {alive})", [list(ticket_ids)] * 2)


def add(comment: Comment) -> None:
    """The same as `refresh` for a comment that nobody has followed yet, at the cost of its own words."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT helpdesk_add_text(%s, %s, %s)", [comment.ticket_id, comment.content, comment.is_internal]
        )


def write(ticket_ids: Sequence[int], comment_ids: Sequence[int]) -> None:
    """Rows for tickets of which it is known what is said on them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT helpdesk_refresh_texts(%s::bigint[], %s::bigint[])", [list(ticket_ids), list(comment_ids)]
        )
