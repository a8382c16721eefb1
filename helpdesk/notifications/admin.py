"""Every e-mail that was owed, and what became of it. It can be sent again, and nothing else."""

import re
from typing import Any, Final

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.decorators import display

from helpdesk.accounts.models import User
from helpdesk.backoffice.filters import ChoiceFilter
from helpdesk.backoffice.looks import moment
from helpdesk.backoffice.model_admin import OperationsAdmin
from helpdesk.notifications import operations
from helpdesk.notifications.enums import State, Template
from helpdesk.notifications.models import EmailLog

_TICKET: Final = re.compile(r"#([0-9]{1,18})", re.ASCII)
# A search finds the mails of so many people.
_PEOPLE: Final = 100


_STATES: Final = {
    State.PENDING: _("Pending"),
    State.SENT: _("Sent"),
    State.FAILED: _("Failed"),
    State.PARKED: _("Parked"),
}


class StateFilter(ChoiceFilter):
    title = _("state")
    parameter_name = "state"
    options = tuple((state.value, label) for state, label in _STATES.items())


class TemplateFilter(ChoiceFilter):
    title = _("kind")
    parameter_name = "template"
    options = tuple((template.value, template.value) for template in Template)


@admin.register(EmailLog)
class EmailLogAdmin(OperationsAdmin):
    list_display = ("written", "person", "shown_subject", "shown_state", "tries", "shown_error")
    list_display_links = ("written", "shown_subject")
    list_filter = (StateFilter, TemplateFilter)
    list_select_related = ("recipient", "event")
    search_fields = ("recipient",)
    search_help_text = _("A person's username or address, or the ticket (#7)")
    ordering = ("-id",)
    sortable_by = ()
    fields = (
        *("person", "shown_address", "shown_subject", "kind", "shown_state", "tries", "shown_error"),
        *("written", "due", "sent", "shown_message_id", "cause"),
    )
    readonly_fields = fields
    actions = ("resend",)

    def get_search_results(self, request: Any, queryset: Any, search_term: str) -> tuple[Any, bool]:  # noqa: ARG002
        term = search_term.strip()
        if not term:
            return queryset, False
        if number := _TICKET.fullmatch(term):
            return queryset.filter(event__subject_type="ticket", event__subject_id=int(number[1])), False
        found = User.objects.filter(Q(username__icontains=term) | Q(email__icontains=term))
        people = list(found.order_by("pk").values_list("pk", flat=True)[:_PEOPLE])
        return queryset.filter(recipient__in=people), False

    @admin.action(description=_("Send again"))
    def resend(self, request: Any, queryset: QuerySet[EmailLog]) -> None:
        chosen = list(queryset.values_list("pk", flat=True))
        count = operations.resend_emails(by=request.user, ids=chosen, now=timezone.now())
        self.tell(
            request,
            ngettext("%(count)d e-mail will be sent again.", "%(count)d e-mails will be sent again.", count),
            count,
        )

    @display(description=_("Written"))
    def written(self, email: EmailLog) -> str | None:
        return moment(email.created_at)

    @display(description=_("To"))
    def person(self, email: EmailLog) -> str:
        return email.recipient.username

    @display(description=_("Address"))
    def shown_address(self, email: EmailLog) -> str:
        return email.address

    @display(description=_("Subject"))
    def shown_subject(self, email: EmailLog) -> str:
        return str(email)

    @display(description=_("Kind"))
    def kind(self, email: EmailLog) -> str:
        return email.template

    @display(
        description=_("State"),
        label={State.PENDING: "info", State.SENT: "success", State.FAILED: "danger", State.PARKED: "warning"},
    )
    def shown_state(self, email: EmailLog) -> tuple[str, Any]:
        return email.state, _STATES[State(email.state)]

    @display(description=_("Tries"))
    def tries(self, email: EmailLog) -> int:
        return email.attempts

    @display(description=_("Error"))
    def shown_error(self, email: EmailLog) -> str:
        return email.error

    @display(description=_("Due"))
    def due(self, email: EmailLog) -> str | None:
        return moment(email.due_at) if email.state == State.PENDING else None

    @display(description=_("Sent"))
    def sent(self, email: EmailLog) -> str | None:
        return moment(email.sent_at)

    @display(description="Message-ID")
    def shown_message_id(self, email: EmailLog) -> str:
        return email.message_id

    @display(description=_("Because of"))
    def cause(self, email: EmailLog) -> str:
        page = reverse("admin:events_eventrecord_change", args=[email.event_id])
        return format_html('<a href="{}">{}</a>', page, str(email.event))
