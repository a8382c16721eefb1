"""The list of tickets, and one ticket's page."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpResponseNotAllowed
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.decorators import action, display

from helpdesk.accounts.models import User
from helpdesk.accounts.roles import Permission
from helpdesk.api.stored_files import download
from helpdesk.backoffice.filters import ChoiceFilter, YesNoFilter
from helpdesk.backoffice.forms import ID
from helpdesk.backoffice.looks import moment
from helpdesk.backoffice.model_admin import OperationsAdmin
from helpdesk.core.errors import DomainError
from helpdesk.tickets import queries
from helpdesk.tickets.admin import comments, deeds
from helpdesk.tickets.admin.belongings import Belongings, once
from helpdesk.tickets.admin.bulk import BulkActions
from helpdesk.tickets.admin.forms import TicketForm
from helpdesk.tickets.enums import UNSOLVED, Priority, Status, TimerKind
from helpdesk.tickets.models import Attachment, Ticket, TicketQuerySet
from helpdesk.tickets.operations import tickets as operations
from helpdesk.tickets.operations.versions import Outdated
from helpdesk.tickets.search import search


class StatusFilter(ChoiceFilter):
    title = _("status")
    parameter_name = "status"
    options = Status.choices


class PriorityFilter(ChoiceFilter):
    title = _("priority")
    parameter_name = "priority"
    options = Priority.choices


class WaitingFilter(YesNoFilter):
    title = _("waiting")
    parameter_name = "waiting"

    def narrow(self, rows: QuerySet[Any], value: str) -> QuerySet[Any]:
        return rows.filter(status__in=UNSOLVED) if value == "yes" else rows.exclude(status__in=UNSOLVED)


class AssigneeFilter(ChoiceFilter):
    title = _("assignee")
    parameter_name = "assigned_to"

    def lookups(self, request: Any, model_admin: Any) -> list[tuple[str, Any]]:  # noqa: ARG002
        agents = User.objects.who_may(Permission.BE_ASSIGNED).order_by("username").values_list("pk", "username")
        return [("nobody", _("Nobody")), *((str(pk), username) for pk, username in agents)]

    def narrow(self, rows: QuerySet[Any], value: str) -> QuerySet[Any]:
        return rows.filter(assigned_to=None if value == "nobody" else int(value))


class DeletedFilter(ChoiceFilter):
    """Always on: the list is of the living, or of the deleted."""

    title = _("deleted")
    parameter_name = "deleted"
    options = (("yes", _("Yes")),)

    def queryset(self, request: Any, queryset: QuerySet[Any]) -> QuerySet[Any]:  # noqa: ARG002
        return queryset.filter(deleted_at__isnull=self.value() != "yes")


def _named(values: dict[str, Any]) -> dict[str, Any]:
    """As the operations take them: rows by their ids, tags by their names."""
    return {
        field: [tag.name for tag in value] if field == "tags" else value.pk if isinstance(value, Model) else value
        for field, value in values.items()
    }


class TicketAdmin(BulkActions, Belongings, OperationsAdmin):
    may_add = may_change = may_delete = True
    subject_kind = "ticket"
    form = TicketForm
    list_display = ("number", "shown_title", "shown_status", "shown_priority", "assignee", "creator", "created")
    list_display_links = ("number", "shown_title")
    list_filter = (StatusFilter, PriorityFilter, AssigneeFilter, WaitingFilter, DeletedFilter)
    list_select_related = ("assigned_to", "created_by")
    search_fields = ("title",)
    search_help_text = _('Words, "phrases", -words that must not occur, or #12')
    ordering = ("-created_at", "-id")
    sortable_by = ("shown_priority", "created")
    autocomplete_fields = ("created_by",)
    readonly_fields = (
        *("follows_up", "split_off", "merged", "merged_here", "links", "files", "decided"),
        *("creator", "created", "resolved", "closes", "closed"),
    )
    actions_detail = (*deeds.DEEDS, "download")
    inlines = (comments.CommentInline,)
    actions = ("take", "resolve", "close", "restore")
    fieldsets = (
        (None, {"fields": ("title", "description", "status", "priority", "category", "tags", "team", "assigned_to")}),
        (
            _("What belongs to it"),
            {"fields": ("follows_up", "split_off", "merged", "merged_here", "links", "files", "decided")},
        ),
        (_("Dates"), {"fields": ("creator", "created", "resolved", "closes", "closed")}),
    )
    add_fieldsets = (
        (
            None,
            {
                "fields": (
                    *("title", "description", "priority", "category", "tags", "team"),
                    *("assigned_to", "created_by"),
                )
            },
        ),
    )

    # --- which ---------------------------------------------------------------------------------------

    def get_queryset(self, request: Any) -> TicketQuerySet:
        """The deleted ones too: whoever may restore them reads them here."""
        return Ticket.objects.in_scope_of(request.user).order_by(*self.ordering)

    def get_search_results(self, request: Any, queryset: Any, search_term: str) -> tuple[Any, bool]:
        try:
            return search(queryset, search_term, user=request.user), False
        except DomainError as refusal:
            self.message_user(request, str(refusal.detail), messages.ERROR)
            return queryset.none(), False

    def has_change_permission(self, request: Any, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and (obj is None or obj.deleted_at is None)

    def has_delete_permission(self, request: Any, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and (obj is None or obj.deleted_at is None)

    def get_fieldsets(self, request: Any, obj: Any = None) -> Any:
        """With the version that is shown, where there is something to send back."""
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None or not self.has_change_permission(request, obj):
            return fieldsets
        (title, options), *others = fieldsets
        return [(title, {**options, "fields": (*options["fields"], "version")}), *others]

    def get_inlines(self, request: Any, obj: Any) -> Any:
        return super().get_inlines(request, obj) if obj else ()

    def get_readonly_fields(self, request: Any, obj: Any = None) -> Any:
        return super().get_readonly_fields(request, obj) if obj else ()

    def get_object(self, request: Any, object_id: str, from_field: str | None = None) -> Any:
        ticket = super().get_object(request, object_id, from_field)
        if ticket is not None:
            ticket.reader = request.user
        return ticket

    def render_change_form(
        self, request: Any, context: dict[str, Any], *args: Any, obj: Any = None, **kwargs: Any
    ) -> Any:
        """Above the page is what makes sense of this ticket."""
        names = deeds.offered(obj) if obj else []
        pages = {reverse(f"admin:tickets_ticket_{name}", args=[obj.pk]) for name in names}
        context["actions_detail"] = [door for door in context.get("actions_detail", ()) if door["path"] in pages]
        return super().render_change_form(request, context, *args, obj=obj, **kwargs)

    # --- pages of their own ------------------------------------------------------------------------------

    claim = deeds.page_of("claim")
    link = deeds.page_of("link")
    attach = deeds.page_of("attach")
    merge = deeds.page_of("merge")
    unmerge = deeds.page_of("unmerge")
    split = deeds.page_of("split")
    unlink = deeds.page_of("unlink")
    detach = deeds.page_of("detach")

    @action(description=_("Download"))
    def download(self, request: Any, object_id: str) -> HttpResponseBase:
        """As the API gives it, to whoever is signed in here: of a deleted ticket, to nobody."""
        if request.method not in {"GET", "HEAD"}:
            return HttpResponseNotAllowed(["GET", "HEAD"])
        files = Attachment.objects.visible_to(request.user)
        here = files.filter(ticket=int(object_id)) if ID.fullmatch(object_id) else files.none()
        return download(request, deeds.row_of(queries.attachment_values(here), request))

    # --- what is done ----------------------------------------------------------------------------------

    def create(self, request: Any, values: dict[str, Any]) -> Ticket:
        named = _named({field: value for field, value in values.items() if value})
        return operations.open_ticket(by=request.user, now=timezone.now(), **named)

    def update(self, request: Any, row: Any, changes: dict[str, Any]) -> None:
        """Over a newer version only where others have changed other fields: never over what nobody has seen."""
        values, shown = _named(changes), row.version
        while True:
            try:
                operations.update_ticket(
                    by=request.user, ticket_id=row.pk, changes=values, now=timezone.now(), if_version=shown
                )
            except Outdated as refusal:
                changed = set(refusal.extra["conflicting_fields"])
                # Who wants what is there already takes nothing away.
                clashes = operations.what_differs(self.get_queryset(request).get(pk=row.pk), values).keys() & changed
                if clashes:
                    raise Outdated(current=refusal.extra["current_version"], fields=sorted(clashes)) from None
                shown = refusal.extra["current_version"]
            else:
                return

    def remove(self, request: Any, row: Any) -> None:
        operations.delete_ticket(by=request.user, ticket_id=row.pk, now=timezone.now())

    def save_formset(self, request: Any, form: Any, formset: Any, change: Any) -> None:  # noqa: ARG002
        comments.save(formset, ticket=form.instance, by=request.user)

    @admin.action(description=_("Restore the selected deleted tickets"))
    def restore(self, request: Any, queryset: QuerySet[Ticket]) -> None:
        deleted = list(queryset.filter(deleted_at__isnull=False).values_list("pk", flat=True))
        for pk in deleted:
            operations.restore_ticket(by=request.user, ticket_id=pk, now=timezone.now())
        self.tell(
            request, ngettext("%(count)d ticket restored.", "%(count)d tickets restored.", len(deleted)), len(deleted)
        )

    # --- how it looks ------------------------------------------------------------------------------------

    @display(description="#")
    def number(self, ticket: Ticket) -> int:
        return ticket.pk

    @display(description=_("Title"))
    def shown_title(self, ticket: Ticket) -> str:
        return ticket.title

    @display(
        description=_("Status"),
        label={
            Status.OPEN: "info",
            Status.IN_PROGRESS: "primary",
            Status.PENDING: "warning",
            Status.RESOLVED: "success",
            Status.CLOSED: "",
        },
    )
    def shown_status(self, ticket: Ticket) -> tuple[str, str]:
        return ticket.status, ticket.get_status_display()

    @display(
        description=_("Priority"),
        ordering="priority_rank",
        label={Priority.LOW: "", Priority.MEDIUM: "info", Priority.HIGH: "warning", Priority.URGENT: "danger"},
    )
    def shown_priority(self, ticket: Ticket) -> tuple[str, str]:
        return ticket.priority, ticket.get_priority_display()

    @display(description=_("Assigned to"))
    def assignee(self, ticket: Ticket) -> Any:
        return ticket.assigned_to

    @display(description=_("Opened by"))
    def creator(self, ticket: Ticket) -> Any:
        return ticket.created_by

    @display(description=_("Created"), ordering="created_at")
    def created(self, ticket: Ticket) -> str | None:
        return moment(ticket.created_at)

    @display(description=_("Resolved"))
    def resolved(self, ticket: Ticket) -> str | None:
        return moment(ticket.resolved_at)

    @display(description=_("Closes by itself"))
    @once
    def closes(self, ticket: Ticket) -> str | None:
        timers = ticket.timers.filter(kind=TimerKind.CLOSE_RESOLVED)
        return moment(timers.values_list("due_at", flat=True).first())

    @display(description=_("Closed"))
    def closed(self, ticket: Ticket) -> str | None:
        return moment(ticket.closed_at)
