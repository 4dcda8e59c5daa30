"""Self-checks of chapter 4, data augmentation."""

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

import numpy as np

from cnn_course.checks import compare
from cnn_course.checks.exercises import exercise
from cnn_course.checks.verdicts import Verdict, right, wrong


@exercise("flip")
def _flip(answer: Any) -> Verdict:
    if not callable(answer):
        return wrong("Give the function itself, without brackets behind its name.")
    picture = np.arange(24.0).reshape(2, 4, 3)
    before = picture.copy()
    given = answer(picture)
    if given is None:
        return wrong("The function returns nothing. Write return before the result.")
    if not np.array_equal(picture, before):
        return wrong("The picture that was handed in is changed. Return a new one.")
    return compare.array(
        given,
        before[:, ::-1],
        reason="Columns are reversed; rows and channels stay.",
        hint="Which of the three axes runs from left to right?",
        slips={
            "This turns the picture upside down: the rows are reversed.": before[::-1],
            "The channels are reversed: red and blue change places.": before[..., ::-1],
            "This is half a turn: rows and columns are reversed.": before[::-1, ::-1],
        },
    )


@exercise("fill-modes")
def _fill_modes(answer: Any) -> Verdict:
    expected = {
        "constant": [0, 0, 5, 6, 7],
        "nearest": [5, 5, 5, 6, 7],
        "wrap": [8, 9, 5, 6, 7],
        "reflect": [6, 5, 5, 6, 7],
    }
    to_the_left = {
        "constant": np.array([7, 8, 9, 0, 0]),
        "nearest": np.array([7, 8, 9, 9, 9]),
        "wrap": np.array([7, 8, 9, 5, 6]),
        "reflect": np.array([7, 8, 9, 9, 8]),
    }
    slips = {
        "wrap": {"They come in in their order: 8 before 9.": np.array([9, 8, 5, 6, 7])},
        "reflect": {
            "The mirror stands before the 5, so the 5 is seen twice.": np.array([7, 6, 5, 6, 7]),
            "In a mirror the order is reversed.": np.array([5, 6, 5, 6, 7]),
        },
    }
    marks = {
        mode: partial(
            compare.array,
            expected=np.array(row),
            reason="",
            hint="5 6 7 move to the right; what fills the two places on the left?",
            slips={
                "To the right: 5 6 7 remain, and two places on the left become free.": (
                    to_the_left[mode]
                ),
                **slips.get(mode, {}),
            },
        )
        for mode, row in expected.items()
    }
    return compare.parts(
        answer, marks, reason="5 6 7 remain each time; the mode decides about two places alone."
    )


@exercise("ranges")
def _ranges(answer: Any) -> Verdict:
    factor = compare.number_as(
        40 / 360,
        hint="The factor is a fraction of a full turn.",
        slips={
            40.0: "Those are degrees. The factor is a fraction of a full turn.",
            80 / 360: "A full turn has 360 degrees, and the layer takes both signs by itself.",
            0.4: "0.1 is 36 degrees. So how much is 40?",
            0.698: "Those are radians. The factor is a fraction of a full turn.",
        },
    )
    shift = compare.number_as(
        27.0,
        hint="The factor is a fraction of the picture's size.",
        slips={
            0.15: "That is the factor. How many of 180 pixels is it?",
            54.0: "At most 27 one way or the other. How far from where it was?",
            13.5: "The factor counts from the middle to one side already: do not halve it.",
        },
    )
    tallest = compare.number_as(
        160.0,
        hint="A zoom of -0.25 shows 0.75 times as much, and so enlarges.",
        slips={
            150.0: "Showing 0.75 times as much enlarges by 1 / 0.75, not by 1.25.",
            96.0: "That is how small it gets. Which end of the range enlarges?",
            90.0: "The picture shows less of the scene then; so is the dog smaller or larger?",
        },
    )
    return compare.parts(
        answer,
        {"rotation_factor": factor, "shift_pixels": shift, "tallest_dog": tallest},
        reason="40 / 360 = 0.111, 0.15 x 180 = 27, and 120 / 0.75 = 160.",
    )


@exercise("at-the-ends")
def _at_the_ends(answer: Any) -> Verdict:
    zoom = compare.number_as(
        0.5,
        hint="Twice as large is half as much in the frame.",
        slips={
            -0.5: "The layer takes both signs by itself: give the factor without one.",
            2.0: "That is how large the cat gets. How much of the picture is shown then?",
            1.0: "At its end, this shows 1 - 1 = 0 times as much: nothing.",
            0.2: "This enlarges by 1 / 0.8. Go further.",
        },
    )

    def one_zoom(given: Any) -> Verdict:
        if isinstance(given, tuple | list):
            return wrong("Give one number; the layer takes both signs by itself.")
        return zoom(given)

    smallest = compare.number_as(
        1 / 1.5,
        hint="Choose one of the small pictures, and read what is said about it.",
        slips={
            1.5: "So much more is shown. What does that do to the cat?",
            0.5: "The two ends are not mirror images: how much is shown at this one?",
            2.0: "That is the largest. The other end of the range makes it smaller.",
        },
    )
    return compare.parts(
        answer,
        {"zoom_factor": one_zoom, "smallest_cat": smallest, "still_row": _still_row},
        reason="1 / 0.5 = 2, 1 / 1.5 = 0.667, and shear counts its rows from the first.",
    )


