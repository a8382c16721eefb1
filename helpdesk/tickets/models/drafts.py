"""What somebody has begun to write."""

from django.conf import settings
from django.db import models

from helpdesk.tickets.models.tickets import Ticket


class Draft(models.Model):
    """One a user and ticket; nothing that happens to the ticket touches it."""

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="drafts", db_index=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="drafts", db_index=False)
    content = models.TextField()
    is_internal = models.BooleanField(default=False)
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "ticket"], name="draft_one_a_ticket")]
        indexes = [models.Index("ticket", name="draft_of_ticket")]
