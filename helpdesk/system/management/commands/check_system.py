import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from helpdesk.system.findings import State
from helpdesk.system.probes import HERE, THERE
from helpdesk.system.probing import run
from helpdesk.system.report import as_json, as_text, worst


class Command(BaseCommand):
    help = "Look at everything that the service stands on, and say what is not good and how to cure it."
    # They are part of the report.
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="for programs")

    def handle(self, *_args: Any, **options: Any) -> None:
        results = [*run(HERE), *run(THERE)]
        self.stdout.write(as_json(results) if options["json"] else as_text(results))
        if worst(results) is State.FAIL:
            sys.exit(1)
