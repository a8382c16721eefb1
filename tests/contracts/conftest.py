from typing import Any

import pytest

from tests.factories import comment_on, ticket_of
from tests.servers.identity_provider import IdentityProvider


@pytest.fixture
def desk(customer: Any, identity_provider: IdentityProvider) -> dict[str, int]:
    """Something to be found, and providers that are set up."""
    ticket = ticket_of(customer)
    return {"ticket": ticket.pk, "comment": comment_on(ticket, customer).pk}
