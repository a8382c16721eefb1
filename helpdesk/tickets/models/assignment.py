"""Why somebody, or nobody, got a ticket."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from helpdesk.tickets.enums import Assignment
from helpdesk.tickets.models.teams import Team
from helpdesk.tickets.models.tickets import Ticket


class AssignmentDecision(models.Model):
    """One decision of the allocator, with all that it knew."""

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="assignment_decisions", db_index=False)
    team = models.ForeignKey(Team, models.SET_NULL, null=True, related_name="+")
    strategy = models.CharField(max_length=16, choices=Assignment)
    # [{"user": {…}, "open_tickets": n, "capacity": n, "last_assigned_at": …, "eligible": bool, "reason": …}]
    candidates = models.JSONField()
    chosen = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    reason = models.CharField(max_length=64)
    decided_at = models.DateTimeField()

    class Meta:
        verbose_name = _("assignment decision")
        verbose_name_plural = _("assignment decisions")
        indexes = [models.Index("ticket", "id", name="decision_of_ticket")]

    def __str__(self) -> str:
        return f"#{self.ticket_id} → {self.chosen or '-'}"
