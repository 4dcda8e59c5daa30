"""The class test on the page: the same tests, questions, points and words as in Python."""

import json
from random import Random
from typing import Any

import numpy as np
import pytest
from conftest import fresh
from explorer_pages import Shown, load, outcomes, show
from playwright.sync_api import Page

from cnn_course import classtest
from cnn_course.classtest import ClassTest
from cnn_course.explorers import ClassTests, Shapes

pytestmark = pytest.mark.browser

SEEDS = {"first": 200, "exam": 200, "hard": 100}
MARKED = 100  # tests of each level
OTHERS = (
    *("", "...", "x", "0", "1,024", "2.548", "7", "3 x 3", "relu", "none", "softmax(10)", "Mish"),
    *("2*3 = 6", "~12", "1,00,352", "5 params", "4 x 4", "tanh", "Soft-Max", "1.234.567"),
    *(
        "4 x ... x 2",
        "... x 7",
        "? x ? x ?",
        "4/4/2",
        "4·4·2",
        "4-4-2",
        "4 x 4 x 2 = 32",
        "５８",
        "7 px",
    ),
)
CHAPTER = classtest.read(classtest.CHAPTER_8)
TOLD = """({ level, seed, answers }) => {
    const test = generate(seed, level), { network } = test;
    const marks = answers.map((one) => markAnswers(one, network, test.questions));
    return { title: test.title, input: network.input, layers: network.layers, names: test.names,
        questions: test.questions.map(({ name, text, points }) => [name, text, points]),
        right: test.questions.map((one) => expected(one, network).right),
        marks: marks.map((all) =>
            all.map((one) => [one.outcome, one.points, inWords(one, HINTS)])) };
}"""


@pytest.fixture(scope="module")
def module(window: Page) -> Page:
    """An empty page with the explorer's module."""
    hints = f"\nconst HINTS = {json.dumps(dict(classtest.HINTS))};"
    names = ("generate", "markAnswers", "expected", "inWords", "HINTS")
    load(fresh(window), ClassTests(), *names, more=hints)
    return window


def texts(value: Any) -> str:
    """Return an answer as somebody types it."""
    return " x ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def with_slips(test: ClassTest, random: Random) -> dict[str, str]:
    """Return answers some of which are right, and some common mistakes, gaps or nonsense."""
    answers = {}
    for question in test.questions:
        right = test.key[question.name]
        expected = test._expected[question.name]
        slip = random.choice([*expected.mistakes, right]) if expected.mistakes else right
        if isinstance(right, tuple) and not isinstance(slip, tuple):
            slip = (*right[:-1], slip)  # a mistake in the channels alone
        elif isinstance(right, tuple) and len(slip) != len(right):
            slip = (*slip, right[-1])
        other = random.choice(OTHERS)
        answers[question.name] = texts(random.choice([right, right, slip, slip, other]))
    return answers


@pytest.mark.parametrize("level", SEEDS)
def test_a_seed_gives_the_test_that_python_gives_and_marks_it_alike(
    module: Page, level: str
) -> None:
    tests = [classtest.generate(seed, level) for seed in range(SEEDS[level])]
    random, states, given = Random(level), [], []
    for seed, test in enumerate(tests):
        right = {name: texts(value) for name, value in test.key.items()}
        answers = [right, *(with_slips(test, random) for _ in range(3 if seed < MARKED else 0))]
        given.append(answers)
        states.append({"level": level, "seed": seed, "answers": answers})
    for test, answers, told in zip(tests, given, outcomes(module, TOLD, states), strict=True):
        there = told["value"]
        assert there["title"] == test.title
        shapes = Shapes.of(test.layers).state
        assert [there["input"], there["names"]] == [
            shapes["input"],
            [layer.name for layer in test.network.layers],
        ]
        for place, (one, other) in enumerate(zip(there["layers"], shapes["layers"], strict=True)):
            usual = {"multiplier": 1, "after": [place]}
            assert usual | one == usual | other
        asked = [[one.name, one.text, one.points] for one in test.questions]
        assert there["questions"] == asked
        assert [np.ravel(one).tolist() for one in there["right"]] == [
            np.ravel(test.key[one.name]).tolist() for one in test.questions
        ]
        for one, marks in zip(answers, there["marks"], strict=True):
            here = [[mark.outcome, mark.points, str(mark)] for mark in test.mark(one).marks]
            assert marks == here, (test.title, one)


