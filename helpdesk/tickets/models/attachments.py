"""Files on tickets and comments."""

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from helpdesk.accounts.models import User
from helpdesk.files.models import Blob
from helpdesk.tickets.models.comments import Comment
from helpdesk.tickets.models.tickets import Ticket

FILENAME_LENGTH = 255


class AttachmentQuerySet(models.QuerySet["Attachment"]):
    def visible_to(self, user: User) -> Self:
        """The only answer to "which files may this user see?"."""
        return self.of_sight(user).filter(ticket__in=Ticket.objects.visible_to(user))

    def of_sight(self, user: User) -> Self:
        """Those of a ticket already known to be visible: on itself, or on a comment that the user sees."""
        comments = Comment.objects.of_sight(user)
        return self.filter(Q(comment=None) | Q(comment__in=comments), deleted_at=None)


class Attachment(models.Model):
    """A file on a ticket or on one of its comments; whoever sees what it hangs on sees it."""

    # None: it was deleted, and its bytes are gone.
    blob = models.ForeignKey(Blob, models.PROTECT, null=True, related_name="attachments")
    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="attachments", db_index=False)
    comment = models.ForeignKey(Comment, models.CASCADE, null=True, related_name="attachments", db_index=False)
    # Where it was uploaded, if it came here by a merge or a split.
    moved_from = models.ForeignKey(Ticket, models.PROTECT, null=True, related_name="+", db_index=False)
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False)
    filename = models.CharField(max_length=FILENAME_LENGTH)
    content_type = models.CharField(max_length=100)
    size = models.BigIntegerField()
    created_at = models.DateTimeField()
    deleted_at = models.DateTimeField(null=True)

    objects = AttachmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("attachment")
        verbose_name_plural = _("attachments")
        indexes = [
            models.Index("ticket", "created_at", "id", name="attachment_of_ticket", condition=Q(deleted_at=None)),
            models.Index(
                "comment", "id", name="attachment_of_comment", condition=Q(deleted_at=None, comment__isnull=False)
            ),
            # Whose bytes are still to be given up.
            models.Index(
                "deleted_at", name="attachment_deleted", condition=Q(deleted_at__isnull=False, blob__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return self.filename
