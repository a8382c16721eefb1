"""The other ticket that a change names: one that the caller sees, and not the same one."""

from django.utils.translation import gettext_lazy as _

from helpdesk.accounts.models import User
from helpdesk.core.errors import FieldError, Invalid
from helpdesk.tickets.models import Ticket


class UnknownTicket(Invalid):
    def __init__(self, field: str) -> None:
        message = _("There is no such ticket.")
        super().__init__(message, errors=[FieldError(field, "does_not_exist", message)])


class SameTicket(Invalid):
    def __init__(self, field: str) -> None:
        message = _("Name another ticket than this one.")
        super().__init__(message, errors=[FieldError(field, "same_ticket", message)])


def require_other(ticket_id: int, *, of: int, by: User, field: str) -> None:
    """Before anything is locked: of a ticket that is not theirs to see, nobody learns more than of none."""
    if ticket_id == of:
        raise SameTicket(field)
    if not Ticket.objects.visible_to(by).filter(pk=ticket_id).exists():
        raise UnknownTicket(field)
