"""Agents who share a queue, and how much each of them takes."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from helpdesk.tickets.enums import Assignment

NAME_LENGTH = 100


class Team(models.Model):
    """A queue, and whoever works on it."""

    name = models.CharField(max_length=NAME_LENGTH)
    assignment = models.CharField(max_length=16, choices=Assignment, default=Assignment.MANUAL)
    members = models.ManyToManyField(settings.AUTH_USER_MODEL, through="Membership", related_name="teams")
    version = models.PositiveIntegerField(default=1)

    class Meta:
        verbose_name = _("team")
        verbose_name_plural = _("teams")
        constraints = [
            models.UniqueConstraint(Lower("name"), name="team_name_unique_in_any_case"),
            models.CheckConstraint(name="team_assignment_known", condition=Q(assignment__in=Assignment.values)),
        ]

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    team = models.ForeignKey(Team, models.CASCADE, related_name="memberships", db_index=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="memberships")
    # Of the automatic assignment; whose turn was longest ago is next.
    last_assigned_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["team", "user"], name="membership_once")]


class Workload(models.Model):
    """How many unsolved tickets an agent takes from the queues; without a row, `AGENT_CAPACITY`.

    The allocator locks it before it counts, so that two of them never count the same tickets.
    """

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="workload", primary_key=True)
    capacity = models.PositiveIntegerField(null=True)
    # Away: gets nothing by itself.
    available = models.BooleanField(default=True)

    class Meta:
        verbose_name = _("workload")
        verbose_name_plural = _("workloads")

    def __str__(self) -> str:
        return str(self.user)
