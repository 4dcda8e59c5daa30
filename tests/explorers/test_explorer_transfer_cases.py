"""The explorer of transfers shows what `advise` says, for every case on its plane."""

import math
from typing import Any

import numpy as np
import pytest
from explorer_pages import Shown, opened, outcomes, show, touch

from cnn_course import cases, explorers

pytestmark = pytest.mark.browser

EARLY, LAST, TOP = cases.EARLY, cases.LAST, cases.TOP
WHOLE: dict[str, Any] = {  # every strategy in every cell, with two seeds, as in a record
    similarity: {
        str(size): {
            name: [0.5 + (7 * row + 5 * column + 3 * place) % 11 / 25 + seed for seed in (0, 0.01)]
            for place, name in enumerate(cases.STRATEGIES)
        }
        for column, size in enumerate((100, 400, 1_600))
    }
    for row, similarity in enumerate(cases.SIMILARITIES)
}
HOLES: dict[str, Any] = {  # cells, rows and strategies are missing, and the sizes lie oddly
    "near": {7: {LAST: [0.5], TOP: [0.6]}, "3000": {LAST: [0.9, 0.8], cases.ALL: [0.95, 0.97]}},
    "far": {"50": {EARLY: [0.7], "a strategy of one's own": [0.9]}, 90_000: {TOP: [0.1]}},
}
GRIDS = {"whole": WHOLE, "with holes": HOLES, "empty": {}}
SAID = {
    True: "✓ Rule and measurement agree.",
    False: "✗ The measurement contradicts the rule.",
    None: "– Nothing is measured for it yet.",
}


