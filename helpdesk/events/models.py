"""The spine's two tables: what happened, and which subscriber has heard it."""

from typing import Any, Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from helpdesk.events.declaration import EVENT_TYPES, Event
from helpdesk.events.visibility import Reader, seen_by


class EventRecordQuerySet(models.QuerySet["EventRecord"]):
    def visible_to(self, user: Reader) -> Self:
        """The only answer to "which events may this user see?"."""
        return self.filter(seen_by(user))

    def pushed_to(self, user: Reader) -> Self:
        """What the user's sockets hear, live and on resume alike: a subset of what they may see."""
        concerned = Q(audience__contains=[user.pk])
        if user.is_agent:
            concerned |= Q(pushed_to_agents=True)
        silent = [name for name, event_type in EVENT_TYPES.items() if not event_type.echoed]
        return self.visible_to(user).filter(concerned).exclude(actor_id=user.pk, type__in=silent)


class EventRecord(models.Model):
    """One thing that happened, committed with the change itself. Never deleted, never rewritten.

    `actor_id` and `subject_id` are no foreign keys, so that history never blocks a deletion. `position` is the event's
    place in the one total order; the primary key is not: transaction 6 may commit after 7 was read.
    """

    type = models.CharField(max_length=64)
    subject_type = models.CharField(max_length=32)
    subject_id = models.BigIntegerField()
    staff_only = models.BooleanField()
    actor_id = models.BigIntegerField(null=True)
    occurred_at = models.DateTimeField()
    # The event's own fields, from which subscribers get it back.
    data = models.JSONField()
    # The wire members as they were told: a later rename does not rewrite history.
    body = models.JSONField()
    changes = models.JSONField()
    audience = ArrayField(models.BigIntegerField())
    pushed_to_agents = models.BooleanField()
    position = models.BigIntegerField(null=True, unique=True)

    objects = EventRecordQuerySet.as_manager()

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        indexes = [
            models.Index("subject_type", "subject_id", "id", name="event_subject"),
            models.Index("id", name="event_unsequenced", condition=Q(position=None)),
        ]

    def __str__(self) -> str:
        return str(self.body["message"])

    def event(self) -> Event:
        return EVENT_TYPES[self.type](**self.data)

    def wire(self, cursor: str | None) -> dict[str, Any]:
        """The same over sockets, `GET /api/events/` and webhooks."""
        return {
            "type": self.type,
            "id": self.pk,
            "cursor": cursor,
            "occurred_at": self.occurred_at,
            **self.body,
        }


class EventReceipt(models.Model):
    """One subscriber's part of one event: written with the event, so that no crash forgets it."""

    class State(models.TextChoices):
        PENDING = "pending"
        DONE = "done"
        PARKED = "parked"

    record = models.ForeignKey(EventRecord, models.CASCADE, related_name="receipts", db_index=False)
    subscriber = models.CharField(max_length=64)
    state = models.CharField(max_length=8, choices=State, default=State.PENDING)
    attempts = models.PositiveIntegerField(default=0)
    # Until then the part is somebody's: the publishing process first, then whichever sweep claimed it.
    due_at = models.DateTimeField()
    error = models.TextField(default="")

    class Meta:
        verbose_name = _("parked delivery")
        verbose_name_plural = _("parked deliveries")
        constraints = [
            models.UniqueConstraint(fields=["record", "subscriber"], name="event_receipt_unique"),
        ]
        indexes = [
            models.Index("due_at", "id", name="event_receipt_due", condition=Q(state="pending")),
            models.Index("id", name="event_receipt_parked", condition=Q(state="parked")),
            models.Index("due_at", name="event_receipt_done", condition=Q(state="done")),
        ]

    def __str__(self) -> str:
        return f"{self.subscriber}, {self.record_id}"
