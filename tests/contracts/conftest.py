from typing import Any

import pytest

from tests.factories import comment_on, ticket_of


@pytest.fixture
def desk(customer: Any) -> dict[str, int]:
    ticket = ticket_of(customer)
    return {"ticket": ticket.pk, "comment": comment_on(ticket, customer).pk}