def test_among_the_answers_that_are_compared_every_outcome_occurs() -> None:
    random, seen = Random(0), set()
    for seed in range(40):
        test = classtest.generate(seed, "exam")
        seen |= {mark.outcome for mark in test.mark(with_slips(test, random)).marks}
    assert seen == {"right", "follows", "partly", "wrong", "open", "unreadable"}


@pytest.fixture
def shown(page: Page, tmp_path) -> Shown:
    """The class test of chapter 8 on a page."""
    return show(page, tmp_path, ClassTests(CHAPTER))


def answered(shown: Shown, answers: dict[str, str]) -> None:
    for name, answer in answers.items():
        shown.cell(name).fill(answer)


def test_the_chapters_test_is_answered_marked_kept_and_cleared(shown: Shown) -> None:
    assert "28 points" in shown.text("sum")
    answered(shown, {name: texts(value) for name, value in CHAPTER.key.items()})
    shown.cell("mark").click()
    assert shown.text("sum") == "Class test of chapter 8: 28 of 28 points."
    shown.cell("conv_1 parameters").fill("4")
    shown.cell("conv_1 parameters").press("Tab")
    said = "marks belong to the answers that were marked"
    assert shown.text("sum") == "Class test of chapter 8: 28 points.", said
    shown.cell("mark").click()
    said = "Each filter, and each unit, has a bias, too."
    assert said in shown.text("body")
    assert shown.cell("conv_1 parameters").get_attribute("aria-invalid") == "true"
    described = shown.cell("conv_1 parameters").get_attribute("aria-describedby")
    assert said in shown.at(f"#{described}").inner_text()
    shown.come_back()
    assert said in shown.text("body")
    shown.cell("clear").click()
    assert shown.cell("conv_1 parameters").input_value() == ""


def test_another_test_comes_from_a_seed_and_its_level(shown: Shown) -> None:
    shown.pick(level="hard")
    shown.control("seed").fill("55")
    shown.control("seed").press("Enter")
    assert "Class test hard-55" in shown.text("body")
    assert str(classtest.generate(55, "hard").questions[0].text) in shown.text("body")
    shown.control("seed").fill("-1")
    shown.control("seed").press("Enter")
    assert "no whole number" in shown.text("message")
    shown.at("button").first.click()
    assert "Class test hard-" in shown.text("body")
    assert shown.state["seed"] != 55


def test_layers_are_described_as_on_paper(shown: Shown) -> None:
    shown.pick(level="hard")
    for seed in (1, 2, 55):
        shown.control("seed").fill(str(seed))
        shown.control("seed").press("Enter")
        blocks = classtest.generate(seed, "hard").sheet().blocks
        network = next(rows for tag, rows in blocks if tag == "table")
        rows = shown.at("table").first.locator("tbody tr")
        there = [" | ".join(row.locator("th, td").all_inner_texts()) for row in rows.all()]
        assert there == [" | ".join(row) for row in network[1:]]


def test_printed_is_the_test_and_nothing_else(shown: Shown) -> None:
    page = shown.page
    page.evaluate("globalThis.print = () => { globalThis.printed = true; }")
    shown.cell("print").click()
    assert page.evaluate("printed")
    page.emulate_media(media="print")
    assert not page.locator("h1").is_visible()
    assert shown.at("table").first.is_visible()
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator("h1").is_visible()
    page.emulate_media(media="screen")


def test_in_jupyterlab_python_knows_what_was_answered() -> None:
    explorer = ClassTests(CHAPTER)
    explorer.set(answers={"conv_1 parameters": "5", "total parameters": "1"})
    assert explorer.output.sum() == 2
    assert explorer.marking.points == 2
    assert ClassTests(level="hard", seed=55).test.title == "Class test hard-55"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"seed": -1}, "at least 0"),
        ({"seed": 2**31}, "less than"),
        ({"level": "harder"}, "'first', 'exam', 'hard'"),
        ({"level": "own"}, "must be one of"),
        ({"answers": {"x": 3}}, "must be a text"),
    ],
)
def test_what_cannot_be_is_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        ClassTests().set(**changes)
