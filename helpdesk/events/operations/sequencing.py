"""Positions: a gap-free number in one total order, given after the commit."""

from django.db import connection


def sequence(record_id: int | None = None) -> int | None:
    """Number everything that has committed; return the position of that record.

    One round trip: the database function (see its migration) takes the advisory lock in one statement and numbers in
    the next, whose snapshot is younger than the lock. In a single statement two records would get one number.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT events_sequence(%s)", [record_id])
        row: tuple[int | None] = cursor.fetchone()
    return row[0]
