"""What a page costs at a million tickets, against a thousand: in buffers, which no other program on the machine moves.

    python -m tests.benchmarks.scale                  builds both by the product's own load, asks, and drops them
    python -m tests.benchmarks.scale --keep           leaves the databases; the next run asks them again
    python -m tests.benchmarks.scale --sizes=1000,50000

In databases of their own beside that of DATABASE_URL. A page may read twice of what it reads at a thousand. What counts the
rows is told apart, up to a bound of its own. Whatever reads more is told as over its bound, with the reason if it is known.
"""

import json
import os
import re
import subprocess
import sys
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import psycopg

if TYPE_CHECKING:
    from tests.benchmarks.cases import Case, Cast
    from tests.benchmarks.plans import Plan

TIMES = 2
COUNTS = 600
CUSTOMER_HAS = 20
DEEP = 8_000
# Why some cannot keep their bound; the first that fits. Fewer rows at a thousand are a reason of their own.
WHY = (
    (
        "customer (search|finding)",
        "at a thousand the index of all words is smaller than the customer's own tickets; here those are read, twenty",
    ),
    (
        "agent (search: .*(common word|everybody's|two letters$)|finding common)",
        "an index of words knows neither order nor visibility: hits are met on a walk, and looked at one by one to count",
    ),
    ("agent (search|finding)", "posting lists of other words are read too, or each row by one level of an index more"),
    ("all comments", "each row, its author and its ticket by one level of an index more"),
    ("(a ticket|its comments|its timeline)", "another ticket, with more comments"),
    ("", "at a thousand the few people, or all tickets, are read whole; here each by its index"),
)
# What a fixed number of tickets have, however many others there are; the note's word is staff's.
TITLE, DESCRIPTION, COMMENT, NOTE = "Quokka enclosure", "The wombat ate it.", "A bandicoot too.", "Numbats, rather."
HITS = 10


def main() -> int:
    parser = ArgumentParser()
    parser.add_argument("--sizes", default="1000,1000000")
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--measure", type=int, help="print the buffers of the database that DATABASE_URL names")
    options = parser.parse_args()
    if options.measure:
        print(json.dumps(measured(options.measure)))
        return 0
    return compared(options)


def compared(options: Namespace) -> int:
    small, large = (int(size) for size in options.sizes.split(","))
    found = {size: in_its_database(size, keep=options.keep) for size in (small, large)}
    print(f"\n{'request':<44} {'as':<9} {small:>8,} {large:>10,} {'times':>6}   {'to count':>8} {'':>8}")
    over = 0
    for name, (page, count, rows) in found[large].items():
        before, count_before, rows_before = found[small].get(name, (0, 0, 0))
        request, role = name.rsplit("|", 1)
        times = page / before if before else 0
        # What is not there at all among few is a deep offset: it is bound as a count is.
        faults = ["page"] * (times > TIMES) + ["count"] * (count + (0 if before else page) > COUNTS)
        over += bool(faults)
        told = f"OVER: {' '.join(faults)} ({why(name, rows, rows_before)})" if faults else ""
        print(f"{request:<44} {role:<9} {before:8} {page:10} {times:6.2f}   {count_before:8} {count:8} {told}")
    print(f"\n{over} of {len(found[large])} over {TIMES} times the page, or {COUNTS} buffers to count.")
    return 1 if over else 0


def why(name: str, rows: int, rows_before: int) -> str:
    request, role = name.rsplit("|", 1)
    known = [reason for pattern, reason in WHY if re.match(pattern, f"{role} {request}") or re.match(pattern, request)]
    fewer = [f"{rows} rows, there {rows_before}"] if rows > rows_before else []
    return "; ".join(fewer + known[:1])


def in_its_database(size: int, *, keep: bool) -> dict[str, tuple[int, int, int]]:
    """Asked in a process of its own, since Django knows one database."""
    beside, name = os.environ["DATABASE_URL"], f"helpdesk_scale_{size}"
    environment = {**os.environ, "DATABASE_URL": re.sub(r"^(\w+://[^/]*)/[^?]*", rf"\1/{name}", beside)}
    environment.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.test")
    with psycopg.connect(beside, autocommit=True) as server:
        if not (keep and server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone()):
            server.execute(f"DROP DATABASE IF EXISTS {name}")
            server.execute(f"CREATE DATABASE {name} TEMPLATE template0")
        try:
            command = [sys.executable, "-m", "tests.benchmarks.scale", f"--measure={size}"]
            answer = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True, text=True)
            found: dict[str, tuple[int, int, int]] = json.loads(answer.stdout.splitlines()[-1])
            return found
        finally:
            if not keep:
                server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def measured(size: int) -> dict[str, tuple[int, int, int]]:
    """For each request the buffers of its pages, of what counts its rows, and how many rows were shown."""
    import logging

    import django

    django.setup()
    logging.disable()
    from django.core.management import call_command

    from helpdesk.api.pagination import COUNT, Pages
    from helpdesk.tickets.models import Ticket
    from tests.benchmarks.cases import Cast
    from tests.benchmarks.plans import Planner

    call_command("migrate", verbosity=0)
    if not Ticket.objects.exists():
        build(size)
    cast = Cast.of_this_desk()
    planner = Planner(cast)
    found = {}
    for case in requests(cast):
        if case.name == "page 400" and size < DEEP:
            continue
        plans = planner.plans(case, warm=True)
        parts = [split(plan) for plan in plans]
        # Where a page says how many there are it does so in its rows; elsewhere the last statement reads them.
        shown = next((plan for plan in plans if COUNT in plan.sql), plans[-1])
        rows = min(int(shown.root["Actual Rows"]), Pages.page_size)
        found[f"{case.name}|{case.role}"] = (sum(page for page, _ in parts), sum(count for _, count in parts), rows)
    return found


