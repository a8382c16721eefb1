"""What the sockets ask PostgreSQL."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import Final
from uuid import UUID

from django.db.models import Value
from django.utils import timezone

from helpdesk.accounts import idleness, tokens
from helpdesk.accounts.models import Session, User
from helpdesk.accounts.operations import socket_tickets
from helpdesk.accounts.operations.admission import admit, check_standing
from helpdesk.events.declaration import EVENT_TYPES
from helpdesk.events.models import EventRecord
from helpdesk.events.queries import after, head_position

BATCH: Final = 500
PAGE: Final = 200  # events of one step of a replay
# Branches of one UNION.
SCOPES: Final = 50


@dataclass(frozen=True)
class Visitor:
    """Somebody who signed in, and the newest position at that moment."""

    user: User
    claims: tokens.AccessClaims
    head: int


def sign_in(token: str) -> Visitor:
    """Raises InvalidToken; the same rule as that of a request, and it counts as one."""
    return _visitor(tokens.read_access(token))


def sign_in_by_ticket(ticket: str) -> Visitor:
    """Raises InvalidToken, also for a ticket that was used before."""
    return _visitor(socket_tickets.spend_ticket(ticket, now=timezone.now()))


def _visitor(claims: tokens.AccessClaims) -> Visitor:
    user = admit(claims, now=timezone.now()).user
    return Visitor(user=user, claims=claims, head=head_position())


def sessions(ids: Collection[UUID]) -> dict[UUID, Session]:
    """Those of the sessions that nobody left alone for too long, with their users, as they are now: one statement.

    To listen is not to use a session: a screen that nobody sits at goes dark.
    """
    now = timezone.now()
    found = {session.pk: session for session in Session.objects.select_related("user").filter(pk__in=ids)}
    for session in list(found.values()):
        # Those that are over anyway stay in: the hub knows with which code they end.
        if session.ended_at or not session.user.is_active or not idleness.may_be_idle(session, now=now):
            continue
        with suppress(tokens.InvalidToken):
            # Rare: only of those that PostgreSQL has not heard of for so long.
            check_standing(session, now=now, using=False)
            continue
        del found[session.pk]
    return found


def stream_after(position: int) -> list[EventRecord]:
    """The next events for everybody."""
    records = EventRecord.objects.filter(position__gt=position).order_by("position")
    return list(records.defer("data", "changes")[:BATCH])


def missed(user: User, *, position: int, upto: int) -> list[EventRecord]:
    """What the user's sockets would have heard in between, oldest first; a full page may have more behind it."""
    return list(after(position, upto=upto).pushed_to(user).defer("data", "changes")[:PAGE])


def hearers(records: Iterable[EventRecord], users: Mapping[int, User]) -> dict[int, set[int]]:
    """Which of the users hear each event: `{record id: user ids}`.

    `EventRecordQuerySet.pushed_to`, turned round: for a batch and everybody who is connected, in one statement. Whom an
    event concerns stands in the record; what a user may see is asked of `visible_to` once a scope, not once a user.
    """
    agents = {user_id for user_id, user in users.items() if user.is_agent}
    return seers({record.pk: _concerned(record, users, agents) for record in records}, users)


def seers(concerned: Mapping[int, set[int]], users: Mapping[int, User]) -> dict[int, set[int]]:
    """Which of those whom an event concerns may see it: `{record id: user ids}`."""
    scope_of = {user_id: _scope(users[user_id]) for user_id in set[int]().union(*concerned.values())}
    wanted: dict[str, set[int]] = defaultdict(set)
    for record_id, user_ids in concerned.items():
        for user_id in user_ids:
            wanted[scope_of[user_id]].add(record_id)
    visible = _visible(wanted, {scope: users[user_id] for user_id, scope in scope_of.items()})
    return {
        record_id: {user_id for user_id in user_ids if (scope_of[user_id], record_id) in visible}
        for record_id, user_ids in concerned.items()
    }


def _concerned(record: EventRecord, users: Mapping[int, User], agents: set[int]) -> set[int]:
    found = {user_id for user_id in record.audience if user_id in users}
    if record.pushed_to_agents:
        found |= agents
    event_type = EVENT_TYPES.get(record.type)
    if event_type and not event_type.echoed:
        found.discard(record.actor_id or 0)
    return found


def _scope(user: User) -> str:
    """Users of one scope see the same rows."""
    return user.scope if user.is_agent else f"{user.role}:{user.pk}"


def _visible(wanted: Mapping[str, set[int]], member: Mapping[str, User]) -> set[tuple[str, int]]:
    """The pairs of scope and record id that are visible."""
    questions = iter(
        EventRecord.objects.filter(pk__in=record_ids)
        .visible_to(member[scope])
        .annotate(scope=Value(scope))
        .values_list("scope", "pk")
        for scope, record_ids in wanted.items()
    )
    answers: set[tuple[str, int]] = set()
    while some := list(islice(questions, SCOPES)):
        answers.update(some[0].union(*some[1:], all=True))
    return answers
