"""The sliding log in Redis, shared by every process: read, decided and written in one script."""

from functools import lru_cache
from pathlib import Path
from typing import Final, cast

from redis import Redis
from redis.commands.core import Script

from helpdesk.core import redis
from helpdesk.limits.rates import Rate, Verdict

MICROSECONDS: Final = 1_000_000


@lru_cache(maxsize=1)
def _script() -> Script:
    # Bound to no connection: each call names its own.
    return Script(Redis(), (Path(__file__).parent / "sliding_log.lua").read_bytes())


def charge(key: str, rate: Rate) -> Verdict:
    """Counts one request; raises RedisDown."""
    allowed, remaining, wait = cast(
        list[int],
        redis.call(
            lambda client: _script()(
                keys=[f"limit:{key}"], args=[rate.limit, rate.window * MICROSECONDS], client=client
            )
        ),
    )
    return Verdict(bool(allowed), remaining, wait / MICROSECONDS)
