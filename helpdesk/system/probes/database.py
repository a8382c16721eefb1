"""PostgreSQL: there, new enough, and as the desk needs it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, OperationalError, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from helpdesk.system.findings import Finding, fail, ok, warn
from helpdesk.system.probing import Findings

_EXTENSIONS: Final = {"pg_trgm", "unaccent"}
_SERVER: Final = """
    SELECT current_setting('server_version'), current_setting('server_encoding'), datlocprovider, datcollate, datctype,
           datcollversion, pg_database_collation_actual_version(oid), pg_size_pretty(pg_database_size(oid)),
           pg_is_in_recovery()
      FROM pg_database WHERE datname = current_database()
"""
_CONNECTIONS: Final = """
    SELECT current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int,
           (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend')
"""
_PROVIDERS: Final = {"c": "libc", "i": "ICU", "b": "builtin"}


@contextmanager
def connected() -> Iterator[BaseDatabaseWrapper]:
    """A connection of one's own: the pool's threads would go on trying while the report is done."""
    connection = connections[DEFAULT_DB_ALIAS].copy()
    options: dict[str, Any] = connection.settings_dict["OPTIONS"]
    options.pop("pool", None)
    try:
        yield connection
    finally:
        connection.close()


def look() -> Findings:
    with connected() as connection:
        try:
            connection.ensure_connection()
        except OperationalError as error:
            cure = (
                "Start it, or put DATABASE_URL (POSTGRES_HOST, …) right; the password is the one that it was made with."
            )
            yield fail(f"PostgreSQL does not answer: {error}", cure)
            return
        yield from _server(connection)
        yield _extensions(connection)
        yield _pool(connection)


def _server(connection: BaseDatabaseWrapper) -> Iterator[Finding]:
    row = _row(connection, _SERVER)
    version, encoding, provider, collate, ctype, made_by, is_by, size, is_replica = row
    connection.check_database_version_supported()
    yield ok(f"PostgreSQL {version}, {size}, encoding {encoding}, {_PROVIDERS.get(provider, provider)} {collate}")
    if encoding != "UTF8":
        yield fail(f"the encoding is {encoding}", "Make the database anew with ENCODING 'UTF8', and restore into it.")
    if ctype == "C" and provider != "b":
        yield warn(
            "LC_CTYPE is C: the text search takes ¿ and ñ for the same kind of sign",
            "Make the database anew with LC_CTYPE 'C.UTF-8', and restore into it.",
        )
    if made_by != is_by:
        yield warn(
            f"the collation is of version {is_by}, indexes were made by {made_by}: rows may not be found",
            "REINDEX DATABASE, then ALTER DATABASE … REFRESH COLLATION VERSION.",
        )
    if is_replica:
        yield fail("this server only reads: it is a standby", "Name the primary in DATABASE_URL.")


def _extensions(connection: BaseDatabaseWrapper) -> Finding:
    with connection.cursor() as cursor:
        cursor.execute("SELECT extname || ' ' || extversion, extname FROM pg_extension ORDER BY extname")
        rows = cursor.fetchall()
    missing = _EXTENSIONS - {name for _, name in rows}
    if missing:
        return fail(f"extensions are missing: {', '.join(sorted(missing))}", "python manage.py migrate makes them.")
    return ok(f"extensions: {', '.join(shown for shown, _ in rows)}")


def _pool(connection: BaseDatabaseWrapper) -> Finding:
    allowed, taken = _row(connection, _CONNECTIONS)
    size = settings.DATABASES[DEFAULT_DB_ALIAS]["OPTIONS"]["pool"]["max_size"]
    said = f"{taken} of {allowed} connections are taken; a process may open {size}"
    if allowed - taken < size:
        return warn(said, "Lower DATABASE_POOL_SIZE, or raise max_connections of PostgreSQL.")
    return ok(said)


def _row(connection: BaseDatabaseWrapper, statement: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone()
