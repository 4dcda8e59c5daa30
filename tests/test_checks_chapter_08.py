"""Right and wrong answers to the exercises of chapter 8; `test_checks_answers.py` tries them."""

import nbformat
import pytest
from conftest import NOTEBOOKS
from frameworks import keras, layers

from cnn_course import classtest, counting
from cnn_course.checks import chapter_08, check

DENSE = {"120 units": 48_120, "84 units": 10_164, "10 units": 850}
BLOCK = {"depthwise": 216, "norm_1": 96, "conv": 1_152, "norm_2": 192, "not trained": 144}
WORK = {"parameters": 51_264, "multiplications": 2_508_800}
MISTAKE = {"taken": 48_120, "right": 120, "factor": 398}
SLIP = {"dense_2": 100, "output": 30}
TEST = {
    "conv_1 shape": (4, 4, 1),
    "conv_1 parameters": 5,
    "conv_2 shape": (4, 4, 2),
    "conv_2 parameters": 10,
    "pool shape": (2, 2, 2),
    "pool parameters": 0,
    "flatten shape": (8,),
    "flatten parameters": 0,
    "dense_1 shape": (10,),
    "dense_1 parameters": 90,
    "dense_2 shape": (10,),
    "dense_2 parameters": 110,
    "output shape": (3,),
    "output parameters": 33,
    "total parameters": 248,
    "hidden activation": "relu",
    "output activation": "softmax",
}
HARD = {
    "conv_1 shape": (18, 29, 12),
    "conv_1 parameters": 900,
    "norm_1 parameters": 48,
    "pool_1 shape": (8, 14, 12),
    "depthwise_1 parameters": 120,
}


def counted(height, width, channels, filters, bias):
    return (height * width * channels + bias) * filters


def without_channels(height, width, channels, filters, bias):
    return (height * width + bias) * filters


def without_bias(height, width, channels, filters, bias):
    return height * width * channels * filters


def square(height, width, channels, filters, bias):
    return (height * height * channels + bias) * filters


def network(*rest, picture=(28, 28, 1)):
    convolutions = counting.Conv2D(8, 3), counting.Conv2D(8, 3)
    return counting.table([counting.Input(picture), *convolutions, *rest])


AVERAGE, TEN = counting.GlobalAveragePooling2D(), counting.Dense(10)

RIGHT = {
    "small-network": [network(AVERAGE, TEN), network(AVERAGE, TEN, counting.Softmax())],
    "conv-rule": [counted, lambda *a: float(counted(*a))],
    "three-dense": [DENSE],
    "modern-block": [BLOCK],
    "work": [WORK],
    "mistake": [MISTAKE],
    "slip": [SLIP],
    "class-test": [TEST, TEST | {"conv_1 shape": "4 x 4 x 1", "hidden activation": "ReLU"}],
    "hard": [HARD, {name: HARD[name] for name in list(HARD)[:4]}],
}

