"""Files come and go, with the ticket that they hang on."""

from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from helpdesk.accounts.models import User
from helpdesk.accounts.roles import Permission
from helpdesk.core.errors import Conflict, FieldError, Invalid, NotFound
from helpdesk.events.operations import publish
from helpdesk.files.keeping import Take, keep
from helpdesk.files.receiving import Checked
from helpdesk.tickets.enums import Status
from helpdesk.tickets.events import AttachmentAdded, AttachmentDeleted, NoteAttachmentAdded, NoteAttachmentDeleted
from helpdesk.tickets.models import Attachment, Comment, Ticket
from helpdesk.tickets.operations.comments import TicketClosed
from helpdesk.tickets.operations.moving import Moved, wherever_it_is
from helpdesk.tickets.operations.telling import about_ticket
from helpdesk.tickets.operations.tickets import later, lock_ticket, require_unmerged

MOST_FILES: Final = 100


class AttachmentNotFound(NotFound):
    def __init__(self) -> None:
        super().__init__(_("Not found."))


class NoSuchComment(Invalid):
    """Of another ticket, of somebody else, not to be seen or not there: all alike."""

    def __init__(self) -> None:
        message = _("There is no such comment of yours on this ticket.")
        super().__init__(message, errors=[FieldError("comment", "does_not_exist", message)])


class TooManyFiles(Conflict):
    code = "too_many_files"


def attach(*, by: User, ticket_id: int, file: Checked, now: datetime, comment_id: int | None = None) -> Attachment:
    """Hang a checked file on a ticket, or on a comment of one's own."""
    return keep(
        file,
        lambda take: _attach(by=by, ticket_id=ticket_id, comment_id=comment_id, file=file, take=take, now=now),
        now=now,
    )


@transaction.atomic
def _attach(
    *, by: User, ticket_id: int, comment_id: int | None, file: Checked, take: Take, now: datetime
) -> Attachment:
    ticket = lock_ticket(ticket_id)
    require_unmerged(ticket)
    comment = _comment(by, ticket, comment_id)
    if ticket.status == Status.CLOSED and not by.may(Permission.COMMENT_ON_CLOSED_TICKET):
        raise TicketClosed(_("This ticket is closed. Reopen it, or open a new one."))
    if Attachment.objects.filter(ticket=ticket, comment=comment, deleted_at=None).count() >= MOST_FILES:
        raise TooManyFiles(_("There are %(number)d files here already.") % {"number": MOST_FILES})
    attachment = Attachment.objects.create(
        blob=take(),
        ticket=ticket,
        comment=comment,
        uploaded_by=by,
        filename=file.filename,
        content_type=file.content_type,
        size=file.size,
        created_at=now,
    )
    _touch(ticket, comment, now=now)
    event_type = NoteAttachmentAdded if comment and comment.is_internal else AttachmentAdded
    publish(event_type(**_about(ticket, attachment)), by=by, now=now)
    return attachment


@wherever_it_is
@transaction.atomic
def delete_attachment(*, by: User, attachment_id: int, now: datetime) -> None:
    alive = Attachment.objects.filter(pk=attachment_id, deleted_at=None)
    ticket_id = alive.values_list("ticket_id", flat=True).first()
    if ticket_id is None:
        raise AttachmentNotFound
    ticket = lock_ticket(ticket_id)
    attachment = alive.select_for_update(of=("self",)).select_related("comment").first()
    if attachment is None:
        raise AttachmentNotFound
    if attachment.ticket_id != ticket.pk:
        raise Moved
    attachment.deleted_at = now
    attachment.save(update_fields=["deleted_at"])
    comment = attachment.comment
    _touch(ticket, comment, now=now)
    event_type = NoteAttachmentDeleted if comment and comment.is_internal else AttachmentDeleted
    publish(event_type(**_about(ticket, attachment)), by=by, now=now)


def _comment(by: User, ticket: Ticket, comment_id: int | None) -> Comment | None:
    if comment_id is None:
        return None
    own = Comment.objects.of_sight(by).filter(pk=comment_id, ticket=ticket, author=by)
    comment = own.select_for_update(of=("self",)).first()
    if comment is None:
        raise NoSuchComment
    return comment


def _touch(ticket: Ticket, comment: Comment | None, *, now: datetime) -> None:
    """Move the ticket's times: the staff's always, the public's never for a file on a note."""
    ticket.updated_at = later(ticket.updated_at, now)
    if comment is None or not comment.is_internal:
        ticket.public_updated_at = later(ticket.public_updated_at, now)
    ticket.save(update_fields=["updated_at", "public_updated_at"])


def _about(ticket: Ticket, attachment: Attachment) -> dict[str, Any]:
    return about_ticket(ticket) | {
        "attachment_id": attachment.pk,
        "comment_id": attachment.comment_id,
        "filename": attachment.filename,
        "content_type": attachment.content_type,
        "size": attachment.size,
    }
