"""The ticket that comments are about, and the two ways to name its comments."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.factories import ticket_of


@pytest.fixture
def ticket(customer: Any) -> Any:
    return ticket_of(customer)


@pytest.fixture(params=["flat", "nested"])
def route(request: pytest.FixtureRequest) -> Callable[..., str]:
    """`route(ticket)` or `route(ticket, comment)`: the same place, said in both ways."""

    def url(ticket: Any, comment: Any = None) -> str:
        base = "/api/comments/" if request.param == "flat" else f"/api/tickets/{ticket.pk}/comments/"
        return base if comment is None else f"{base}{comment.pk}/"

    return url
