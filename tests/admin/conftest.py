from typing import Any

import pytest

from helpdesk.events.models import EventReceipt
from helpdesk.tickets.operations.tickets import update_ticket
from tests.admin import addresses
from tests.admin.chromium import start_chromium  # noqa: F401 - a fixture
from tests.factories import category_of, comment_on, tag_of, team_of, ticket_of
from tests.people import NOON


@pytest.fixture
def filled(committing: Any, customer: Any, agent: Any, admin: Any) -> Any:
    """Ids by kind: a ticket with a comment and a note, its events and mails, and a parked receipt.

    An older one was given out by a queue, and is resolved.
    """
    with committing():
        queue = team_of(agent, name="Second line", assignment="round_robin")
        given = ticket_of(agent, team=queue.pk)
    with committing():
        update_ticket(by=admin, ticket_id=given.pk, changes={"status": "resolved"}, now=NOON)
    with committing():
        team = team_of(agent)
        filed = {"category": category_of(team=team).pk, "tags": [tag_of().name]}
        ticket = ticket_of(agent, created_by=customer.pk, assigned_to=agent.pk, **filed)
        comment_on(ticket, customer)
        comment_on(ticket, admin, is_internal=True)
    EventReceipt.objects.filter(pk=EventReceipt.objects.latest("pk").pk).update(state="parked", attempts=14)
    return addresses.rows()
