"""The built site in a real browser: from a folder and a server, on a phone, in the dark."""

import gzip
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

import nbformat
import pytest
from barriers import barriers, too_faint
from conftest import NOTEBOOKS, fresh
from explorer_pages import choose, led_to
from patience import until
from playwright.sync_api import Page
from surroundings import site_served
from test_pages import in_table_of_contents

from cnn_course import explorers

pytestmark = [pytest.mark.site, pytest.mark.browser]

PAGES = [f"{page}.html" for page in in_table_of_contents()]
CHAPTER = "notebooks/01-convolution-by-hand.html"
GLOSSARY = "book/glossary.html"
PHONE, DESKTOP = ({"width": width, "height": 740} for width in (320, 1280))
#: chapter -> explorer -> (a control of this one alone, what is chosen there, what is seen then)
ON_PAGES = {
    "01-convolution-by-hand": {
        "KernelTraining": ("[data-name=momentum]", "ArrowRight", "Step 0: loss"),
        "Pooling": ("[data-name=kind]", "average", "(5 + 1 + 8 + 2) / 4 = 4"),
        "Convolution": (
            *("[data-name=kernel_name]", "Sobel y", "Row 0, column 0: −1·(−1) + 1·(−2)"),
        ),
    },
    "02-mnist-convnet": {
        "DigitNetwork": ("[data-name=drawing_name]", "3", "The network takes it for a 3"),
        "DigitTraining": ("[data-name=rate]", "ArrowRight", "0.15"),
    },
    "04-data-augmentation": {
        "Augmentation": (
            *("[data-name=fill_mode]", "wrap", 'layers.RandomRotation(0.1, fill_mode="wrap"),'),
        ),
    },
    "07-transfer-learning-cases": {
        "TransferCases": ("[data-name=similarity]", "far", "Try: classifier on early features"),
    },
    "10-batch-normalization": {
        "Gradients": ("[data-name=activation]", "tanh", "It reaches the first layer."),
    },
    "08-class-test": {
        "ClassTests": ("[data-name=level]", "hard", "Class test hard-1"),
        "Shapes": ('[data-cell="network"]', "LeNet-5", "61,706 parameters"),
    },
}


@pytest.fixture
def address(page: Page, site: Path) -> Iterator[str]:
    """The site on a server of this machine, which the window may ask."""
    with site_served(site) as address:
        page.context.set_offline(False)
        yield address
        page.wait_for_load_state("networkidle")  # pictures may be on their way
        page.context.set_offline(True)


@pytest.fixture(scope="module", params=PAGES)
def visit(request: pytest.FixtureRequest, window: Page, site: Path) -> Page:
    """Each page in turn, on a phone. The tests share one visit, and the last spoils the page."""
    fresh(window, 320).emulate_media(reduced_motion="reduce")
    window.goto(f"{site.as_uri()}/{request.param}")
    return window


@pytest.fixture(scope="module")
def chapter(window: Page, site: Path) -> Page:
    """The first chapter, for the tests that follow one another and leave the window there."""
    fresh(window).goto(f"{site.as_uri()}/{CHAPTER}")
    return window


# By how much a page scrolls sideways; which of its pictures are distorted; what is wider than its
# place: a name, by how much, whether a shadow says so, whether it
# may be (what stands in columns, and wide diagrams), and its text.
SHAPE = """() => [document.scrollingElement.scrollWidth - document.scrollingElement.clientWidth,
    [...document.querySelectorAll("article img")].filter(img => img.naturalHeight)
        .map(img => [img.alt, img.width / img.height, img.naturalWidth / img.naturalHeight])
        .filter(([_, shown, own]) => Math.abs(shown / own - 1) > 0.03),
    [...document.querySelectorAll("article *")]
        .filter(e => e.scrollWidth > e.clientWidth + 1 && e.clientWidth)
        .filter(e => getComputedStyle(e).overflowX !== "visible" && e.tagName !== "INPUT")
        .filter(e => !e.matches(".visually-hidden")) // it is read aloud only
        .map(e => [`${e.tagName}.${e.className}`, e.scrollWidth - e.clientWidth,
            getComputedStyle(e).backgroundAttachment.includes("local"),
            e.matches("pre.columns, pre[style], a.figure-read"), e.textContent.slice(0, 60)])]"""
WIDTHS = (320, 390, 768, 1024, 1280, 1440)


def assert_fits(shape: list, width: int) -> None:
    """Look at what `SHAPE` told of a page so many pixels wide."""
    sideways, distorted, cut = shape
    assert sideways <= 0, width
    assert distorted == [], width
    for name, by, shadow, allowed, text in cut:
        said = f"{name} is {by} pixels too wide at {width}: {text}"
        assert shadow, f"{said}, and does not show it"
        assert width < 390 or (allowed and width < 768), said


