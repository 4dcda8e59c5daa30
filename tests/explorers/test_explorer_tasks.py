"""Tasks of explorers: marked when done, kept; and what a reader changed is told and undone."""

import json
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pytest
from explorer_pages import Shown, show, slide, written
from patience import HANGS
from playwright.sync_api import Page, expect

from cnn_course import explorers
from cnn_course.explorers.explorer import Explorer

pytestmark = pytest.mark.browser
PROGRESS = Path(__file__).parents[2] / "book" / "_static" / "progress.js"
Act = Callable[[Shown], None]


def typing(cell: str, text: str) -> Act:
    def act(shown: Shown) -> None:
        shown.cell(cell).fill(text)
        shown.cell(cell).press("Tab")

    return act


def picking(**choices: str) -> Act:
    return lambda shown: shown.pick(**choices)


def sliding(name: str, to: float) -> Act:
    return lambda shown: shown.control(name).fill(str(to))


def clicking(*names: str) -> Act:
    def act(shown: Shown) -> None:
        for name in names:
            shown.at(f'button:text-is("{name}"), [data-cell="{name}"]').first.click()

    return act


def adding(kind: str) -> Act:
    def act(shown: Shown) -> None:
        shown.cell("new").select_option(kind)
        shown.at(">> text=add at the end").click()

    return act


def taking(layer: int, source: str) -> Act:
    return lambda shown: shown.cell(f"layer {layer} takes 1").select_option(source)


def case(similarity: str, pictures: int) -> Act:
    def act(shown: Shown) -> None:
        shown.pick(similarity=similarity)
        shown.control("pictures").fill(str(pictures))
        shown.control("pictures").press("Tab")

    return act


def resting(name: str, value: float) -> Act:
    """Pause, go back to the start, and set how a training learns."""

    def act(shown: Shown) -> None:
        if shown.at(".explorer-steps button:text-matches('pause')").count():
            shown.at(".explorer-steps button:text-matches('pause')").click()
        slide(shown, name, str(value))
        shown.at('button:text-is("reset")').click()

    return act


def waiting(words: str) -> Act:
    """Wait for a training that is still on its way to where its address says."""
    return lambda shown: shown.at(f".explorer-sum:has-text('{words}')").wait_for()


def running() -> Act:
    """Let a training run until it has done another task."""

    def act(shown: Shown) -> None:
        done = shown.at(".explorer-tasks button:text-is('\u2713')")
        before = done.count()
        shown.at("button:text-matches('run')").click()
        expect(done).not_to_have_count(before, timeout=HANGS * 1000)

    return act


def in_doubt() -> explorers.DigitNetwork:
    """Return the network before a drawing that lies between two digits."""
    nine, four = (explorers.DigitNetwork(digit).drawing.astype(float) for digit in "94")
    for share in np.linspace(0, 1, 101):
        shown = explorers.DigitNetwork((share * nine + (1 - share) * four).astype(np.uint8))
        if sorted(shown.output)[-2] >= 0.3:
            return shown
    raise AssertionError("No drawing between a 4 and a 9 is doubtful.")


def answered() -> explorers.ClassTests:
    shown = explorers.ClassTests(level="first", seed=3)
    shown.set(answers={name: str(value) for name, value in shown.test.key.items()})
    return shown


CONV = {"kind": "conv", "filters": 4, "size": 3, "stride": 1, "padding": "same", "bias": True}
DENSE = {"kind": "dense", "units": 10, "bias": True}
TEN = [CONV, CONV, {"kind": "flatten"}, DENSE]
SHORTCUT = [
    clicking("remove layer 4", "remove layer 3"),
    adding("add"),
]
#: explorer, and for each of its tasks what a reader does
SOLVED: list[tuple[Callable[[], Explorer], list[list[Act]]]] = [
    (
        explorers.Convolution,
        [
            [picking(padding="same")],
            [picking(padding="valid", stride="3")],
            [picking(kernel_name="Sobel x"), typing("kernel-0-0", "-3"), typing("kernel-0-2", "3")],
        ],
    ),
    (
        explorers.Pooling,
        [
            [picking(kind="average")],
            [picking(kind="max", stride="1")],
            [picking(kind="average", stride="3")],
        ],
    ),
    (
        lambda: explorers.Shapes(shape=(8, 8, 4), layers=TEN),
        [
            [clicking("remove layer 3"), adding("global")],
            [typing("layer 1 size", "7")],
            [*SHORTCUT, taking(3, "0")],
        ],
    ),
    (
        explorers.Augmentation,
        [
            [clicking("all off"), picking(flip="true")],
            [picking(fill_mode="constant"), sliding("width", 0.2)],
            [clicking("all off"), sliding("brightness", 0.2)],
        ],
    ),
    (explorers.TransferCases, [[case("middle", 20)], [case("far", 2_000)], [case("near", 200)]]),
    (
        explorers.KernelTraining,
        [[running()], [resting("rate", 1), running()], [resting("rate", 0.3), running()]],
    ),
    (
        lambda: explorers.DigitTraining(rate=0.05, momentum=0.9, steps=100),
        [
            [waiting("Step 100, "), running()],
            [resting("rate", 0.001), resting("momentum", 0), clicking(*["step"] * 50)],
            [resting("rate", 0.1), resting("momentum", 0.9), running()],
        ],
    ),
    (
        lambda: explorers.Gradients(activation="ReLU", start="He", depth=14),
        [
            [picking(activation="sigmoid")],
            [picking(activation="tanh", start="twice He's"), sliding("depth", 20)],
            [picking(start="He")],
        ],
    ),
    (in_doubt, [[clicking("shift left", "shift right")], [clicking("clear")], []]),
    (answered, [[clicking("mark")], [], []]),
]


