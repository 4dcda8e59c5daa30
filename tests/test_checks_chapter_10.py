"""Right and wrong answers to the exercises of chapter 10; `test_checks_answers.py` tries them."""

import numpy as np
import pytest
from frameworks import keras, layers

DEEP = {"sigmoid": 10, "tanh": 62}
DEVIATION = {"He": 0.0589, "Glorot": 0.0417}
KEPT = {"after 1": 1.0, "after 2": 1.9, "after 3": 3.71, "batches": 459}
FOLDED = {"weight": 1.5, "bias": -8.0}
AXES = {"batch": (0, 1, 2), "layer": (1, 2, 3), "instance": (1, 2)}
MEANS = {"batch": 64, "layer": 32, "instance": 2_048}


def inference(x, gamma, beta, mean, variance):
    return gamma * (x - mean) / np.sqrt(variance + 1e-3) + beta


def in_training(x, gamma, beta, mean, variance):
    places = (0, 1, 2)
    return inference(x, gamma, beta, x.mean(axis=places), x.var(axis=places))


def without_root(x, gamma, beta, mean, variance):
    return gamma * (x - mean) / (variance + 1e-3) + beta


def epsilon_outside(x, gamma, beta, mean, variance):
    return gamma * (x - mean) / (np.sqrt(variance) + 1e-3) + beta


RIGHT = {
    "how-deep": [DEEP],
    "standard-deviation": [DEVIATION, {"He": (2 / 576) ** 0.5, "Glorot": 1 / 24}],
    "with-a-pencil": [[-5, -1, -1, 11]],
    "what-is-kept": [KEPT],
    "in-inference": [inference],
    "fold": [FOLDED],
    "which-axes": [(AXES, MEANS), [AXES | {"layer": [-1, 1, 2]}, MEANS]],
}

WRONG = [
    ("how-deep", DEEP | {"sigmoid": 9}, "'sigmoid': .*3.8"),
    ("how-deep", DEEP | {"tanh": 61}, "'tanh': .*more than"),
    ("how-deep", DEEP | {"tanh": 7}, "count"),
    ("standard-deviation", DEVIATION | {"He": 2 / 576}, "variance"),
    ("standard-deviation", DEVIATION | {"He": 0.177}, "products"),
    ("standard-deviation", DEVIATION | {"He": 0.0417}, "halves"),
    ("standard-deviation", DEVIATION | {"Glorot": 0.0589}, "That is He's"),
    ("standard-deviation", DEVIATION | {"Glorot": "0.04"}, "number"),
    ("standard-deviation", DEVIATION | {"He": 0.055}, "What is n"),
    ("standard-deviation", DEVIATION | {"Glorot": 0.0559}, "Count what goes out"),
    ("with-a-pencil", [-1, -1 / 3, -1 / 3, 5 / 3], "come after"),
    ("with-a-pencil", [-1, 1 / 3, 1 / 3, 13 / 3], "root of the variance"),
    ("with-a-pencil", [0, 4, 4, 16], "at last"),
    ("with-a-pencil", [5, 9, 9, 21], "Subtract the mean"),
    ("with-a-pencil", [-2, 0, 0, 6], "then multiply"),
    ("with-a-pencil", [-4.196, -0.732, -0.732, 9.660], "by 4, not by 3"),
    ("with-a-pencil", [1, 1, 1], "shape"),
    ("what-is-kept", KEPT | {"after 1": 9.0}, "old value"),
    ("what-is-kept", KEPT | {"after 2": 2.0}, "not all of it"),
    ("what-is-kept", KEPT | {"after 3": 13.333}, "not the mean"),
    ("what-is-kept", KEPT | {"batches": 458}, "still"),
    ("what-is-kept", KEPT | {"batches": 100}, "each time"),
    ("in-inference", 1, "function"),
    ("in-inference", in_training, "kept ones"),
    ("in-inference", without_root, "root"),
    ("in-inference", lambda x, g, b, m, v: inference(x, 1, 0, m, v), "Gamma and beta"),
    ("in-inference", lambda x, g, b, m, v: inference(x, g, b, m, v - 1e-3), "Epsilon"),
    ("in-inference", epsilon_outside, "below the root"),
    ("in-inference", lambda x, g, b, m, v: inference(x, g, 0, m, v), "Beta is"),
    ("in-inference", lambda x, g, b, m, v: inference(x, 1, b, m, v), "Gamma is"),
    ("in-inference", lambda x, g, b, m, v: x, "the values do not"),
    ("in-inference", lambda *a: print(end=""), "return"),
    ("in-inference", lambda x, g, b, m, v: x.mean(), "comes out"),
    ("fold", FOLDED | {"weight": 3.0}, "too"),
    ("fold", FOLDED | {"weight": 0.5, "bias": -2.0}, "Scale it"),
    ("fold", FOLDED | {"weight": 0.25}, "Gamma is missing"),
    ("fold", FOLDED | {"bias": 10.0}, "subtracted"),
    ("fold", FOLDED | {"bias": -2.0}, "scaled, too"),
    ("fold", FOLDED | {"bias": -3.5}, "not by the variance"),
    ("fold", FOLDED | {"bias": -9.0}, "Beta is added"),
    ("which-axes", AXES, "two dictionaries"),
    ("which-axes", (AXES | {"batch": (0, 3)}, MEANS), "over the places"),
    ("which-axes", (AXES | {"layer": (0, 1, 2)}, MEANS), "Which of them"),
    ("which-axes", (AXES | {"layer": 1}, MEANS), "tuple"),
    ("which-axes", (AXES, MEANS | {"instance": 64}), "means: 'instance'"),
]


@pytest.mark.tensorflow
def test_the_pencilled_values_are_those_of_keras() -> None:
    layer = layers.BatchNormalization(epsilon=1e-9)
    layer.build((None, 1))
    layer.gamma.assign([6.0])
    layer.beta.assign([1.0])
    result = layer(np.array([[2.0], [4.0], [4.0], [10.0]]), training=True)
    np.testing.assert_allclose(np.ravel(result), RIGHT["with-a-pencil"][0], atol=1e-5)


@pytest.mark.tensorflow
def test_the_kept_means_are_those_of_keras() -> None:
    layer = layers.BatchNormalization(momentum=0.9)
    for number, mean in enumerate((10.0, 10.0, 20.0), start=1):
        layer(np.array([[mean - 1], [mean + 1]]), training=True)
        assert float(layer.moving_mean[0]) == pytest.approx(KEPT[f"after {number}"], abs=1e-5)


@pytest.mark.tensorflow
def test_the_starts_are_those_of_keras() -> None:
    keras.utils.set_random_seed(1)
    for name, initializer in (("He", "he_normal"), ("Glorot", "glorot_normal")):
        kernel = keras.initializers.get(initializer)((3, 3, 64, 64))
        assert float(np.std(kernel)) == pytest.approx(DEVIATION[name], rel=0.02)
