"""What stands in PostgreSQL's own catalog."""

from typing import Any

DEFINITIONS = """
    SELECT 'constraint', conrelid::regclass::text, conname, pg_get_constraintdef(oid),
           concat(convalidated, condeferrable, condeferred, contype)
      FROM pg_constraint WHERE connamespace = 'public'::regnamespace
    UNION ALL
    SELECT 'index', indrelid::regclass::text, relname, pg_get_indexdef(indexrelid),
           concat(indisvalid, indisready, indislive, indisunique, indisprimary, reloptions)
      FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid WHERE relnamespace = 'public'::regnamespace
    UNION ALL
    SELECT 'trigger', tgrelid::regclass::text, tgfoid::regproc::text, concat(tgtype, tgenabled), count(*)::text
      FROM pg_trigger GROUP BY tgrelid, tgfoid, tgtype, tgenabled
     ORDER BY 1, 2, 3, 4, 5
"""


def ask(sql: str) -> list[Any]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()


def definitions() -> list[Any]:
    """Every constraint and index in the catalog's own words, and the triggers that enforce them."""
    found = ask(DEFINITIONS)
    assert len(found) > 100
    return found
