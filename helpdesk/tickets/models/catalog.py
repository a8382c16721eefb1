"""What tickets are sorted by: categories in two levels, and tags."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from helpdesk.tickets.enums import Priority
from helpdesk.tickets.models.teams import Team

NAME_LENGTH = 100
COLOR_LENGTH = 7  # "#1f883d"


class Category(models.Model):
    """A kind of request. It brings its team and priority to a ticket that names none itself."""

    name = models.CharField(max_length=NAME_LENGTH)
    # None for the first level. The second has no children: a rule of the operations.
    parent = models.ForeignKey("self", models.PROTECT, null=True, related_name="children")
    team = models.ForeignKey(Team, models.PROTECT, null=True, related_name="+")
    priority = models.CharField(max_length=16, choices=Priority, null=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        verbose_name = _("category")
        verbose_name_plural = _("categories")
        constraints = [
            models.UniqueConstraint(
                "parent", Lower("name"), name="category_name_unique_in_its_parent", nulls_distinct=False
            ),
            models.CheckConstraint(name="category_not_its_own_parent", condition=Q(parent=None) | ~Q(parent=F("id"))),
            models.CheckConstraint(
                name="category_priority_known", condition=Q(priority=None) | Q(priority__in=Priority.values)
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Tag(models.Model):
    """A word that agents mark tickets with."""

    name = models.CharField(max_length=NAME_LENGTH)
    color = models.CharField(max_length=COLOR_LENGTH, default="#6e7781")
    version = models.PositiveIntegerField(default=1)

    class Meta:
        verbose_name = _("tag")
        verbose_name_plural = _("tags")
        constraints = [models.UniqueConstraint(Lower("name"), name="tag_name_unique_in_any_case")]

    def __str__(self) -> str:
        return self.name
