"""What is said on a ticket, and the one rule of who may see it."""

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from helpdesk.accounts.models import User
from helpdesk.accounts.roles import Permission
from helpdesk.tickets.models.tickets import Ticket


class CommentQuerySet(models.QuerySet["Comment"]):
    def visible_to(self, user: User) -> Self:
        """The only answer to "which comments may this user see?"."""
        return self.of_sight(user).filter(ticket__in=Ticket.objects.visible_to(user))

    def of_sight(self, user: User) -> Self:
        """Those of a ticket already known to be visible: the living, and internal notes only to staff."""
        alive = self.filter(deleted_at=None)
        return alive if user.may(Permission.SEE_NOTES) else alive.filter(is_internal=False)


class Comment(models.Model):
    """A reply that everybody on the ticket reads, or an internal note that only agents do."""

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="comments", db_index=False)
    # Where it was written, if it came here by a merge or a split.
    moved_from = models.ForeignKey(Ticket, models.PROTECT, null=True, related_name="+", db_index=False)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False)
    content = models.TextField()
    is_internal = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    edited_at = models.DateTimeField(null=True)
    deleted_at = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=1)

    objects = CommentQuerySet.as_manager()

    class Meta:
        verbose_name = _("comment")
        verbose_name_plural = _("comments")
        indexes = [
            models.Index("ticket", "created_at", "id", name="comment_of_ticket", condition=Q(deleted_at=None)),
            models.Index("created_at", "id", name="comment_oldest", condition=Q(deleted_at=None)),
            models.Index("author", "ticket", name="comment_author"),
        ]

    def __str__(self) -> str:
        return f"{self.author}: {self.content[:50]}"
