"""The sliding log in Redis, shared by every process: read, decided and written in one script."""

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final, cast

from redis import Redis
from redis.commands.core import Script

from helpdesk.core import redis
from helpdesk.limits.rates import Rate, Verdict

MICROSECONDS: Final = 1_000_000


@dataclass(frozen=True)
class Taken:
    """`moment`: what each log notes of it, by Redis' own clock."""

    allowed: bool
    wait: float
    moment: int


@lru_cache(maxsize=2)
def _script(name: str) -> Script:
    # Bound to no connection: each call names its own.
    return Script(Redis(), (Path(__file__).parent / name).read_bytes())


def charge(key: str, rate: Rate) -> Verdict:
    """Counts one request; raises RedisDown."""
    allowed, remaining, wait = cast(
        list[int],
        redis.call(
            lambda client: _script("sliding_log.lua")(
                keys=[f"limit:{key}"], args=[rate.limit, rate.window * MICROSECONDS], client=client
            )
        ),
    )
    return Verdict(bool(allowed), remaining, wait / MICROSECONDS)


def charge_all(logs: Mapping[str, Rate]) -> Taken:
    """Counts one guess in each of these logs, or in none where one of them is full; raises RedisDown."""
    keys = [f"limit:{key}" for key in logs]
    args = [number for rate in logs.values() for number in (rate.limit, rate.window * MICROSECONDS)]
    allowed, wait, moment = cast(
        list[int], redis.call(lambda client: _script("guesses.lua")(keys=keys, args=args, client=client))
    )
    return Taken(bool(allowed), wait / MICROSECONDS, moment)


def give_back(logs: Mapping[str, Rate], moment: int) -> None:
    """Of two that were noted at the same moment, it does not matter which one is taken out."""

    def remove(client: Redis) -> None:
        pipeline = client.pipeline(transaction=False)
        for key in logs:
            pipeline.lrem(f"limit:{key}", 1, str(moment))
        pipeline.execute()

    with contextlib.suppress(redis.RedisDown):
        redis.call(remove)
