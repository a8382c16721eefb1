"""How tickets belong together."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from helpdesk.tickets.enums import LinkKind
from helpdesk.tickets.models.tickets import Ticket


class TicketLink(models.Model):
    """`source` is related to, a duplicate of, or the parent of `target`."""

    source = models.ForeignKey(Ticket, models.CASCADE, related_name="+", db_index=False)
    target = models.ForeignKey(Ticket, models.CASCADE, related_name="+")
    kind = models.CharField(max_length=16, choices=LinkKind)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "target", "kind"], name="link_once"),
            models.CheckConstraint(name="link_of_two_tickets", condition=~Q(source=F("target"))),
            models.CheckConstraint(name="link_kind_known", condition=Q(kind__in=LinkKind.values)),
        ]

    def __str__(self) -> str:
        return f"{self.source} → {self.get_kind_display()} → {self.target}"


class Merge(models.Model):
    """What was moved when `source` was merged into `target`, so that it can be undone."""

    source = models.ForeignKey(Ticket, models.CASCADE, related_name="+")
    target = models.ForeignKey(Ticket, models.CASCADE, related_name="+")
    merged_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False)
    merged_at = models.DateTimeField()
    undone_at = models.DateTimeField(null=True)
    # How the source stood: what the merge has written over, and its undoing writes back.
    source_status = models.CharField(max_length=16)
    source_started_at = models.DateTimeField(null=True)
    source_closed_at = models.DateTimeField(null=True)
    comment_ids = ArrayField(models.BigIntegerField())
    attachment_ids = ArrayField(models.BigIntegerField())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source"], name="merge_one_at_a_time", condition=Q(undone_at=None)),
        ]