def build(size: int) -> None:
    from django.core.management import call_command
    from django.db import connection

    from helpdesk.accounts.models import User
    from helpdesk.events.operations import sequence
    from tests.factories import comment_on, ticket_of
    from tests.people import AdminFactory

    started = time.monotonic()
    AdminFactory(username="admin_of_scale")
    sizes = {"tickets": size, "comments_per_ticket": 1, "customers": size // CUSTOMER_HAS, "agents": 10}
    call_command("generate_fake_data", seed=1, stdout=sys.stderr, **sizes)
    customer, agent = User.objects.get(username="customer_7"), User.objects.get(username="agent_1")
    for _ in range(HITS):
        ticket = ticket_of(customer, title=TITLE, description=DESCRIPTION)
        comment_on(ticket, customer, content=COMMENT)
        comment_on(ticket, agent, content=NOTE, is_internal=True)
    while sequence():
        pass
    connection.ensure_connection()
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        cursor.execute("VACUUM ANALYZE")
    print(f"{size:,} tickets built in {time.monotonic() - started:.0f} s", file=sys.stderr)


def requests(cast: "Cast") -> Iterator["Case"]:
    from tests.benchmarks.cases import Case, details, lists, searches

    yield from lists(cast)
    yield from details(cast)
    yield from (case for case in searches() if "number" not in case.name and "beginning" not in case.name)
    yield from deep_pages(cast)
    url = "/api/tickets/?search="
    texts = {
        "ten tickets' word": "quokka",
        "its beginning": "quok",
        "inside it": "uokk",
        "in a description": "wombat",
        "in a comment": "bandicoot",
        "a phrase": '"quokka enclosure"',
        "a phrase of common words": '"error invoice"',
        "with an exclusion": "quokka -zebra",
        "common, without another": "error -zebra",
        "common in comments": "gracias",
        "with a common word": "quokka the",
        "two letters, nowhere in titles": "qx",
        "ten tickets', by relevance": "quokka&ordering=relevance",
        "ten tickets', highlighted": "quokka&highlight=true",
    }
    for role in ("agent", "customer"):
        yield from (Case(f"finding {name}", role, url + text) for name, text in texts.items())
    yield Case("finding a note", "agent", f"{url}numbats")
    yield Case("finding no note", "customer", f"{url}numbats")


def deep_pages(cast: "Cast") -> Iterator["Case"]:
    """Half way through each order, by cursor."""
    from helpdesk.api.keyset import Cursor, Order
    from helpdesk.tickets.api.filters import ORDERINGS, order
    from helpdesk.tickets.models import Ticket
    from tests.benchmarks.cases import Case

    visible = Ticket.objects.visible_to(cast.agent)
    middle = visible.count() // 2
    for name in (sign + by for by in ORDERINGS for sign in ("", "-")):
        tickets = order(visible, name, user=cast.agent)
        keys = Order.of(tickets)
        row = keys.with_keys(tickets.values("id"))[middle]
        cursor = Cursor(keys.take_keys(row)).encode(keys)
        yield Case(f"half way by {name}", "agent", f"/api/tickets/?ordering={name}&cursor={cursor}")


def split(plan: "Plan") -> tuple[int, int]:
    """Buffers of the page, and of the counting inside the same statement."""
    counted = sum(buffers(node) for node in counting(plan.root))
    return plan.buffers - counted, counted


def counting(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for part in node.get("Plans", []):
        if part["Parent Relationship"] == "InitPlan":
            yield part
        else:
            yield from counting(part)


def buffers(node: dict[str, Any]) -> int:
    return int(node["Shared Hit Blocks"] + node["Shared Read Blocks"])


if __name__ == "__main__":
    sys.exit(main())
