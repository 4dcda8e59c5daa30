"""The advice knows the rule of thumb and the measured grid, and says when they disagree."""

import json
import math
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup
from hypothesis import given, settings
from hypothesis import strategies as st

from cnn_course import cases

LAST, EARLY, TOP, ALL, BEGINNING, SCRATCH = cases.STRATEGIES

counts = st.integers(1, 10**7)
similarities = st.sampled_from(["near", "middle", "far"])
accuracies = st.lists(st.floats(0, 1), min_size=3, max_size=3)
cells = st.dictionaries(st.sampled_from(cases.STRATEGIES), accuracies, min_size=1)
grids = st.dictionaries(similarities, st.dictionaries(counts, cells, min_size=1))


def measured(similarity: str, pictures: Any, **cell: float) -> dict[str, Any]:
    """Return a grid of one cell; `last=0.9` is measured as 0.89, 0.9 and 0.91."""
    names = {"last": LAST, "early": EARLY, "top": TOP, "scratch": SCRATCH, "beginning": BEGINNING}
    seeds = {names[name]: [value - 0.01, value, value + 0.01] for name, value in cell.items()}
    return {similarity: {pictures: seeds}}


@pytest.mark.parametrize(
    ("pictures", "similarity", "named"),
    [
        (1, "near", (LAST,)),
        (200, "near", (LAST,)),
        (201, "near", (TOP,)),
        (800, "near", (TOP,)),
        (801, "near", (ALL,)),
        (100, "far", (EARLY,)),
        (400, "far", (TOP,)),
        (1_600, "far", (BEGINNING, SCRATCH)),
        (100, "middle", (LAST, EARLY)),
        (400, "middle", (TOP,)),
        (1_600, "middle", (ALL, BEGINNING, SCRATCH)),
    ],
)
def test_the_rule_is_the_one_that_the_chapter_teaches(
    pictures: int, similarity: str, named: tuple[str, ...]
):
    assert cases.rule(pictures=pictures, similarity=similarity) == named
    assert cases.advise(pictures=pictures, similarity=similarity, grid={}).rule == named


@settings(max_examples=100)
@given(pictures=counts, similarity=similarities, grid=grids)
def test_an_advice_follows_the_rule_unless_another_strategy_is_clearly_better(
    pictures: int, similarity: str, grid: Any
):
    advice = cases.advise(pictures=pictures, similarity=similarity, grid=grid)
    cells = grid.get(similarity, {})
    row = {size: cell for size, cell in cells.items() if {*advice.rule} & {*cell}}
    if advice.agrees is None:
        assert advice.strategy == advice.rule[0]
        assert "Nothing is measured" in advice.reason
        assert not row or pictures < min(row) / 2 or pictures > 2 * max(row)
        return
    cell = row[min(row, key=lambda size: abs(math.log(size) - math.log(pictures)))]
    assert advice.measured == {name: pytest.approx(sum(cell[name]) / 3) for name in cell}
    assert list(advice.measured.values()) == sorted(advice.measured.values(), reverse=True)
    best = next(iter(advice.measured))
    allowed = [name for name in advice.rule if name in cell]
    contradicted = all(
        min(a - b for a, b in zip(cell[best], cell[name], strict=True)) > 0
        and advice.measured[best] - advice.measured[name] > 0.02
        for name in allowed
        if advice.measured[name] == max(advice.measured[name] for name in allowed)
    )
    if advice.agrees:
        assert advice.strategy in advice.rule
    else:
        assert contradicted
        assert advice.strategy == best not in advice.rule
        assert "But measured" in advice.reason


