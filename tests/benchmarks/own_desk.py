"""A database, a Valkey and a Daphne that are made for one measurement and thrown away after it."""

import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager

from tests.servers.programs import Daphne

# Everything as in production, but limits that no measurement meets.
UNLIMITED = {
    "RATE_LIMIT_ENABLED": "true",
    "RATE_LIMIT_ANON": "999999/min",
    "SIGN_IN_LIMIT_ACCOUNT": "999999/min",
    "SIGN_IN_LIMIT_ADDRESS": "999999/min",
    "SIGN_IN_LIMIT_BOTH": "999999/min",
    "HELPDESK_TEST_HASHER": "helpdesk.accounts.hashers.Argon2Hasher",
}


@contextmanager
def own_desk(application: str = "config.asgi:application", **env: str) -> Iterator[Daphne]:
    """On the server that DATABASE_URL names, beside its databases."""
    os.environ.setdefault("HELPDESK_TEST_DB", "benchmark")
    os.environ.setdefault("LOG_LEVEL", "WARNING")
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings.test"
    import django

    django.setup()
    from django.db import connection

    from tests.servers.fixtures import _test_database_url
    from tests.servers.group import Servers

    connection.creation.create_test_db(verbosity=0, autoclobber=True)
    servers = Servers(_test_database_url())
    try:
        servers.valkey.start()
        daphne = servers.daphne(application, **env)
        daphne.wait_until_ready()
        print_machine(connection.pg_version)
        yield daphne
    finally:
        servers.end()
        connection.creation.destroy_test_db("", verbosity=0)


def print_machine(postgres: int) -> None:
    load, cores = os.getloadavg()[0], os.cpu_count() or 1
    print(
        f"{platform.machine()}, {cores} cores, load {load:.2f}, Python {platform.python_version()}, "
        f"PostgreSQL {postgres // 10_000}"
    )
    if load > cores:
        print("NOT QUIET: more work waits than there are cores")
