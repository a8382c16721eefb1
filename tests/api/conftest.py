from datetime import timedelta
from typing import Any

import pytest
from django.db.models import QuerySet
from django.test import Client

from helpdesk.tickets.models import Ticket
from tests.people import NOON, UserFactory


@pytest.fixture
def small_views(settings: Any) -> None:
    settings.ROOT_URLCONF = "tests.api.urls"


@pytest.fixture
def quiet_client() -> Client:
    """Answers with the 500 instead of raising what caused it."""
    return Client(raise_request_exception=False)


@pytest.fixture
def tickets(db: None) -> QuerySet[Ticket]:
    """25 tickets with ties in every column and NULLs in some."""
    makers = [UserFactory(), UserFactory()]
    moments = [NOON, NOON + timedelta(microseconds=1), NOON + timedelta(hours=1)]
    Ticket.objects.bulk_create(
        Ticket(
            title=f"t{n}",
            description="x",
            created_by=makers[n % 2],
            priority=["low", "urgent", "medium"][n % 3],
            created_at=moments[n % 3],
            updated_at=NOON,
            public_updated_at=NOON,
            last_comment_at=[None, NOON, moments[1], None, moments[2]][n % 5],
            closed_at=[None, NOON][n % 2],
        )
        for n in range(25)
    )
    return Ticket.objects.all()


def without_id(problem: dict[str, Any]) -> dict[str, Any]:
    """The body of a problem, after its request id was seen."""
    assert problem.pop("request_id")
    return problem
