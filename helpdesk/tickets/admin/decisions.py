"""Why somebody, or nobody, got a ticket from a queue: as the allocator wrote it down, for reading only."""

from typing import Any, Final

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from helpdesk.accounts.models import User
from helpdesk.backoffice.looks import moment
from helpdesk.backoffice.model_admin import OperationsAdmin
from helpdesk.tickets.admin.searching import TicketNumberSearch
from helpdesk.tickets.models import AssignmentDecision, Team

REASONS: Final[dict[str, Any]] = {
    "next_in_turn": _("next in turn"),
    "least_loaded": _("has least"),
    "nobody_free": _("nobody is free"),
    "no_members": _("the team has no members"),
    "free": _("free"),
    "full": _("has as many as they take"),
    "away": _("away"),
    "not_an_agent": _("no active agent"),
    "gave_it_back": _("had it before"),
}


class DecisionAdmin(TicketNumberSearch, OperationsAdmin):
    list_display = ("decided", "about", "queue", "who", "why")
    ordering = ("-id",)
    sortable_by = ()
    fields = ("decided", "about", "queue", "strategy_then", "who", "why", "all_candidates")
    readonly_fields = fields

    def get_queryset(self, request: Any) -> QuerySet[AssignmentDecision]:  # noqa: ARG002
        return AssignmentDecision.objects.select_related("ticket", "team", "chosen").order_by(*self.ordering)

    @display(description=_("When"))
    def decided(self, decision: AssignmentDecision) -> str | None:
        return moment(decision.decided_at)

    @display(description=_("Ticket"))
    def about(self, decision: AssignmentDecision) -> str:
        page = reverse("admin:tickets_ticket_change", args=[decision.ticket_id])
        return format_html('<a href="{}">{}</a>', page, str(decision.ticket))

    @display(description=_("Team"))
    def queue(self, decision: AssignmentDecision) -> Team | None:
        return decision.team

    @display(description=_("Assignment"))
    def strategy_then(self, decision: AssignmentDecision) -> str:
        return str(decision.get_strategy_display())

    @display(description=_("Assigned to"))
    def who(self, decision: AssignmentDecision) -> User | None:
        return decision.chosen

    @display(description=_("Reason"))
    def why(self, decision: AssignmentDecision) -> str:
        return str(REASONS.get(decision.reason, decision.reason))

    @display(description=_("Candidates"))
    def all_candidates(self, decision: AssignmentDecision) -> str:
        """With what the allocator knew of each: how many they had, of how many."""
        lines = [
            (
                candidate["user"]["username"],
                candidate["open_tickets"],
                candidate["capacity"],
                REASONS.get(candidate["reason"], candidate["reason"]),
            )
            for candidate in decision.candidates
        ]
        return format_html_join("", "<p>{}: {} / {}, {}</p>", lines)
