"""What the list does to all the tickets that were ticked."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from helpdesk.tickets.enums import Status
from helpdesk.tickets.models import Ticket
from helpdesk.tickets.operations.bulk_changes import change_tickets


class BulkActions:
    @admin.action(description=_("Assign the selected tickets to me"), permissions=["change"])
    def take(self, request: Any, queryset: QuerySet[Ticket]) -> None:
        self._change(request, queryset, {"assigned_to": request.user.pk})

    @admin.action(description=_("Resolve the selected tickets"), permissions=["change"])
    def resolve(self, request: Any, queryset: QuerySet[Ticket]) -> None:
        self._change(request, queryset, {"status": Status.RESOLVED})

    @admin.action(description=_("Close the selected tickets"), permissions=["change"])
    def close(self, request: Any, queryset: QuerySet[Ticket]) -> None:
        self._change(request, queryset, {"status": Status.CLOSED})

    def _change(self: Any, request: Any, queryset: QuerySet[Ticket], changes: dict[str, Any]) -> None:
        """Each by itself. A page has fewer than a request may name, and never more than a page is chosen."""
        ids = list(queryset.order_by("pk").values_list("pk", flat=True))
        result = change_tickets(by=request.user, ticket_ids=ids, changes=changes, now=timezone.now(), all_or_none=False)
        refused = [(outcome.ticket_id, outcome.refusal.detail) for outcome in result.outcomes if outcome.refusal]
        done = len(ids) - len(refused)
        self.tell(request, ngettext("%(count)d ticket changed.", "%(count)d tickets changed.", done), done)
        for ticket_id, why in refused:
            self.message_user(request, f"#{ticket_id}: {why}", messages.ERROR)
