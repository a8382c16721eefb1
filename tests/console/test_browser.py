"""The console in a real browser: two people on one page."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.admin.chromium import Chromium
from tests.servers import Daphne

pytestmark = [pytest.mark.browser, pytest.mark.slow]

CARLA, BEN = "#pane-1", "#pane-2"


def open_ticket(browser: Chromium, title: str) -> None:
    browser.type(f"{CARLA} [name=title]", title)
    browser.click(f"{CARLA} [data-create] button")
    browser.until(lambda: title in browser.find(f"{CARLA} [name=ticket]").text)


def events(browser: Chromium, pane: str) -> str:
    return browser.find(f"{pane} [data-events]").text


def is_clean(browser: Chromium) -> None:
    """Nothing was asked of a foreign host, and nothing was complained about."""
    asked, home = browser.asked(), browser.base_url.partition("://")[2]
    assert [url for url in asked if url.partition("://")[2].partition("/")[0] != home] == []
    assert browser.complaints() == []


def test_both_hear_what_one_does_and_see_how_long_it_took(browser: Chromium) -> None:
    open_ticket(browser, "Printer on fire")
    browser.until(lambda: "Printer on fire" in events(browser, BEN))
    browser.choose(f"{BEN} [name=ticket]", browser.find(f"{CARLA} [name=ticket]").get_attribute("value"))
    browser.click(f"{BEN} [data-claim]")
    browser.until(lambda: "assigned to ben" in events(browser, BEN))

    browser.choose(f"{BEN} [name=status]", "resolved")

    for pane in (CARLA, BEN):
        browser.until(lambda pane=pane: "status changed to Resolved" in events(browser, pane))
        assert int(browser.find(f"{pane} [data-latency]").get_attribute("data-latency")) < 60_000
        assert int(browser.find(f"{pane} [data-trip]").get_attribute("data-trip")) < 60_000
        assert len(browser.find(f"{pane} [data-cursor]").text) > 5
    browser.type(f"{CARLA} [name=comment]", "It still burns.")
    browser.click(f"{CARLA} [data-work] button:not([type])")
    browser.until(lambda: "New comment" in events(browser, BEN))
    is_clean(browser)


def test_cut_off_and_back_again_one_has_missed_nothing(browser: Chromium) -> None:
    open_ticket(browser, "Before")
    browser.until(lambda: "Before" in events(browser, BEN))
    browser.click(f"{BEN} [data-cut]")
    browser.until(lambda: browser.all(f"{BEN} [data-state=paused]"))
    for n in range(3):
        open_ticket(browser, f"Meanwhile {n}")
    assert "Meanwhile" not in events(browser, BEN)

    browser.click(f"{BEN} [data-cut]")

    browser.until(lambda: "recovered: true · 3 caught up" in browser.find(f"{BEN} .facts").text)
    said = [item.text for item in browser.all(f"{BEN} [data-events] .said")]
    assert [text.partition(": ")[2] for text in said] == ["Meanwhile 2", "Meanwhile 1", "Meanwhile 0", "Before"]


def test_a_wrong_password_is_said_beside_the_form(
    shared_daphne: Daphne, transactional_db: None, start_chromium: Callable[..., Chromium]
) -> None:
    browser = start_chromium(shared_daphne.base_url)
    browser.open("/console/")
    browser.until(lambda: browser.all(f"{CARLA} .sign-in"))
    browser.click(f"{CARLA} .sign-in button")

    assert browser.until(lambda: "wrong" in browser.find(f"{CARLA} .sign-in .problem").text)


def test_dark_mode_is_kept_and_the_page_fits_a_phone(
    shared_daphne: Daphne, transactional_db: None, start_chromium: Callable[..., Chromium]
) -> None:
    browser = start_chromium(shared_daphne.base_url)
    browser.open("/console/")
    background = "return getComputedStyle(document.body).backgroundColor"
    browser.until(lambda: browser.all(BEN))
    light = browser.run(background)

    browser.click("#theme")

    dark = browser.run(background)
    assert dark != light
    browser.open("/console/")
    browser.until(lambda: browser.all(BEN))
    assert browser.run(background) == dark
    assert browser.find("#theme").text == "Light"
    browser.driver.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride", {"width": 360, "height": 740, "deviceScaleFactor": 1, "mobile": True}
    )
    assert browser.run("return document.documentElement.scrollWidth <= 360")


def test_it_wears_what_the_system_prefers(
    shared_daphne: Daphne, transactional_db: None, start_chromium: Callable[..., Chromium]
) -> None:
    browser = start_chromium(shared_daphne.base_url)
    browser.driver.execute_cdp_cmd(
        "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": "dark"}]}
    )
    browser.open("/console/")
    browser.until(lambda: browser.find("#theme").text == "Light")
    assert browser.find("#theme").get_attribute("aria-pressed") == "true"


# The pictures of docs/how-to/console.md: `HELPDESK_PICTURES=docs/images/console pytest tests/console -k picture` takes them.
def test_the_pictures_of_the_documentation_can_be_taken(browser: Chromium, tmp_path: Path) -> None:
    place = Path(os.environ.get("HELPDESK_PICTURES") or tmp_path)
    for title in ("The VPN drops every hour", "Printer on fire"):
        open_ticket(browser, title)
    browser.until(lambda: "Printer on fire" in events(browser, BEN))
    browser.click(f"{BEN} [data-cut]")
    open_ticket(browser, "Slow search")
    browser.click(f"{BEN} [data-cut]")
    browser.until(lambda: "1 caught up" in browser.find(f"{BEN} .facts").text)
    number = browser.find(f"{CARLA} [name=ticket]").get_attribute("value")
    browser.choose(f"{BEN} [name=ticket]", number)
    browser.click(f"{BEN} [data-claim]")
    browser.until(lambda: "assigned to ben" in events(browser, CARLA))
    browser.choose(f"{BEN} [name=status]", "in_progress")
    browser.until(lambda: "In Progress" in events(browser, CARLA))
    for pane, other, text in ((CARLA, "ben", "Is it still burning?"), (BEN, "carla", "Not any more. Water helps.")):
        browser.until(lambda pane=pane, other=other: browser.all(f"{pane} [data-contact={other}]"))
        browser.click(f"{pane} [data-contact={other}]")
        browser.until(lambda pane=pane: browser.find(f"{pane} [data-say] input").is_enabled())
        browser.type(f"{pane} [data-say] [name=content]", text)
        browser.click(f"{pane} [data-say] button")
    for pane, other in ((CARLA, "ben"), (BEN, "carla")):
        browser.until(lambda pane=pane: browser.find(f"{pane} .mine .receipt").text == "read")
        browser.until(lambda pane=pane, other=other: browser.all(f"{pane} [data-contact={other}][data-online=true]"))
    screen = {"width": 1280, "height": 960, "deviceScaleFactor": 1, "mobile": False}
    browser.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
    browser.run("document.activeElement.blur(); scrollTo(0, 0)")
    time.sleep(0.5)  # what arrives is highlighted
    for theme in ("light", "dark"):
        if theme == "dark":
            browser.click("#theme")
        assert browser.driver.save_screenshot(str(place / f"console-{theme}.png"))
