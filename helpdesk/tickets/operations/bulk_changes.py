"""One change to many tickets: a few statements however many they are, and for each what became of it.

All of it is known before anything is written: which are there to see, which are at the version that was named, which
may make the move. So a refused change, and a dry run, leave nothing to be taken back.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from helpdesk.accounts.models import User
from helpdesk.core.errors import Conflict, DomainError, FieldError, Invalid
from helpdesk.events.declaration import Event
from helpdesk.events.operations import publish_all
from helpdesk.tickets.models import Ticket
from helpdesk.tickets.operations import filing, lifecycle, search_texts
from helpdesk.tickets.operations.tickets import (
    TicketNotFound,
    apply_changes,
    require_unmerged,
    resolved,
    what_differs,
)
from helpdesk.tickets.operations.versions import Outdated, changed_since

MOST: Final = 500


class NotCommitted(Conflict):
    """Of an atomic change: this ticket could have been changed, another could not."""

    code = "not_committed"

    def __init__(self) -> None:
        super().__init__(_("Another ticket cannot be changed, so this one was not either."))


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of one ticket: its version afterwards, or why it was not changed."""

    ticket_id: int
    version: int | None = None
    refusal: DomainError | None = None


@dataclass(frozen=True, kw_only=True)
class BulkResult:
    committed: bool
    outcomes: list[Outcome]


@dataclass(kw_only=True)
class _Plan:
    """What is to be written and told, if it is."""

    tickets: list[Ticket]
    moved: list[Ticket]
    columns: set[str]
    events: list[Event]


@transaction.atomic
def change_tickets(
    *,
    by: User,
    ticket_ids: Sequence[int],
    changes: dict[str, Any],
    now: datetime,
    all_or_none: bool,
    dry_run: bool = False,
    if_versions: Mapping[int, int] | None = None,
) -> BulkResult:
    """Write `changes`, as `update_ticket` takes them, to each of the tickets; the outcomes are in the order of the ids.

    `if_versions` names for some of them the version that the change is made for.
    """
    wanted = _resolved(changes)
    found = {ticket.pk: ticket for ticket in _rows(by, ticket_ids, lock=not dry_run)}
    refusals: dict[int, DomainError] = {pk: TicketNotFound() for pk in ticket_ids if pk not in found}
    refusals |= _outdated(found, if_versions or {}, by=by)
    if "tags" in changes:
        filing.know_tags(found.values())
    plan = _Plan(tickets=[], moved=[], columns=set(), events=[])
    for pk, ticket in found.items():
        if pk not in refusals:
            try:
                _plan(plan, ticket, changes, wanted, now=now)
            except Conflict as refusal:
                refusals[pk] = refusal
    outcomes = [_outcome(pk, found.get(pk), refusals.get(pk)) for pk in ticket_ids]
    if all_or_none and refusals:
        outcomes = [replace(o, version=None, refusal=o.refusal or NotCommitted()) for o in outcomes]
    committed = not dry_run and any(outcome.refusal is None for outcome in outcomes)
    if committed:
        _write(plan, by=by, now=now)
    return BulkResult(committed=committed, outcomes=outcomes)


def _resolved(changes: dict[str, Any]) -> dict[str, Any]:
    """What no ticket can be set to is the fault of the whole request."""
    try:
        return resolved(changes)
    except Invalid as error:
        nested = [FieldError(f"changes.{fault.field}", fault.code, fault.message) for fault in error.errors]
        raise Invalid(error.detail, errors=nested) from error


def _rows(by: User, ticket_ids: Sequence[int], *, lock: bool) -> list[Ticket]:
    """Those that the caller sees, locked in the order of their ids: two who change the same ones cannot deadlock."""
    tickets = Ticket.objects.visible_to(by).filter(pk__in=ticket_ids).order_by("pk")
    # Who had each of them is asked after the lock: a joined assignee would be the one from before.
    return list(
        (tickets.select_for_update(of=("self",)) if lock else tickets).prefetch_related(
            "assigned_to", "team", "category__parent"
        )
    )


def _outdated(found: Mapping[int, Ticket], expected: Mapping[int, int], *, by: User) -> dict[int, DomainError]:
    stale = {pk: version for pk, version in expected.items() if pk in found and found[pk].version != version}
    fields = changed_since(stale, by=by) if stale else {}
    return {pk: Outdated(current=found[pk].version, fields=fields[pk]) for pk in stale}


def _plan(plan: _Plan, ticket: Ticket, changes: dict[str, Any], wanted: dict[str, Any], *, now: datetime) -> None:
    require_unmerged(ticket)
    same = changes.keys() - what_differs(ticket, changes).keys()
    differing = {field: value for field, value in wanted.items() if field not in same}
    differing = filing.settled(ticket, differing, named=changes)
    if not differing:
        return
    columns, events = apply_changes(ticket, differing, now=now)
    plan.tickets.append(ticket)
    if "status" in columns:
        plan.moved.append(ticket)
    plan.columns.update(columns)
    plan.events.extend(events)


def _outcome(pk: int, ticket: Ticket | None, refusal: DomainError | None) -> Outcome:
    return Outcome(ticket_id=pk, refusal=refusal, version=ticket.version if ticket and not refusal else None)


def _write(plan: _Plan, *, by: User, now: datetime) -> None:
    if not plan.tickets:
        return
    # A column that one of them does not change is written as it was read: nobody else can have changed a locked row.
    Ticket.objects.bulk_update(plan.tickets, sorted(plan.columns))
    if not search_texts.TEXTS.isdisjoint(plan.columns):
        search_texts.refresh(*(ticket.pk for ticket in plan.tickets))
    if plan.moved:
        lifecycle.set_timers(*plan.moved, now=now)
    publish_all(plan.events, by=by, now=now)
