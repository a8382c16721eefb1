from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TicketsConfig(AppConfig):
    name = "helpdesk.tickets"
    verbose_name = _("Tickets")

    def ready(self) -> None:
        from helpdesk.events.visibility import register_subject
        from helpdesk.tickets import subscribers  # noqa: F401 - importing it subscribes
        from helpdesk.tickets.models import Ticket
        from helpdesk.tickets.queries import seen_of_the_desk

        register_subject("ticket", Ticket.objects.in_scope_of)
        register_subject("desk", seen_of_the_desk)