def test_a_page_fits_every_screen_and_distorts_no_picture(visit: Page) -> None:
    for width in WIDTHS:
        visit.set_viewport_size({"width": width, "height": 800})
        until(lambda: visit.evaluate("innerWidth") == width, "The window is as it was.")  # noqa: B023
        assert_fits(visit.evaluate(SHAPE), width)


def test_a_page_is_light_complains_of_nothing_and_asks_nobody_else(visit: Page) -> None:
    visit.wait_for_load_state("networkidle")  # what its scripts ask for later
    files = [one for one in visit.asked if one.url.startswith("file:")]
    bodies = [
        (one.resource_type, Path(unquote(urlsplit(one.url).path)).read_bytes()) for one in files
    ]
    inline = visit.evaluate("[...document.scripts].filter(s => !s.src).map(s => s.text).join()")
    inline = re.sub(r'"halves": "[^"]*"', "", inline).encode()  # weights of a network
    scripts = [inline, *(body for kind, body in bodies if kind == "script")]
    # What makes it soon there, on any machine: few requests, few bytes, few scripts.
    assert len([kind for kind, _ in bodies if kind != "image"]) < 40
    assert sum(len(body) for _, body in bodies) < 2_000_000  # from a server that packs nothing
    assert sum(len(gzip.compress(one)) for one in scripts) < 150_000
    assert visit.complaints == []


def test_a_page_has_no_barrier_and_can_be_read_in_the_light_and_in_the_dark(visit: Page) -> None:
    assert visit.evaluate("document.documentElement.dataset.theme") == "light"
    assert barriers(visit) == []
    assert too_faint(visit) == []
    visit.emulate_media(color_scheme="dark")
    visit.locator("html[data-theme=dark]").wait_for()
    assert too_faint(visit) == []


@pytest.mark.parametrize("from_folder", [False, True], ids=["server", "folder"])
def test_the_search_finds_stride(page, address, site, from_folder) -> None:
    page.goto(f"{site.as_uri() if from_folder else address}/search.html?q=stride")
    found = page.locator("#search-results ul.search li", has_text="Convolution by hand")
    found.first.wait_for()
    if not from_folder:  # a folder's pages cannot read one another
        excerpt = " ".join(found.locator(".context", has_text="stride").first.inner_text().split())
        found.locator("a").first.click()
        page.wait_for_url(f"**/{CHAPTER}*")  # until all of it is there
        # In a copy: the page's own scripts may still be about to read its code.
        text = page.locator("article").evaluate("""article => {
            const copy = article.cloneNode(true);
            copy.querySelectorAll(".cell_input").forEach(input => input.remove());
            return copy.textContent.replace(/\\s+/g, " ");
        }""")
        assert excerpt.strip(" .…") in text, "from the chapter, not from its headings or its code"


@pytest.mark.parametrize("path", ["notebooks/08-class-test.html", "book/index.html", GLOSSARY])
def test_on_a_phone_the_menus_open_lead_on_and_shut(page, site, path) -> None:
    page.set_viewport_size({"width": 390, "height": 740})
    page.goto(f"{site.as_uri()}/{path}")
    for kind in ("secondary", "primary"):
        button = page.locator(f".btn.{kind}-toggle:visible")
        button.click()
        page.locator("dialog[open] a:visible").first.wait_for()
        page.keyboard.press("Escape")
        page.locator("dialog[open]").wait_for(state="hidden")
        assert button.evaluate("button => button === document.activeElement")
    button.click()
    page.locator("dialog[open]").get_by_text("Data augmentation").first.click()
    page.wait_for_url("**/04-data-augmentation.html", wait_until="commit")


def test_on_a_phone_the_map_is_a_list(page: Page, site: Path) -> None:
    page.set_viewport_size({"width": 390, "height": 740})
    page.goto(f"{site.as_uri()}/book/index.html")
    shown = page.locator(".chapter-map a:visible").all_inner_texts()
    assert shown[0] == "1. Convolution by hand"
    assert len(shown) == len(NOTEBOOKS)


