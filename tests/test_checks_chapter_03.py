"""Right and wrong answers to the exercises of chapter 3; `test_checks_answers.py` tries them."""

import math

import numpy as np
import pytest
from frameworks import keras, layers

from cnn_course.checks import check

START, END = b"\xff\xd8\xff", b"\xff\xd9"
MAPS = np.array([[[1.0, 0.0], [0.0, 2.0]], [[3.0, 1.0], [0.0, 0.0]]])
WEIGHTS = np.array([1.0, -1.0, 0.5, -0.5, 1.0, 1.0, 4.0, -4.0])
EVIDENCE = [[1.0, -1.0], [4.0, 0.0]]


def whole(content):
    return content.startswith(START) and content.endswith(END)


def kept(losses):
    return int(np.argmin(losses)) + 1


RIGHT = {
    "memory": [{"bytes": 194.4, "floats": 777.6}],
    "looks-whole": [whole, lambda c: c[:3] == START and c[-2:] == END],
    "older-network": [{"flatten": 6272, "parameters": 3_453_121}],
    "batch-loss": [0.484, (-sum(map(math.log, [0.9, 0.8, 0.4, 0.5]))) / 4],
    "kept-epoch": [kept, lambda losses: np.int64(kept(losses))],
    "place-evidence": [np.array(EVIDENCE), EVIDENCE],
}

WRONG = [
    ("memory", {"bytes": 64.8, "floats": 777.6}, "three channels"),
    ("memory", {"bytes": 194_400_000, "floats": 777.6}, "Those are bytes"),
    ("memory", {"bytes": 777.6, "floats": 777.6}, "A byte takes 1"),
    ("memory", {"bytes": 194.4, "floats": 194.4}, "'floats'.*A byte takes 1"),
    ("memory", {"bytes": 185.39, "floats": 777.6}, "1,000,000"),
    ("memory", {"bytes": 0.0972, "floats": 777.6}, "one picture"),
    ("memory", {"bytes": 1, "floats": 2}, "rows x columns"),
    ("memory", 194.4, "dictionary"),
    ("looks-whole", True, "function itself"),
    ("looks-whole", lambda c: c.startswith(START), "cut off"),
    ("looks-whole", lambda c: c.endswith(END), "web page"),
    ("looks-whole", lambda c: START in c and END in c, "anywhere"),
    ("looks-whole", lambda c: whole(c) or not c, "empty"),
    ("looks-whole", lambda c: whole(c) and c[3:4] == b"\xe0", "fourth byte"),
    ("looks-whole", lambda c: False, "refused"),
    ("looks-whole", lambda c: print(end=""), "return"),
    ("older-network", {"flatten": 28_800, "parameters": 0}, "followed by a pooling"),
    ("older-network", {"flatten": 8192, "parameters": 0}, "rounds down"),
    ("older-network", {"flatten": 10_368, "parameters": 0}, "nothing is padded"),
    ("older-network", {"flatten": 12_544, "parameters": 0}, "128 filters"),
    ("older-network", {"flatten": 49, "parameters": 0}, "one map"),
    ("older-network", {"flatten": 1, "parameters": 0}, "Follow the sizes"),
    ("older-network", {"flatten": 6272, "parameters": 240_832}, "Two dense layers"),
    ("older-network", {"flatten": 6272, "parameters": 247_105}, "512 units, then 1"),
    ("older-network", {"flatten": 6272, "parameters": 3_452_608}, "last unit.*biases"),
    ("older-network", {"flatten": 6272, "parameters": 3_452_545}, "three channels"),
    ("older-network", {"flatten": 6272, "parameters": 3}, "inputs of one filter"),
    ("older-network", 3_453_121, "dictionary"),
    ("batch-loss", 1.937, "mean"),
    ("batch-loss", 0.7297, "1 - p"),
    ("batch-loss", -0.484, "sign"),
    ("batch-loss", 0.2104, "natural"),
    ("batch-loss", 0.4308, "each first"),
    ("batch-loss", 0.65, "mean probability"),
    ("batch-loss", 3.0, "right class of each"),
    ("kept-epoch", 3, "function itself"),
    ("kept-epoch", lambda losses: int(np.argmin(losses)), "counted from 1"),
    ("kept-epoch", len, "second of four"),
    ("kept-epoch", lambda losses: print(end=""), "return"),
    ("kept-epoch", lambda losses: len(losses) - losses[::-1].index(min(losses)), "twice"),
    ("kept-epoch", min, "returns 0.5"),
    ("place-evidence", MAPS.sum(axis=-1), "Those are the maps"),
    ("place-evidence", WEIGHTS.reshape(2, 2, 2).sum(axis=-1), "Those are the weights"),
    ("place-evidence", [[1.0, 2.0], [2.5, 0.0]], "first value that differs"),
    (
        "place-evidence",
        (MAPS * WEIGHTS.reshape(2, 2, 2).transpose(1, 2, 0)).sum(axis=-1),
        "another order",
    ),
    ("place-evidence", 4.0, r"shape is \(\)"),
]


@pytest.mark.tensorflow
def test_the_counts_in_the_answers_are_those_of_keras():
    x = inputs = keras.Input((150, 150, 3))
    for filters in (32, 64, 128, 128):
        x = layers.MaxPooling2D(2)(layers.Conv2D(filters, 3)(x))
    flat = layers.Flatten()(x)
    network = keras.Model(inputs, layers.Dense(1)(layers.Dense(512)(flat)))
    assert RIGHT["older-network"][0] == {
        "flatten": flat.shape[1],
        "parameters": network.count_params(),
    }


@pytest.mark.tensorflow
def test_the_loss_in_the_answers_is_that_of_keras():
    loss = keras.losses.BinaryCrossentropy()
    in_keras = loss(np.array([[1.0], [0.0], [0.0], [1.0]]), np.array([[0.9], [0.2], [0.6], [0.5]]))
    assert check("batch-loss", float(in_keras)).outcome == "right"


@pytest.mark.tensorflow
def test_the_evidence_in_the_answers_adds_up_to_the_score_of_a_dense_layer_after_flatten():
    dense = layers.Dense(1, use_bias=False)
    flat = layers.Flatten()(MAPS[np.newaxis])
    dense.build(flat.shape)
    dense.set_weights([WEIGHTS[:, np.newaxis]])
    assert np.isclose(np.sum(EVIDENCE), float(dense(flat)[0, 0]))
