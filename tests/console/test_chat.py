"""Two people talk in the console: who is here, who is typing, what was read."""

from collections.abc import Callable

import pytest

from tests.admin.chromium import Chromium
from tests.console.test_browser import BEN, CARLA, is_clean, open_ticket

pytestmark = [pytest.mark.browser, pytest.mark.slow]

Enter = Callable[[str, str], None]


@pytest.fixture
def enter(browser: Chromium) -> Enter:
    def enter_chat(pane: str, other: str) -> None:
        contact = f"{pane} [data-contact={other}]"
        browser.until(lambda: browser.all(contact))
        browser.click(contact)
        browser.until(lambda: browser.find(f"{pane} [data-say] input").is_enabled())

    return enter_chat


def say(browser: Chromium, pane: str, text: str) -> None:
    browser.type(f"{pane} [data-say] [name=content]", text)
    browser.click(f"{pane} [data-say] button")


def test_they_see_each_other_and_talk(browser: Chromium, enter: Enter) -> None:
    browser.until(lambda: browser.all(f"{CARLA} [data-contact=ben][data-online=true]"))
    enter(CARLA, "ben")
    say(browser, CARLA, "Is it still burning?")
    browser.until(lambda: browser.find(f"{CARLA} [data-messages] .receipt").text == "sent")
    browser.until(lambda: browser.find(f"{BEN} [data-unread]").text == "1")

    enter(BEN, "carla")

    browser.until(lambda: "Is it still burning?" in browser.find(f"{BEN} [data-messages]").text)
    browser.until(lambda: browser.find(f"{CARLA} [data-messages] .receipt").text == "read")
    assert not browser.find(f"{BEN} [data-unread]").is_displayed()

    browser.type(f"{BEN} [data-say] [name=content]", "Not any more")
    browser.until(lambda: browser.find(f"{CARLA} [data-typing]").text == "ben is typing…")
    browser.click(f"{BEN} [data-say] button")
    browser.until(lambda: "Not any more" in browser.find(f"{CARLA} [data-messages]").text)
    is_clean(browser)


def test_who_is_cut_off_is_offline_and_hears_what_was_said_meanwhile(browser: Chromium, enter: Enter) -> None:
    enter(CARLA, "ben")
    browser.until(lambda: browser.all(f"{CARLA} [data-contact=ben][data-online=true]"))
    browser.click(f"{BEN} [data-cut]")
    browser.until(lambda: browser.all(f"{CARLA} [data-contact=ben][data-online=false]"), seconds=60)
    say(browser, CARLA, "Are you there?")
    browser.until(lambda: browser.find(f"{CARLA} [data-messages] .receipt").text == "sent")

    browser.click(f"{BEN} [data-cut]")

    assert browser.until(lambda: browser.find(f"{BEN} [data-unread]").text == "1")
    assert browser.until(lambda: browser.all(f"{CARLA} [data-contact=ben][data-online=true]"))


def test_an_agent_sees_who_else_looks_at_a_ticket_and_writes(
    browser: Chromium,
) -> None:
    from tests.people import AgentFactory

    open_ticket(browser, "Printer on fire")
    number = browser.find(f"{CARLA} [name=ticket]").get_attribute("value")
    AgentFactory(username="greta", name="Greta")
    browser.click(f"{CARLA} [data-leave]")
    browser.until(lambda: browser.find(f"{CARLA} .sign-in").is_displayed())
    browser.type(f"{CARLA} [name=username]", "greta")
    browser.click(f"{CARLA} .sign-in button")
    for pane in (CARLA, BEN):
        browser.until(lambda pane=pane: browser.all(f"{pane} [name=ticket] option[value='{number}']"))
    browser.choose(f"{BEN} [name=ticket]", number)
    browser.choose(f"{CARLA} [name=ticket]", number)
    browser.until(lambda: browser.find(f"{BEN} [data-viewers]").text == "greta looks at it")

    browser.type(f"{CARLA} [name=comment]", "I shall")

    assert browser.until(lambda: browser.find(f"{BEN} [data-viewers]").text == "greta is writing")
