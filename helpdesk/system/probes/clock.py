"""Whether everybody has the same time: tokens, cursors and one-time codes hold times."""

import time
import zoneinfo
from collections.abc import Callable
from typing import Final

import redis
from django.conf import settings
from django.db import DatabaseError

from helpdesk.core.redis_urls import place_of
from helpdesk.system.findings import Finding, fail, ok, warn
from helpdesk.system.probes import database
from helpdesk.system.probes.redis import connected
from helpdesk.system.probing import Findings

_NOTICED: Final = 1.0  # seconds
_TOO_FAR: Final = 30.0  # as long as a one-time code lasts
_ZONES: Final = ("UTC", "America/Lima", "Europe/Madrid")


def look() -> Findings:
    yield _zones()
    try:
        with database.connected() as connection, connection.cursor() as cursor:
            # Connected before the clock is read: that takes time of its own.
            cursor.execute("SELECT 1")

            def of_postgres() -> float:
                cursor.execute("SELECT extract(epoch FROM clock_timestamp())::float")
                found: float = cursor.fetchone()[0]
                return found

            yield _compared("PostgreSQL", of_postgres)
    except DatabaseError:
        yield warn("the clock of PostgreSQL could not be asked", "See the lines about the database.")
    try:
        with connected(settings.REDIS_URL) as client:
            client.ping()

            def of_redis() -> float:
                seconds, microseconds = client.time()
                return float(seconds) + float(microseconds) / 1e6

            yield _compared(f"Redis ({place_of(settings.REDIS_URL)})", of_redis)
    except (redis.RedisError, OSError):
        yield warn("the clock of Redis could not be asked", "See the lines about Redis.")


def skew(before: float, theirs: float, after: float) -> float:
    """How far a clock is ahead of ours, at least: it was read at some moment between our two looks at our own."""
    if theirs < before:
        return theirs - before
    return max(0.0, theirs - after)


def _compared(whose: str, ask: Callable[[], float]) -> Finding:
    before = time.time()
    theirs = ask()
    ahead = skew(before, theirs, time.time())
    said = f"the clock of {whose} is {abs(ahead):.1f} s {'ahead of' if ahead > 0 else 'behind'} this machine's"
    cure = "Set the clocks by NTP (chrony, systemd-timesyncd), here and there."
    if abs(ahead) >= _TOO_FAR:
        return fail(said, cure)
    if abs(ahead) >= _NOTICED:
        return warn(said, cure)
    return ok(f"{whose} has the same time")


def _zones() -> Finding:
    try:
        for name in _ZONES:
            zoneinfo.ZoneInfo(name)
    except zoneinfo.ZoneInfoNotFoundError as error:
        return fail(f"there is no data of time zones: {error}", "Install tzdata, by the system or by pip.")
    return ok(f"{len(zoneinfo.available_timezones())} time zones are known")
