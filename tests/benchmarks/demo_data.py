"""What loading the demo data costs, against plain ways of writing the very same rows.

    python -m tests.benchmarks.demo_data [--tickets=10000] [--comments-per-ticket=5] [--rounds=5]

In a database of its own beside that of DATABASE_URL, made and dropped again. The ways take turns, so that they share the
weather. "Rows" are tickets, comments, the words that a search reads, and the events of their timelines.
"""

import os
import platform
import re
import statistics
import sys
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import psycopg

NAME = "helpdesk_benchmark"
CHUNK = 1 << 18


class Rows:
    """One load's rows, as the text that COPY reads and as model instances."""

    def __init__(self) -> None:
        from django.db import connection

        from helpdesk.core import bulk
        from helpdesk.events.models import EventRecord
        from helpdesk.tickets.models import Comment, Ticket, TicketText

        self.models: tuple[Any, ...] = (Ticket, Comment, TicketText, EventRecord)
        self._rebuilding = bulk.rebuilding
        self._texts: list[tuple[str, bytes]] = []
        with connection.cursor() as cursor:
            for model in self.models:
                meta = model._meta
                names = ", ".join(f'"{field.column}"' for field in meta.concrete_fields if not field.generated)
                with cursor.copy(f"COPY (SELECT {names} FROM {meta.db_table} ORDER BY 1) TO STDOUT") as texts:
                    self._texts.append((f"COPY {meta.db_table} ({names}) FROM STDIN", b"".join(texts)))
        self._instances = [list(model.objects.order_by("pk")) for model in self.models]

    def copy(self) -> None:
        from django.db import connection, transaction

        with transaction.atomic(), connection.cursor() as cursor:
            for statement, text in self._texts:
                with cursor.copy(statement) as table:
                    for start in range(0, len(text), CHUNK):
                        table.write(text[start : start + CHUNK])

    def copy_around_rebuilt_indexes(self) -> None:
        from django.db import transaction

        with transaction.atomic(), self._rebuilding(*self.models):
            self.copy()

    def bulk_create(self) -> None:
        from django.db import transaction

        with transaction.atomic():
            for model, instances in zip(self.models, self._instances, strict=True):
                model.objects.bulk_create(instances, batch_size=1000)


def ways(options: Namespace) -> dict[str, Callable[[], None]]:
    from django.core.management import call_command
    from django.utils import timezone

    from helpdesk.accounts.models import User
    from helpdesk.demo.generate import stories
    from helpdesk.tickets.operations.bulk_load import bulk_load

    def command() -> None:
        counts = {"tickets": options.tickets, "comments_per_ticket": options.comments_per_ticket}
        call_command("generate_fake_data", seed=1, customers=0, agents=0, stdout=StringIO(), **counts)

    call_command("generate_fake_data", seed=1, tickets=0, stdout=StringIO())
    command()
    rows = Rows()
    now = timezone.now()
    ready = list(
        stories(
            customers=User.objects.filter(role="customer").order_by("id"),
            agents=User.objects.filter(role="agent").order_by("id"),
            tickets=options.tickets,
            comments=options.tickets * options.comments_per_ticket,
            days=90,
            seed=1,
            now=now,
        )
    )
    return {
        "raw COPY of the rows": rows.copy,
        "the same around rebuilt indexes": rows.copy_around_rebuilt_indexes,
        "bulk_load of ready stories": lambda: bulk_load(ready, expected=len(ready), now=now),
        "generate_fake_data, texts included": command,
        "bulk_create(1000) of the rows": rows.bulk_create,
    }


def cpu_seconds() -> float:
    """Of this process and its PostgreSQL backend, on the same machine: what others take away of the clock does not count.

    The workers of a parallel index build are missing.
    """
    from django.db import connection

    connection.ensure_connection()
    stat = Path(f"/proc/{connection.connection.info.backend_pid}/stat").read_text()
    user, system = stat.rsplit(")", 1)[1].split()[11:13]
    return time.process_time() + (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def measure(options: Namespace) -> bool:
    """Print medians and ratios; return whether the machine was quiet enough to believe the clock."""
    from django.db import connection

    seconds: dict[str, list[float]] = {}
    cpu: dict[str, list[float]] = {}
    all_ways = ways(options)
    for _round in range(options.rounds):
        for name, way in all_ways.items():
            with connection.cursor() as cursor:
                cursor.execute("TRUNCATE tickets_ticket, events_eventrecord CASCADE")
                cursor.execute("CHECKPOINT")
            started, used = time.perf_counter(), cpu_seconds()
            way()
            seconds.setdefault(name, []).append(time.perf_counter() - started)
            cpu.setdefault(name, []).append(cpu_seconds() - used)
    with connection.cursor() as cursor:
        cursor.execute("SELECT version(), current_setting('fsync'), (SELECT count(*) FROM events_eventrecord)")
        version, fsync, events = cursor.fetchone()
    load, cores = os.getloadavg()[0], os.cpu_count() or 1
    print(f"{platform.platform()}, {cores} cores, load {load:.1f}, Python {platform.python_version()}")
    print(f"{version.split(',')[0]}, fsync {fsync}")
    comments = options.tickets * options.comments_per_ticket
    print(f"{options.tickets:,} tickets, {comments:,} comments, {events:,} events; {options.rounds} rounds\n")
    raw, raw_cpu = (statistics.median(times["raw COPY of the rows"]) for times in (seconds, cpu))
    print(f"{'':<36} {'median s':>9} {'least':>7} {'most':>7} {'/ raw':>7} {'CPU s':>7} {'/ raw':>7}")
    for name, times in seconds.items():
        middle, used = statistics.median(times), statistics.median(cpu[name])
        clock = f"{middle:9.2f} {min(times):7.2f} {max(times):7.2f} {middle / raw:7.2f}"
        print(f"{name:<36} {clock} {used:7.2f} {used / raw_cpu:7.2f}")
    if load > cores:
        print("\nINVALID by the clock: others keep this machine busy.")
    return load <= cores


def main() -> int:
    parser = ArgumentParser()
    parser.add_argument("--tickets", type=int, default=10_000)
    parser.add_argument("--comments-per-ticket", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    beside = os.environ["DATABASE_URL"]
    os.environ["DATABASE_URL"] = re.sub(r"^(\w+://[^/]*)/[^?]*", rf"\1/{NAME}", beside)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.test")
    import logging

    import django
    from django.core.management import call_command
    from django.db import connection

    with psycopg.connect(beside, autocommit=True) as server:
        server.execute(f"DROP DATABASE IF EXISTS {NAME}")
        server.execute(f"CREATE DATABASE {NAME} TEMPLATE template0")
        try:
            django.setup()
            logging.disable()
            call_command("migrate", verbosity=0)
            valid = measure(options)
        finally:
            connection.close()
            if pool := getattr(connection, "pool", None):
                pool.close()
            server.execute(f"DROP DATABASE {NAME} WITH (FORCE)")
    return 0 if valid else 1


if __name__ == "__main__":
    sys.exit(main())
