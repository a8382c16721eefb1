from typing import Any

import pytest

from tests.factories import category_of, chat_of, comment_on, tag_of, team_of, ticket_of
from tests.people import AgentFactory
from tests.servers.identity_provider import IdentityProvider


@pytest.fixture
def desk(customer: Any, identity_provider: IdentityProvider) -> dict[str, int]:
    """Something to be found, and providers that are set up."""
    ticket = ticket_of(customer)
    rows = {"category": category_of(), "tag": tag_of(), "team": team_of(), "comment": comment_on(ticket, customer)}
    rows["conversation"] = chat_of(customer, AgentFactory())
    return {name: row.pk for name, row in (rows | {"ticket": ticket}).items()}
