"""The page's script marks as Python does, to the word, and reads numbers as Python does."""

import json
from fractions import Fraction
from itertools import product
from pathlib import Path
from random import Random
from typing import Any

import pytest
from conftest import NOTEBOOKS, fresh
from playwright.sync_api import Page

from cnn_course import checks
from cnn_course.checks import check
from cnn_course.checks.answers import specifications
from cnn_course.javascript import one_piece, without_exports

pytestmark = pytest.mark.browser

SCRIPT = one_piece(Path(checks.__file__).with_name("marking.mjs"))
SPECIFIED = {
    name: specified for file in NOTEBOOKS for name, specified in specifications(file.stem).items()
}
JUNK = (
    *("x", "1.2.3", "2.548", "2,548", "1/0", "-1", "0", "1e400", "1_000", "12,5", "3 4", "None"),
    *(
        "~143",
        "2 * 4 = 8",
        "180 params",
        "1,00,352",
        "1\u20192345",
        "= 3 values",
        "\u2248 0.5",
        "=",
    ),
    # Where Python and a browser differ: signs, spaces, what is no number or too large for one.
    *(
        "\U0001f600" * 150,
        "\ufeff5",
        "\x1c5",
        "-0.0",
        "1e400/1e400",
        "1/1e400/1e400",
        "1e308/1e-308",
    ),
)
NUMBERS = ("0", "-0.5", "1234567.891", "0.0001", "0.00001", "1e15", "123456789012", "1/3", "1e-7")


def texts(value: Any) -> Any:
    """Return an answer as the fields of a page have it: numbers as texts."""
    if isinstance(value, list | tuple):
        return [texts(one) for one in value]
    return value if isinstance(value, str) else repr(value)


def ways(value: float) -> list[str]:
    """Return a number as five people write it."""
    written = [repr(value), f"({value!r},)", repr(value).replace("-", "\u2212")]
    if value == int(value):
        whole = int(value)
        return [*written, f"{whole:,}", f"{whole:,}".replace(",", "\u202f"), f"{2 * whole}/2"]
    fraction = Fraction(value).limit_denominator(10_000)
    return [
        *written,
        f"{value:.6f}".replace(".", ","),
        f"{fraction.numerator}/{fraction.denominator}",
    ]


def replaced(value: Any, place: int, by: str) -> Any:
    """Return a list of texts, or of such lists, with another one at a place."""
    if not isinstance(value, list):
        return by
    inside, size = value, len(value)
    if isinstance(value[0], list):
        width = len(value[0])
        row, column = divmod(place % (size * width), width)
        return [
            [by if (r, c) == (row, column) else one for c, one in enumerate(line)]
            for r, line in enumerate(inside)
        ]
    return [by if n == place % size else one for n, one in enumerate(inside)]


def answers(specified: dict[str, Any]) -> list[Any]:
    """Return answers of all kinds to an exercise: right ones, slips, nonsense."""
    kind = specified["kind"]
    if kind == "parts":
        right = {key: answers(part)[0] for key, part in specified["parts"].items()}
        return [
            right,
            *(
                right | {key: one}
                for key, part in specified["parts"].items()
                for one in answers(part)
            ),
            *(dict.fromkeys(right, one) for one in JUNK),
        ]
    right = specified["right"]
    if kind == "number":
        mistakes = [mistake for mistake, _ in specified["mistakes"]]
        return [texts(right), *ways(right), *texts(mistakes), *JUNK, *NUMBERS]
    if kind in ("array", "shape"):
        mistakes = [mistake for mistake, _ in specified["mistakes"]]
        full = texts([right, *specified["also"], *mistakes])
        odd = [replaced(full[0], n, one) for n, one in enumerate((*JUNK, *NUMBERS))]
        if kind == "array":
            return [*full, *odd, [], ["1"], [["1", "2"]], [["1"], ["1", "2"]], [full[0]]]
        written = [" x ".join(full[0]), f"({', '.join(full[0])})", "none, " + ",".join(full[0])]
        return [*full, *odd, *written, *JUNK, "1 x 2", "4 x 4 x 1,024", "4 x 4 x 1.024"]
    if kind == "axes":
        return [
            ", ".join(texts(right)),
            "(0, 1, 2)",
            "-1 1 2",
            "1,2",
            "0",
            "x, y",
            "1.5, 2",
            "3 4 5",
        ]
    if kind == "word":
        others = [mistake for mistake, _ in specified.get("mistakes", [])]
        return [
            right,
            right.upper(),
            f" {right} ",
            *specified.get("options", []),
            *JUNK,
            *(other if isinstance(other, str) else other[0] for other in others),
        ]
    if kind == "words":
        return [right, *map(list, product(*specified["options"])), ["x", right[1]], right[:1]]
    assert kind == "order"
    shuffled = [Random(seed).sample(right, len(right)) for seed in range(60)]
    return [right, *shuffled, right[:-1], [*right, "F"], ["?"] * 5]


@pytest.fixture(scope="module")
def marking(window: Page) -> Page:
    """An empty page with the script."""
    window.goto("about:blank")  # on a page of the site, its policy refuses the script
    fresh(window).add_script_tag(
        content=without_exports(SCRIPT, "none")
        + "\nglobalThis.courseExercises = { mark, written };"
    )
    return window


@pytest.mark.parametrize("name", SPECIFIED)
def test_the_page_says_what_python_says(marking: Page, name: str) -> None:
    # What a page gets is JSON.
    specified = json.loads(json.dumps(SPECIFIED[name]))
    given = answers(SPECIFIED[name])
    there = marking.evaluate(
        "([specified, answers]) => answers.map(one => courseExercises.mark(specified, one))",
        [specified, given],
    )
    for answer, said in zip(given, there, strict=True):
        verdict = check(name, answer)
        assert (said["outcome"], said["message"]) == (verdict.outcome, verdict.message), answer
    assert check(name, given[0]), "the first answer is right"
    assert {said["outcome"] for said in there} >= {"right", "wrong"}


def test_numbers_are_written_as_python_writes_them(marking: Page) -> None:
    random = Random(1)
    numbers = [random.uniform(-1, 1) * 10 ** random.randint(-8, 18) for _ in range(2_000)]
    # Of larger whole numbers, Python rounds a half to the even digit, and a browser up.
    numbers += [float(round(number)) for number in numbers if abs(number) < 1e12]
    numbers += [1e12, 999999999999.6, 1e-4, 9.99e-5]
    there = marking.evaluate("numbers => numbers.map(courseExercises.written)", numbers)
    for number, written in zip(numbers, there, strict=True):
        assert written == (f"{number:,.12g}" if number else "0")
