"""The built site in Firefox and in WebKit, the engine of Safari: what has to work there, too."""

import functools
import http.server
import re
import threading
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import browser_path
from explorer_pages import NUMBERS, written
from other_browsers import Window, firefox, webkit
from patience import until
from test_browser import CHAPTER, PAGES, SHAPE, assert_fits

from cnn_course import classtest, explorers

pytestmark = [pytest.mark.site, pytest.mark.browser]

# The first thing on a page: it may ask nobody else, and keeps what goes wrong.
WATCHED = """<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src file: data: blob:
    http://127.0.0.1:* 'unsafe-inline'">
<script>
globalThis.complaints = [];
const complain = (...said) => complaints.push(said.join(" "));
addEventListener("error", ({ message, target }) =>
    complain(message ?? `not loaded: ${target.src ?? target.href}`), true);
addEventListener("unhandledrejection", ({ reason }) => complain(reason));
addEventListener("securitypolicyviolation", ({ blockedURI }) => complain("asked:", blockedURI));
Object.assign(console, { error: complain, warn: complain });
</script>"""


def watch(page: Path, html: str) -> None:
    """Write a page that keeps what goes wrong on it."""
    watched, times = re.subn("<meta charset=.*?>", lambda _: WATCHED, html, count=1)
    assert times == 1, page
    page.parent.mkdir(exist_ok=True)
    page.write_text(watched, encoding="utf-8")


@pytest.fixture(scope="module")
def address(site: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The site on a server of this machine, with watched pages."""
    folder = tmp_path_factory.mktemp("site")
    for name in ("_static", "_images", "searchindex.js"):
        (folder / name).symlink_to(site / name)
    for name in [*PAGES, "search.html"]:
        watch(folder / name, (site / name).read_text(encoding="utf-8"))

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *arguments: object) -> None:
            pass

    handler = functools.partial(Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(
    scope="module",
    params=[pytest.param(name, marks=pytest.mark.browser(name)) for name in ("Firefox", "WebKit")],
)
def other(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Window]:
    """A window of one of them, then of the other."""
    path = browser_path(request.param)
    if request.param == "Firefox":
        started = firefox(request.getfixturevalue("playwright"), path)
    else:
        started = webkit(tmp_path_factory.mktemp("settings"), path)
    with started as window:
        yield window


def text(window: Window, selector: str) -> str:
    """Return what is read in the first element that is seen."""
    return window.evaluate(
        """what => [...document.querySelectorAll(what)]
            .find((one) => one.checkVisibility())?.innerText ?? "" """,
        selector,
    )


def wait_for(window: Window, selector: str, said: str = "") -> None:
    """Wait until an element is seen that says something."""
    until(
        lambda: window.evaluate(
            """([what, said]) => [...document.querySelectorAll(what)].some((one) =>
                one.checkVisibility() && one.innerText.includes(said))""",
            [selector, said],
        ),
        f"no {selector} says {said!r}",
    )


def complaints(window: Window) -> list[str]:
    return window.evaluate("() => complaints")


@pytest.mark.parametrize("page", PAGES)
def test_a_page_fits_phone_and_desktop_complains_of_nothing_and_asks_nobody_else(
    other: Window, address: str, page: str
) -> None:
    other.goto(f"{address}/{page}")
    for width in (320, 390, 1280):
        other.resize(width)
        assert_fits(other.evaluate(SHAPE), width)
    assert complaints(other) == []


def test_formulas_have_a_font_and_fractions_a_line(other: Window, address: str) -> None:
    other.goto(f"{address}/{CHAPTER}")
    loaded = """() => [...document.fonts].filter((one) => one.status === "loaded")
        .map((one) => one.family.replaceAll('"', "")).join()"""
    until(lambda: "Course Math" in other.evaluate(loaded), "the font for formulas is not loaded")
    above, below, whole, bracket = other.evaluate("""() => {
        const floor = [...document.querySelectorAll("article math[display=block]")]
            .find((one) => one.textContent.includes("\\u230a"));
        const fraction = floor.querySelector("mfrac");
        const bracket = [...floor.querySelectorAll("mo")]
            .find((one) => one.textContent.trim() === "\\u230a");
        return [...fraction.children, fraction, bracket].map((one) => {
            const { top, bottom } = one.getBoundingClientRect();
            return [top, bottom];
        });
    }""")
    assert above[1] <= below[0] + 1
    assert bracket[1] - bracket[0] >= 0.9 * (whole[1] - whole[0])


def test_the_search_finds_stride(other: Window, address: str) -> None:
    other.goto(f"{address}/search.html?q=stride")
    wait_for(other, "#search-results li:has(.context)", "Convolution by hand")
    wait_for(other, "#search-results .context", "stride")
    assert complaints(other) == []


def test_on_a_phone_the_menus_open_and_shut(other: Window, address: str) -> None:
    other.resize(390)
    other.goto(f"{address}/notebooks/08-class-test.html")
    for kind, link in (("secondary", "Key points"), ("primary", "Data augmentation")):
        other.click(f".btn.{kind}-toggle")
        wait_for(other, "dialog[open] a", link)
        other.press("Escape")
        until(
            lambda: other.evaluate(
                """what => !document.querySelector("dialog[open]")
                    && document.activeElement.matches(what)""",
                f".btn.{kind}-toggle",
            ),
            "the menu is still open, or its button has not the focus",
        )


def test_a_reader_switches_to_the_dark(other: Window, address: str) -> None:
    other.resize(1280)
    other.goto(f"{address}/{CHAPTER}")
    grounds = """() => [document.body, document.querySelector("article pre")].map((one) =>
        getComputedStyle(one).backgroundColor)"""
    light = other.evaluate(grounds)
    while other.evaluate("() => document.documentElement.dataset.theme") != "dark":
        other.click(".theme-switch-button")  # goes round: auto, light, dark
    assert not set(light) & set(other.evaluate(grounds))
    diagram = "() => getComputedStyle(document.querySelector('img.figure-diagram')).filter"
    assert "invert" in other.evaluate(diagram)
    other.evaluate("() => localStorage.clear()")


def test_quiz_stepper_exercise_and_progress_work_and_are_kept(other: Window, address: str) -> None:
    other.resize(1280)
    other.goto(f"{address}/{CHAPTER}")
    line = ".course-progress [role=status]"
    wait_for(other, line, "0 of ")
    other.click(".course-quiz details.wrong summary")
    wait_for(other, ".course-quiz details.wrong p", "No.")
    wait_for(other, line, "1 of ")

    other.click(".course-stepper input")
    other.press("ArrowRight")
    wait_for(other, ".course-stepper .frame", "Step 2 of 15")
    assert other.evaluate("""() => [...document.querySelector(".course-stepper")
        .querySelectorAll(".frame")].filter((one) => one.checkVisibility()).length""") == 1

    form = "#exercise-the-price-of-a-dense-layer form"
    other.click(f"{form} input")
    other.press("7", "Enter")
    wait_for(other, f"{form} [role=status]", "Not yet.")
    other.press("Backspace", "150,529,000", "Enter")
    wait_for(other, f"{form} [role=status]", "Right.")

    other.click(".course-done")
    wait_for(other, line, "2 of ")
    other.goto(f"{address}/{CHAPTER}")
    wait_for(other, line, "2 of ")
    assert other.evaluate("what => document.querySelector(what).value", f"{form} input") == (
        "150,529,000"
    )
    other.evaluate("() => localStorage.clear()")
    assert complaints(other) == []
