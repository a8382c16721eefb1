"""What somebody is about to say. Nobody else sees it, so nobody is told: a draft is no event."""

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from helpdesk.accounts.models import User
from helpdesk.core.errors import NotFound
from helpdesk.tickets.models import Draft


class DraftNotFound(NotFound):
    def __init__(self) -> None:
        super().__init__(_("Not found."))


def draft_of(*, by: User, ticket_id: int) -> Draft:
    draft = Draft.objects.filter(user=by, ticket_id=ticket_id).first()
    if draft is None:
        raise DraftNotFound
    return draft


def save_draft(*, by: User, ticket_id: int, content: str, now: datetime, is_internal: bool = False) -> Draft:
    """In one statement: of two windows that save at once, the later one stays, and neither fails."""
    draft = Draft(user=by, ticket_id=ticket_id, content=content, is_internal=is_internal, updated_at=now)
    Draft.objects.bulk_create(
        [draft],
        update_conflicts=True,
        unique_fields=["user", "ticket"],
        update_fields=["content", "is_internal", "updated_at"],
    )
    return draft


def discard_draft(*, by: User, ticket_id: int) -> None:
    Draft.objects.filter(user=by, ticket_id=ticket_id).delete()
