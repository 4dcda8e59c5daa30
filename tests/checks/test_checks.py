"""Marking and the quiz questions, for all chapters alike."""

import itertools
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from conftest import NOTEBOOKS

from cnn_course.checks import Verdict, check, exercise_names, quiz, toml_files
from cnn_course.checks.marking import exercise

CHAPTERS = [path.stem for path in NOTEBOOKS]


def untouched(n, k):
    """A function that the learner has not written yet."""
    ...


@pytest.mark.parametrize(
    "answer",
    [
        ...,
        (..., 3),
        [[1, ...], [2, 3]],
        {"kernels": ...},
        np.array([..., 1], dtype=object),
        untouched,
    ],
    ids=["dots", "tuple", "nested list", "dictionary", "array", "function"],
)
def test_dots_anywhere_mean_not_attempted_and_the_notebook_goes_on(answer: object) -> None:
    verdict = check("output-size", answer)
    assert verdict.outcome == "open"
    assert "three dots" in str(verdict)


def test_a_function_that_returns_nothing_was_attempted() -> None:
    def bare(x, gamma, beta, moving_mean, moving_variance):
        return

    assert check("in-inference", bare).outcome == "wrong"


class SilentError(Exception):
    def __str__(self) -> str:
        raise ValueError


def raising(error: BaseException):
    def answer(*_):
        raise error

    return answer


ITSELF: list[object] = []
ITSELF.append(ITSELF)


class Nothing:
    @property
    def __class__(self) -> Any:
        raise RuntimeError


ENDLESS = SimpleNamespace(shape=itertools.repeat(2))


@pytest.mark.fault(
    "exercises answered with endless ranges, all pixels, functions that exit or raise",
    "wrong, with what to look at; the notebook goes on",
    "nothing",
)
@pytest.mark.parametrize(
    "name", ["output-size", "todays-layers", "class-test", "hard", "choose-the-cut", "kept-epoch"]
)
@pytest.mark.parametrize(
    "answer",
    [
        *(range(10**12), range(10**30), ITSELF, "1" * 10**6),
        np.broadcast_to(np.uint8(0), (10**6, 28, 28)),
        itertools.repeat(1),
        ENDLESS,
        *map(raising, (SystemExit(1), SilentError(), ValueError("x" * 10**6), RecursionError())),
        lambda *_: np.broadcast_to(0.0, (10**9,)),
        lambda *_: "1" * 90_000,
        lambda *_: Nothing(),
    ],
)
def test_a_check_survives_whatever_is_answered(name: str, answer: object) -> None:
    verdict = check(name, answer)
    assert verdict.outcome == "wrong"
    assert len(repr(verdict)) < 1_000


@pytest.mark.parametrize("much", [range(10**6), ITSELF, "1" * 200_000, ENDLESS])
def test_what_is_far_too_much_is_told_as_such(much: object) -> None:
    assert "holds more than 10,000 values" in check("output-size", much).message
    returned = check("prepare-for-vgg16", lambda _: much).message
    assert "returns more than 100,000 values" in returned


def test_a_misspelt_exercise_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(ValueError, match="Did you mean 'shifted-loop'"):
        check("shiftet-loop", 1)


def test_two_exercises_of_one_name_are_refused() -> None:
    exercise_names()
    with pytest.raises(ValueError, match="output-size"):
        exercise("output-size")(lambda answer: "never")


ANSWER = """[one]
right = "{right}"
{hint} = "Count again."
reason = "Seven times eight."
"""


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (ANSWER.format(right="7 x 8", hint="hint"), ", [one]: invalid syntax"),
        (ANSWER.format(right="7 * 8", hint="hnit"), ", [one]: 'hint' is missing"),
        (ANSWER.format(right="1", hint="hint") * 2, ": Cannot declare ('one',) twice"),
    ],
    ids=["arithmetic", "no hint", "twice"],
)
def test_a_slip_in_a_file_of_answers_is_told_with_its_file_and_exercise(
    content: str, said: str, tmp_path: Path
) -> None:
    (tmp_path / "answers").mkdir()
    (tmp_path / "answers" / "01-slips.toml").write_text(content)
    code = f"""
from pathlib import Path
from cnn_course.checks import exercise_names, toml_files
toml_files._FOLDER = Path({str(tmp_path)!r})
exercise_names()"""  # in a process of its own: answers are read once
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert f"ValueError: cnn_course/checks/answers/01-slips.toml{said}" in run.stderr


