"""When a session was used last, and whether that is too long ago.

Redis knows it to the moment, PostgreSQL to the minute. The newer of the two counts: a Redis that was flushed, or brings
back what was, makes a session older, never younger. While Redis is down PostgreSQL alone decides, and is told of every
use. Without a timeout Redis is not asked.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Final, cast

from django.conf import settings
from redis import Redis
from redis.commands.core import Script

from helpdesk.accounts.models import Session
from helpdesk.core import redis

# Between two writes of `last_seen_at`; a short timeout asks for more.
EVERY: Final = timedelta(minutes=1)
SHARE: Final = 5
EVERY_WITHOUT_REDIS: Final = timedelta(seconds=1)
MILLISECOND: Final = timedelta(milliseconds=1)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Sight:
    """`at` is when the session was used last, before now; `every` how far PostgreSQL may lag behind."""

    at: datetime
    every: timedelta


def timeout_of(role: str) -> timedelta | None:
    seconds = settings.SESSION_IDLE_TIMEOUT.get(role, 0)
    return timedelta(seconds=seconds) if seconds else None


def lag(timeout: timedelta | None) -> timedelta:
    return min(EVERY, timeout / SHARE) if timeout else EVERY


def may_be_idle(session: Session, *, now: datetime) -> bool:
    """By what PostgreSQL knows, which may be a little behind."""
    timeout = timeout_of(session.user.role)
    return timeout is not None and now - session.last_seen_at >= timeout


def was_idle(session: Session) -> bool:
    """Of a session that has ended: whether nobody had used it for so long by then."""
    return session.ended_at is not None and may_be_idle(session, now=session.ended_at)


def look(session: Session, *, now: datetime, using: bool) -> Sight:
    """`using` it now, or just looking; one that is idle stays so."""
    timeout = timeout_of(session.user.role)
    if timeout is None:
        return Sight(session.last_seen_at, EVERY)
    args = [
        _milliseconds(now - _EPOCH),
        _milliseconds(timeout),
        _milliseconds(session.last_seen_at - _EPOCH),
        int(using),
    ]
    try:
        seen = cast(int, redis.call(lambda client: _script()(keys=[f"seen:{session.pk}"], args=args, client=client)))
    except redis.RedisDown:
        return Sight(session.last_seen_at, EVERY_WITHOUT_REDIS)
    return Sight(max(_EPOCH + seen * MILLISECOND, session.last_seen_at), lag(timeout))


def _milliseconds(span: timedelta) -> int:
    return span // MILLISECOND


@lru_cache(maxsize=1)
def _script() -> Script:
    # Bound to no connection: each call names its own.
    return Script(Redis(), (Path(__file__).parent / "last_seen.lua").read_bytes())
