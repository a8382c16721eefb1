"""What happened, and what could not be delivered. Nothing here is edited: the log is the truth."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.decorators import display

from helpdesk.backoffice.filters import ChoiceFilter
from helpdesk.backoffice.forms import ID
from helpdesk.backoffice.looks import moment
from helpdesk.backoffice.model_admin import OperationsAdmin
from helpdesk.events import operations
from helpdesk.events.declaration import EVENT_TYPES
from helpdesk.events.models import EventReceipt, EventRecord


class TypeFilter(ChoiceFilter):
    title = _("type")
    parameter_name = "type"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:  # noqa: ARG002
        return [(name, name) for name in EVENT_TYPES]


@admin.register(EventRecord)
class EventRecordAdmin(OperationsAdmin):
    list_display = ("occurred", "shown_type", "message", "actor", "about")
    list_display_links = ("message",)
    list_filter = (TypeFilter,)
    search_fields = ("type",)
    search_help_text = _("A type (status_changed), or what it is about (ticket:7)")
    ordering = ("-id",)
    sortable_by = ()
    fields = ("message", "occurred", "shown_type", "actor", "about", "changed", "position")
    readonly_fields = fields

    def get_queryset(self, request: Any) -> QuerySet[EventRecord]:
        return EventRecord.objects.visible_to(request.user).order_by(*self.ordering)

    def get_search_results(self, request: Any, queryset: Any, search_term: str) -> tuple[Any, bool]:  # noqa: ARG002
        kind, _colon, number = search_term.strip().partition(":")
        if not number:
            return queryset.filter(type=kind) if kind else queryset, False
        if not ID.fullmatch(number):
            return queryset.none(), False
        return queryset.filter(subject_type=kind, subject_id=int(number)), False

    @display(description=_("When"))
    def occurred(self, record: EventRecord) -> str | None:
        return moment(record.occurred_at)

    @display(description=_("Type"))
    def shown_type(self, record: EventRecord) -> str:
        return record.type

    @display(description=_("What"))
    def message(self, record: EventRecord) -> str:
        return str(record)

    @display(description=_("By"))
    def actor(self, record: EventRecord) -> str | None:
        name: str | None = record.body["actor"]
        return name

    @display(description=_("About"))
    def about(self, record: EventRecord) -> str:
        """A link to the row, where an admin of these rows is there."""
        name = f"{record.subject_type}:{record.subject_id}"
        for row in self.admin_site._registry.values():  # noqa: SLF001 - it has no other door
            if getattr(row, "subject_kind", "") == record.subject_type:
                page = f"admin:{row.opts.app_label}_{row.opts.model_name}_change"
                return format_html('<a href="{}">{}</a>', reverse(page, args=[record.subject_id]), name)
        return name

    @display(description=_("Changes"))
    def changed(self, record: EventRecord) -> str:
        lines = [(field, _said(change["from"]), _said(change["to"])) for field, change in record.changes.items()]
        return format_html_join("", "<p><b>{}</b>: {} → {}</p>", lines)

    @display(description=_("Position"))
    def position(self, record: EventRecord) -> int | None:
        return record.position


def _said(value: Any) -> Any:
    """A person by the username, nothing as a dash."""
    if isinstance(value, dict):
        return value.get("username", value)
    return "-" if value is None else value


@admin.register(EventReceipt)
class ParkedAdmin(OperationsAdmin):
    """Only what was given up: a receipt that is pending or done needs nobody."""

    list_display = ("subscriber", "what", "shown_error", "tries")
    list_select_related = ("record",)
    ordering = ("-id",)
    sortable_by = ()
    fields = ("subscriber", "what", "shown_error", "tries")
    readonly_fields = fields
    actions = ("retry",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[EventReceipt]:  # noqa: ARG002
        return EventReceipt.objects.filter(state=EventReceipt.State.PARKED).order_by(*self.ordering)

    @admin.action(description=_("Deliver again"))
    def retry(self, request: Any, queryset: QuerySet[EventReceipt]) -> None:
        chosen = list(queryset.values_list("pk", flat=True))
        count = operations.retry_parked(by=request.user, now=timezone.now(), only=chosen)
        sentence = ngettext("%(count)d will be delivered again.", "%(count)d will be delivered again.", count)
        self.tell(request, sentence, count)

    @display(description=_("Event"))
    def what(self, receipt: EventReceipt) -> str:
        page = reverse("admin:events_eventrecord_change", args=[receipt.record_id])
        return format_html('<a href="{}">{}</a>', page, str(receipt.record))

    @display(description=_("Error"))
    def shown_error(self, receipt: EventReceipt) -> str:
        return receipt.error

    @display(description=_("Tries"))
    def tries(self, receipt: EventReceipt) -> int:
        return receipt.attempts
