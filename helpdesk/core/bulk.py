"""Many rows at once, by COPY; and around a large load, without the indexes and foreign keys that slow it down."""

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

from django.db import OperationalError, connection, transaction
from django.db.backends.utils import CursorWrapper
from django.db.models import Model
from psycopg.errors import LockNotAvailable

# How often, and for how many seconds in between, we ask for tables that somebody uses.
_ATTEMPTS: Final = 50
_PAUSE: Final = 0.1

# By the catalog's own words: how to drop what slows a load down, and how to make it again. Keys and unique indexes
# stay: nothing is won without them, and others depend on them. So does what these words would not bring back as it was:
# PostgreSQL reads its own `(ARRAY['open'::character varying])::text[]` as something equal, but in other words.
_PARTS: Final = """
    SELECT format('ALTER TABLE %%s DROP CONSTRAINT %%I', conrelid::regclass, conname),
           format('ALTER TABLE %%s ADD CONSTRAINT %%I %%s', conrelid::regclass, conname, pg_get_constraintdef(oid))
      FROM pg_constraint
     WHERE contype = 'f' AND conrelid = ANY(%s::regclass[])
    UNION ALL
    SELECT format('DROP INDEX %%s', indexrelid::regclass), pg_get_indexdef(indexrelid)
      FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
     WHERE indrelid = ANY(%s::regclass[]) AND indisvalid AND NOT (indisunique OR indisclustered OR indisreplident)
       AND reltablespace = 0 AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)
       AND strpos(pg_get_indexdef(indexrelid), 'ARRAY[') = 0
"""
# Dropping a foreign key takes the table that it points to as well.
_TAKEN: Final = """
    SELECT string_agg(taken::regclass::text, ', ' ORDER BY taken)
      FROM (
            SELECT unnest(%s::regclass[]) AS taken
            UNION
            SELECT confrelid FROM pg_constraint WHERE contype = 'f' AND conrelid = ANY(%s::regclass[])
           ) AS tables
"""


class Busy(Exception):
    """The tables were never free for us alone."""


def reserve_ids(model: type[Model], count: int) -> list[int]:
    """Take so many ids from the table's own sequence: it is right afterwards, whoever inserts meanwhile."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(array_agg(nextval(name)), '{}')"
            " FROM pg_get_serial_sequence(%s, 'id') AS name, generate_series(1, %s)",
            [_table(model), count],
        )
        ids: list[int] = cursor.fetchone()[0]
    return ids


def copy(model: type[Model], columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Insert the rows inside the caller's transaction. JSON and arrays come as text; other columns stay empty."""
    names = ", ".join(f'"{column}"' for column in columns)
    with connection.wrap_database_errors, connection.cursor() as cursor:
        _take_your_time(cursor)
        with cursor.copy(f'COPY "{_table(model)}" ({names}) FROM STDIN') as table:
            for row in rows:
                table.write_row(row)


@contextmanager
def rebuilding(*models: type[Model]) -> Iterator[None]:
    """In the caller's transaction: foreign keys and plain indexes are gone inside, and as they were afterwards.

    To check and sort all rows at once is faster than one by one. If anything fails, the dropping is rolled back too.
    Until the commit nobody else can even read these tables, nor those they point to. Raises Busy instead of waiting
    for them longer than a few seconds, before anything has changed.
    """
    tables = [f'"{_table(model)}"' for model in models]
    # Checks that still wait for the commit would forbid the dropping.
    connection.check_constraints()
    with transaction.atomic(), connection.cursor() as cursor:
        _take_your_time(cursor)
        _lock(cursor, tables)
        cursor.execute(_PARTS, [tables, tables])
        parts: list[tuple[str, str]] = cursor.fetchall()
        for drop, _make in parts:
            cursor.execute(drop)
        yield
        for _drop, make in reversed(parts):
            cursor.execute(make)


def analyze(*models: type[Model]) -> None:
    """Tell the planner at once what autovacuum would find out in a minute."""
    # What `SET LOCAL` says holds in a transaction only.
    with transaction.atomic(), connection.cursor() as cursor:
        _take_your_time(cursor)
        for model in models:
            cursor.execute(f'ANALYZE "{_table(model)}"')


def _lock(cursor: CursorWrapper, tables: list[str]) -> None:
    """All or none, at once: who waits for one table while holding another is in somebody's way, or in a deadlock."""
    cursor.execute(_TAKEN, [tables, tables])
    taken: str = cursor.fetchone()[0]
    for _attempt in range(_ATTEMPTS):
        try:
            with transaction.atomic():
                cursor.execute(f"LOCK TABLE {taken} IN ACCESS EXCLUSIVE MODE NOWAIT")
        except OperationalError as error:
            if not isinstance(error.__cause__, LockNotAvailable):
                raise
            time.sleep(_PAUSE)
        else:
            return
    raise Busy


def _take_your_time(cursor: CursorWrapper) -> None:
    """What a request may take is no measure for a load."""
    cursor.execute("SET LOCAL statement_timeout = 0")


def _table(model: type[Model]) -> str:
    return model._meta.db_table  # noqa: SLF001 - Django's public name for it
