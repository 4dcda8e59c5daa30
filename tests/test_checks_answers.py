"""Every exercise knows right answers, and says what a wrong one suggests.

The answers of a chapter are in `test_checks_chapter_NN.py`: `RIGHT`, a list of answers for each
exercise, and `WRONG`, triples of an exercise, an answer and what it must be told (a pattern).
`IN_KERAS` makes, for an exercise, right answers and pairs of a wrong one and what it must be told.
"""

import importlib
import re

import numpy as np
import pytest
from conftest import NOTEBOOKS

from cnn_course.checks import check, exercise_names

ANSWERS = {
    path.stem[:2]: importlib.import_module(f"test_checks_chapter_{path.stem[:2]}")
    for path in NOTEBOOKS
}
GARBAGE = (
    *(None, "text", float("nan"), -1, 10**400, [], {}, object(), np.zeros((2, 2, 2)), 1j, print),
    b"\0",
)
IN_KERAS = {number: getattr(module, "IN_KERAS", {}) for number, module in ANSWERS.items()}
EXERCISES = [(number, name) for number, module in ANSWERS.items() for name in module.RIGHT]


def faults(name, right, wrong):
    """Return what is not as it should be with the verdicts on some answers, one line each."""
    for answer in right:
        verdict = check(name, answer)
        if verdict.outcome != "right" or len(verdict.message.split()) <= 5:
            yield f"{answer!r} is right, and this is said: {verdict}"
    for answer, look_at in wrong:
        verdict = check(name, answer)
        stopped = "made the check stop" in verdict.message
        if verdict.outcome != "wrong" or stopped or not re.search(look_at, verdict.message):
            yield f"{answer!r} should be told {look_at!r}, and this is said: {verdict}"


def answers(number, name):
    module = ANSWERS[number]
    return module.RIGHT.get(name, []), [rest for one, *rest in module.WRONG if one == name]


def test_every_exercise_of_a_chapter_is_tried():
    for number, module in ANSWERS.items():
        tried = {*module.RIGHT, *IN_KERAS[number]}
        assert tried == set(exercise_names(number)), number


@pytest.mark.parametrize(("number", "name"), EXERCISES)
def test_a_right_answer_is_praised_and_a_wrong_one_told_what_to_look_at(number, name):
    right, wrong = answers(number, name)
    if name not in IN_KERAS[number]:
        assert len(right) >= 1
        assert len(wrong) >= 2
    assert list(faults(name, right, wrong)) == []


@pytest.mark.tensorflow
@pytest.mark.parametrize(
    ("number", "name"),
    [(number, name) for number, made in IN_KERAS.items() for name in made],
)
def test_answers_that_keras_computes_are_marked_alike(number, name):
    right, wrong = IN_KERAS[number][name]()
    assert list(faults(name, right, wrong)) == []
    others = answers(number, name)
    assert len(right) + len(others[0]) >= 1
    assert len(wrong) + len(others[1]) >= 2


@pytest.mark.parametrize("name", exercise_names())
def test_no_answer_whatever_stops_the_notebook_or_is_taken_for_right(name):
    verdicts = [(answer, check(name, answer)) for answer in GARBAGE]
    taken = [
        f"{a!r}: {v}" for a, v in verdicts if v.outcome != "wrong" or len(v.message.split()) < 4
    ]
    assert taken == []
