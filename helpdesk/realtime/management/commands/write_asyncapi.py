"""`docs/reference/asyncapi.json`, anew; a test compares it with the code."""

from typing import Any, Final

from django.conf import settings
from django.core.management.base import BaseCommand

from helpdesk.realtime.api.catalogue import rendered

PAGE: Final = "docs/reference/asyncapi.json"


class Command(BaseCommand):
    help = f"Writes {PAGE} from the declarations of events and frames."

    def handle(self, **_options: Any) -> None:
        (settings.BASE_DIR / PAGE).write_bytes(rendered())
