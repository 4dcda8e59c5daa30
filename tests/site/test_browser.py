"""The built site in a real browser: from a server, from a folder, on a phone, in the dark."""

import contextlib
import functools
import gzip
import http.server
import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from barriers import barriers, too_faint
from patience import HANGS
from playwright.sync_api import Browser, BrowserContext, Page, Request, Response
from test_pages import in_table_of_contents

pytestmark = [pytest.mark.site, pytest.mark.browser]

PAGES = [f"{page}.html" for page in in_table_of_contents()]
CHAPTER = "notebooks/01-convolution-by-hand.html"
DESKTOP = {"width": 1280, "height": 800}


@pytest.fixture(scope="module")
def address(site) -> Iterator[str]:
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *arguments):
            pass

    handler = functools.partial(Quiet, directory=str(site))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


class Watched:
    """A page together with what it complained of and what it asked others for."""

    def __init__(self, page: Page, own: str) -> None:
        self.page = page
        self.errors: list[str] = []
        self.foreign: list[str] = []
        self.answers: list[Response] = []
        page.on(
            "console",
            lambda m: self.errors.append(m.text) if m.type in {"error", "warning"} else None,
        )
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("requestfailed", self._failed)
        page.on("response", self._answered)
        page.on(
            "request",
            lambda r: (
                None if r.url.startswith((own, "data:", "blob:")) else self.foreign.append(r.url)
            ),
        )

    def _answered(self, response: Response) -> None:
        self.answers.append(response)

    def _failed(self, request: Request) -> None:
        # The browser loads the icon on its own account, and drops it when a test reloads at once.
        dropped = request.failure == "net::ERR_ABORTED" and request.url.endswith("/favicon.svg")
        if not dropped:
            self.errors.append(f"failed: {request.url}")


@contextlib.contextmanager
def opened(
    browser: Browser, own: str, path: str, *, until: str = "load", **options
) -> Iterator[Watched]:
    """A page; until `"networkidle"` also what its scripts ask for later, half a second more."""
    context: BrowserContext = browser.new_context(**{"viewport": DESKTOP, **options})
    context.set_default_timeout(HANGS * 1_000)
    try:
        watched = Watched(context.new_page(), own)
        watched.page.goto(f"{own}/{path}", wait_until=until)
        yield watched
    finally:
        context.close()


@pytest.fixture(scope="module", params=PAGES)
def visit(request: pytest.FixtureRequest, browser: Browser, address: str) -> Iterator[Watched]:
    """Each page in turn, in the light, with all that it asks for. The tests share one visit."""
    settled = {"until": "networkidle", "color_scheme": "light", "reduced_motion": "reduce"}
    with opened(browser, address, request.param, **settled) as watched:
        yield watched


def test_a_page_is_light_logs_no_error_and_asks_nobody_else(visit: Watched) -> None:
    page = visit.page
    bodies = [(answer.request.resource_type, answer.body()) for answer in visit.answers]
    inline = page.evaluate("[...document.scripts].filter(s => !s.src).map(s => s.text).join()")
    inline = re.sub(r'"halves": "[^"]*"', "", inline).encode()  # weights of a network
    scripts = [inline, *(body for kind, body in bodies if kind == "script")]
    # What makes it soon there, on any machine: few requests, few bytes, few scripts.
    assert len([kind for kind, _ in bodies if kind != "image"]) < 40
    assert sum(len(body) for _, body in bodies) < 2_000_000  # from a server that packs nothing
    assert sum(len(gzip.compress(one)) for one in scripts) < 150_000
    assert visit.errors == []
    assert visit.foreign == []


# What is wider than its place on a page: a name, by how much, whether a shadow says so, what it is.
CUT = """() => [...document.querySelectorAll("article *")]
    .filter(e => getComputedStyle(e).overflowX !== "visible" && e.clientWidth)
    .filter(e => e.scrollWidth > e.clientWidth + 1)
    .map(e => [`${e.tagName}.${e.className}`, e.scrollWidth - e.clientWidth,
        getComputedStyle(e).backgroundAttachment.includes("local"),
        e.querySelector("table.counting") !== null, e.textContent.trim().slice(0, 60)])"""


def test_a_page_fits_narrow_screens_and_distorts_no_picture(visit: Watched) -> None:
    page = visit.page
    for width in (768, 390, 320):
        page.set_viewport_size({"width": width, "height": 740})
        wide, shown, distorted = page.evaluate(
            """() => [document.scrollingElement.scrollWidth,
                document.scrollingElement.clientWidth,
                [...document.querySelectorAll("article img")].filter(img => img.naturalHeight)
                    .map(img => [
                        img.alt, img.width / img.height, img.naturalWidth / img.naturalHeight])
                    .filter(([_, shown, own]) => Math.abs(shown / own - 1) > 0.03)]"""
        )
        assert wide <= shown, f"It scrolls sideways at {width} pixels."
        assert distorted == [], width
        for name, by, shadow, counting, text in page.evaluate(CUT):
            assert shadow, f"{name} is {by} pixels too wide at {width} and does not show it: {text}"
            assert not counting, f"{name} is {by} pixels too wide at {width}: {text}"
    page.set_viewport_size(DESKTOP)


