"""Exercises on their pages: filled in, marked, kept, by keyboard and by touch."""

import http.server
import json
import threading
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from barriers import barriers, too_faint
from conftest import NOTEBOOKS, fresh
from explorer_pages import Shown, touch
from patience import until
from playwright.sync_api import Locator, Page

from cnn_course import classtest
from cnn_course.checks import check
from cnn_course.checks.answers import specifications

pytestmark = [pytest.mark.site, pytest.mark.browser]

CHECKS = Path(__file__).parents[1] / "checks"
PLAIN = tomllib.loads((CHECKS / "answers.toml").read_text(encoding="utf-8"))
NUMBER, GRID, WORDS = "#exercise-the-first-loss", "#exercise-pool-by-hand", "#exercise-at-the-ends"
ORDER = "#exercise-put-them-in-order"


def chapter(page: Page, site: Path, number: str) -> Page:
    """Open a chapter in the window."""
    (stem,) = (file.stem for file in NOTEBOOKS if file.stem.startswith(number))
    page.goto(f"{site.as_uri()}/notebooks/{stem}.html")
    return page


def fill(form: Locator, values: Any) -> None:
    """Fill in a form from top to bottom, where all fields are numbers or words."""
    flat: list[Any] = []

    def walk(value: Any) -> None:
        for one in value.values() if isinstance(value, dict) else value:
            walk(one) if isinstance(one, list | dict) else flat.append(one)

    walk([values])
    fields = form.locator("input, select").all()
    assert len(fields) == len(flat)
    for field, value in zip(fields, flat, strict=True):
        if field.evaluate("field => field.tagName") == "SELECT":
            field.select_option(str(value))
        else:
            field.fill(str(value))


def said(form: Locator) -> str:
    """Check what is filled in, and return the verdict."""
    form.get_by_role("button", name="Check").click()
    return form.get_by_role("status").inner_text()


def as_filled_in(specified: dict[str, Any], right: Any) -> Any:
    """Return a right answer as its fields have it: shapes and axes are one field."""
    if specified["kind"] == "parts":
        return {key: as_filled_in(part, right[key]) for key, part in specified["parts"].items()}
    if specified["kind"] in ("shape", "axes"):
        return ", ".join(map(str, right))
    return right


@pytest.mark.parametrize("stem", [file.stem for file in NOTEBOOKS])
def test_every_exercise_that_is_data_is_answered_rightly_on_its_page_and_counted(
    page: Page, site: Path, stem: str
) -> None:
    chapter(page, site, stem)
    names = page.locator("script.course-exercise-data").evaluate_all(
        "all => all.map(one => one.dataset.name)"
    )
    specified = specifications(stem)
    assert sorted(names) == sorted(specified)
    forms = page.locator("form.course-exercise")
    assert forms.count() == len(names)
    for place, name in enumerate(names):
        form, right = forms.nth(place), PLAIN[name]["right"][0]
        if specified[name]["kind"] == "order":
            continue  # moved, below
        assert "Fill in every field" in said(form)
        fill(form, as_filled_in(specified[name], right))
        assert said(form) == f"Right. {specified[name]['reason']}"
    done = page.locator('.course-done[aria-pressed="true"]').count()
    assert done == len(names) - ("five-steps" in names)
    others = page.locator(".cell.tag_exercise").count() - len(names)
    assert page.locator(".course-only-python").count() == others


def test_an_answer_is_typed_marked_and_kept_by_keyboard_alone(page: Page, site: Path) -> None:
    form = chapter(page, site, "02").locator(f"{NUMBER} form")
    form.locator("input").focus()
    page.keyboard.type("0.1")
    page.keyboard.press("Enter")
    status = form.get_by_role("status")
    assert status.inner_text() == "Not yet. That is the probability. The loss is -ln of it."
    field = form.get_by_label("Your answer")
    assert field.get_attribute("aria-invalid") == "true"
    assert field.get_attribute("aria-describedby") == status.get_attribute("id")
    page.keyboard.press("Control+A")
    page.keyboard.type("2,303")
    page.keyboard.press("Enter")
    assert status.inner_text().startswith("Which one? 2,303 can be read in two ways.")
    page.reload()
    assert field.input_value() == "2,303"
    field.fill("2.303")
    assert said(form).startswith("Right.")
    assert field.get_attribute("aria-invalid") == "false"
    pressed = page.locator('.course-done[aria-pressed="true"]')
    assert pressed.get_attribute("aria-label") == "Done: Exercise: the first loss"
    assert "1/" in page.locator(".bd-links").inner_text()
    page.get_by_role("button", name="Clear this page").click()
    assert field.input_value() == ""
    assert pressed.count() == 0


