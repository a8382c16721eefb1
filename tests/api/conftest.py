from typing import Any

import pytest
from django.test import Client


@pytest.fixture
def small_views(settings: Any) -> None:
    settings.ROOT_URLCONF = "tests.api.urls"


@pytest.fixture
def quiet_client() -> Client:
    """Answers with the 500 instead of raising what caused it."""
    return Client(raise_request_exception=False)


def without_id(problem: dict[str, Any]) -> dict[str, Any]:
    """The body of a problem, after its request id was seen."""
    assert problem.pop("request_id")
    return problem
