"""Tickets and all that hangs on them; what may be seen is asked of `visible_to`."""

from helpdesk.tickets.models.assignment import AssignmentDecision
from helpdesk.tickets.models.attachments import FILENAME_LENGTH, Attachment, AttachmentQuerySet
from helpdesk.tickets.models.catalog import Category, Tag
from helpdesk.tickets.models.comments import Comment, CommentQuerySet
from helpdesk.tickets.models.drafts import Draft
from helpdesk.tickets.models.links import Merge, TicketLink
from helpdesk.tickets.models.sight import agents_who_see, sees_all
from helpdesk.tickets.models.tallies import Living, Tally
from helpdesk.tickets.models.teams import Membership, Team, Workload
from helpdesk.tickets.models.texts import Fold, SearchDocument, TicketText
from helpdesk.tickets.models.tickets import LONGEST_TEXT, TITLE_LENGTH, Ticket, TicketQuerySet
from helpdesk.tickets.models.timers import Timer

__all__ = [
    "FILENAME_LENGTH",
    "LONGEST_TEXT",
    "TITLE_LENGTH",
    "AssignmentDecision",
    "Attachment",
    "AttachmentQuerySet",
    "Category",
    "Comment",
    "CommentQuerySet",
    "Draft",
    "Fold",
    "Living",
    "Membership",
    "Merge",
    "SearchDocument",
    "Tag",
    "Tally",
    "Team",
    "Ticket",
    "TicketLink",
    "TicketQuerySet",
    "TicketText",
    "Timer",
    "Workload",
    "agents_who_see",
    "sees_all",
]