def test_a_wrong_value_is_found_in_its_grid_and_the_solution_is_offered_then(
    page: Page, site: Path
) -> None:
    form = chapter(page, site, "01").locator(f"{GRID} form")
    offer = form.get_by_role("button", name="Show the solution")
    assert not offer.is_visible()
    fill(form, [[4, 5], [6, 8]])
    assert "The first value that differs is at (1, 0)" in said(form)
    invalid = form.locator('[aria-invalid="true"]')
    assert invalid.evaluate_all("all => all.map(one => one.value)") == ["6"]
    solution = page.locator(f"{GRID} .tag_solution details")
    assert not solution.locator("pre").first.is_visible()
    offer.click()
    assert solution.locator("pre").first.is_visible()


def test_a_slip_in_the_whole_answer_is_tied_to_all_its_fields_until_the_page_is_cleared(
    page: Page, site: Path
) -> None:
    form = chapter(page, site, "01").locator(f"{GRID} form")
    fill(form, [[4, 7], [5, 8]])
    assert said(form) == "Not yet. Rows and columns are exchanged."
    assert form.locator('[aria-invalid="true"]').count() == 4
    page.get_by_role("button", name="Clear this page").click()
    assert form.locator("[aria-invalid]").count() == 0
    assert not form.get_by_role("button", name="Show the solution").is_visible()


def test_a_right_answer_is_told_where_the_browser_keeps_nothing_more(
    page: Page, site: Path
) -> None:
    form = chapter(page, site, "02").locator(f"{NUMBER} form")
    page.evaluate(
        """() => {
            const { setItem } = Storage.prototype;
            Storage.prototype.setItem = function (key, value) {
                if (key.startsWith("cnn-course")) throw new DOMException("", "QuotaExceededError");
                setItem.call(this, key, value);
            };
        }"""
    )
    fill(form, ["2.303"])
    assert said(form).startswith("Right.")


def test_a_class_test_on_the_page_counts_as_the_exercise_that_python_marks(
    page: Page, site: Path
) -> None:
    test = Shown(chapter(page, site, "08"), "explorer-2")
    done = page.locator('.course-done[aria-pressed="true"]')

    def hand_in(answers: dict[str, Any]) -> list[str]:
        for name, answer in answers.items():
            written = " x ".join(map(str, answer)) if isinstance(answer, tuple) else str(answer)
            test.cell(name).fill(written)
        test.cell("mark").click()
        return done.evaluate_all("all => all.map(one => one.closest('section').id)")

    right = dict(classtest.read(classtest.CHAPTER_8).key)
    assert hand_in(right | {"conv_1 parameters": 4}) == []
    assert hand_in(right) == ["exercise-the-class-test"]
    hard = classtest.generate(seed=55, level="hard").key
    test.pick(level="hard")
    test.control("seed").fill("55")
    test.control("seed").press("Enter")
    some = [{name: hard[name] for name in list(hard)[:number]} for number in (3, 10)]
    assert [check("hard", one).outcome for one in some] == ["wrong", "right"]
    assert [len(hand_in(one)) for one in some] == [1, 2]
    notes = page.locator(".course-only-python", has_text="the class test on this page")
    assert notes.count() == 2


def test_an_order_is_made_by_keyboard_and_by_dragging(page: Page, site: Path) -> None:
    form = chapter(page, site, "06").locator(f"{ORDER} form")
    letters = form.locator("li")
    order = "all => all.map(one => one.dataset.letter).join('')"
    assert said(form) == "Not yet. What would A train, before C?"
    form.get_by_role("button", name="C earlier").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    assert letters.evaluate_all(order) == "CABDE"
    assert form.locator("[aria-live]").inner_text() == "C is number 1 of 5."
    start, end = (letters.nth(n).locator("span").bounding_box() for n in (4, 1))
    page.mouse.move(start["x"] + 9, start["y"] + 9)
    page.mouse.down()
    page.mouse.move(end["x"] + 9, end["y"] + 2, steps=12)
    page.mouse.up()
    assert letters.evaluate_all(order) == "CEABD"
    assert said(form).startswith("Right.")
    page.reload()
    until(lambda: letters.evaluate_all(order) == "CEABD", "The order is not the one that was kept.")


