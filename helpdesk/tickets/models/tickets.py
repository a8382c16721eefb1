"""Tickets, and the one rule of who may see them."""

from operator import attrgetter
from typing import Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from helpdesk.accounts.models import User
from helpdesk.tickets.enums import PRIORITY_RANK, UNSOLVED, Priority, Status
from helpdesk.tickets.models.catalog import Category, Tag
from helpdesk.tickets.models.sight import sight_of
from helpdesk.tickets.models.teams import Team

TITLE_LENGTH = 255
LONGEST_TEXT = 20_000


class TicketQuerySet(models.QuerySet["Ticket"]):
    def visible_to(self, user: User) -> Self:
        """The only answer to "which tickets may this user see?"."""
        return self.in_scope_of(user).filter(deleted_at=None)

    def in_scope_of(self, user: User) -> Self:
        """Whose history the user may read: the visible ones and, so that a deletion is heard, deleted ones."""
        return self.filter(sight_of(user))

    def waiting(self) -> Self:
        """In a team's queue: nobody has them, and they are not solved. The next one first."""
        queued = self.filter(deleted_at=None, assigned_to=None, team__isnull=False, status__in=UNSOLVED)
        return queued.order_by("-priority_rank", "created_at", "id")


class Ticket(models.Model):
    """A request for help, from opening to closing.

    What an internal note would move (counts, times) is kept twice, for staff and for the public, in the transaction
    of the comment: counting comments when reading costs 9 s at a million tickets.
    """

    title = models.CharField(max_length=TITLE_LENGTH)
    description = models.TextField()
    status = models.CharField(max_length=16, choices=Status, default=Status.OPEN)
    priority = models.CharField(max_length=16, choices=Priority, default=Priority.MEDIUM)
    priority_rank = models.GeneratedField(
        expression=Case(
            *(When(priority=priority, then=Value(rank)) for priority, rank in PRIORITY_RANK.items()),
            output_field=models.SmallIntegerField(),
        ),
        output_field=models.SmallIntegerField(),
        db_persist=True,
    )
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False)
    assigned_to = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False
    )
    # Whose queue it stands in.
    team = models.ForeignKey(Team, models.PROTECT, null=True, related_name="+", db_index=False)
    category = models.ForeignKey(Category, models.PROTECT, null=True, related_name="+", db_index=False)
    # No table between: a list reads the names in its own statement, and an index finds the tickets of a tag.
    tag_ids = ArrayField(models.BigIntegerField(), default=list, db_default=[])

    # Where its comments and files are now; the old number still answers.
    merged_into = models.ForeignKey("self", models.PROTECT, null=True, related_name="+", db_index=False)
    # The closed ticket that this one takes up again, and the one that a comment of it was split from.
    follow_up_of = models.ForeignKey("self", models.PROTECT, null=True, related_name="+", db_index=False)
    split_from = models.ForeignKey("self", models.PROTECT, null=True, related_name="+", db_index=False)

    comments_count = models.PositiveIntegerField(default=0)
    public_comments_count = models.PositiveIntegerField(default=0)
    last_comment_at = models.DateTimeField(null=True)
    public_last_comment_at = models.DateTimeField(null=True)
    updated_at = models.DateTimeField()
    public_updated_at = models.DateTimeField()

    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    resolved_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    reopened_at = models.DateTimeField(null=True)
    deleted_at = models.DateTimeField(null=True)

    # Counts changes to the ticket's own fields; comments and notes do not move it.
    version = models.PositiveIntegerField(default=1)
    # The one that customers are told: it counts those changes that they see.
    public_version = models.PositiveIntegerField(default=1)

    objects = TicketQuerySet.as_manager()

    class Meta:
        verbose_name = _("ticket")
        verbose_name_plural = _("tickets")
        constraints = [
            models.CheckConstraint(name="ticket_status_known", condition=Q(status__in=Status.values)),
            models.CheckConstraint(name="ticket_priority_known", condition=Q(priority__in=Priority.values)),
            models.CheckConstraint(
                name="ticket_closed_is_stamped",
                condition=~Q(status=Status.CLOSED) | Q(closed_at__isnull=False),
            ),
            models.CheckConstraint(
                name="ticket_resolved_is_stamped",
                condition=~Q(status=Status.RESOLVED) | Q(resolved_at__isnull=False),
            ),
            models.CheckConstraint(
                name="ticket_public_comments_are_comments",
                condition=Q(public_comments_count__lte=F("comments_count")),
            ),
            models.CheckConstraint(
                name="ticket_not_merged_into_itself",
                condition=Q(merged_into=None) | ~Q(merged_into=F("id")),
            ),
        ]
        indexes = [
            # The agents' list in each of its orders, and the customer's own.
            models.Index(F("created_at").desc(), F("id").desc(), name="ticket_newest", condition=Q(deleted_at=None)),
            models.Index(F("updated_at").desc(), F("id").desc(), name="ticket_updated", condition=Q(deleted_at=None)),
            models.Index(
                F("last_comment_at").desc(nulls_last=True),
                F("id").desc(),
                name="ticket_last_comment",
                condition=Q(deleted_at=None),
            ),
            # Reading the one above backwards would begin with those that have no comment.
            models.Index("last_comment_at", "id", name="ticket_longest_silent", condition=Q(deleted_at=None)),
            models.Index(
                F("priority_rank").desc(),
                F("id").desc(),
                name="ticket_priority",
                condition=Q(deleted_at=None),
            ),
            models.Index(
                "priority",
                F("created_at").desc(),
                F("id").desc(),
                name="ticket_of_priority",
                condition=Q(deleted_at=None),
            ),
            # Whether one that a search has found lives, without reading it.
            models.Index("id", name="ticket_living", condition=Q(deleted_at=None)),
            # The deleted ones too: their history stays visible.
            models.Index("created_by", F("created_at").desc(), F("id").desc(), name="ticket_own"),
            # The queues: by status, mine, and what nobody has taken.
            models.Index(
                "status",
                F("created_at").desc(),
                F("id").desc(),
                name="ticket_status",
                condition=Q(deleted_at=None),
            ),
            models.Index(
                "assigned_to",
                "status",
                F("created_at").desc(),
                F("id").desc(),
                name="ticket_assigned",
                condition=Q(deleted_at=None, assigned_to__isnull=False),
            ),
            models.Index(
                F("created_at").desc(),
                F("id").desc(),
                name="ticket_unassigned",
                include=["priority"],
                condition=Q(deleted_at=None, assigned_to=None),
            ),
            models.Index(
                "team",
                "status",
                F("created_at").desc(),
                F("id").desc(),
                # The deleted ones too: who deletes a team must find that there is none.
                name="ticket_team",
                condition=Q(team__isnull=False),
            ),
            # What waits in a team's queue, next first.
            models.Index(
                "team",
                F("priority_rank").desc(),
                "created_at",
                "id",
                name="ticket_queue",
                condition=Q(deleted_at=None, assigned_to=None, team__isnull=False, status__in=UNSOLVED),
            ),
            models.Index(
                "category",
                F("created_at").desc(),
                F("id").desc(),
                name="ticket_category",
                condition=Q(category__isnull=False),
            ),
            GinIndex("tag_ids", name="ticket_tags"),
            # What was merged into a ticket, and what took it up again.
            models.Index("merged_into", name="ticket_merged", condition=Q(merged_into__isnull=False)),
            models.Index("follow_up_of", name="ticket_follow_up", condition=Q(follow_up_of__isnull=False)),
            models.Index("split_from", name="ticket_split", condition=Q(split_from__isnull=False)),
            models.Index(F("deleted_at").desc(), name="ticket_deleted", condition=Q(deleted_at__isnull=False)),
            # How many wait, by status and priority, and how many were resolved, day by day.
            models.Index(
                "status", "priority", name="ticket_waiting", condition=Q(deleted_at=None, status__in=UNSOLVED)
            ),
            models.Index(
                "resolved_at",
                name="ticket_resolved",
                condition=Q(deleted_at=None, resolved_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.title}"

    @cached_property
    def tags(self) -> list[Tag]:
        """Asked for where one ticket changes; a list reads the names in its own statement."""
        return sorted(Tag.objects.filter(pk__in=self.tag_ids), key=attrgetter("name")) if self.tag_ids else []
