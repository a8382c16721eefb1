from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TicketsConfig(AppConfig):
    name = "helpdesk.tickets"
    verbose_name = _("Help desk")

    def ready(self) -> None:
        from helpdesk.events.visibility import register_living, register_subject
        from helpdesk.realtime.frames import register_frame
        from helpdesk.tickets import sockets, subscribers  # noqa: F401 - importing subscribers subscribes
        from helpdesk.tickets.models import Category, Tag, Team, Ticket

        register_subject("ticket", Ticket.objects.in_scope_of)
        register_living("ticket", Ticket.objects.visible_to)
        register_frame("subscribe", sockets.subscribe)
        register_frame("unsubscribe", sockets.unsubscribe)
        register_frame("viewing", sockets.viewing)
        # Their events are for agents only, who see them all, also of those that are gone.
        register_subject("category", lambda _user: Category.objects.all())
        register_subject("tag", lambda _user: Tag.objects.all())
        register_subject("team", lambda _user: Team.objects.all())
