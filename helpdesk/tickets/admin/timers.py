"""What is to happen by itself, and when; for reading only: the ticket's status sets it and takes it away."""

from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from helpdesk.backoffice.looks import moment
from helpdesk.backoffice.model_admin import OperationsAdmin
from helpdesk.tickets.admin.searching import TicketNumberSearch
from helpdesk.tickets.models import Timer


class TimerAdmin(TicketNumberSearch, OperationsAdmin):
    list_display = ("due", "about", "what", "armed")
    ordering = ("due_at", "id")
    sortable_by = ()
    fields = list_display
    readonly_fields = list_display

    def get_queryset(self, request: Any) -> QuerySet[Timer]:  # noqa: ARG002
        return Timer.objects.select_related("ticket").order_by(*self.ordering)

    @display(description=_("Due"))
    def due(self, timer: Timer) -> str | None:
        return moment(timer.due_at)

    @display(description=_("Ticket"))
    def about(self, timer: Timer) -> str:
        page = reverse("admin:tickets_ticket_change", args=[timer.ticket_id])
        return format_html('<a href="{}">{}</a>', page, str(timer.ticket))

    @display(description=_("What"))
    def what(self, timer: Timer) -> str:
        return str(timer.get_kind_display())

    @display(description=_("Set"))
    def armed(self, timer: Timer) -> str | None:
        return moment(timer.armed_at)
