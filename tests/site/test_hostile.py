"""The built site under odd searches, with a full storage, with a script slipped in."""

import json
from pathlib import Path

import pytest
from explorer_pages import led_to
from playwright.sync_api import Page

pytestmark = [pytest.mark.site, pytest.mark.browser]

CHAPTER = "notebooks/01-convolution-by-hand.html"
# Leave no room in the storage, not for a single letter.
FILL = """() => {
    for (let text = "x".repeat(1 << 20), n = 0; text;) {
        try { localStorage.setItem(`fill ${n++}`, text); }
        catch { text = text.slice(0, text.length >> 1); }
    }
}"""


@pytest.mark.parametrize("word", ["constructor", "__proto__"])
@pytest.mark.fault(
    "a search for a word that every object of JavaScript has",
    "the search ends, and finds what has the word, or nothing",
    "nothing",
)
def test_a_search_for_a_word_of_javascript_ends(page: Page, site: Path, word: str) -> None:
    page.goto(f"{site.as_uri()}/search.html?q={word}")
    page.get_by_text("did not match any documents").wait_for()
    assert page.locator("#search-results li").count() == 0


def test_two_editions_below_a_folder_notebooks_keep_apart_what_is_done(
    page: Page, site: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "notebooks"
    folder.mkdir()
    for edition in ("first", "second"):
        (folder / edition).symlink_to(site)
    marks, line = page.locator(".course-done"), page.locator(".course-progress")
    page.goto(f"{folder.as_uri()}/first/book/glossary.html")
    page.locator(".bd-links").wait_for(state="attached")
    assert marks.count() == 0
    page.goto(f"{folder.as_uri()}/first/{CHAPTER}")
    marks.first.click()
    line.get_by_text("1 of ").wait_for()
    page.goto(f"{folder.as_uri()}/second/{CHAPTER}")
    line.get_by_text("0 of ").first.wait_for()
    marks.first.click()
    line.get_by_role("button").click()  # clears the page
    page.goto(f"{folder.as_uri()}/first/{CHAPTER}")
    line.get_by_text("1 of ").wait_for()


@pytest.mark.fault(
    "a browser has no room left for the site",
    "the page says that the last change was not kept; search and dark mode work on",
    "what was kept before",
)
def test_a_full_storage_is_told_and_hides_nothing_that_it_keeps(page: Page, site: Path) -> None:
    page.goto(f"{site.as_uri()}/{CHAPTER}")
    line, marks = page.locator(".course-progress"), page.locator(".course-done")
    marks.first.click()
    line.get_by_text("1 of ").wait_for()
    page.evaluate(FILL)
    page.reload()
    marks.nth(1).click()
    line.get_by_text("The last change was not kept").wait_for()
    line.get_by_text("1 of ").wait_for()
    page.locator(".theme-switch-button").first.click()
    assert page.evaluate("document.documentElement.dataset.mode") == "dark"
    page.goto(f"{site.as_uri()}/search.html?q={'stride+kernel+' * 9}")
    page.get_by_text("Search finished").wait_for()
    page.evaluate(
        "Object.keys(localStorage).forEach(n => n.startsWith('fill') && delete localStorage[n])"
    )
    page.goto(f"{site.as_uri()}/{CHAPTER}")
    # Another page may be another process, and hears of what was deleted a little later.
    page.wait_for_function("!Object.keys(localStorage).some(n => n.startsWith('fill'))")
    marks.nth(1).click()
    line.get_by_text("2 of ").wait_for()
    assert "not kept" not in line.inner_text()


def test_what_others_put_into_the_entry_is_not_listed_and_costs_nothing(
    page: Page, site: Path
) -> None:
    page.goto(f"{site.as_uri()}/{CHAPTER}")
    page.locator(".course-done").first.click()
    page.evaluate(
        """() => {
            const key = Object.keys(localStorage).find((one) => one.startsWith("cnn-course"));
            const entry = JSON.parse(localStorage[key]), [known] = Object.values(entry);
            for (let n = 0; n < 50_000; n++) entry[`other ${n}`] = { done: ["a"], parts: 1 };
            Object.defineProperty(entry, "__proto__", { value: known, enumerable: true });
            localStorage[key] = JSON.stringify(entry);
        }"""
    )
    page.goto(f"{site.as_uri()}/book/how-to-use.html")
    page.locator("#course-progress li").wait_for()
    assert page.locator("#course-progress li").count() == 1
    reads = page.evaluate(
        """() => {
            const { parse } = JSON;
            let reads = 0;
            JSON.parse = (text) => { reads++; return parse(text); };
            dispatchEvent(new StorageEvent("storage")); // as if by another tab
            JSON.parse = parse;
            return reads;
        }"""
    )
    assert reads <= 3  # not once for each of what is in it
    page.get_by_role("button", name="Clear everything").click()
    assert page.evaluate("Object.keys(localStorage).filter(n => n.startsWith('cnn')).length") == 0


@pytest.mark.fault(
    "a script, a handler and a picture from elsewhere are slipped into a page",
    "nothing of it runs or is asked for",
    "nothing",
)
def test_what_is_slipped_into_a_page_does_not_run(page: Page, site: Path) -> None:
    led_to(page, f"{site.as_uri()}/{CHAPTER}")
    page.evaluate(
        """() => {
            const script = document.createElement("script");
            script.textContent = "window.ran = true";
            const image = document.createElement("img");
            image.setAttribute("onerror", "window.ran = true");
            image.src = "http://127.0.0.1:9/picture.png";
            document.body.append(script, image);
        }"""
    )
    assert page.evaluate("window.ran ?? false") is False
    assert (
        page.evaluate("fetch('http://127.0.0.1:9/').then(() => 'sent', () => 'refused')")
        == "refused"
    )
    refused = json.dumps(page.complaints)
    assert all(f"{kind}-src" in refused for kind in ("script", "img", "connect"))
    page.complaints.clear()
    page.evaluate("print = () => { window.printed = true; }")
    page.locator(".btn-download-pdf-button").dispatch_event("click")  # had its script in the page
    assert page.evaluate("window.printed") is True
