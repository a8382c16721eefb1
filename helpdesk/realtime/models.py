"""What a session's sockets subscribed to, so that one that comes back has it before it hears what it missed."""

from typing import Self

from django.db import models
from django.utils import timezone


class SocketSubscriptionQuerySet(models.QuerySet["SocketSubscription"]):
    def of(self, session_id: object) -> Self:
        return self.filter(session_id=session_id)


class SocketSubscription(models.Model):
    """No foreign key to the subject: whether it is there, and seen, is asked when something is sent."""

    session = models.ForeignKey("accounts.Session", models.CASCADE, related_name="+", db_index=False)
    # As sockets name it: a ticket is "ticket:7".
    subject = models.CharField(max_length=64)
    created_at = models.DateTimeField(default=timezone.now)

    objects = SocketSubscriptionQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["session", "subject"], name="socket_subscription_once")]
        indexes = [models.Index("created_at", name="socket_subscription_age")]

    def __str__(self) -> str:
        return self.subject
