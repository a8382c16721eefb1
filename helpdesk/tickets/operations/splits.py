"""A comment that is about something else becomes a ticket of its own."""

from datetime import datetime

from django.db import transaction
from django.utils.text import Truncator

from helpdesk.accounts.models import User
from helpdesk.accounts.roles import Permission
from helpdesk.events.operations import publish
from helpdesk.tickets.events import NoteSplit, TicketAssigned, TicketSplit
from helpdesk.tickets.models import Comment, Ticket
from helpdesk.tickets.operations.comments import CommentNotFound, lock_comment
from helpdesk.tickets.operations.moving import carry_one, recount, wherever_it_is
from helpdesk.tickets.operations.telling import about_ticket, event_of_opening
from helpdesk.tickets.operations.versions import require_version

# A title that nobody wrote is the beginning of the comment.
_TITLE = 80


@wherever_it_is
@transaction.atomic
def split_comment(
    *,
    by: User,
    ticket_id: int,
    comment_id: int,
    now: datetime,
    title: str | None = None,
    if_version: int | None = None,
) -> Ticket:
    """Open a ticket with the comment's text, and move the comment there with its files.

    It is opened for whom the old one was opened for; of a note for `by`, since the customer would see it otherwise.
    Whoever works on the old one goes on with it: nobody loses sight of what was theirs to see. `if_version` is the
    comment's.
    """
    source, comment = lock_comment(comment_id)
    if source.pk != ticket_id:
        raise CommentNotFound
    require_version(comment, if_version, by=by)
    target = _open(source, comment, title=title, by=by, now=now)
    load = carry_one(comment, target)
    event_type = NoteSplit if comment.is_internal else TicketSplit
    for ticket in (source, target):
        recount(ticket, touched=now, publicly=not comment.is_internal)
        event = event_type(
            **about_ticket(ticket),
            comment_id=comment.pk,
            author=comment.author.username,
            content=comment.content,
            source_id=source.pk,
            target_id=target.pk,
            **load.as_data(),
        )
        publish(event, by=by, now=now)
    return target


def _open(source: Ticket, comment: Comment, *, title: str | None, by: User, now: datetime) -> Ticket:
    workers = User.objects.who_may(Permission.BE_ASSIGNED)
    assignee = workers.filter(pk=source.assigned_to_id).first() if source.assigned_to_id else None
    ticket = Ticket.objects.create(
        title=title or Truncator(comment.content.strip().splitlines()[0]).chars(_TITLE),
        description=comment.content,
        priority=source.priority,
        category_id=source.category_id,
        team_id=source.team_id,
        tag_ids=source.tag_ids,
        created_by=by if comment.is_internal else source.created_by,
        assigned_to=assignee,
        split_from=source,
        created_at=now,
        updated_at=now,
        public_updated_at=now,
    )
    publish(event_of_opening(ticket), by=by, now=now)
    if assignee:
        assigned = TicketAssigned(**about_ticket(ticket), old_assignee=None, new_assignee=assignee.as_dict())
        publish(assigned, by=by, now=now)
    return ticket