QUESTION = """[why]
question = "Why?"
options = [
  {{ text = "So.", {right}reason = "{reason}" }},
  {{ text = "Or so.", reason = "It was so for a long time." }},
]
"""


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (QUESTION.format(right="", reason="It was so before."), "one option is right, and not 0"),
        (QUESTION.format(right="right = true, ", reason="Yes."), "the reason of 'So.' does not"),
        (QUESTION.format(right="", reason="It was so before.") * 2, "Cannot declare"),
        (
            QUESTION.replace("question", "query").format(right="", reason=""),
            "'question' is missing",
        ),
    ],
    ids=["no right one", "no reason", "twice", "no question"],
)
def test_a_slip_in_a_quiz_is_told_with_its_file_and_question(
    content: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "quizzes").mkdir()
    (tmp_path / "quizzes" / "01-slips.toml").write_text(content)
    monkeypatch.setattr(toml_files, "_FOLDER", tmp_path)
    with pytest.raises(ValueError, match=f"cnn_course/checks/quizzes/01-slips.toml.*{said}"):
        quiz("01-slips")


def test_a_verdict_says_its_outcome_in_words_and_escapes_what_the_learner_wrote() -> None:
    html = check("price-of-a-dense-layer", 3)._repr_html_()
    assert "<strong>Not yet.</strong>" in html
    assert 'role="status"' in html
    assert "&lt;" in Verdict("right", "a < b")._repr_html_()


def test_every_chapter_asks_eight_questions_each_with_one_right_option_and_reasons() -> None:
    for chapter in CHAPTERS:
        questions = quiz(chapter).questions
        assert len(questions) >= 8, f"{chapter} asks {len(questions)}; eight are promised."
        places = set()
        for question in questions:
            right = [option.right for option in question.options]
            assert sum(right) == 1, (chapter, question.name)
            places.add(right.index(True))
            assert all(len(option.reason.split()) > 3 for option in question.options), question.name
            assert len({option.text for option in question.options}) == len(right) >= 3
        assert len(places) >= 3, f"{chapter}: the right option is always at the same place"


def test_a_question_reads_as_plain_text_with_its_answers() -> None:
    text = repr(quiz("01-convolution-by-hand", "stride"))
    assert "b) The distance between one place of the window and the next." in text
    assert re.search(r"b: right\. ", text)


def test_a_question_needs_no_script_and_every_option_opens_by_itself() -> None:
    html = quiz("01-convolution-by-hand", "stride")._repr_html_()
    assert "<script" not in html
    assert html.count("<details") == html.count("<summary") == 4
    assert html.count('class="right"') == 1


def test_a_misspelt_question_or_chapter_is_refused_with_those_there_are() -> None:
    with pytest.raises(ValueError, match=r"'max-pooling'.*Did you mean 'stride'"):
        quiz("01-convolution-by-hand", "strides")
    with pytest.raises(ValueError, match=r"'02-mnist-convnet'.*mean '01-convolution-by-hand'"):
        quiz("01-convolution")


@pytest.mark.parametrize("chapter", ["05-vgg16-feature-extraction", "06-fine-tuning"])
def test_neither_its_place_nor_its_length_gives_a_right_option_away(chapter: str) -> None:
    places, longest = set(), 0
    questions = quiz(chapter).questions
    for question in questions:
        lengths = [len(option.text) for option in question.options]
        place = [option.right for option in question.options].index(True)
        places.add(place)
        longest += lengths[place] == max(lengths)
        assert max(lengths) < 1.25 * min(lengths), question.name
    assert places == {0, 1, 2, 3}
    assert longest <= len(questions) / 2
