"""The standing cast, and clients that are signed in as one of them."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import factory
import pytest
from factory.django import DjangoModelFactory

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
PASSWORD = "testpass123"


class UserFactory(DjangoModelFactory):
    class Meta:
        model = "accounts.User"
        skip_postgeneration_save = True

    username = factory.Sequence(lambda n: f"customer_{n}")
    email = factory.LazyAttribute(lambda user: f"{user.username}@example.com")
    name = factory.LazyAttribute(lambda user: user.username.replace("_", " ").title())
    password = factory.django.Password(PASSWORD)


class AgentFactory(UserFactory):
    username = factory.Sequence(lambda n: f"agent_{n}")
    role = "agent"


class AdminFactory(UserFactory):
    username = factory.Sequence(lambda n: f"admin_{n}")
    role = "admin"


@pytest.fixture
def customer(db: None) -> Any:
    return UserFactory()


@pytest.fixture
def stranger(db: None) -> Any:
    """Another customer, with nothing of theirs to see."""
    return UserFactory(username="stranger")


@pytest.fixture
def agent(db: None) -> Any:
    return AgentFactory()


@pytest.fixture
def admin(db: None) -> Any:
    return AdminFactory()


def access_token(user: Any) -> str:
    from helpdesk.accounts import tokens
    from helpdesk.accounts.models import Session

    return tokens.issue(Session.objects.create(user=user))["access"]


@pytest.fixture
def api_as() -> Callable[[Any], Any]:
    """`api_as(user)`: an API client in this process that carries the user's access token; `api_as(None)` is anonymous."""
    from rest_framework.test import APIClient

    def client(user: Any) -> APIClient:
        if user is None:
            return APIClient()
        return APIClient(HTTP_AUTHORIZATION=f"Bearer {access_token(user)}")

    return client


@pytest.fixture
def browser_as() -> Callable[..., Any]:
    """`browser_as(user)`: a client with the user's cookie for the admin, whoever it is; `browser_as(None)` has none."""
    from django.test import Client

    def client(user: Any, **options: Any) -> Client:
        browser = Client(**options)
        if user is not None:
            browser.force_login(user)
        return browser

    return client


@pytest.fixture
def committing(django_capture_on_commit_callbacks: Any) -> Callable[[], Any]:
    """`with committing():` runs what waits for the commit, since a test's own transaction never commits."""

    def capture() -> Any:
        return django_capture_on_commit_callbacks(execute=True)

    return capture


@pytest.fixture(autouse=True)
def no_subscriber_failed(request: pytest.FixtureRequest) -> Iterator[None]:
    """A subscriber that raises fails the test that triggered it: production would only retry it."""
    database = next((name for name in ("transactional_db", "db") if name in request.fixturenames), None)
    if database is None or request.node.get_closest_marker("failing_subscriber"):
        yield
        return
    # Asked for here, so that it is still there afterwards.
    request.getfixturevalue(database)
    yield
    from helpdesk.events.models import EventReceipt

    failed = list(EventReceipt.objects.exclude(error="").values_list("subscriber", "error"))
    assert failed == []
