"""`docs/reference/asyncapi.json`, anew; a test compares it with the code. To be run at the top of a checkout."""

from pathlib import Path
from typing import Any, Final

from django.core.management.base import BaseCommand

from helpdesk.realtime.api.catalogue import rendered

PAGE: Final = "docs/reference/asyncapi.json"


class Command(BaseCommand):
    help = f"Writes {PAGE} from the declarations of events and frames."

    def handle(self, **_options: Any) -> None:
        Path(PAGE).write_bytes(rendered())
