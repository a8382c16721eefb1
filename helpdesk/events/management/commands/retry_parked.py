from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from helpdesk.events import operations


class Command(BaseCommand):
    help = "Give every parked part of an event a fresh start: the next sweep calls its subscriber again."

    def handle(self, *_args: Any, **_options: Any) -> None:
        self.stdout.write(f"{operations.retry_parked(by=None, now=timezone.now())} parked parts will be tried again.")