@pytest.mark.parametrize(
    ("case", "cell", "strategy", "agrees", "said"),
    [
        (
            {"pictures": 120, "similarity": "near"},
            {"last": 0.80, "early": 0.88, "scratch": 0.5},
            EARLY,
            False,
            f"But measured, {EARLY} was better than {LAST} for every seed, by 0.080",
        ),
        (
            {"pictures": 100, "similarity": "near"},
            {"last": 0.80, "early": 0.81},
            LAST,
            True,
            f"{EARLY} was better, and not clearly: by 0.010 (seeds: 0.010 to 0.010)",
        ),
        (
            {"pictures": 1_000, "similarity": "far"},
            {"beginning": 0.9, "scratch": 0.95, "last": 0.7},
            SCRATCH,
            True,
            "none had a higher mean",
        ),
    ],
)
def test_a_contradiction_is_said_and_a_small_difference_is_none(
    case: dict[str, Any], cell: dict[str, float], strategy: str, agrees: bool, said: str
):
    size = min(case["pictures"], 900)
    advice = cases.advise(**case, grid=measured(case["similarity"], size, **cell))
    assert (advice.strategy, advice.agrees) == (strategy, agrees)
    assert said in advice.reason
    assert advice.cell == f"measured: {case['similarity']}, {size} pictures, 3 seeds"


def test_a_cell_without_what_the_rule_names_is_passed_over():
    grid = {"near": {100: {SCRATCH: [0.9]}, 200: {LAST: [0.8], SCRATCH: [0.6]}}}
    advice = cases.advise(pictures=100, similarity="near", grid=grid)
    assert advice.cell == "measured: near, 200 pictures, 1 seed"
    assert advice.strategy == LAST


def test_where_nothing_is_measured_it_says_so():
    advice = cases.advise(pictures=100, similarity="far", grid=measured("near", 100, last=0.9))
    assert (advice.measured, advice.cell, advice.agrees) == ({}, "", None)
    assert "Nothing is measured for it yet." in repr(advice)
    assert "<table" not in advice._repr_html_()


@pytest.mark.parametrize(
    ("pictures", "quoted"), [(49, False), (50, True), (3_200, True), (3_201, False), (10**9, False)]
)
def test_beyond_twice_the_measured_sizes_no_measurement_is_quoted(pictures: int, quoted: bool):
    cell = {name: [0.7, 0.8] for name in cases.STRATEGIES}
    advice = cases.advise(
        pictures=pictures, similarity="far", grid={"far": {100: cell, 1_600: cell}}
    )
    assert (advice.agrees is not None) == bool(advice.measured) == quoted
    assert quoted or "the nearest cell has" in advice.reason


def test_without_a_grid_of_ones_own_it_takes_the_record(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.setattr("cnn_course.records._PACKAGE", tmp_path / "cnn_course")
    assert cases.advise(pictures=120, similarity="near").agrees is None  # no record yet
    folder = tmp_path / "book" / "measured"
    folder.mkdir(parents=True)
    record = {"results": measured("near", "100", last=0.8, early=0.9)}
    (folder / "07-transfer-learning-cases.json").write_text(json.dumps(record))
    advice = cases.advise(pictures=120, similarity="near")
    assert advice.measured == {EARLY: pytest.approx(0.9), LAST: pytest.approx(0.8)}
    further = {"results": measured("near", "100", last=0.7, early=0.9)}
    (folder / "seed-2").mkdir()
    (folder / "seed-2" / "07-transfer-learning-cases.json").write_text(json.dumps(further))
    advice = cases.advise(pictures=120, similarity="near")
    assert advice.measured == {EARLY: pytest.approx(0.9), LAST: pytest.approx(0.75)}
    assert advice.ranges[LAST] == pytest.approx((0.69, 0.81))  # of the seeds of both records


def test_it_reads_as_text_and_as_a_table_of_the_same_numbers():
    advice = cases.advise(
        pictures=3_200, similarity="far", grid=measured("far", 1_600, beginning=0.9, last=0.5)
    )
    text = repr(advice)
    assert text.startswith("Case: many pictures (3,200), far from the source\nRule of thumb: ")
    assert f"Try: {BEGINNING}" in text
    page = BeautifulSoup(advice._repr_html_(), "html.parser")
    rows = {row.th.text: [cell.text for cell in row("td")] for row in page.select("tr")}
    assert rows == {BEGINNING: ["0.900", "0.890 to 0.910"], LAST: ["0.500", "0.490 to 0.510"]}
    assert page.caption.text == "measured: far, 1,600 pictures, 3 seeds"
    assert "\nMeasured: far, 1,600 pictures, 3 seeds\n" in text
    assert all(f"{name:28} {mean}  ({ends})" in text for name, (mean, ends) in rows.items())


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"pictures": 1.5}, TypeError, "pictures must be a whole number, not 1.5"),
        ({"pictures": True}, TypeError, "pictures must be a whole number, not True"),
        ({"pictures": 0}, ValueError, "pictures must be at least 1, not 0"),
        ({"similarity": "nearby"}, ValueError, "'near', 'middle', 'far'.* Did you mean 'near'"),
        ({"similarity": None}, TypeError, "similarity must be one of 'near', 'middle', 'far'"),
    ],
)
def test_a_case_that_there_is_not_is_refused_with_the_reason(
    arguments: dict[str, Any], error: type[Exception], words: str
):
    for function in (cases.advise, cases.rule):
        with pytest.raises(error, match=words):
            function(**{"pictures": 100, "similarity": "near"} | arguments)