def test_on_a_phone_code_goes_on_in_the_next_line_and_is_copied_as_it_was_written(
    page: Page, address: str
) -> None:
    cells = nbformat.read(NOTEBOOKS[0], 4).cells
    written = next(cell.source for cell in cells if cell.source.startswith("for name, image in"))
    page.context.grant_permissions(["clipboard-read"])
    page.set_viewport_size({"width": 390, "height": 740})
    page.goto(f"{address}/{CHAPTER}")
    code = page.locator(".cell_input .highlight", has_text="for name, image in").first
    code.locator("pre").evaluate("code => getSelection().selectAllChildren(code)")
    assert page.evaluate("getSelection().toString()").rstrip("\n") == written
    code.hover()
    code.locator(".copybtn").click()
    copied = "navigator.clipboard.readText()"
    until(lambda: page.evaluate(copied) == written, "The code is not in the clipboard.")
    first, *further = code.locator(".line").first.evaluate(
        """line => {
            const all = document.createRange();
            all.selectNodeContents(line);
            const rects = [...all.getClientRects()];
            return rects.map(({ left, top, bottom }) => ({ left, top, bottom }));
        }"""
    )
    below = [part for part in further if part["top"] > first["bottom"]]
    assert min(part["left"] for part in below) > first["left"] + 10  # two characters further in
    openers = page.locator("details.hide summary p:visible")
    assert len({opener.bounding_box()["height"] for opener in openers.all()}) == 1
    page.context.clear_permissions()


def test_on_a_desktop_the_chapters_are_hidden_and_shown(chapter: Page) -> None:
    sidebar = chapter.locator("#pst-primary-sidebar")
    assert sidebar.is_visible()
    for state in ("hidden", "visible"):
        chapter.locator(".btn.primary-toggle:visible").click()
        sidebar.wait_for(state=state)


def test_formulas_have_a_font_whose_brackets_grow(chapter: Page) -> None:
    fonts = "document.fonts.ready.then((all) => [...all].filter(f => f.status === 'loaded')"
    assert "Course Math" in chapter.evaluate(f"{fonts}.map(f => f.family).join())")
    floor = chapter.locator("article math[display=block]", has_text="\u230a").first
    bracket, fraction = (
        floor.locator(what).first.bounding_box() for what in ("mo:text('\u230a')", "mfrac")
    )
    assert bracket["height"] >= 0.9 * fraction["height"]


def test_the_stepper_moves_by_keyboard_and_shows_one_step_at_a_time(chapter: Page) -> None:
    stepper = chapter.locator(".course-stepper").first
    visible = stepper.locator(".frame:visible")
    assert visible.count() == 1
    assert "Step 1 of 15" in visible.inner_text()
    stepper.locator("input").first.focus()
    chapter.keyboard.press("ArrowRight")
    assert visible.count() == 1
    assert "= 9; 9 / 9 = 1" in visible.inner_text()


def test_a_solution_is_folded_until_the_reader_asks_for_it(chapter: Page) -> None:
    folded = chapter.locator(".cell.tag_solution details").first
    code = folded.locator("pre").first
    assert not code.is_visible()
    assert "Show the solution" in folded.locator("summary").inner_text()
    folded.locator("summary").click()
    assert code.is_visible()


def test_a_reader_switches_to_the_dark_and_the_page_follows(chapter: Page) -> None:
    light = chapter.evaluate("getComputedStyle(document.body).backgroundColor")
    for _ in range(3):  # the button goes round: auto, light, dark
        chapter.locator(".theme-switch-button").first.click()
        if chapter.evaluate("document.documentElement.dataset.theme") == "dark":
            break
    assert chapter.evaluate("document.documentElement.dataset.theme") == "dark"
    assert chapter.evaluate("getComputedStyle(document.body).backgroundColor") != light
    diagram = chapter.locator("img.figure-diagram").first
    assert "invert" in diagram.evaluate("image => getComputedStyle(image).filter")
    chapter.evaluate("localStorage.clear()")  # the next test begins in the light


def test_formulas_are_set_without_a_script_and_a_quiz_option_opens_by_keyboard(
    without_scripts: Page, site: Path
) -> None:
    page = without_scripts
    page.goto(f"{site.as_uri()}/{CHAPTER}")
    assert page.locator("article math").count() >= 5
    fraction = page.locator("article math[display=block] mfrac").first
    above, below = (fraction.locator(f":scope > :nth-child({n})").bounding_box() for n in (1, 2))
    assert above["y"] + above["height"] <= below["y"] + 1  # one stands over the other
    assert "\\" not in "".join(page.locator("article math").all_text_contents())
    option = page.locator(".course-quiz").first.locator("details").first
    assert not option.locator("p").is_visible()
    option.locator("summary").focus()
    page.keyboard.press("Enter")
    assert option.locator("p").is_visible()
    assert option.locator("p").inner_text().startswith(("Right.", "No."))


