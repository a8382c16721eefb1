"""The sliding log in PostgreSQL: what stays closed while Redis is down, in all processes together.

Slower than both others, and needed rarely: for guesses at passwords.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from django.db import connection, transaction

from helpdesk.limits.rates import Rate, Verdict

PRUNED_AT_ONCE: Final = 100

# One caller at a time. The clock is read after the lock was given, in a statement of its own: one
# statement has one snapshot, and it would predate what the others wrote while this one waited.
_LOCK: Final = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))"
_CHARGE: Final = """
    WITH clock AS (SELECT clock_timestamp() AS now, make_interval(secs => %(window)s) AS span),
    live AS (
        SELECT count(*) AS used, min(at) AS oldest FROM limits_hit, clock
        WHERE key = %(key)s AND at > now - span
    ),
    taken AS (
        INSERT INTO limits_hit (key, at, expires_at)
        SELECT %(key)s, now, now + span FROM clock, live WHERE used < %(limit)s
        RETURNING id
    )
    SELECT used, extract(epoch FROM coalesce(oldest, now) + span - now)::float FROM clock, live
"""
_LIVE: Final = """
    WITH clock AS (SELECT clock_timestamp() AS now, make_interval(secs => %(window)s) AS span)
    SELECT count(at) >= %(limit)s, extract(epoch FROM min(at) + max(span) - max(now))::float
    FROM clock LEFT JOIN limits_hit ON key = %(key)s AND at > now - span
"""
_TAKE: Final = """
    INSERT INTO limits_hit (key, at, expires_at)
    SELECT key, clock_timestamp(), clock_timestamp() + make_interval(secs => span)
    FROM unnest(%s::text[], %s::int[]) AS log (key, span)
    RETURNING id
"""
_PRUNE: Final = """
    DELETE FROM limits_hit WHERE id IN (
        SELECT id FROM limits_hit WHERE expires_at < clock_timestamp() LIMIT %s FOR UPDATE SKIP LOCKED
    )
"""


@dataclass(frozen=True)
class Taken:
    """`hits`: the rows that stand for it."""

    allowed: bool
    wait: float
    hits: Sequence[int]


def charge(key: str, rate: Rate) -> Verdict:
    # Durable: a guess stays counted, whatever becomes of the request.
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute(_LOCK, [f"limits:{key}"])
        cursor.execute(_CHARGE, {"key": key, "window": rate.window, "limit": rate.limit})
        used, wait = cursor.fetchone()
        cursor.execute(_PRUNE, [PRUNED_AT_ONCE])
    allowed = used < rate.limit
    return Verdict(allowed, max(0, rate.limit - used - allowed), wait)


def charge_all(logs: Mapping[str, Rate]) -> Taken:
    """Counts one guess in each of these logs, or in none where one of them is full."""
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        for key in sorted(logs):  # in one order, or two guesses could wait for each other
            cursor.execute(_LOCK, [f"limits:{key}"])
        waits = []
        for key, rate in logs.items():
            cursor.execute(_LIVE, {"key": key, "window": rate.window, "limit": rate.limit})
            full, wait = cursor.fetchone()
            if full:
                waits.append(wait)
        hits: list[int] = []
        if not waits:
            cursor.execute(_TAKE, [list(logs), [rate.window for rate in logs.values()]])
            hits = [row[0] for row in cursor.fetchall()]
        cursor.execute(_PRUNE, [PRUNED_AT_ONCE])
    return Taken(not waits, max(waits, default=0.0), hits)


def give_back(hits: Sequence[int]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM limits_hit WHERE id = ANY(%s)", [list(hits)])
