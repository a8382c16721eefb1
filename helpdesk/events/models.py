"""The spine's two tables: what happened, and which subscriber has heard it."""

from collections.abc import Collection
from typing import Any, Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Case, Q, Value, When
from django.utils.translation import gettext_lazy as _

from helpdesk.events.declaration import EVENT_TYPES, Event
from helpdesk.events.visibility import Reader, in_sight_of, lives_for, seen_by


class EventRecordQuerySet(models.QuerySet["EventRecord"]):
    def visible_to(self, user: Reader) -> Self:
        """The only answer to "which events may this user see?"."""
        return self.filter(seen_by(user))

    def concerning(self, user: Reader, subjects: Collection[str] = ()) -> Self:
        """What may be for the user's sockets: what is pushed to them, and what may have moved their sight of something.

        `subjects`: what the socket subscribed to, `"ticket:7"`. What of it the socket is told, `realtime.telling` says.
        """
        moved = Q(gained_by__contains=[user.pk]) | Q(lost_by__contains=[user.pk])
        personally = Q(audience__contains=[user.pk]) | moved
        if not user.is_agent:
            return self.filter(personally).filter(Q(staff_only=False) | moved)
        to_all = Q(pushed_to_agents=True) | Q(type__in=moving_all())
        return self.filter(personally | _about(subjects) | (in_sight_of(user) & to_all))

    def with_lives(self, user: Reader) -> Self:
        """`lives`: the user sees the subject, and it is there; asked of those only where it matters."""
        matters = Q(type__in=moving_all()) | ~Q(gained_by=[])
        return self.annotate(
            lives=Case(When(~matters, then=Value(True)), When(lives_for(user), then=Value(True)), default=Value(False))
        )

    def with_sight(self, user: Reader) -> Self:
        """`in_sight`: the user may read the history of the subject, which may be gone."""
        return self.with_lives(user).annotate(
            in_sight=Case(When(in_sight_of(user), then=Value(True)), default=Value(False))
        )


def moving_all() -> list[str]:
    """Types of events by which whoever could see their subject sees it no more, or again."""
    return [name for name, event_type in EVENT_TYPES.items() if event_type.hides or event_type.shows]


def _about(subjects: Collection[str]) -> Q:
    ids: dict[str, list[int]] = {}
    for subject in subjects:
        kind, _colon, subject_id = subject.partition(":")
        ids.setdefault(kind, []).append(int(subject_id))
    about = Q(pk__in=[])
    for kind, subject_ids in ids.items():
        about |= Q(subject_type=kind, subject_id__in=subject_ids)
    return about


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
    # Who may see the subject by it, or no longer; those in its audience need not be named.
    gained_by = ArrayField(models.BigIntegerField(), default=list, db_default=[])
    lost_by = ArrayField(models.BigIntegerField(), default=list, db_default=[])
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
        said = self.body["message"]
        return said if isinstance(said, str) else self.event().message

    @property
    def topic(self) -> str:
        """Its subject, as sockets subscribe to it: `"ticket:7"`."""
        return f"{self.subject_type}:{self.subject_id}"

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