@pytest.mark.parametrize(
    ("one", "other", "clearly"),
    [
        ([0.9, 0.9], [0.85, 0.85], True),
        ([0.9, 0.8], [0.8, 0.81], False),  # a seed says the opposite
        ([0.91, 0.91], [0.9, 0.9], False),  # too little
        ([0.9], [0.5], True),
        ([0.5], [0.5], False),
    ],
)
def test_clearly_better_asks_for_every_seed_and_for_a_margin(
    one: list[float], other: list[float], clearly: bool
):
    assert cases.clearly_better(one, other) is clearly
    assert not cases.clearly_better(other, one)


@pytest.mark.parametrize(("one", "other"), [([], []), ([0.5], [0.5, 0.6])])
def test_accuracies_of_other_seeds_cannot_be_compared(one: list[float], other: list[float]):
    with pytest.raises(ValueError, match="the same seeds"):
        cases.clearly_better(one, other)


@pytest.mark.parametrize("sizes", [(100, 900), (900, 100), (100, 300, 900), (7, 2_800)])
def test_of_two_sizes_that_are_equally_near_the_smaller_one_is_taken(sizes: tuple[int, ...]):
    low, high = min(sizes), max(sizes)
    grid = {"near": {size: {name: [0.5] for name in cases.STRATEGIES} for size in sizes}}
    between = round((low * high) ** 0.5)
    assert between * between == low * high
    advice = cases.advise(pictures=between, similarity="near", grid=grid)
    assert advice.size == (between if between in sizes else low)
    advice = cases.advise(pictures=high + 1, similarity="near", grid=grid)
    assert advice.size == high


def test_with_more_seeds_of_some_strategies_those_that_two_share_are_compared() -> None:
    # LAST is ahead for both seeds that they share; what EARLY has beyond them is no pair.
    cell = {LAST: [0.8, 0.82], EARLY: [0.7, 0.72, 0.99, 0.99, 0.99, 0.99]}
    advice = cases.advise(pictures=100, similarity="far", grid={"far": {100: cell}})
    assert (advice.strategy, advice.agrees) == (LAST, False)
    assert "better than classifier on early features for every seed, by 0.100" in advice.reason
    assert advice.cell == "measured: far, 100 pictures, 2 to 6 seeds"
    assert advice.measured[EARLY] == pytest.approx(0.8966, abs=1e-4)


def test_every_recorded_cell_has_five_draws_of_all_strategies_and_ten_of_those_in_question() -> (
    None
):
    # A draw is a choice of pictures for all: without one of them, strategies cannot be compared.
    for similarity, row in cases.recorded_grid().items():
        for size, cell in row.items():
            draws = [len(cell[name]) for name in cases.STRATEGIES]
            assert draws == [10, 10, 10, 10, 5, 5], (similarity, size)
