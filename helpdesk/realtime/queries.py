"""What the sockets ask PostgreSQL."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.db.models import QuerySet, Value
from django.utils import timezone

from helpdesk.accounts import idleness, tokens
from helpdesk.accounts.models import Session, User
from helpdesk.accounts.operations import socket_tickets
from helpdesk.accounts.operations.admission import admit, check_standing
from helpdesk.events.models import EventRecord, moving_all
from helpdesk.events.queries import after, head_position
from helpdesk.events.visibility import in_sight_of, is_personal, living
from helpdesk.realtime.telling import Sight, Told, told

BATCH: Final = 500
PAGE: Final = 200  # events of one step of a replay
# Branches of one UNION.
SCOPES: Final = 50

_OUT_OF_SIGHT: Final = Sight(in_sight=False, lives=False)


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


class Missed(NamedTuple):
    record: EventRecord
    told: Told


def missed(user: User, *, position: int, upto: int, subjects: Collection[str] = ()) -> list[Missed]:
    """What a socket of the user's would have been told in between, oldest first; a full page may have more behind it.

    Of some it would have been told nothing.
    """
    records = after(position, upto=upto).concerning(user, subjects).with_sight(user).defer("data", "changes")
    found = []
    for record in records[:PAGE]:
        sight = Sight(record.in_sight, record.lives)  # type: ignore[attr-defined]
        found.append(Missed(record, told(record, user, sight, subscribed=record.topic in subjects)))
    return found


class Hearing(NamedTuple):
    """What the user's sockets are told, and what those of them that subscribed to the subject."""

    all: Told
    subscribed: Told


def hearers(
    records: Iterable[EventRecord], users: Mapping[int, User], subscribers: Mapping[str, Collection[int]] | None = None
) -> dict[int, dict[int, Hearing]]:
    """Which of the users are told what of each event: `{record id: {user id: …}}`.

    `missed`, turned round: for a batch and everybody who is connected, in one statement. Whom an event concerns stands
    in the record; what a user may see is asked of `visible_to` once a scope, not once a user. `subscribers` are ids of
    users with a socket that subscribed to the subject.
    """
    records = list(records)
    agents = {user_id for user_id, user in users.items() if user.is_agent}
    moving = set(moving_all())
    subscribed = {record.pk: agents & set((subscribers or {}).get(record.topic, ())) for record in records}
    concerned = {
        record.pk: _concerned(record, users, agents, to_all=record.pushed_to_agents or record.type in moving)
        | subscribed[record.pk]
        for record in records
    }
    scope_of = _scopes(records, concerned, users)
    visible = _visible(*_by_scope(scope_of, users))
    heard: dict[int, dict[int, Hearing]] = {}
    for record in records:
        heard[record.pk] = {}
        named = {*record.audience, *record.gained_by, *record.lost_by, record.actor_id}
        # Whom the record does not name is told the same as everybody else of the scope: a thousand agents are one.
        alike: dict[tuple[str, int | None, bool], Hearing] = {}
        for user_id in concerned[record.pk]:
            scope, subscribes = scope_of[record.pk, user_id], user_id in subscribed[record.pk]
            key = (scope, user_id if user_id in named else None, subscribes)
            if (hearing := alike.get(key)) is None:
                sight = visible.get((scope, record.pk), _OUT_OF_SIGHT)
                to_all = told(record, users[user_id], sight, subscribed=False)
                to_subscribed = told(record, users[user_id], sight, subscribed=True) if subscribes else to_all
                hearing = alike[key] = Hearing(to_all, to_subscribed)
            if any(hearing.all) or any(hearing.subscribed):
                heard[record.pk][user_id] = hearing
    return heard


def readers(
    records: Collection[EventRecord], wanted: Mapping[int, set[int]], users: Mapping[int, User]
) -> dict[int, set[int]]:
    """Which of those who want an event may read it: `{record id: user ids}`."""
    scope_of = _scopes(records, wanted, users)
    asked, member = _by_scope(scope_of, users)
    questions = (
        EventRecord.objects.filter(pk__in=record_ids)
        .visible_to(member[scope])
        .annotate(scope=Value(scope))
        .values_list("scope", "pk")
        for scope, record_ids in asked.items()
    )
    visible = set(_in_few_statements(questions))
    return {
        record.pk: {user_id for user_id in wanted[record.pk] if (scope_of[record.pk, user_id], record.pk) in visible}
        for record in records
    }


