from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from helpdesk.tickets.operations.history_check import check_history


class Command(BaseCommand):
    help = "Replay what happened to every ticket, and say which rows are otherwise: then the exit status is 1."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--after", type=int, default=0, help="Begin behind the ticket of this number.")

    def handle(self, *_args: Any, after: int, **_options: Any) -> None:
        tickets = differing = 0
        for checked in check_history(after=after):
            tickets += checked.tickets
            differing += len(checked.differing)
            for ticket_id, fields in checked.differing.items():
                self.stdout.write(f"#{ticket_id} differs: {', '.join(fields)}")
        if differing:
            raise CommandError(f"{differing:,} of {tickets:,} tickets are not what their history says.")
        self.stdout.write(f"{tickets:,} tickets are what their history says.")