def _still_row(answer: Any) -> Verdict:
    answer = answer.lower() if isinstance(answer, str) else ""
    if answer == "middle":
        return wrong("A rotation leaves the middle where it is. Does this layer?")
    if answer == "last":
        return wrong("This row moves furthest. Watch the other edge.")
    return right("") if answer == "first" else wrong('Answer "first", "middle" or "last".')


@exercise("keeps-label")
def _keeps_label(answer: Any) -> Verdict:
    expected = {
        "cells": (True, "under a microscope, which way is up?"),
        "left-turn": (False, "what does a left-turn sign look like in a mirror?"),
        "ripe": (False, "how do you see that a tomato is ripe?"),
        "dogs": (True, "is a dog at dusk another animal?"),
        "printed": (False, "turn this page by half a turn and read a b or a d."),
    }
    if not isinstance(answer, Mapping) or len(answer) != len(expected):
        return wrong("Give a dictionary with the five tasks as keys.")
    for task, given in answer.items():
        word = str(task).split(" ")[0]
        if word not in expected:
            return wrong(f"There is no task {task!r}. Leave the keys as they are.")
        if not isinstance(given, bool | np.bool_):
            return wrong(f"'{task}': answer True or False.")
        keeps, look_at = expected[word]
        if bool(given) is not keeps:
            return wrong(f"'{task}': {look_at}")
    return right("An augmentation may change everything that the label does not depend on.")


@exercise("todays-layers")
def _todays_layers(answer: Any) -> Verdict:
    if not isinstance(answer, Iterable) or isinstance(answer, str | Mapping):
        return wrong("Give a list of layers.")
    layers = list(answer)
    by_kind = {type(layer).__name__: layer for layer in layers}
    wanted = {"RandomRotation", "RandomTranslation", "RandomFlip"}
    if len(layers) != len(by_kind) or set(by_kind) != wanted:
        found = ", ".join(type(layer).__name__ for layer in layers) or "none"
        return wrong(f"Three kinds of layers do it. Yours: {found}. Which does each argument need?")
    configs = {kind: layer.get_config() for kind, layer in by_kind.items()}
    problem = (
        _rotation_problem(configs["RandomRotation"])
        or _translation_problem(configs["RandomTranslation"])
        or _flip_problem(configs["RandomFlip"])
    )
    return wrong(problem) if problem else right("The same changes, and they run inside the model.")


def _widest(factor: Any) -> tuple[float, float]:
    """Return the range that a factor means: one number counts in both directions."""
    if isinstance(factor, list | tuple):
        return float(factor[0]), float(factor[1])
    return -abs(float(factor)), abs(float(factor))


def _rotation_problem(config: Mapping[str, Any]) -> str:
    least, most = (360 * end for end in _widest(config["factor"]))
    if not np.allclose((least, most), (-18, 18)):
        return f"RandomRotation turns by {least:g} to {most:g} degrees; -18 to 18 are wanted."
    return _fill_problem("RandomRotation", config)


def _translation_problem(config: Mapping[str, Any]) -> str:
    height, width = _widest(config["height_factor"]), _widest(config["width_factor"])
    if np.allclose(height, 0) and np.allclose(width, (-0.1, 0.1)):
        return "height_shift_range moves pictures up and down: it is the first factor."
    if height[0] == height[1] != 0:
        return "RandomTranslation with two equal ends always shifts the same way."
    if not np.allclose(height, (-0.1, 0.1)) or not np.allclose(width, 0):
        return "RandomTranslation has two factors. One is 0.1 here, and the other is 0."
    return _fill_problem("RandomTranslation", config)


def _fill_problem(kind: str, config: Mapping[str, Any]) -> str:
    if config["fill_mode"] != "nearest":
        return f'{kind} fills with "{config["fill_mode"]}". The tutorial fills with "nearest".'
    return ""


def _flip_problem(config: Mapping[str, Any]) -> str:
    mode = config.get("mode", "horizontal")
    return "" if mode == "horizontal" else f'RandomFlip has the mode "{mode}". Look at it again.'


@exercise("after-dropout")
def _after_dropout(answer: Any) -> Verdict:
    kept = np.array([8, 0, 6, 2])
    return compare.array(
        answer,
        expected=kept / 0.75,
        reason="10.67, 0, 8 and 2.67: what stays makes up for what is dropped, on average.",
        hint="The second value is 0. What happens to the others, so that the mean stays?",
        slips={
            "The second value is 0, and that is half of it: the others grow.": kept * 1.0,
            "The others are divided by 1 - 0.25. You multiplied by it.": kept * 0.75,
            "One quarter is dropped, so three quarters stay: divide by 1 - 0.25.": kept / 0.25,
            "Half of the values stay with Dropout(0.5). Here three quarters do.": kept * 2.0,
        },
    )