def test_beside_the_sidebars_nothing_on_a_page_is_cut_off(visit: Watched) -> None:
    for width in (1440, 1280, 1024):
        visit.page.set_viewport_size({"width": width, "height": 800})
        assert visit.page.evaluate(CUT) == [], width
    visit.page.set_viewport_size(DESKTOP)


def test_a_page_has_no_barrier_and_can_be_read_in_the_light_and_in_the_dark(visit: Watched) -> None:
    page = visit.page
    assert page.evaluate("document.documentElement.dataset.theme") == "light"
    assert barriers(page) == []
    assert too_faint(page) == []
    page.emulate_media(color_scheme="dark")
    page.wait_for_function("document.documentElement.dataset.theme === 'dark'")
    assert too_faint(page) == []


@pytest.mark.parametrize("path", PAGES)
def test_a_page_works_from_a_folder_with_the_network_off(browser, site, path):
    with opened(browser, f"file://{site.resolve()}", path, offline=True) as watched:
        assert watched.errors == []
        assert watched.foreign == []
        assert watched.page.locator("article h1").count() == 1


@pytest.mark.parametrize("own", ["server", "folder"])
def test_the_search_finds_stride(browser, address, site, own):
    start = address if own == "server" else f"file://{site.resolve()}"
    with opened(browser, start, "search.html?q=stride") as watched:
        results = watched.page.locator("#search-results ul.search li a")
        results.first.wait_for()
        titles = results.all_inner_texts()
        assert any("Convolution by hand" in title for title in titles)
        assert watched.foreign == watched.errors == []
        if own == "server":  # a folder's pages cannot read one another
            excerpt = watched.page.locator("#search-results li", has_text="Convolution by hand")
            excerpt.locator(".context", has_text="stride").first.wait_for()
            said = excerpt.first.inner_text()
            assert "Why not a dense network?" not in said, "a list of headings"


@pytest.mark.parametrize("path", [CHAPTER, "book/index.html", "book/glossary.html"])
def test_on_a_phone_the_menus_open_lead_on_and_shut(browser, address, path):
    with opened(browser, address, path, viewport={"width": 390, "height": 740}) as watched:
        page = watched.page
        for kind in ("secondary", "primary"):
            button = page.locator(f".btn.{kind}-toggle:visible")
            button.click()
            page.locator("dialog[open] a:visible").first.wait_for()
            page.keyboard.press("Escape")
            page.locator("dialog[open]").wait_for(state="hidden")
            assert button.evaluate("button => button === document.activeElement")
        button.click()
        page.locator("dialog[open]").get_by_text("Data augmentation").first.click()
        page.wait_for_url("**/04-data-augmentation.html")
        assert watched.errors == []


def test_on_a_desktop_the_chapters_are_hidden_and_shown(browser, address):
    with opened(browser, address, CHAPTER) as watched:
        sidebar = watched.page.locator("#pst-primary-sidebar")
        assert sidebar.is_visible()
        for state in ("hidden", "visible"):
            watched.page.locator(".btn.primary-toggle:visible").click()
            sidebar.wait_for(state=state)


def test_a_reader_switches_to_the_dark_and_the_page_follows(browser, address):
    with opened(browser, address, CHAPTER, color_scheme="light") as watched:
        page = watched.page
        light = page.evaluate("getComputedStyle(document.body).backgroundColor")
        for _ in range(3):  # the button goes round: auto, light, dark
            page.locator(".theme-switch-button").first.click()
            if page.evaluate("document.documentElement.dataset.theme") == "dark":
                break
        assert page.evaluate("document.documentElement.dataset.theme") == "dark"
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") != light
        diagram = page.locator("img.figure-diagram").first
        assert "invert" in diagram.evaluate("image => getComputedStyle(image).filter")


def test_formulas_are_set_without_a_script(browser, address):
    with opened(browser, address, CHAPTER, java_script_enabled=False) as watched:
        formulas = watched.page.locator("article math")
        assert formulas.count() >= 5
        fraction = watched.page.locator("article math[display=block] mfrac").first
        above, below = (
            fraction.locator(f":scope > :nth-child({n})").bounding_box() for n in (1, 2)
        )
        assert above["y"] + above["height"] <= below["y"] + 1  # one stands over the other
        assert "\\" not in "".join(formulas.all_text_contents())


