"""How tickets belong together: related, duplicates, parents and children."""

from datetime import datetime

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from helpdesk.accounts.models import User
from helpdesk.core.errors import Conflict, NotFound
from helpdesk.events.operations import publish
from helpdesk.tickets.enums import LINK_NAMES, LINKS_AS_SEEN, LinkKind
from helpdesk.tickets.events import TicketLinked, TicketUnlinked
from helpdesk.tickets.models import Ticket, TicketLink
from helpdesk.tickets.operations.others import UnknownTicket, require_other
from helpdesk.tickets.operations.telling import about_ticket
from helpdesk.tickets.operations.tickets import TicketNotFound, lock_tickets

# Any number that no other lock of this kind has.
_TURN = 5_035_001


class LinkCycle(Conflict):
    code = "link_cycle"


class LinkNotFound(NotFound):
    def __init__(self) -> None:
        super().__init__(_("Not found."))


@transaction.atomic
def link_tickets(*, by: User, ticket_id: int, kind: str, other_id: int, now: datetime) -> tuple[TicketLink, bool]:
    """Link the two, `kind` as the first sees it; the link, and whether it is new."""
    require_other(other_id, of=ticket_id, by=by, field="ticket")
    stored, is_source = LINKS_AS_SEEN[kind]
    source_id, target_id = (ticket_id, other_id) if is_source else (other_id, ticket_id)
    if stored == LinkKind.RELATED:
        # The same from both sides, so it is stored in one way.
        source_id, target_id = sorted((ticket_id, other_id))
    else:
        _take_turn()
    tickets = lock_tickets(ticket_id, other_id)
    if ticket_id not in tickets:
        raise TicketNotFound
    if other_id not in tickets:
        raise UnknownTicket("ticket")
    known = TicketLink.objects.filter(source=source_id, target=target_id, kind=stored).first()
    if known:
        return known, False
    if stored != LinkKind.RELATED and _leads(stored, start=target_id, to=source_id):
        raise LinkCycle(_("The other ticket comes before this one already: that would be a circle."))
    link = TicketLink.objects.create(
        source=tickets[source_id], target=tickets[target_id], kind=stored, created_by=by, created_at=now
    )
    _tell(TicketLinked, link, tickets, by=by, now=now)
    return link, True


@transaction.atomic
def unlink_tickets(*, by: User, link_id: int, now: datetime) -> None:
    found = TicketLink.objects.filter(pk=link_id)
    link = found.first()
    if link is None:
        raise LinkNotFound
    tickets = lock_tickets(link.source_id, link.target_id, deleted=True)
    # Read again: somebody else may have been faster.
    deleted, _rows = found.delete()
    if not deleted:
        raise LinkNotFound
    _tell(TicketUnlinked, link, tickets, by=by, now=now)


def _take_turn() -> None:
    """One at a time looks for a circle and links: four links of four tickets share no row, and may close one."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_TURN])


def _leads(kind: str, *, start: int, to: int) -> bool:
    """Whether links of this kind lead from one ticket to the other; a statement for each step of the longest way."""
    seen: set[int] = set()
    here = {start}
    while here:
        if to in here:
            return True
        seen |= here
        further = TicketLink.objects.filter(kind=kind, source__in=here).values_list("target_id", flat=True)
        here = set(further) - seen
    return False


def _tell(
    event_type: type[TicketLinked | TicketUnlinked],
    link: TicketLink,
    tickets: dict[int, Ticket],
    *,
    by: User,
    now: datetime,
) -> None:
    ends = (link.source_id, link.target_id)
    for here, there, kind in zip(ends, reversed(ends), LINK_NAMES[link.kind], strict=True):
        event = event_type(**about_ticket(tickets[here]), link_id=link.pk, kind=kind, other_id=there)
        publish(event, by=by, now=now)