def seers(kind: str, subject_id: int, users: Mapping[int, User]) -> set[int]:
    """Which of the users see the subject now."""
    scope_of = {user_id: _scope(kind, user) for user_id, user in users.items()}
    member = {scope: users[user_id] for user_id, scope in scope_of.items()}
    questions = (
        living(kind, user).order_by().filter(pk=subject_id).annotate(scope=Value(scope)).values_list("scope", flat=True)
        for scope, user in member.items()
    )
    answers = set(_in_few_statements(questions))
    return {user_id for user_id, scope in scope_of.items() if scope in answers}


def unseen(user: User, subjects: Collection[str]) -> list[str]:
    """Those of the subjects that the user does not see now."""
    ids: dict[str, set[int]] = defaultdict(set)
    for subject in subjects:
        kind, _colon, subject_id = subject.partition(":")
        ids[kind].add(int(subject_id))
    gone: list[str] = []
    for kind, wanted in ids.items():
        seen = set(living(kind, user).filter(pk__in=wanted).values_list("pk", flat=True))
        gone += [f"{kind}:{subject_id}" for subject_id in sorted(wanted - seen)]
    return gone


def _concerned(record: EventRecord, users: Mapping[int, User], agents: set[int], *, to_all: bool) -> set[int]:
    found = {user_id for user_id in (*record.audience, *record.gained_by, *record.lost_by) if user_id in users}
    return found | agents if to_all else found


def _scopes(
    records: Iterable[EventRecord], concerned: Mapping[int, set[int]], users: Mapping[int, User]
) -> dict[tuple[int, int], str]:
    """By the ids of record and user. Of a thousand who share one, it is asked for once."""
    shared: dict[tuple[str, str, bool], str] = {}
    scope_of: dict[tuple[int, int], str] = {}
    for record in records:
        kind = record.subject_type
        for user_id in concerned[record.pk]:
            user = users[user_id]
            key = (kind, user.role, user.is_active)
            if (scope := shared.get(key)) is None:
                scope = shared[key] = _shared_scope(kind, user)
            scope_of[record.pk, user_id] = scope or _own_scope(user)
    return scope_of


def _by_scope(
    scope_of: Mapping[tuple[int, int], str], users: Mapping[int, User]
) -> tuple[dict[str, set[int]], dict[str, User]]:
    """The records that each scope is asked about, and somebody of it."""
    wanted: dict[str, set[int]] = defaultdict(set)
    for (record_id, _user_id), scope in scope_of.items():
        wanted[scope].add(record_id)
    return wanted, {scope: users[user_id] for (_record_id, user_id), scope in scope_of.items()}


def _scope(kind: str, user: User) -> str:
    """Users of one scope see the same rows; of what is personal, each sees others."""
    return _shared_scope(kind, user) or _own_scope(user)


def _shared_scope(kind: str, user: User) -> str:
    """That of everybody of the role, if they have one; else empty."""
    return user.scope if user.is_agent and user.scope == user.role and not is_personal(kind) else ""


def _own_scope(user: User) -> str:
    return f"{user.role}:{user.pk}"


def _visible(wanted: Mapping[str, set[int]], member: Mapping[str, User]) -> dict[tuple[str, int], Sight]:
    """What those of a scope may see of a record, by the scope and the record's id; no pair: nothing."""
    questions = (
        EventRecord.objects.filter(in_sight_of(member[scope]), pk__in=record_ids)
        .with_lives(member[scope])
        .annotate(scope=Value(scope))
        .values_list("scope", "pk", "lives")
        for scope, record_ids in wanted.items()
    )
    return {(scope, pk): Sight(in_sight=True, lives=lives) for scope, pk, lives in _in_few_statements(questions)}


def _in_few_statements(questions: Iterable[QuerySet[Any, Any]]) -> Iterator[Any]:
    waiting = iter(questions)
    while some := list(islice(waiting, SCOPES)):
        yield from some[0].union(*some[1:], all=True)
