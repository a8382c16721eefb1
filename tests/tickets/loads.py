"""Stories to load, and how to load them."""

from datetime import timedelta
from typing import Any

from tests.people import NOON

LATER = NOON + timedelta(hours=1)
# So many are large.
MANY = 1000


def story_of(customer: Any, *steps: Any, **fields: Any) -> Any:
    from helpdesk.tickets.operations.bulk_load import Story

    values = {"title": "Printer on fire", "description": "It burns.", "priority": "high", "at": NOON} | fields
    return Story(by=customer, steps=steps, **values)


def load(*stories: Any, **options: Any) -> None:
    """The stories as one load, whose size they are unless told otherwise."""
    from helpdesk.tickets.operations.bulk_load import bulk_load

    bulk_load(stories, **({"expected": len(stories), "now": LATER} | options))