def marks(shown: Shown) -> list[str]:
    return shown.at(".explorer-tasks button").all_inner_texts()


@pytest.mark.parametrize(("made", "solutions"), SOLVED)
def test_an_explorer_marks_its_three_tasks_when_the_reader_has_done_them(
    page: Page, tmp_path: Path, made: Callable[[], Explorer], solutions: list[list[Act]]
) -> None:
    shown = show(page, tmp_path, made())
    assert marks(shown) == ["1", "2", "3"]
    for number, acts in enumerate(solutions, start=1):
        for act in acts:
            act(shown)
        if acts:
            assert marks(shown)[number - 1] == "\u2713", shown.state
    assert marks(shown) == ["\u2713"] * 3
    shown.at(".explorer-tasks button").nth(1).click()
    said = shown.at(".explorer-tasks [role=status]").inner_text()
    assert said.startswith("Task 2 of 3: ")
    assert " \u2713 Done. " in said


def test_a_link_to_a_solution_does_no_task(page: Page, tmp_path: Path) -> None:
    shown = show(page, tmp_path, explorers.Pooling())
    shown.pick(kind="average")
    assert marks(shown) == ["\u2713", "2", "3"]
    shown.come_back()
    assert shown.control("kind").input_value() == "average"
    assert marks(shown) == ["1", "2", "3"]


@pytest.mark.fault(
    "a store of progress in the browser that somebody filled with other things",
    "tasks begin anew, and are kept from then on",
    "nothing",
)
def test_tasks_that_are_done_are_kept_in_the_browser_until_the_page_is_cleared(
    page: Page, tmp_path: Path
) -> None:
    for folder in ("_static", "notebooks"):
        (tmp_path / folder).mkdir()
    (tmp_path / "_static" / "progress.js").write_bytes(PROGRESS.read_bytes())
    address, [name] = written(tmp_path / "notebooks", explorers.Pooling())
    file = tmp_path / "notebooks" / "page.html"
    scripts = "<script src='../_static/progress.js'></script>"
    article = file.read_text().replace("<main>", f"{scripts}<main class='bd-article'>")
    file.write_text(article)
    page.goto(address)
    shown = Shown(page, name)
    for spoiled in ("3", '{"tasks": 3}', '["task-twice", {}]', '{"0": "task-mean"}'):
        entry = {"page": {"answers": json.loads(f'{{"tasks": {spoiled}}}')}}
        page.evaluate(
            "(text) => localStorage.setItem(Object.keys(localStorage)[0]"
            " ?? `cnn-course-progress:${new URL('..', location).pathname}`, text)",
            json.dumps(entry),
        )
        page.reload()
        assert marks(shown) == ["1", "\u2713" if "twice" in spoiled else "2", "3"]
    shown.pick(kind="average")
    shown.pick(kind="max", stride="1")
    page.goto(address.partition("#")[0])
    page.reload()
    assert marks(shown) == ["\u2713", "\u2713", "3"]
    progress = page.locator(".course-progress [role=status]")
    assert progress.inner_text() == "0 of 0 parts done, 2 of 3 tasks solved."
    page.get_by_role("button", name="Clear this page").click()
    assert marks(shown) == ["1", "2", "3"]
    assert progress.inner_text() == "0 of 0 parts done, 0 of 3 tasks solved."


def test_tasks_that_are_done_in_a_notebook_are_kept_on_the_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "progress.txt"
    monkeypatch.setenv("CNN_COURSE_PROGRESS", str(file))
    first = explorers.Pooling()
    assert first.done == []
    first.done = ["task-mean", "../task-mean", "slip", "task-twice"]  # as the screen says it
    assert explorers.Pooling().done == ["task-mean", "task-twice"]
    assert file.read_text().split()[::2] == ["task-mean", "task-twice"]
    assert "task-mean 2" not in explorers.Pooling().page()
    assert '"done": [' not in explorers.Pooling().page()


def latest(shown: Shown) -> str:
    return shown.at(".explorer-latest[role=status]").inner_text()


