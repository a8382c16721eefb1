"""What is owed to whom, and what became of it.

Promise and fate are one row: written by one statement, claimed by one lock, and neither can be there without the other.
`EmailLog` is the same table, seen through the channel e-mail.
"""

from email.utils import parseaddr
from typing import ClassVar
from uuid import uuid4

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from helpdesk.events.models import EventRecord
from helpdesk.notifications.enums import Channel, State


def new_message_id() -> str:
    """Made with the row, so that a mail which is sent twice says so: receivers drop the second."""
    return f"<{uuid4().hex}@{mail_domain()}>"


def mail_domain() -> str:
    return parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"


class Delivery(models.Model):
    """One event, owed to one person over one channel: at most one row, however often the event is heard."""

    event = models.ForeignKey(EventRecord, models.CASCADE, related_name="deliveries", db_index=False)
    recipient = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    channel = models.CharField(max_length=8, choices=Channel)
    template = models.CharField(max_length=32)

    state = models.CharField(max_length=8, choices=State, default=State.PENDING)
    attempts = models.PositiveIntegerField(default=0)
    error = models.TextField(default="", blank=True)
    # While pending: nobody tries before; whoever tries moves it first, by as long as a try may take.
    due_at = models.DateTimeField()
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField(auto_now=True)
    sent_at = models.DateTimeField(null=True)

    message_id = models.CharField(max_length=320, default=new_message_id)
    # As they were when it was last tried.
    address = models.CharField(max_length=254, default="", blank=True)
    subject = models.CharField(max_length=255, default="", blank=True)

    class Meta:
        verbose_name_plural = "deliveries"
        constraints = [
            models.UniqueConstraint(fields=["event", "recipient", "channel"], name="delivery_unique"),
            models.CheckConstraint(name="delivery_state_known", condition=Q(state__in=State.values)),
            models.CheckConstraint(
                name="delivery_sent_is_stamped", condition=~Q(state=State.SENT) | Q(sent_at__isnull=False)
            ),
        ]
        indexes = [
            models.Index("due_at", "id", name="delivery_due", condition=Q(state=State.PENDING)),
            models.Index("state", "id", name="delivery_stuck", condition=Q(state__in=[State.FAILED, State.PARKED])),
        ]


class EmailLogManager(models.Manager["EmailLog"]):
    def get_queryset(self) -> models.QuerySet["EmailLog"]:
        return super().get_queryset().filter(channel=Channel.EMAIL)


class EmailLog(Delivery):
    """Every e-mail that was ever owed, and its state."""

    objects: ClassVar[EmailLogManager] = EmailLogManager()

    class Meta:
        proxy = True
        verbose_name = _("e-mail")
        verbose_name_plural = _("e-mails")

    def __str__(self) -> str:
        return self.subject or f"{self.template} ({self.pk})"