def test_formulas_have_a_font_whose_brackets_grow(browser, address):
    with opened(browser, address, CHAPTER, until="networkidle") as watched:
        fonts = "[...document.fonts].filter(f => f.status === 'loaded').map(f => f.family)"
        assert "Course Math" in "".join(watched.page.evaluate(fonts))
        floor = watched.page.locator("article math[display=block]", has_text="\u230a").first
        bracket, fraction = (
            floor.locator(what).first.bounding_box() for what in ("mo:text('\u230a')", "mfrac")
        )
        assert bracket["height"] >= 0.9 * fraction["height"]


def test_the_stepper_moves_by_keyboard_and_shows_one_step_at_a_time(browser, address):
    with opened(browser, address, CHAPTER) as watched:
        stepper = watched.page.locator(".course-stepper").first
        visible = stepper.locator(".frame:visible")
        assert visible.count() == 1
        assert "Step 1 of 15" in visible.inner_text()
        stepper.locator("input").first.focus()
        watched.page.keyboard.press("ArrowRight")
        assert visible.count() == 1
        assert "= 9; 9 / 9 = 1" in visible.inner_text()


def test_a_quiz_option_opens_by_keyboard_and_says_why(browser, address):
    with opened(browser, address, CHAPTER, java_script_enabled=False) as watched:
        quiz = watched.page.locator(".course-quiz").first
        option = quiz.locator("details").first
        assert not option.locator("p").is_visible()
        option.locator("summary").focus()
        watched.page.keyboard.press("Enter")
        assert option.locator("p").is_visible()
        assert option.locator("p").inner_text().startswith(("Right.", "No."))


def test_a_solution_is_folded_until_the_reader_asks_for_it(browser, address):
    with opened(browser, address, CHAPTER) as watched:
        folded = watched.page.locator(".cell.tag_solution details").first
        code = folded.locator("pre").first
        assert not code.is_visible()
        assert "Show the solution" in folded.locator("summary").inner_text()
        folded.locator("summary").click()
        assert code.is_visible()


@pytest.mark.parametrize("from_folder", [False, True], ids=["server", "folder"])
def test_a_reader_marks_parts_as_done_and_clears_them(
    browser: Browser, address: str, site: Path, from_folder: bool
) -> None:
    own = site.as_uri() if from_folder else address
    with opened(browser, own, CHAPTER) as watched:
        page = watched.page
        line = page.locator(".course-progress")
        total = page.locator(".course-done").count()
        assert total > 10
        assert f"0 of {total} parts done" in line.inner_text()
        page.get_by_role("button", name="Done: Why not compare pixels?").focus()
        page.keyboard.press("Enter")  # by keyboard
        page.locator(".course-done").nth(3).click()
        page.locator(".course-quiz details.wrong summary").first.click()
        assert f"2 of {total} parts done, 1 of " in line.inner_text()
        page.reload(wait_until="networkidle")
        assert f"2 of {total} parts done, 1 of " in line.inner_text()
        pressed = page.locator('.course-done[aria-pressed="true"]')
        assert pressed.count() == 2
        assert f"2/{total}" in page.locator(".bd-links").inner_text()
        pressed.first.click()
        assert f"1 of {total} parts done" in line.inner_text()
        page.goto(f"{own}/book/how-to-use.html", wait_until="networkidle")
        overview = page.locator("#course-progress")
        assert f"01-convolution-by-hand: 1 of {total} parts done" in overview.inner_text()
        overview.get_by_role("button", name="Clear everything").click()
        assert "not marked anything" in overview.inner_text()
        assert page.locator(".course-count").count() == 0
        page.goto(f"{own}/{CHAPTER}", wait_until="networkidle")
        assert f"0 of {total} parts done" in line.inner_text()
        assert watched.errors == []
        assert watched.foreign == []


def test_a_damaged_entry_in_the_browser_begins_anew(browser: Browser, address: str) -> None:
    with opened(browser, address, CHAPTER) as watched:
        for entry in ("{", "[]", "7", '{"01-convolution-by-hand": {"done": 3}}'):
            keep = "entry => localStorage.setItem('cnn-course-progress', entry)"
            watched.page.evaluate(keep, entry)
            watched.page.reload(wait_until="networkidle")
            assert "0 of " in watched.page.locator(".course-progress").inner_text(), entry
            watched.page.locator(".course-done").first.click()
            assert "1 of " in watched.page.locator(".course-progress").inner_text(), entry
        assert watched.errors == []


def test_a_browser_that_keeps_nothing_shows_the_page_without_marks(
    browser: Browser, address: str
) -> None:
    # The theme keeps its mode there, too, and complains itself where it cannot.
    refuse = """
        const kept = Storage.prototype.setItem;
        Storage.prototype.setItem = function (name, value) {
            if (name.startsWith("cnn-course")) throw new DOMException("full");
            kept.call(this, name, value);
        };
    """
    with opened(browser, address, "book/glossary.html") as watched:
        watched.page.add_init_script(refuse)
        watched.page.goto(f"{address}/{CHAPTER}", wait_until="networkidle")
        assert watched.page.locator(".course-done").count() == 0
        assert watched.errors == []
