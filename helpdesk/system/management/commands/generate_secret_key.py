from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from helpdesk.core.secret_key import LONGEST, SHORTEST, USUAL, new_key


class Command(BaseCommand):
    """`manage.py` runs it without any settings: it makes what they refuse to start without."""

    help = "Print a new key for DJANGO_SECRET_KEY, which also serves as a password of PostgreSQL or Redis."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--length", type=int, default=USUAL, help=f"{SHORTEST} to {LONGEST} signs")

    def handle(self, *_args: Any, **options: Any) -> None:
        if not SHORTEST <= options["length"] <= LONGEST:
            raise CommandError(f"--length: between {SHORTEST}, which production asks for, and {LONGEST}.")
        self.stdout.write(new_key(options["length"]))
