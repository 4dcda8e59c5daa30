"""Firefox, and WebKit, the engine of Safari: who drives one drives both."""

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from patience import HANGS, until
from playwright.sync_api import Page, Playwright
from selenium.webdriver import ActionChains, Keys, WebKitGTK, WebKitGTKOptions
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.select import Select
from selenium.webdriver.webkitgtk.service import Service

HEIGHT = 800
# WebKit's window is as wide as what stands above the page, else not as narrow as a phone.
NARROW = "* { min-width: 0; margin: 0; padding: 0; border-width: 0; font-size: 1px; }"
KEYS = ("ArrowRight", "Backspace", "Enter", "Escape", "Tab")


class Window(Protocol):
    """A window of either. A selector means the first element of its kind that is seen."""

    def goto(self, address: str) -> None: ...

    def evaluate(self, function: str, *arguments: Any) -> Any: ...

    def click(self, selector: str) -> None: ...

    def choose(self, selector: str, value: str) -> None: ...

    def press(self, *keys: str) -> None: ...

    def resize(self, width: int) -> None: ...


class FirefoxWindow:
    """Driven by Playwright, over the protocol that all browsers are to have."""

    def __init__(self, page: Page) -> None:
        self.page = page
        page.set_default_timeout(HANGS * 1_000)

    def goto(self, address: str) -> None:
        self.page.goto(address)

    def evaluate(self, function: str, *arguments: Any) -> Any:
        return self.page.evaluate(f"all => ({function})(...all)", arguments)

    def click(self, selector: str) -> None:
        self.page.locator(selector).filter(visible=True).first.click()

    def choose(self, selector: str, value: str) -> None:
        self.page.locator(selector).filter(visible=True).first.select_option(value)

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key) if key in KEYS else self.page.keyboard.type(key)

    def resize(self, width: int) -> None:
        self.page.set_viewport_size({"width": width, "height": HEIGHT})


class WebKitWindow:
    """Driven by Selenium, as Debian's WebKit asks."""

    def __init__(self, driver: WebKitGTK) -> None:
        self.driver = driver

    def goto(self, address: str) -> None:
        self.driver.get(address)

    def evaluate(self, function: str, *arguments: Any) -> Any:
        return self.driver.execute_script(f"return ({function})(...arguments)", *arguments)

    def _seen(self, selector: str) -> WebElement:
        return self.evaluate(
            """what => {
                const seen = [...document.querySelectorAll(what)].find((one) => one.checkVisibility());
                seen.scrollIntoView({ block: "center", behavior: "instant" }); // not under a header
                return seen;
            }""",
            selector,
        )

    def click(self, selector: str) -> None:
        self._seen(selector).click()

    def choose(self, selector: str, value: str) -> None:
        Select(self._seen(selector)).select_by_value(value)

    def press(self, *keys: str) -> None:
        hands = ActionChains(self.driver, duration=0)
        for key in keys:
            name = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", key).upper()
            hands.send_keys(getattr(Keys, name) if key in KEYS else key)
        hands.perform()

    def resize(self, width: int) -> None:
        self.driver.set_window_rect(0, 0, width, HEIGHT)
        until(lambda: self.evaluate("() => innerWidth") == width, f"a page {width} pixels wide")


@contextmanager
def firefox(playwright: Playwright, path: str) -> Iterator[Window]:
    """Start Firefox without a screen."""
    browser = playwright.firefox.launch(
        channel="moz-firefox",
        executable_path=path,
        firefox_user_prefs={"ui.useOverlayScrollbars": 1},  # as on a phone
        timeout=HANGS * 1_000,
    )
    try:
        yield FirefoxWindow(browser.new_page())
    finally:
        browser.close()


@contextmanager
def webkit(settings: Path, path: str) -> Iterator[Window]:
    """Start WebKit on a screen of its own that nobody sees."""
    (settings / "gtk-3.0").mkdir()
    (settings / "gtk-3.0" / "gtk.css").write_text(NARROW)
    with screen() as display:
        options = WebKitGTKOptions()
        options.binary_location = str(next(Path("/usr/lib").glob("*/webkit2gtk-4.*/MiniBrowser")))
        options.add_argument("--automation")
        env = {**os.environ, "DISPLAY": display, "XDG_CONFIG_HOME": str(settings)}
        with WebKitGTK(options, Service(path, env=env)) as driver:
            yield WebKitWindow(driver)


@contextmanager
def screen() -> Iterator[str]:
    """Start a screen; it takes a number that is free and tells it."""
    reading, writing = os.pipe()
    command = ["Xvfb", "-displayfd", str(writing), "-screen", "0", "1600x1200x24"]
    with (
        subprocess.Popen(command, pass_fds=[writing], stderr=subprocess.DEVNULL) as server,
        open(reading, encoding="ascii") as told,
    ):
        os.close(writing)
        try:
            yield f":{told.readline().strip()}"
        finally:
            server.terminate()