WRONG = [
    ("conv-rule", 76, "function"),
    ("conv-rule", lambda *a: print(end=""), "return what it computes"),
    ("conv-rule", lambda *a: "76", "should be a number"),
    ("conv-rule", without_channels, "channels: 16.*too few"),
    ("conv-rule", without_bias, "bias for each filter"),
    ("conv-rule", square, "kernel of 1 x 7"),
    ("conv-rule", lambda *a: counted(*a) * 3, "too many"),
    ("three-dense", 48_120, "dictionary"),
    ("three-dense", DENSE | {"120 units": 48_000}, "'120 units': .*bias"),
    ("three-dense", DENSE | {"120 units": 2_040}, "keeps every value"),
    ("three-dense", DENSE | {"84 units": 4_042_164}, "not the parameters before"),
    ("three-dense", DENSE | {"10 units": 101_650}, "'10 units': .*not the parameters"),
    ("three-dense", DENSE | {"10 units": 7}, "hand on"),
    ("modern-block", BLOCK | {"depthwise": 5_184}, "across channels"),
    ("modern-block", BLOCK | {"depthwise": 240}, "no bias"),
    ("modern-block", BLOCK | {"norm_1": 48}, "two are kept"),
    ("modern-block", BLOCK | {"conv": 1_200}, "no bias"),
    ("modern-block", BLOCK | {"norm_2": 96}, "'norm_2': "),
    ("modern-block", BLOCK | {"not trained": 288}, "Half of them"),
    ("modern-block", BLOCK | {"not trained": 48}, "two layers"),
    ("work", WORK | {"parameters": 51_200}, "bias"),
    ("work", WORK | {"multiplications": 14 * 14 * 51_200}, "not those of the input"),
    ("work", WORK | {"multiplications": 49 * 51_264}, "no multiplication"),
    ("small-network", 4_000, "table"),
    ("small-network", network(AVERAGE, TEN, picture=(28, 28, 3)), "one channel"),
    ("small-network", counting.table([counting.Input((28, 28, 1)), AVERAGE, TEN]), "two conv"),
    ("small-network", network(AVERAGE, counting.Dense(3)), "each class"),
    ("small-network", network(counting.Flatten(), TEN), "of them in one layer, dense"),
    ("mistake", MISTAKE | {"taken": 400}, "multiplied by 84"),
    ("mistake", MISTAKE | {"right": 84}, "its own units"),
    ("mistake", MISTAKE | {"factor": 4_031_996}, "Divide"),
    ("slip", SLIP | {"dense_2": 110}, "they erred"),
    ("slip", SLIP | {"output": 12}, "compare 4 with 5"),
    ("class-test", list(TEST.values()), "dictionary"),
    ("class-test", TEST | {"conv_2 parameters": 8}, r"27 of 28 points. Look at: conv_2 par.* bias"),
    ("class-test", TEST | {"pool shape": (3, 3, 2)}, "26 of 28 points. Look at: pool shape"),
    ("class-test", TEST | {"output activation": "sigmoid"}, "add up to 1"),
    ("class-test", TEST | {"conv_1 shapes": 1}, "no question 'conv_1 shapes'"),
    ("hard", "nothing", "dictionary"),
    (
        "hard",
        HARD | {"norm_1 parameters": 24, "conv_1 shape": (16, 27, 12)},
        "9 of .* conv_1 shape",
    ),
    ("hard", dict(list(HARD.items())[:2]), "5 of "),
    ("hard", HARD | dict.fromkeys(list(HARD)[2:], ...), "5 of "),
    ("class-test", {name: 5 if name == "conv_1 parameters" else ... for name in TEST}, "2 of 28"),
    ("class-test", TEST | {"conv_1 shape": (4, 4)}, "25 of 28.*A shape of 3 sizes"),
    ("class-test", TEST | {"conv_1 shape": "four"}, "cannot be read"),
    ("mistake", MISTAKE | {"factor": 397.69}, "whole number"),
    ("conv-rule", lambda h, w, c, f, b: counted(h, w, c, f, True), "bias for each filter"),
]


def test_the_notebook_asks_what_the_check_marks() -> None:
    test = classtest.about(chapter_08._LAYERS, ask=chapter_08._ASKED)
    assert test.key == TEST
    (file,) = (path for path in NOTEBOOKS if path.stem == "08-class-test")
    source = "\n".join(cell.source for cell in nbformat.read(file, as_version=4).cells)
    assert source.count('"conv_1 parameters"') >= 2
    assert all(f'"{name}"' in source for name in TEST)
    assert 'generate(seed=55, level="hard")' in source
    assert classtest.generate(seed=55, level="hard").key.items() >= HARD.items()


def test_the_class_test_cannot_be_passed_with_one_answer_missing() -> None:
    for name in TEST:
        assert not check("class-test", {**TEST, name: ""})


@pytest.mark.tensorflow
def test_the_counts_in_the_answers_are_those_of_keras() -> None:
    inputs = keras.Input((32, 32, 24))
    x = layers.DepthwiseConv2D(3, padding="same", use_bias=False, name="depthwise")(inputs)
    x = layers.BatchNormalization(name="norm_1")(x)
    x = layers.Conv2D(48, 1, use_bias=False, name="conv")(x)
    model = keras.Model(inputs, layers.BatchNormalization(name="norm_2")(x))
    assert {layer.name: layer.count_params() for layer in model.layers[1:]} == {
        name: value for name, value in BLOCK.items() if name != "not trained"
    }
    assert sum(weight.shape[0] for weight in model.non_trainable_weights) == BLOCK["not trained"]
    conv = layers.Conv2D(64, 5, strides=2, padding="same")
    assert conv(keras.Input((14, 14, 32))).shape[1:3] == (7, 7)
    assert conv.count_params() == WORK["parameters"]
    assert 49 * conv.kernel.shape.num_elements() == WORK["multiplications"]
