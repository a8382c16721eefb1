"""A person's browser: headless Chromium, which remembers what it asked for and what it complained about."""

import json
import shutil
import time
from collections.abc import Callable, Iterator
from typing import Any, TypeVar
from urllib.parse import urlsplit

import pytest
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement

T = TypeVar("T")

INSTALL = "apt-get install chromium chromium-driver"
DRIVER = shutil.which("chromedriver")
BROWSER = shutil.which("chromium")


class Chromium:
    """On one site; paths begin with a slash."""

    def __init__(self, base_url: str, *, language: str = "en", dark: bool = False) -> None:
        options = ChromeOptions()
        options.binary_location = str(BROWSER)
        for flag in ("headless=new", "no-sandbox", "disable-dev-shm-usage", "hide-scrollbars", "window-size=1280,800"):
            options.add_argument(f"--{flag}")
        options.add_argument(f"--lang={language}")
        options.add_argument("--force-device-scale-factor=1")
        if dark:
            options.add_argument("--force-dark-mode")
        options.add_experimental_option("prefs", {"intl.accept_languages": language})
        options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
        self.driver = Chrome(options=options, service=Service(str(DRIVER)))
        screen = {"width": 1280, "height": 800, "deviceScaleFactor": 1, "mobile": False}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
        self.base_url = base_url

    def open(self, path: str) -> None:
        self.driver.get(self.base_url + path)

    @property
    def path(self) -> str:
        return urlsplit(self.driver.current_url).path

    @property
    def text(self) -> str:
        return self.find("body").text

    def find(self, selector: str) -> WebElement:
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def all(self, selector: str) -> list[WebElement]:
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def type(self, selector: str, text: str) -> None:
        field = self.find(selector)
        field.clear()
        field.send_keys(text)

    def choose(self, selector: str, value: str) -> None:
        self.driver.execute_script(
            "const field = document.querySelector(arguments[0]); field.value = arguments[1]; "
            "field.dispatchEvent(new Event('change', {bubbles: true}))",
            selector,
            value,
        )

    def click(self, selector: str) -> None:
        """By script: a sticky footer may lie on the button, which a person would scroll away.

        Found and clicked in one step, since a live page may draw it anew in between.
        """
        self.driver.execute_script("document.querySelector(arguments[0]).click()", selector)

    def until(self, check: Callable[[], T], *, seconds: float = 20) -> T:
        deadline = time.monotonic() + seconds
        while True:
            try:
                if answer := check():
                    return answer
            except StaleElementReferenceException:
                pass
            if time.monotonic() > deadline:
                pytest.fail(f"not after {seconds} s, at {self.driver.current_url}:\n{self.text[:2000]}")
            time.sleep(0.05)

    def submit(self, selector: str) -> None:
        """Send a form, and wait for the page that follows."""
        page = self.find("html")
        self.click(selector)
        self.until(lambda: self.find("html") != page and self.run("return document.readyState") == "complete")

    def run(self, script: str) -> Any:
        return self.driver.execute_script(script)

    def asked(self) -> set[str]:
        """Every address that was asked for since the last call, but data: and the like."""
        found = set()
        for entry in self.driver.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] in {"Network.requestWillBeSent", "Network.webSocketCreated"}:
                params = message["params"]
                found.add(params.get("request", params)["url"])
        return {url for url in found if urlsplit(url).scheme in {"http", "https", "ws", "wss"}}

    def complaints(self) -> list[str]:
        return [entry["message"] for entry in self.driver.get_log("browser") if entry["level"] in {"SEVERE", "WARNING"}]

    def quit(self) -> None:
        self.driver.quit()


@pytest.fixture
def start_chromium() -> Iterator[Callable[..., Chromium]]:
    """Skips where there is none."""
    if not (DRIVER and BROWSER):
        pytest.skip(f"needs Chromium: {INSTALL}")
    started: list[Chromium] = []

    def start(base_url: str, **options: Any) -> Chromium:
        started.append(Chromium(base_url, **options))
        return started[-1]

    yield start
    for browser in started:
        browser.quit()