def test_an_order_is_made_with_a_finger(page: Page, site: Path) -> None:
    fresh(page, 390)
    form = chapter(page, site, "06").locator(f"{ORDER} form")
    form.scroll_into_view_if_needed()
    first, last = (form.locator("li span").nth(n).bounding_box() for n in (0, 4))
    x, above, below = first["x"] + 20, first["y"] + 9, last["y"] + last["height"] - 2
    steps = [above + (below - above) * n / 12 for n in range(13)]
    touch(page, *((x, y) for y in steps))
    order = "all => all.map(one => one.dataset.letter).join('')"
    assert form.locator("li").evaluate_all(order) == "BCDEA"


def test_verdicts_have_no_barrier_on_a_phone_in_the_light_and_in_the_dark(
    page: Page, site: Path
) -> None:
    fresh(page, 320)
    for number, wrong in (("04", "last"), ("01", "7")):
        chapter(page, site, number)
        for form in page.locator("form.course-exercise").all():
            for field in form.locator("input").all():
                field.fill(wrong)
            for choice in form.locator("select").all():
                choice.select_option(index=1)
            assert said(form)
        assert barriers(page) == []
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            page.locator(f"html[data-theme={scheme}]").wait_for()
            assert too_faint(page) == []
        sideways = "document.scrollingElement.scrollWidth - document.scrollingElement.clientWidth"
        assert page.evaluate(sideways) <= 0


def test_without_scripts_an_exercise_and_its_solution_can_be_read(
    without_scripts: Page, site: Path
) -> None:
    page = chapter(without_scripts, site, "02")
    assert page.locator(f"{NUMBER} .tag_exercise pre").first.is_visible()
    assert page.locator(f"{NUMBER} .tag_exercise .cell_output").is_visible()
    page.locator(f"{NUMBER} .tag_solution summary").click()
    assert page.locator(f"{NUMBER} .tag_solution pre").first.is_visible()


def test_an_exercise_in_python_says_where_there_is_one(page: Page, site: Path) -> None:
    note = chapter(page, site, "01").locator("#exercise-the-formula-as-a-function p").nth(1)
    links = note.locator("a")
    assert links.all_inner_texts() == ["Colab", "Binder", "on your own machine"]
    assert "01-convolution-by-hand.ipynb" in links.first.get_attribute("href")
    links.last.click()
    page.wait_for_url("**/book/how-to-use.html")


@pytest.fixture
def editions(page: Page, site: Path) -> Iterator[list[str]]:
    """Two editions of the course on one host, one of them in a folder called notebooks."""

    class Under(http.server.SimpleHTTPRequestHandler):
        def translate_path(self, path: str) -> str:
            return str(site / path.partition("?")[0].split("/", 2)[2])

        def log_message(self, *arguments: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Under) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        page.context.set_offline(False)
        host = f"http://127.0.0.1:{server.server_port}"
        yield [f"{host}/2026", f"{host}/notebooks"]
        page.wait_for_load_state("networkidle")  # pictures may be on their way
        page.context.set_offline(True)
        server.shutdown()


def test_two_editions_on_one_host_keep_their_own_answers(page: Page, editions: list[str]) -> None:
    name = "notebooks/02-mnist-convnet.html"
    for edition, answer in zip(editions, ("2.303", "7"), strict=True):
        page.goto(f"{edition}/{name}")
        form = page.locator(f"{NUMBER} form")
        assert form.locator("input").input_value() == ""
        form.locator("input").fill(answer)
        said(form)
    page.get_by_role("button", name="Clear this page").click()
    page.goto(f"{editions[0]}/{name}")
    assert page.locator(f"{NUMBER} input").input_value() == "2.303"
    assert page.locator('.course-done[aria-pressed="true"]').count() == 1
    page.goto(f"{editions[1]}/book/glossary.html")
    assert page.locator(".course-done").count() == 0, "the glossary is no chapter"


def test_what_somebody_else_kept_there_does_no_harm(page: Page, site: Path) -> None:
    chapter(page, site, "02").locator(f"{NUMBER} input").fill("1")
    key = page.evaluate("Object.keys(localStorage).find(one => one.includes('cnn-course'))")
    for kept in ({"first-loss": 3}, {"first-loss": {"[]": {}}}, ["x"], "x"):
        entry = json.dumps({"02-mnist-convnet": {"answers": kept}})
        page.evaluate("([key, entry]) => localStorage.setItem(key, entry)", [key, entry])
        page.reload()
        form = page.locator(f"{NUMBER} form")
        assert form.locator("input").input_value() == ""
        form.locator("input").fill("2.303")
        assert said(form).startswith("Right.")
