from collections.abc import Callable

import pytest

from tests.admin.chromium import Chromium, start_chromium
from tests.people import AgentFactory, UserFactory
from tests.servers import Daphne

CARLA, BEN = "#pane-1", "#pane-2"

__all__ = ["start_chromium"]  # a fixture


@pytest.fixture
def browser(shared_daphne: Daphne, transactional_db: None, start_chromium: Callable[..., Chromium]) -> Chromium:
    """With the console open, and both signed in and connected: Carla, a customer, and Ben, an agent."""
    UserFactory(username="carla", name="Carla")
    AgentFactory(username="ben", name="Ben")
    browser = start_chromium(shared_daphne.base_url)
    browser.open("/console/")
    for pane, username in ((CARLA, "carla"), (BEN, "ben")):
        browser.until(lambda pane=pane: browser.all(f"{pane} [name=username]"))
        browser.type(f"{pane} [name=username]", username)
        browser.click(f"{pane} .sign-in button")
    for pane in (CARLA, BEN):
        browser.until(lambda pane=pane: browser.all(f"{pane} [data-state=open]"))
    return browser
