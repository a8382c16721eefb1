from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

Browser = Callable[[Any], Client]


@pytest.fixture
def browser_as() -> Browser:
    """`browser_as(user)`: a client with a signed-in cookie, for whoever it is; `browser_as(None)` is anonymous."""

    def client(user: Any, **options: Any) -> Client:
        browser = Client(**options)
        if user is not None:
            browser.force_login(user)
        return browser

    return client
