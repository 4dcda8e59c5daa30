"""Checks of exercises that ask for a choice: an order, words, or one of many right values."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, Final

import numpy as np

from cnn_course import cases, counting
from cnn_course.arguments import whole_number
from cnn_course.cases import ALL, BEGINNING, EARLY, LAST, SCRATCH, TOP
from cnn_course.checks.marking import WrongAnswerError, exercise, number, parts, wrong
from cnn_course.examples import DIAGONAL, HORIZONTAL_FILTER, LOOP, VERTICAL

_KERNEL: Final = 3  # rows of the kernel that makes 5 rows of 11
_ORDERS: Final = {
    ("C", "A"): "What would A train, before C?",
    ("C", "D"): "D trains the classifier, too. Is there one by then?",
    ("B", "D"): "When D comes, have the last layers been unfrozen?",
    ("E", "B"): "E freezes all of the base, also what B has unfrozen before.",
    ("A", "B"): "When B comes, the classifier is still random. What would it do to the base?",
    ("E", "A"): "While A trains the classifier, does the base stand still?",
}


@exercise("horizontal-detector")
def _horizontal_detector(answer: Any) -> str:
    kernel = np.asarray(answer, dtype=float)
    if kernel.shape != (3, 3):
        wrong(f"The kernel needs the shape (3, 3), and this one has {kernel.shape}.")
    if not np.isin(kernel, (-1, 1)).all():
        wrong("Use only the numbers 1 and -1, as in the picture of a stroke.")
    response, *others = (
        float((kernel * pattern).sum() / 9)
        for pattern in (HORIZONTAL_FILTER, LOOP, VERTICAL, DIAGONAL)
    )
    if response < 1:
        wrong(
            f"It answers {response:.2f} to a horizontal stroke. "
            "Which nine numbers agree with all nine pixels?"
        )
    return (
        "It agrees with all nine pixels of the stroke, and answers at most "
        f"{max(others):.2f} to the other three patterns."
    )


@exercise("eleven-to-five")
def _eleven_to_five(answer: Any) -> str:
    if not isinstance(answer, list | tuple) or len(answer) != 2:
        wrong("Give two whole numbers: the stride and the padding.")
    try:
        stride, padding = whole_number("stride", answer[0], 1), whole_number("padding", answer[1])
    except (TypeError, ValueError):
        wrong("Stride and padding are whole numbers: 1 or more, and 0 or more.")
    if padding >= _KERNEL:
        wrong(
            f"With {padding} rows of padding, the first window of {_KERNEL} sees no pixel at all."
        )
    size = counting.output_size(11, _KERNEL, stride=stride, padding=padding)
    if size != 5:
        wrong(
            f"Stride {stride} and padding {padding} give {size} x {size}. "
            "Put them into the formula."
        )
    return f"(11 + 2 x {padding} - 3) / {stride}, rounded down, plus 1 is 5."


@exercise("keeps-label")
def _keeps_label(answer: Any) -> str:
    expected = {
        "cells": (True, "under a microscope, which way is up?"),
        "left-turn": (False, "what does a left-turn sign look like in a mirror?"),
        "ripe": (False, "how do you see that a tomato is ripe?"),
        "dogs": (True, "is a dog at dusk another animal?"),
        "printed": (False, "turn this page by half a turn and read a b or a d."),
    }
    for task, given, (keeps, question) in _entries(answer, expected, "task", words=1):
        if not isinstance(given, bool | np.bool_):
            wrong(f"'{task}': answer True or False.")
        if bool(given) is not keeps:
            wrong(f"'{task}': {question}")
    return "An augmentation may change everything that the label does not depend on."


def _entries(
    answer: Any, expected: Mapping[str, tuple[Any, str]], what: str, words: int
) -> Iterator[tuple[Any, Any, tuple[Any, str]]]:
    """Yield key, answer and what is expected of it; `expected` has the first words of each key."""
    if not isinstance(answer, Mapping) or len(answer) != len(expected):
        wrong(f"Give a dictionary with the {len(expected)} {what}s as keys.")
    for key, given in answer.items():
        start = " ".join(str(key).split(" ")[:words])
        if start not in expected:
            wrong(f"There is no {what} {key!r}. Leave the keys as they are.")
        yield key, given, expected[start]


@exercise("five-steps")
def _five_steps(answer: Any) -> str:
    if not isinstance(answer, str | list | tuple):
        wrong(f"Give a list of five letters. This is a {type(answer).__name__}.")
    steps = [sign for sign in "".join(map(str, answer)).upper() if sign.isalnum()]
    if sorted(steps) != list("ABCDE"):
        wrong("Each of the letters A, B, C, D and E is needed, and each once.")
    for (earlier, later), question in _ORDERS.items():
        if steps.index(earlier) > steps.index(later):
            wrong(question)
    if steps[0] == "E":
        return "You froze first, which is as good: what counts is that it is before A."
    return "First the classifier learns on a base that stands still; then both move."


@exercise("which-strategy")
def _which_strategy(answer: Any) -> str:
    expected = {
        "150 photographs": (LAST, "few pictures, and are there dogs in the source?"),
        "150 recordings": (EARLY, "few pictures, and does a spectrogram look like a photograph?"),
        "600 photographs": (TOP, "they are neither few nor many."),
        "40,000 photographs": (ALL, "there are many, and they are photographs of things."),
    }
    for target, given, (strategy, question) in _entries(answer, expected, "target", words=2):
        if given not in cases.STRATEGIES:
            wrong(f"'{target}': {given!r} is no strategy. Write one as it stands there.")
        if given != strategy:
            wrong(f"'{target}': {question}")
    return "How many pictures, and how similar to the source: that is all the rule asks."


@exercise("begin-and-train")
def _begin_and_train(answer: Any) -> str:
    expected = {
        LAST: ("trained", "none", "what does its training change in the base?"),
        EARLY: ("trained", "none", "its features come from the base, which stands still."),
        TOP: ("trained", "last", "the classifier first, and then which layers of the base?"),
        ALL: ("trained", "all", "small steps, but for every layer."),
        BEGINNING: ("trained", "all", "initialization says where it begins. What stops it?"),
        SCRATCH: ("random", "all", "nothing was trained before."),
    }
    if not isinstance(answer, Mapping) or set(answer) != set(expected):
        wrong("Give a dictionary with the six strategies as keys.")
    for strategy, (*pair, look_at) in expected.items():
        given = answer[strategy]
        if not isinstance(given, tuple | list) or len(given) != 2:
            wrong(f'"{strategy}": answer with a pair, such as ("random", "last").')
        if given[0] not in ("trained", "random") or given[1] not in ("none", "last", "all"):
            wrong(f'"{strategy}": {tuple(given)} has a word that is not asked for.')
        if list(given) != pair:
            wrong(f'"{strategy}": {look_at}')
    return "Where one begins and what one trains: six strategies are two choices."


@exercise("which-axes")
def _which_axes(answer: Any) -> str:
    if not isinstance(answer, tuple | list) or len(answer) != 2:
        wrong("Give two dictionaries: (axes, means).")
    axes = {"batch": [0, 1, 2], "layer": [1, 2, 3], "instance": [1, 2]}
    numbers = {"batch": 64, "layer": 32, "instance": 32 * 64}
    hint = "What is averaged over disappears. Multiply what is left of 32 x 28 x 28 x 64."
    for given, what, compared in (
        (answer[0], "axes", {name: partial(_axes, expected=axes[name]) for name in axes}),
        (
            answer[1],
            "means",
            {name: partial(number, expected=numbers[name], hint=hint) for name in numbers},
        ),
    ):
        try:
            parts(given, compared)
        except WrongAnswerError as error:
            wrong(f"{what}: {error}")
    return "The axes that are not averaged over say how many means there are."


def _axes(answer: Any, expected: list[int]) -> None:
    if not isinstance(answer, tuple | list) or not all(isinstance(a, int) for a in answer):
        wrong("Write a tuple of axis numbers, such as (1, 2).")
    if sorted(axis % 4 for axis in answer) == expected:
        return
    if 1 not in answer or 2 not in answer:
        wrong("In the figure, all of them average over the places: axes 1 and 2.")
    wrong("Axis 0 is the pictures, axis 3 the channels. Which of them are mixed?")
