"""Adding up the tallies, so that few rows tell how many there are."""

from typing import Final

from django.db import connection

# So many at once: more wait for the next time.
BATCH: Final = 10_000
# In one statement: whoever sums meanwhile sees either the rows or their sum. Those that another adds up are left to it.
_ADD_UP: Final = """
    WITH gone AS (
        DELETE FROM tickets_tally
         WHERE id IN (SELECT id FROM tickets_tally ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED)
        RETURNING of, number
    )
    INSERT INTO tickets_tally (of, number) SELECT of, sum(number) FROM gone GROUP BY of
"""


def add_up() -> None:
    with connection.cursor() as cursor:
        cursor.execute(_ADD_UP, [BATCH])
