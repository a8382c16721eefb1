"""Two tickets about one thing become one, and two again if that was a mistake.

Both rows are locked in the order of their ids, so that A into B and B into A, at once, do not wait for each other: one
wins, and the other finds it merged.
"""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from helpdesk.accounts.models import User
from helpdesk.core.errors import Conflict, Forbidden
from helpdesk.events.operations import publish
from helpdesk.tickets.enums import Status
from helpdesk.tickets.events import TicketMerged, TicketUnmerged
from helpdesk.tickets.models import Merge, Ticket
from helpdesk.tickets.operations.moving import Load, Moved, carry_all, carry_back, recount, wherever_it_is
from helpdesk.tickets.operations.others import UnknownTicket, require_other
from helpdesk.tickets.operations.telling import about_ticket
from helpdesk.tickets.operations.tickets import TicketNotFound, change_ticket, lock_tickets, require_unmerged
from helpdesk.tickets.operations.versions import require_version
from helpdesk.tickets.queries import is_merged_for_good


class OtherRequester(Conflict):
    code = "other_requester"


class NotMerged(Conflict):
    code = "not_merged"


class UnmergeWindowOver(Conflict):
    code = "unmerge_window_over"


@transaction.atomic
def merge_ticket(*, by: User, ticket_id: int, into: int, now: datetime, if_version: int | None = None) -> Ticket:
    """Close the ticket and move what is on it to the ticket `into`, whose requester must be the same."""
    require_other(into, of=ticket_id, by=by, field="into")
    locked = lock_tickets(ticket_id, into)
    if ticket_id not in locked:
        raise TicketNotFound
    source, target = locked[ticket_id], locked.get(into)
    if target is None:
        raise UnknownTicket("into")
    require_version(source, if_version, by=by)
    require_unmerged(source)
    require_unmerged(target)
    if source.created_by_id != target.created_by_id:
        # Each would read what the other has written.
        raise OtherRequester(_("The two tickets were not opened for the same person."))
    stood = (source.status, source.started_at, source.closed_at)
    change_ticket(source, {"status": Status.CLOSED, "merged_into": target}, by=by, now=now)
    load = carry_all(source, target)
    Merge.objects.create(
        source=source,
        target=target,
        merged_by=by,
        merged_at=now,
        source_status=stood[0],
        source_started_at=stood[1],
        source_closed_at=stood[2],
        comment_ids=load.said,
        attachment_ids=load.attachment_ids,
    )
    for ticket in (source, target):
        recount(ticket, touched=now)
        publish(TicketMerged(**_about(ticket, source, target, load)), by=by, now=now)
    return source


@wherever_it_is
@transaction.atomic
def unmerge_ticket(*, by: User, ticket_id: int, now: datetime, if_version: int | None = None) -> Ticket:
    """Give the ticket back what the merge has taken, and its status; what came to the other since stays there."""
    source, merge, target = _lock_merged(ticket_id)
    require_version(source, if_version, by=by)
    if merge is None or target is None:
        raise NotMerged(_("This ticket is not merged into another one."))
    # Who could not see the other ticket changes nothing on it. A deleted one gives back what it has.
    if not Ticket.objects.in_scope_of(by).filter(pk=target.pk).exists():
        raise Forbidden(_("Your role may not do this."))
    # What it has taken has gone on with it: the later merge is undone first.
    require_unmerged(target)
    if is_merged_for_good(merge.merged_at, now=now):
        days = settings.TICKET_UNMERGE_DAYS
        message = ngettext("A merge can be undone for %(days)d day.", "A merge can be undone for %(days)d days.", days)
        raise UnmergeWindowOver(message % {"days": days})
    source.merged_into = target
    back: dict[str, Any] = {
        "status": merge.source_status,
        "started_at": merge.source_started_at,
        "closed_at": merge.source_closed_at,
        "merged_into": None,
    }
    change_ticket(source, back, by=by, now=now)
    load = carry_back(merge, source)
    merge.undone_at = now
    merge.save(update_fields=["undone_at"])
    stamps = {name: back[name] and back[name].isoformat() for name in ("started_at", "closed_at")}
    for ticket in (source, target):
        recount(ticket, touched=now)
        publish(TicketUnmerged(**_about(ticket, source, target, load), **stamps), by=by, now=now)
    return source


def _lock_merged(ticket_id: int) -> tuple[Ticket, Merge | None, Ticket | None]:
    """The ticket, its merge, and the ticket that it was merged into; without a merge, the ticket alone."""
    found = Merge.objects.filter(source=ticket_id, undone_at=None)
    merge = found.first()
    locked = lock_tickets(ticket_id, *([merge.target_id] if merge else []), deleted=True)
    source = locked.get(ticket_id)
    if source is None or source.deleted_at is not None:
        raise TicketNotFound
    # Read again: somebody else may have undone it while we waited, or merged it.
    merge = found.first()
    if merge and merge.target_id not in locked:
        raise Moved
    return source, merge, locked[merge.target_id] if merge else None


def _about(ticket: Ticket, source: Ticket, target: Ticket, load: Load) -> dict[str, Any]:
    return {**about_ticket(ticket), "source_id": source.pk, "target_id": target.pk, **load.as_data()}
