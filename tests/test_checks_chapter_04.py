"""Right and wrong answers to the exercises of chapter 4; `test_checks_answers.py` tries them."""

import numpy as np
import pytest
from frameworks import keras, layers

FILLED = {
    "constant": [0, 0, 5, 6, 7],
    "nearest": [5, 5, 5, 6, 7],
    "wrap": [8, 9, 5, 6, 7],
    "reflect": [6, 5, 5, 6, 7],
}
RANGES = {"rotation_factor": 40 / 360, "shift_pixels": 27, "tallest_dog": 160}
ENDS = {"zoom_factor": 0.5, "smallest_cat": 2 / 3, "still_row": "first"}
KEEPS = {
    "cells under a microscope, turned by any angle": True,
    "left-turn and right-turn road signs, flipped from left to right": False,
    "ripe or unripe tomatoes, hue changed at random": False,
    "dogs and cats, a little brighter or darker": True,
    "printed letters such as b, d, p and q, turned by half a turn": False,
}


def filled(mode, row):
    return FILLED | {mode: row}


def spoiled(picture):
    picture[:] = picture[:, ::-1]
    return picture


RIGHT = {
    "flip": [lambda p: p[:, ::-1], np.fliplr],
    "fill-modes": [FILLED, {mode: np.array(row) for mode, row in FILLED.items()}],
    "ranges": [RANGES, RANGES | {"rotation_factor": 0.111}],
    "at-the-ends": [ENDS, ENDS | {"still_row": "First"}, ENDS | {"smallest_cat": 0.67}],
    "keeps-label": [KEEPS, {task: np.bool_(keeps) for task, keeps in KEEPS.items()}],
    "after-dropout": [[10.667, 0, 8, 2.667], np.array([8, 0, 6, 2]) / 0.75],
}

WRONG = [
    ("flip", "flip", "function itself"),
    ("flip", lambda p: p[::-1], "upside down"),
    ("flip", lambda p: p[..., ::-1], "channels are reversed"),
    ("flip", lambda p: p[::-1, ::-1], "half a turn"),
    ("flip", lambda p: p.transpose(1, 0, 2), r"shape is \(4, 2, 3\)"),
    ("flip", lambda p: print(end=""), "return"),
    ("flip", lambda p: p, "left to right"),
    ("flip", spoiled, "Return a new one"),
    ("fill-modes", [0, 0, 5, 6, 7], "dictionary"),
    ("fill-modes", filled("constant", [7, 8, 9, 0, 0]), "'constant'.*To the right"),
    ("fill-modes", filled("nearest", [7, 8, 9, 9, 9]), "'nearest'.*To the right"),
    ("fill-modes", filled("wrap", [9, 8, 5, 6, 7]), "in their order"),
    ("fill-modes", filled("reflect", [7, 6, 5, 6, 7]), "seen twice"),
    ("fill-modes", filled("reflect", [5, 6, 5, 6, 7]), "reversed"),
    ("fill-modes", filled("nearest", [5, 6, 7]), r"'nearest'.*shape is \(3,\)"),
    ("fill-modes", filled("nearest", [6, 5, 5, 6, 7]), "two places on the left"),
    ("ranges", 40, "dictionary"),
    ("ranges", RANGES | {"rotation_factor": 40}, "degrees"),
    ("ranges", RANGES | {"rotation_factor": 80 / 360}, "both signs"),
    ("ranges", RANGES | {"rotation_factor": 0.4}, "36 degrees"),
    ("ranges", RANGES | {"rotation_factor": np.radians(40)}, "radians"),
    ("ranges", RANGES | {"rotation_factor": 0.9}, "fraction of a full turn"),
    ("ranges", RANGES | {"shift_pixels": 0.15}, "How many of 180"),
    ("ranges", RANGES | {"shift_pixels": 54}, "from where it was"),
    ("ranges", RANGES | {"shift_pixels": 13.5}, "halve"),
    ("ranges", RANGES | {"tallest_dog": 150}, "1 / 0.75"),
    ("ranges", RANGES | {"tallest_dog": 96}, "enlarges"),
    ("ranges", RANGES | {"tallest_dog": 90}, "smaller or larger"),
    ("ranges", RANGES | {"tallest_dog": 1}, "0.75 times"),
    ("at-the-ends", 0.5, "dictionary"),
    ("at-the-ends", ENDS | {"zoom_factor": -0.5}, "without one"),
    ("at-the-ends", ENDS | {"zoom_factor": (-0.5, 0.5)}, "Give one number"),
    ("at-the-ends", ENDS | {"zoom_factor": 2}, "how large the cat"),
    ("at-the-ends", ENDS | {"zoom_factor": 1}, "nothing"),
    ("at-the-ends", ENDS | {"zoom_factor": 0.2}, "Go further"),
    ("at-the-ends", ENDS | {"zoom_factor": 0.4}, "half as much"),
    ("at-the-ends", ENDS | {"smallest_cat": 1.5}, "do to the cat"),
    ("at-the-ends", ENDS | {"smallest_cat": 0.5}, "mirror images"),
    ("at-the-ends", ENDS | {"smallest_cat": 2}, "the largest"),
    ("at-the-ends", ENDS | {"smallest_cat": 0.8}, "read what is said"),
    ("at-the-ends", ENDS | {"still_row": "middle"}, "rotation"),
    ("at-the-ends", ENDS | {"still_row": "last"}, "furthest"),
    ("at-the-ends", ENDS | {"still_row": 0}, 'Answer "first"'),
    ("keeps-label", [True] * 5, "dictionary"),
    ("keeps-label", {"a": True, "b": True, "c": 1, "d": 1, "e": 1}, "no task 'a'"),
    ("keeps-label", dict.fromkeys(KEEPS, True), "mirror"),
    ("keeps-label", dict.fromkeys(KEEPS, False), "microscope"),
    ("keeps-label", dict.fromkeys(KEEPS, "yes"), "True or False"),
    ("after-dropout", [8, 0, 6, 2], "the others grow"),
    ("after-dropout", [6, 0, 4.5, 1.5], "divided"),
    ("after-dropout", [32, 0, 24, 8], "three quarters stay"),
    ("after-dropout", [16, 0, 12, 4], "three quarters do"),
    ("after-dropout", [8 / 0.75, 4 / 0.75, 8, 2 / 0.75], "first value that differs"),
    ("after-dropout", [1, 2], "shape"),
]


