"""Tickets in any number, for trying things at scale."""

import gc
import secrets
import time
from argparse import ArgumentTypeError
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import OperationalError
from django.utils import timezone
from psycopg.errors import LockNotAvailable

from helpdesk.accounts.models import User
from helpdesk.accounts.roles import Role
from helpdesk.demo.generate import add_tickets
from helpdesk.demo.people import PASSWORD, add_people
from helpdesk.tickets.operations.bulk_load import BATCH

_LONGEST = 36_500
_WHAT_STAYS = "The users stay, and of a load by batches what was told above."


def _whole(least: int, most: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        if not text.isascii() or not text.isdecimal() or len(text) > 12 or not least <= int(text) <= most:  # noqa: PLR2004
            raise ArgumentTypeError(f"{text!r} is not a whole number from {least:,} to {most:,}.")
        return int(text)

    return number


class Command(BaseCommand):
    help = "Add customers, agents, and tickets with conversations. Nobody is notified."

    def add_arguments(self, parser: CommandParser) -> None:
        any_number, some = _whole(0, 10**9), _whole(1, 10**9)
        parser.add_argument("--tickets", type=any_number, default=10_000)
        parser.add_argument("--comments-per-ticket", type=any_number, default=5, help="on average, exactly")
        parser.add_argument("--customers", type=any_number, default=50, help="new ones; 0: those that exist")
        parser.add_argument("--agents", type=any_number, default=10, help="new ones; 0: those that exist")
        parser.add_argument("--batch-size", type=some, default=BATCH, help="tickets in one COPY")
        parser.add_argument("--seed", type=any_number, help="the same number, the same data; default: any")
        parser.add_argument("--days", type=_whole(1, _LONGEST), default=90, help="how far the tickets reach back")
        parser.add_argument("--force", action="store_true", help="also where demo data is not allowed")

    def handle(self, *_args: Any, **options: Any) -> None:
        if not settings.DEMO_DATA_ALLOWED and not options["force"]:
            raise CommandError(
                "Fake users have a public password. On a real help desk, --force adds them all the same."
            )
        # What was imported is no garbage: to look at it again and again would cost a seventh of the time.
        gc.freeze()
        try:
            self._generate(options)
        except KeyboardInterrupt:
            raise CommandError(f"Stopped. {_WHAT_STAYS}") from None
        except OperationalError as error:
            if isinstance(error.__cause__, LockNotAvailable):
                raise CommandError(
                    f"Somebody else locks the tables, perhaps another load. Try again later. {_WHAT_STAYS}"
                ) from error
            raise
        finally:
            gc.unfreeze()

    def _generate(self, options: dict[str, Any]) -> None:
        started, now = time.monotonic(), timezone.now()
        seed = secrets.randbelow(10**9) if options["seed"] is None else options["seed"]
        customers, agents = add_people(customers=options["customers"], agents=options["agents"], seed=seed, now=now)
        people = len(customers) + len(agents)
        customers = customers or list(User.objects.filter(role=Role.CUSTOMER, is_active=True).order_by("id"))
        agents = agents or list(User.objects.filter(role=Role.AGENT, is_active=True).order_by("id"))
        if options["tickets"] and not customers:
            raise CommandError("Tickets need customers, and there are none: ask for some with --customers.")

        wanted, told = options["tickets"], 0

        def report(tickets: int, comments: int) -> None:
            """At most a hundred lines."""
            nonlocal told
            percent = tickets * 100 // wanted
            if percent == told:
                return
            told = percent
            seconds = time.monotonic() - started
            rest = "; now indexes and statistics" if tickets == wanted else ""
            self.stdout.write(f"{tickets:,} of {wanted:,} tickets, {comments:,} comments, {seconds:.1f} s{rest}")
            self.stdout.flush()

        add_tickets(
            customers=customers,
            agents=agents,
            tickets=wanted,
            comments_per_ticket=options["comments_per_ticket"],
            days=options["days"],
            seed=seed,
            now=now,
            batch_size=options["batch_size"],
            report=report,
        )
        made = f"{people:,} users (password {PASSWORD}), {wanted:,} tickets"
        comments = wanted * options["comments_per_ticket"]
        seconds = time.monotonic() - started
        self.stdout.write(
            self.style.SUCCESS(f"Created {made} and {comments:,} comments in {seconds:.1f} s, with --seed={seed}.")
        )