def breakpoints(grid: dict) -> list[int]:
    """Return where what is said may change, and the number behind it."""
    found = {cases.SMALL, cases.LARGE, 1, 10_000}
    for row in grid.values():
        sizes = [int(size) for size in row]
        found |= {
            *sizes,
            *(2 * size for size in sizes),
            *((size - 1) // 2 for size in sizes),
            *(math.isqrt(one * other) for one in sizes for other in sizes),
        }
    beside = {place + step for place in found for step in (0, 1)}
    return sorted(place for place in beside if 1 <= place <= 10_000)


# Type a case in, and read what is said about it.
READ = """({ name, pictures, similarity }) => {
    const el = document.getElementById(name), one = (which) => el.querySelector(which);
    const at = (which, name) => Number(one(which).getAttribute(name));
    const type = (which, value) => {
        if (one(which).value === value) return;
        one(which).value = value;
        one(which).onchange({ target: one(which) });
    };
    if (similarity) type("[data-name=similarity]", similarity);
    if (pictures) type("[data-name=pictures]", pictures);
    const rows = [...el.querySelectorAll("tbody tr")].map((row) => ({
        name: row.querySelector(".name").textContent, text: row.querySelector(".mean").textContent,
        marks: [...row.querySelectorAll("mark")].map((mark) => mark.textContent),
        seeds: [...row.querySelectorAll(".seed")].map((dot) => dot.title),
        width: row.querySelector(".bar")?.style.width ?? "" }));
    const captions = el.querySelectorAll("figcaption");
    return { case: one("dd.case").textContent, rule: one("dd.rule").textContent,
        strategy: one("dd.try").textContent, reason: one("dd.why").textContent,
        verdict: one("dd.verdict").textContent, cell: captions[1].textContent,
        message: one(".explorer-message").textContent, sum: one(".explorer-sum").textContent, rows,
        line: at(".taken", "x2"), x: at("circle", "cx") };
}"""


def compare(found: dict[str, Any], pictures: int, similarity: str, grid: dict) -> None:
    advice = cases.advise(pictures=pictures, similarity=similarity, grid=grid)
    assert found["case"] == advice.case
    assert found["rule"] == " or ".join(advice.rule)
    assert (found["strategy"], found["reason"]) == (advice.strategy, advice.reason)
    assert found["verdict"] == SAID[advice.agrees]
    assert found["cell"].startswith(advice.cell or "nothing is measured for it yet")
    measured_here = advice.size in (None, pictures)
    assert ("nothing nearer to your" in found["cell"]) == (not measured_here)
    if measured_here:
        assert found["line"] == pytest.approx(found["x"])  # no way to what is measured
    rows = {row["name"]: row for row in found["rows"]}
    assert [*rows][:6] == [*cases.STRATEGIES]
    assert {name for name, row in rows.items() if "rule" in row["marks"]} == {*advice.rule}
    best = [name for name, row in rows.items() if "best" in row["marks"]]
    assert best == list(advice.measured)[:1]
    cells = {int(size): cell for size, cell in grid.get(similarity, {}).items()}
    for name, row in rows.items():
        if name not in advice.measured:
            assert (row["text"], row["seeds"]) == ("not measured", [])
            continue
        mean = advice.measured[name]
        assert row["text"] == f"{mean:.3f}"
        assert row["seeds"] == [f"{seed:.3f}" for seed in cells[advice.size][name]]
        assert float(row["width"].rstrip("%")) == pytest.approx(100 * mean, abs=0.01)


def test_the_page_says_what_advise_says_and_changes_where_the_answer_does(page, tmp_path) -> None:
    random = np.random.default_rng(1)
    some = [*random.integers(1, 10_001, 6), *(10 ** random.uniform(0, 4, 6)).astype(int)]
    shown = [explorers.TransferCases(grid=grid) for grid in GRIDS.values()]
    names = opened(page, tmp_path, *shown)
    typed = [
        (grid, {"name": name, "pictures": pictures, "similarity": similarity})
        for name, grid in zip(names, GRIDS.values(), strict=True)
        for similarity in cases.SIMILARITIES
        for pictures in [*breakpoints(grid), *map(int, some)]
    ]
    found = outcomes(page, READ, [case for _, case in typed])
    for (grid, case), one in zip(typed, found, strict=True):
        compare(one["value"], case["pictures"], case["similarity"], grid)
        assert one["value"]["message"] == ""


@pytest.mark.parametrize("name", GRIDS)
def test_its_stretches_cover_every_number_and_say_what_advise_says(name: str) -> None:
    explorer = explorers.TransferCases(grid=GRIDS[name])
    for similarity, stretches in explorer.choices["stretches"].items():
        assert [one["from"] for one in stretches[1:]] == [one["to"] + 1 for one in stretches[:-1]]
        assert (stretches[0]["from"], stretches[-1]["to"]) == (1, 10_000)
        for one in stretches:
            for pictures in {*range(one["from"], one["to"] + 1, 37), one["to"]}:
                advice = cases.advise(pictures=pictures, similarity=similarity, grid=GRIDS[name])
                assert f"{pictures:,}".join(one["case"]) == advice.case
                assert (one["reason"], one["cell"]) == (advice.reason, advice.cell)
                assert (one["strategy"], one["agrees"]) == (advice.strategy, advice.agrees)


def test_the_plane_is_moved_over_by_keyboard(page, tmp_path) -> None:
    shown = show(page, tmp_path, explorers.TransferCases())
    shown.at("svg[tabindex]").focus()
    for key, pictures, similarity in (
        ("ArrowRight", 120, "near"),
        ("ArrowDown", 120, "middle"),
        ("ArrowDown", 120, "far"),
        ("ArrowDown", 120, "far"),
        ("ArrowLeft", 100, "far"),
        ("ArrowLeft", 90, "far"),
        ("End", 10_000, "far"),
        ("ArrowRight", 10_000, "far"),
        ("ArrowLeft", 9_000, "far"),
        ("ArrowUp", 9_000, "middle"),
        ("Home", 1, "middle"),
        ("ArrowLeft", 1, "middle"),
    ):
        page.keyboard.press(key)
        said = shown.text("sum")
        advice = cases.advise(pictures=pictures, similarity=similarity)
        assert said.lower().startswith(f"{advice.case}. try: {advice.strategy.lower()}.")
        assert shown.state == {"pictures": pictures, "similarity": similarity}
    met = page.evaluate(
        """() => Array.from({ length: 60 }, () => {
            const { value } = document.querySelector("[data-name=pictures]");
            const right = new KeyboardEvent("keydown", { key: "ArrowRight", bubbles: true });
            document.activeElement.dispatchEvent(right);
            return Number(value);
        })"""
    )
    assert shown.control("pictures").input_value() == "10000"
    assert {*met} >= {2, 100, 400, 1_600, cases.SMALL, cases.LARGE, 10_000}
    assert met == sorted(met)
    assert page.evaluate("document.activeElement.dataset.cell") == "plane"
    page.keyboard.press("Tab")  # and out again: the plane holds nobody
    assert page.evaluate("document.activeElement.dataset.cell") != "plane"


def place_of(shown: Shown, pictures: int, row: int) -> tuple[float, float]:
    """Return where a case is on the screen."""
    box = shown.at("svg[tabindex]").bounding_box()
    scale = box["width"] / 320
    x = 44 + 268 * math.log(pictures) / math.log(10_000)
    return box["x"] + x * scale, box["y"] + (34 + 54 * (row + 0.5)) * scale


def test_a_tap_sets_the_case(page, tmp_path) -> None:
    page.set_viewport_size({"width": 320, "height": 700})
    shown = show(page, tmp_path, explorers.TransferCases())
    for pictures, row in ((3_000, 2), (5, 1), (400, 0), (1, 2), (10_000, 0)):
        touch(page, place_of(shown, pictures, row))
        found = shown.state
        assert found["pictures"] == pytest.approx(pictures, rel=0.06)
        assert found["similarity"] == cases.SIMILARITIES[row]
        said = shown.text("sum").lower()
        assert said.startswith(cases.advise(**found).case)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_a_mouse_draws_the_case_and_the_address_brings_it_back(page, tmp_path) -> None:
    shown = show(page, tmp_path, explorers.TransferCases(grid=WHOLE))
    assert shown.at("rect.measured").count() == 9
    page.mouse.move(*place_of(shown, 20, 0))
    assert shown.control("pictures").input_value() == "100"  # not before it is pressed
    page.mouse.down()
    page.mouse.move(*place_of(shown, 2_000, 1))
    page.mouse.up()
    assert shown.state["similarity"] == "middle"
    shown.control("pictures").fill("1,250")
    page.keyboard.press("Tab")
    shown.pick(similarity="far")
    assert shown.state == {"pictures": 1_250, "similarity": "far"}
    shown.come_back()
    compare(page.evaluate(READ, {"name": shown.name}), 1_250, "far", WHOLE)


def test_what_is_no_number_of_pictures_is_refused_and_the_case_kept(page, tmp_path) -> None:
    shown = show(page, tmp_path, explorers.TransferCases(300, "far"))
    before = page.evaluate(READ, {"name": shown.name})
    for text in (" ", "0", "-5", "2.5", "1e3", "many", "10,001", "1,0", "0x10"):
        found = page.evaluate(READ, {"name": shown.name, "pictures": text})
        said = f'"{text}" is not a whole number from 1 to 10,000. 300 is kept.'
        assert found == {**before, "message": said}
        assert shown.control("pictures").input_value() == "300"
    found = page.evaluate(READ, {"name": shown.name, "pictures": "301"})
    assert found["message"] == ""  # and the next good one is taken
    assert "(301)" in found["case"]


def test_python_reads_and_sets_the_case() -> None:
    explorer = explorers.TransferCases(grid=WHOLE)
    assert explorer.advice == cases.advise(pictures=100, similarity="near", grid=WHOLE)
    explorer.set(pictures=np.int64(1_600), similarity="far")
    assert explorer.state == {"pictures": 1_600, "similarity": "far"}
    assert "1,600" in explorer.page()  # JSON takes no number of NumPy's
    means = [np.mean(WHOLE["far"]["1600"][name]) for name in cases.STRATEGIES]
    np.testing.assert_allclose(explorer.output, means)
    titles = [panel.title for panel in explorer.panels()]
    assert titles == ["Which transfer?", explorer.advice.cell]
    explorer.set(similarity="middle")
    assert explorer.advice == cases.advise(pictures=1_600, similarity="middle", grid=WHOLE)
    before = dict(explorer.state)
    for wrong, error, said in (
        ({"pictures": 0}, ValueError, "pictures must be at least 1, not 0"),
        ({"pictures": 10_001}, ValueError, "the plane ends at 10,000"),
        ({"pictures": 2.5}, TypeError, "whole number"),
        ({"pictures": True}, TypeError, "whole number"),
        ({"similarity": "nearly"}, ValueError, "not 'nearly'.*near"),
        ({"size": 3}, ValueError, "must be one of 'pictures', 'similarity'"),
    ):
        with pytest.raises(error, match=said):
            explorer.set(**wrong)
        assert explorer.state == before
    with pytest.raises(ValueError, match="plane ends"):
        explorers.TransferCases(20_000)


def test_what_is_not_measured_is_said_to_be_not_measured() -> None:
    nothing = explorers.TransferCases(100, "far", grid={})
    assert nothing.advice.agrees is None
    assert np.isnan(nothing.output).all()
    assert "Nothing is measured for it yet" in nothing.describe()
    assert [panel.title for panel in nothing.panels()] == ["Which transfer?"]
    some = explorers.TransferCases(10, "near", grid=HOLES)
    np.testing.assert_allclose(some.output, [0.5, np.nan, 0.6, np.nan, np.nan, np.nan])
    some.set(similarity="middle")
    assert "Nothing is measured for it yet" in some.advice.reason
