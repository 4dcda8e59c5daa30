"""Every exercise knows right answers, and says what a wrong one suggests.

The answers of a chapter are in `test_checks_chapter_NN.py`: `RIGHT`, a list of answers for each
exercise, and `WRONG`, triples of an exercise, an answer and what it must be told (a pattern).
"""

import importlib
import re
from collections import Counter

import pytest
from conftest import NOTEBOOKS

from cnn_course.checks import check, exercise_names, quiz

CHAPTERS = {path.stem: path.stem[:2] for path in NOTEBOOKS}
ANSWERS = {
    number: importlib.import_module(f"test_checks_chapter_{number}") for number in CHAPTERS.values()
}
RIGHT = [
    (name, answer)
    for module in ANSWERS.values()
    for name, answers in module.RIGHT.items()
    for answer in answers
]
WRONG = [triple for module in ANSWERS.values() for triple in module.WRONG]


@pytest.mark.parametrize("number", ANSWERS)
def test_every_exercise_of_a_chapter_is_tried_with_a_right_and_two_wrong_answers(number):
    assert set(ANSWERS[number].RIGHT) == set(exercise_names(number))
    wrong = Counter(name for name, _, _ in ANSWERS[number].WRONG)
    assert set(wrong) == set(exercise_names(number))
    assert min(wrong.values()) >= 2


@pytest.mark.parametrize(("name", "answer"), RIGHT)
def test_a_right_answer_is_praised_with_its_reason(name, answer):
    verdict = check(name, answer)
    assert verdict.outcome == "right", verdict
    assert len(verdict.message.split()) > 5


@pytest.mark.parametrize(("name", "answer", "look_at"), WRONG)
def test_a_wrong_answer_is_told_what_to_look_at(name, answer, look_at):
    verdict = check(name, answer)
    assert verdict.outcome == "wrong"
    assert "made the check stop" not in verdict.message
    assert re.search(look_at, verdict.message), verdict.message


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_each_question_of_a_chapter_has_a_reason_for_every_option(chapter):
    questions = quiz(chapter).questions
    assert len(questions) >= 8
    for question in questions:
        assert len(question.options) >= 3
        assert all(len(option.reason.split()) > 3 for option in question.options), question.name