def test_what_changed_is_told_and_undone_change_by_change(page: Page, tmp_path: Path) -> None:
    shown = show(page, tmp_path, explorers.Convolution())
    undo = shown.at("button >> text=undo")
    begun = shown.numbers()
    shown.pick(stride="2")
    assert latest(shown) == "Changed: stride 1 \u2192 2"
    shown.pick(image_name="cat")
    assert latest(shown) == "Changed: image 9 \u2192 cat"
    shown.pick(image_name="shifted 9", pad_mode="edge")
    assert latest(shown) == "Changed: frame zeros \u2192 same value"
    typing("image-0-1", "5")(shown)
    assert latest(shown) == "Changed: image, row 0, column 1: 1 \u2192 5"
    page.keyboard.press("Control+z")
    assert latest(shown) == "Undone: image, row 0, column 1: 5 \u2192 1"
    assert shown.state["image_name"] == "shifted 9"
    undo.click()
    assert shown.state["pad_mode"] == "constant"
    field = shown.cell("kernel-0-0")
    field.fill("7")  # half typed: the field's own undo
    field.press("Control+z")
    assert shown.state["image_name"] == "shifted 9"
    field.fill("1")
    for _ in range(5):  # more than there were
        undo.press("Enter")
    assert shown.control("stride").input_value() == "1"
    assert (shown.numbers() == begun).all()
    assert undo.get_attribute("aria-disabled") == "true"


def test_a_link_brings_back_the_place_that_was_looked_at(page: Page, tmp_path: Path) -> None:
    looks = (
        (explorers.Convolution, "output-3-1", "sum"),
        (explorers.Augmentation, "picture-6", "sum"),
        (explorers.Shapes, "5 convolution", "derived"),
    )
    for kind, place, told in looks:
        shown = show(page, tmp_path, kind())
        before = shown.text(told)
        shown.cell(place).click()
        looked_at = shown.text(told)
        assert looked_at != before
        shown.come_back()
        assert shown.text(told) == looked_at
        hostile = page.url.replace(quote('"view":{'), quote('"view":{"x":[],"place":1e9,"a":{'))
        page.goto("about:blank")
        page.goto(hostile.replace("%7D%7D", "%7D%7D%7D"))
        assert shown.text(told)
    assert page.complaints == []


def test_a_change_of_layers_is_told_by_their_numbers(page: Page, tmp_path: Path) -> None:
    shown = show(page, tmp_path, explorers.Shapes("LeNet-5"))
    typing("layer 3 filters", "17")(shown)
    assert latest(shown) == "Changed: layer 3 filters 16 \u2192 17"
    typing("input rows", "30")(shown)
    assert latest(shown) == "Changed: input rows 28 \u2192 30"
    clicking("remove layer 2")(shown)
    assert latest(shown) == "Changed: layers 8 \u2192 7"


def test_a_line_of_the_pen_and_a_pull_at_a_slider_are_one_change(
    page: Page, tmp_path: Path
) -> None:
    shown = show(page, tmp_path, explorers.Convolution())
    shown.pick(image_name="drawn")
    page.evaluate(
        """() => {
            const { replaceState } = history;
            globalThis.kept = 0;
            history.replaceState = (...all) => { kept += 1; replaceState.apply(history, all); };
        }"""
    )
    box = shown.cell("pad").bounding_box()
    for part in (0.3, 0.6):  # two lines
        page.mouse.move(box["x"] + part * box["width"], box["y"] + 20)
        page.mouse.down()
        for step in range(1, 6):
            page.mouse.move(box["x"] + part * box["width"], box["y"] + 20 + 12 * step)
        page.mouse.up()
    assert page.evaluate("kept") == 2  # each at its end
    ink = np.sum(shown.state["image"])
    page.keyboard.press("Control+z")
    assert 0.3 * ink < np.sum(shown.state["image"]) < 0.7 * ink
    page.keyboard.press("Control+z")
    assert np.sum(shown.state["image"]) == 0
    shown = show(page, tmp_path, explorers.Augmentation(rotation=0.1))
    box = shown.control("rotation").bounding_box()
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 0.25 * box["width"], middle)
    page.mouse.down()
    for share in (0.4, 0.6, 0.8):
        page.mouse.move(box["x"] + share * box["width"], middle)
    page.mouse.up()
    assert shown.state["rotation"] > 0.3
    page.keyboard.press("Control+z")
    assert shown.state["rotation"] == 0.1


def test_an_explorer_takes_the_whole_screen_and_gives_it_back(page: Page, tmp_path: Path) -> None:
    shown = show(page, tmp_path, explorers.Convolution("cat"))
    page.add_style_tag(content="main { max-width: 600px; }")  # as on the book's pages
    canvas, large = shown.at("canvas").first, shown.at("button >> text=\u2922")
    before = canvas.bounding_box()["width"]
    large.click()
    page.wait_for_function("document.fullscreenElement?.className.includes('explorer')")
    assert canvas.bounding_box()["width"] > before
    assert page.locator(f"#{shown.name}").bounding_box()["width"] == page.evaluate("innerWidth")
    large.click()
    page.wait_for_function("!document.fullscreenElement")
    assert canvas.bounding_box()["width"] == before
