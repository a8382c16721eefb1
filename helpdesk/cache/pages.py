"""The rendered pages of lists in Redis, under versions that a write moves on.

A scope names people who see the same rows. Its version is part of each page's place, so that moving it on makes all its
pages unreachable at once, without looking for them; they leave by their age. Whoever reads takes the version before it
asks the database: a page that is stored late lands under a dead version.
"""

import threading
import time
from collections import Counter
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, NamedTuple, cast

from redis import Redis
from redis.commands.core import Script

from helpdesk.core import redis
from helpdesk.core.redis import RedisDown

EVERYONE: Final = "everyone"
# Longer than any page is kept. A version that is gone begins anew at the clock, above all that were before.
VERSION_SECONDS: Final = 3600
# Who computes a page has so long; then somebody else may.
FLIGHT_MILLISECONDS: Final = 2000
# How long the others wait for it before they compute it themselves, and how often they look.
PATIENCE: Final = 0.5
PAUSE: Final = 0.01
# Larger pages cost more memory than they save time.
LARGEST: Final = 256 * 1024

# Scopes that this process could not move on, and how often. It does before it reads again: what it has answered, it
# finds itself, also where Redis was late and not away.
_owed: Counter[str] = Counter()
_owing: Final = threading.Lock()


class Found(NamedTuple):
    """Where the page belongs, and its bytes if it is there. Who gets none computes it and calls `keep` or `leave`."""

    place: bytes
    page: bytes | None


def find(scope: str, name: str, *, within: tuple[str, ...] = ()) -> Found:
    """The page `name` as the scope sees it, which also moves on with each scope that it is `within`; raises RedisDown.

    Of many who miss the same page one goes on at once; the others wait for it, but not for long.
    """
    deadline = time.monotonic() + PATIENCE
    while True:
        place, page, first = _look((*within, scope), name)
        if page is not None or first or time.monotonic() > deadline:
            return Found(place, page)
        time.sleep(PAUSE)


def keep(place: bytes, page: bytes, *, seconds: int) -> None:
    """Store what was computed after `find`; raises RedisDown."""
    if len(page) > LARGEST:
        leave(place)
        return

    def store(client: Redis) -> list[Any]:
        pipeline = client.pipeline(transaction=False)
        pipeline.set(place, page, ex=seconds)
        pipeline.delete(_flight(place))
        return pipeline.execute()

    redis.call(store)


def leave(place: bytes) -> None:
    """It will not be kept: for a moment nobody waits for it; raises RedisDown."""
    redis.call(lambda client: client.set(_flight(place), "left", px=FLIGHT_MILLISECONDS))


def bump(*scopes: str) -> None:
    """Make every page of these scopes unreachable, in one round trip; raises RedisDown."""
    keys = [_version(scope) for scope in scopes]
    try:
        redis.call(lambda client: _script("bump")(keys=keys, args=[VERSION_SECONDS], client=client))
    except RedisDown:
        with _owing:
            _owed.update(scopes)
        raise


def _make_up() -> None:
    """Only what was owed before is paid: more may come to be owed meanwhile, for a later change."""
    with _owing:
        owed = dict(_owed)
    if owed:
        bump(*owed)
        with _owing:
            _owed.subtract(owed)
            for scope in [scope for scope, times in _owed.items() if times <= 0]:
                del _owed[scope]


def _look(scopes: tuple[str, ...], name: str) -> tuple[bytes, bytes | None, int]:
    _make_up()
    keys = [_version(scope) for scope in (EVERYONE, *scopes)]
    args: list[str | int] = [name, VERSION_SECONDS, FLIGHT_MILLISECONDS]
    found = redis.call(lambda client: _script("look")(keys=keys, args=args, client=client))
    return cast(tuple[bytes, bytes | None, int], tuple(found))


def _version(scope: str) -> str:
    return f"version:{scope}"


def _flight(place: bytes) -> bytes:
    return place + b":flight"


@lru_cache(maxsize=2)
def _script(name: str) -> Script:
    # Bound to no connection: each call names its own.
    return Script(Redis(), (Path(__file__).parent / f"{name}.lua").read_bytes())
