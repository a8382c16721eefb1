from typing import Any

import pytest

from helpdesk.events.models import EventReceipt
from tests.admin import addresses
from tests.admin.chromium import start_chromium  # noqa: F401 - a fixture
from tests.factories import comment_on, ticket_of


@pytest.fixture
def filled(committing: Any, customer: Any, agent: Any, admin: Any) -> Any:
    """Ids by kind: a ticket with a comment and a note, its events and mails, and a parked receipt."""
    with committing():
        ticket = ticket_of(customer, assigned_to=agent.pk)
        comment_on(ticket, customer)
        comment_on(ticket, admin, is_internal=True)
    EventReceipt.objects.filter(pk=EventReceipt.objects.latest("pk").pk).update(state="parked", attempts=14)
    return addresses.rows()
