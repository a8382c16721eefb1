from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from helpdesk.notifications.operations import retry_emails


class Command(BaseCommand):
    help = "Send the e-mails again that were given up after their last try."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--failed", action="store_true", help="also those that were refused for good")

    def handle(self, *, failed: bool, **_: Any) -> None:
        count = retry_emails(by=None, now=timezone.now(), also_failed=failed)
        self.stdout.write(f"{count} e-mails will be sent again")
