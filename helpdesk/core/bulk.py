"""Many rows at once, by COPY."""

from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any

from django.db import connection
from django.db.models import Field, JSONField, Model
from psycopg.types.json import Jsonb


def reserve_ids(model: type[Model], count: int) -> list[int]:
    """Take so many ids from the table's own sequence: it is right afterwards, whoever inserts meanwhile."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)",
            [model._meta.db_table, count],  # noqa: SLF001 - Django's public name for it
        )
        return [row[0] for row in cursor.fetchall()]


def copy(rows: Sequence[Model]) -> None:
    """Insert complete instances of one model, ids included, inside the caller's transaction."""
    if not rows:
        return
    meta = rows[0]._meta  # noqa: SLF001 - Django's public name for it
    fields = [field for field in meta.concrete_fields if not field.generated]
    read = attrgetter(*(field.attname for field in fields))
    names = ", ".join(f'"{field.column}"' for field in fields)
    adapt = [_adapter(field) for field in fields]
    with connection.wrap_database_errors, connection.cursor() as cursor:
        # A large batch may take longer than a request may.
        cursor.execute("SET LOCAL statement_timeout = 0")
        with cursor.copy(f'COPY "{meta.db_table}" ({names}) FROM STDIN') as table:
            for row in rows:
                table.write_row(
                    [value if to is None else to(value) for value, to in zip(read(row), adapt, strict=True)]
                )


def analyze(*models: type[Model]) -> None:
    """Tell the planner at once what autovacuum would find out in a minute."""
    with connection.cursor() as cursor:
        for model in models:
            cursor.execute(f'ANALYZE "{model._meta.db_table}"')  # noqa: SLF001 - Django's public name for it


def _adapter(field: "Field[Any, Any]") -> Callable[[Any], Any] | None:
    if isinstance(field, JSONField):
        return Jsonb
    # Members of an enumeration are strings to Python, but not to the driver.
    return str if field.choices else None
