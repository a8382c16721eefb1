"""Who is connected, in Redis: soft state that all processes share, and that comes back by itself when it is lost.

A user is online as long as one socket is, on whatever process or device. Each process says again and again which
sockets it holds; those of a process that was killed are not named any more, and run out. Who leaves counts as here for
a moment longer, so that a reload is no news. Every change is one script; the caller that it names a change to tells.

Nothing here waits for Redis longer than 250 ms, and nothing fails with it. While it is away, a process knows its own
sockets only: others count as offline. When it is back, each process says within a second whom it holds.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, cast

from django.conf import settings
from redis import Redis
from redis.commands.core import Script

from helpdesk.core import redis

HERE: Final = "presence:here"
SWEEPING: Final = "presence:sweeping"
SEEN: Final = "presence:seen:"
KEPT: Final = timedelta(days=30)  # then the sessions alone know when somebody was last seen
AT_ONCE: Final = 500  # sockets of one script, which everybody else waits for
MILLISECOND: Final = timedelta(milliseconds=1)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

# User and socket.
Held = tuple[int, str]


@dataclass(frozen=True, kw_only=True)
class Sight:
    """`last_seen` is when the last socket went; None while online, and of whom Redis knows nothing."""

    online: bool
    last_seen: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Entry:
    """`sockets`: how many the user has in all processes, this one included; `came`: the first in a while."""

    sockets: int
    came: bool


# How many sockets this process holds of each user: what is known without Redis.
here: dict[int, int] = {}


def lifetime() -> int:
    """Milliseconds that a socket counts without being named again; it is, after a third of it."""
    return int(settings.PRESENCE_SECONDS * 1000)


def grace() -> int:
    """Milliseconds that somebody counts as here without a socket."""
    return lifetime() // 9


def enter(user_id: int, socket_id: str, *, limit: int) -> Entry:
    """Register a socket; one over the limit is counted, and not registered. Raises RedisDown."""
    keys = [HERE, _sockets(user_id), _seen(user_id)]
    sockets, came = _run("enter", keys, [user_id, socket_id, lifetime(), limit])
    return Entry(sockets=sockets, came=bool(came))


def leave(held: Sequence[Held], *, stay: int | None = None) -> None:
    """These sockets are closed; `stay` as long as `grace()` or so many milliseconds. Raises RedisDown."""
    for some in _portions(held):
        _run("leave", _keys(some), [stay or grace(), KEPT // MILLISECOND, *_flat(some)])


def refresh(held: Sequence[Held]) -> list[int]:
    """These sockets are still open; who came online by it, having counted as gone. Raises RedisDown."""
    return [pk for some in _portions(held) for pk in _run("refresh", _keys(some), [lifetime(), *_flat(some)])]


def sweep() -> list[int]:
    """Who went offline: they are named to one caller only, of all processes. Raises RedisDown."""
    args = [grace(), lifetime(), KEPT // MILLISECOND, AT_ONCE, SEEN]
    return cast(list[int], _run("sweep", [HERE, SWEEPING], args))


def online(user_ids: Collection[int]) -> dict[int, bool]:
    """Which of them are; every one is named in the answer."""
    return {user_id: sight.online for user_id, sight in look(user_ids).items()}


def look(user_ids: Collection[int]) -> dict[int, Sight]:
    """How each of them is: one call, which never fails."""
    try:
        return known(user_ids)
    except redis.RedisDown:
        return {user_id: Sight(online=user_id in here) for user_id in user_ids}


def known(user_ids: Collection[int]) -> dict[int, Sight]:
    """What Redis says of them; raises RedisDown."""
    if not user_ids:
        return {}
    people = list(user_ids)

    def ask(client: Redis) -> list[Any]:
        pipeline = client.pipeline(transaction=True)
        pipeline.time()
        pipeline.zmscore(HERE, [str(user_id) for user_id in people])
        pipeline.mget([_seen(user_id) for user_id in people])
        return pipeline.execute()

    (seconds, microseconds), until, seen = redis.call(ask)
    now = seconds * 1000 + microseconds // 1000
    return {
        user_id: _sight(score is not None and score > now, at)
        for user_id, score, at in zip(people, until, seen, strict=True)
    }


def _sight(is_online: bool, seen: bytes | None) -> Sight:  # noqa: FBT001
    gone = None if is_online or seen is None else _EPOCH + int(seen) * MILLISECOND
    return Sight(online=is_online, last_seen=gone)


def _sockets(user_id: int) -> str:
    return f"presence:sockets:{user_id}"


def _seen(user_id: int) -> str:
    return f"{SEEN}{user_id}"


def _keys(held: Iterable[Held]) -> list[str]:
    return [HERE, *(key for user_id, _ in held for key in (_sockets(user_id), _seen(user_id)))]


def _flat(held: Iterable[Held]) -> list[int | str]:
    return [part for pair in held for part in pair]


def _portions(held: Sequence[Held]) -> Iterable[Sequence[Held]]:
    return (held[begin : begin + AT_ONCE] for begin in range(0, len(held), AT_ONCE))


def _run(name: str, keys: list[str], args: list[Any]) -> Any:
    return redis.call(lambda client: _script(name)(keys=keys, args=args, client=client))


@lru_cache(maxsize=4)
def _script(name: str) -> Script:
    # Bound to no connection: each call names its own.
    return Script(Redis(), (Path(__file__).parent / f"presence_{name}.lua").read_bytes())