def todays_layers():
    """Right and wrong answers that need Keras."""
    turn = layers.RandomRotation(0.05, fill_mode="nearest")
    shift = layers.RandomTranslation(0.1, 0, fill_mode="nearest")
    flip = layers.RandomFlip("horizontal")
    right = [
        [turn, shift, flip],
        (flip, layers.RandomTranslation((-0.1, 0.1), (0.0, 0.0), fill_mode="nearest"), turn),
    ]
    wrong = [
        ({"turn": turn}, "list"),
        ([turn, flip], "RandomRotation, RandomFlip. Which"),
        ([turn, shift, flip, flip], "Three kinds"),
        ([layers.RandomRotation(0.1), shift, flip], "-36 to 36 degrees"),
        ([layers.RandomRotation(0.05), shift, flip], 'RandomRotation.*"reflect"'),
        ([layers.RandomRotation((0.05, 0.05)), shift, flip], "18 to 18.*-18 to"),
        ([turn, layers.RandomTranslation((0.1, 0.1), 0), flip], "the same way"),
        ([turn, layers.RandomTranslation(0, 0.1), flip], "first factor"),
        ([turn, layers.RandomTranslation(0.1, 0.1), flip], "two factors"),
        ([turn, layers.RandomTranslation(0.1, 0), flip], 'Translation.*"reflect"'),
        ([turn, shift, layers.RandomFlip("vertical")], "vertical"),
    ]
    return right, wrong


IN_KERAS = {"todays-layers": todays_layers}


@pytest.mark.parametrize("mode", FILLED)
@pytest.mark.tensorflow
def test_the_fill_modes_in_the_answers_are_those_of_keras(mode):
    shift = layers.RandomTranslation(0, (0.4, 0.4), fill_mode=mode, interpolation="nearest")
    row = np.array([5.0, 6.0, 7.0, 8.0, 9.0]).reshape(1, 5, 1)
    assert np.ravel(shift(row)).tolist() == FILLED[mode]


@pytest.mark.tensorflow
def test_the_sizes_in_the_answers_are_those_of_keras():
    dog = np.zeros((180, 180, 1))
    dog[30:150] = 1
    zoomed = np.array(layers.RandomZoom((-0.25, -0.25), fill_mode="constant")(dog))
    assert zoomed[:, 90, 0].sum() == pytest.approx(RANGES["tallest_dog"], abs=1)
    shifted = np.array(layers.RandomTranslation((0.15, 0.15), 0, fill_mode="constant")(dog))
    assert np.flatnonzero(shifted[:, 90, 0])[0] == 30 + RANGES["shift_pixels"]


@pytest.mark.tensorflow
def test_the_ends_in_the_answers_are_those_of_keras():
    cat = np.zeros((180, 180, 1))
    cat[60:120] = 1
    for factor, times in ((-0.5, 2), (0.5, ENDS["smallest_cat"])):
        zoomed = np.array(layers.RandomZoom((factor, factor), fill_mode="constant")(cat))
        assert zoomed[:, 90, 0].sum() == pytest.approx(60 * times, abs=1)
    picture = np.random.default_rng(1).uniform(size=(9, 9, 1)).astype("float32")
    sheared = np.array(layers.RandomShear((0.3, 0.3), 0.0)(picture))
    rows = [bool(np.array_equal(sheared[row], picture[row])) for row in (0, 4, 8)]
    assert rows == [ENDS["still_row"] == row for row in ("first", "middle", "last")]


@pytest.mark.tensorflow
def test_the_dropped_values_in_the_answers_are_those_of_keras():
    values = np.tile(np.array([[8.0, 4.0, 6.0, 2.0]]), (400, 1))
    dropped = np.array(layers.Dropout(0.25, seed=0)(values, training=True))
    assert set(np.round(dropped[:, 0].astype(float), 3)) == {0, 10.667}
    only_the_second = dropped[(dropped[:, 1] == 0) & ((dropped > 0).sum(axis=1) == 3)]
    assert np.allclose(only_the_second, RIGHT["after-dropout"][1])


@pytest.mark.tensorflow
def test_the_layers_in_the_answers_are_known_to_the_keras_that_is_installed():
    model = keras.Sequential([keras.Input((20, 20, 3)), *todays_layers()[0][0]])
    assert model.predict(np.zeros((1, 20, 20, 3)), verbose=0).shape == (1, 20, 20, 3)