@pytest.mark.parametrize("stem", ON_PAGES)
def test_without_scripts_pictures_stand_in_the_place_of_explorers(
    without_scripts: Page, site: Path, stem: str
) -> None:
    without_scripts.goto(f"{site.as_uri()}/notebooks/{stem}.html")
    stills = without_scripts.locator("article svg.explorer-still").all()
    assert len(stills) == len(ON_PAGES[stem])
    for still in stills:
        assert still.bounding_box()["height"] > 50
        assert len(still.get_attribute("aria-label").split()) >= 8


def test_a_reader_marks_parts_as_done_and_clears_them(page: Page, site: Path) -> None:
    page.goto(f"{site.as_uri()}/{CHAPTER}")
    line = page.locator(".course-progress")
    total = page.locator(".course-done").count()
    assert total > 10
    line.get_by_text(f"0 of {total} parts done").wait_for()
    page.get_by_role("button", name="Done: Why not compare pixels?").focus()
    page.keyboard.press("Enter")  # by keyboard
    page.locator(".course-done").nth(3).click()
    page.locator(".course-quiz details.wrong summary").first.click()
    line.get_by_text(f"2 of {total} parts done, 1 of ").wait_for()
    page.reload()
    line.get_by_text(f"2 of {total} parts done, 1 of ").wait_for()
    pressed = page.locator('.course-done[aria-pressed="true"]')
    assert pressed.count() == 2
    assert f"2/{total}" in page.locator(".bd-links").inner_text()
    pressed.first.click()
    line.get_by_text(f"1 of {total} parts done").wait_for()
    page.goto(f"{site.as_uri()}/book/how-to-use.html")
    overview = page.locator("#course-progress")
    overview.get_by_text(f"01-convolution-by-hand: 1 of {total} parts done").wait_for()
    overview.get_by_role("button", name="Clear everything").click()
    assert "not marked anything" in overview.inner_text()
    assert page.locator(".course-count").count() == 0
    page.goto(f"{site.as_uri()}/{CHAPTER}")
    line.get_by_text(f"0 of {total} parts done").wait_for()


def test_a_damaged_entry_in_the_browser_begins_anew(page: Page, site: Path) -> None:
    page.goto(f"{site.as_uri()}/notebooks/06-fine-tuning.html")
    line = page.locator(".course-progress")
    page.locator(".course-done").first.click()
    key = page.evaluate("Object.keys(localStorage).find(one => one.startsWith('cnn-course'))")
    for entry in ("{", "[]", "7", '{"06-fine-tuning": {"done": 3}}'):
        page.evaluate("([key, entry]) => localStorage.setItem(key, entry)", [key, entry])
        if entry == "{":
            page.reload()
        page.evaluate("dispatchEvent(new StorageEvent('storage'))")  # as if by another tab
        line.get_by_text("0 of ").first.wait_for()
        page.locator(".course-done").first.click()
        line.get_by_text("1 of ").first.wait_for()


def test_a_browser_that_keeps_nothing_shows_the_page_without_marks(page: Page, site: Path) -> None:
    # The theme keeps its mode there, too, and complains itself where it cannot.
    refuse = """
        const kept = Storage.prototype.setItem;
        Storage.prototype.setItem = function (name, value) {
            if (name.startsWith("cnn-course")) throw new DOMException("full");
            kept.call(this, name, value);
        };
    """
    devtools = page.context.new_cdp_session(page)
    devtools.send("Page.enable")
    devtools.send("Page.addScriptToEvaluateOnNewDocument", {"source": refuse})
    try:
        page.goto(f"{site.as_uri()}/{CHAPTER}", wait_until="networkidle")
        assert page.locator(".course-done").count() == 0
    finally:
        devtools.detach()


def test_every_explorer_stands_in_a_chapter() -> None:
    found = [name for on_page in ON_PAGES.values() for name in on_page]
    assert sorted(found) == sorted(explorers.__all__)


@pytest.mark.parametrize("stem", ON_PAGES)
def test_a_reader_changes_explorers_on_a_phone_and_a_link_brings_them_back(
    page: Page, site: Path, stem: str
) -> None:
    link = f"{site.as_uri()}/notebooks/{stem}.html"
    for size in (PHONE, DESKTOP):
        page.set_viewport_size(size)
        led_to(page, link)
        for control, choice, seen in ON_PAGES[stem].values():
            own = page.locator(".explorer").filter(has=page.locator(control)).first
            if size == PHONE:
                choose(own.locator(control), choice)
            own.get_by_text(seen).first.wait_for()
        assert page.evaluate(SHAPE)[0] <= 0
        link = page.url
