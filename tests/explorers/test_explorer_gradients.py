"""Values and gradients of a stack are those of Keras, and the page says what becomes of them."""

import re

import numpy as np
import pytest
from explorer_pages import load, outcomes, show

from cnn_course import explorers

import keras  # isort: skip - after cnn_course, which keeps TensorFlow quiet
import tensorflow as tf  # isort: skip
from keras import layers  # isort: skip

pytestmark = [pytest.mark.browser, pytest.mark.tensorflow]
STACKS = (
    *(("sigmoid", "Glorot", 4), ("tanh", "He", 6), ("ReLU", "half of He's", 5)),
    *(("ReLU", "twice He's", 20), ("sigmoid", "He", 1)),
)
FLOW = """(state) => flow(state, digitsOf(DIGITS)).map(({ values, gradient, size, length }) =>
    ({ values: [...values], gradient: [...gradient], size, length }))"""


def in_keras(explorer: explorers.Gradients) -> list[tuple[np.ndarray, np.ndarray, float]]:
    """Return of each layer its values, their gradient, and how long its kernels' gradient is."""
    state, digits = explorer.state, explorer.choices["digits"]
    pixels = np.array([int(sign, 16) for sign in digits["pixels"]], "float32") / 15
    x = inputs = keras.Input((8, 8, 1))
    outputs = []
    for _ in range(state["depth"]):
        x = layers.Conv2D(8, 3, padding="same", use_bias=False)(x)
        outputs.append(x := layers.Activation(state["activation"].lower())(x))
    x = layers.Dense(10, activation="softmax", use_bias=False)(layers.GlobalAveragePooling2D()(x))
    model = keras.Model(inputs, [*outputs, x])
    model.set_weights(explorer.weights)
    kernels = [weight.value for weight in model.trainable_weights[:-1]]
    with tf.GradientTape() as tape:
        *values, answers = model(pixels.reshape(4, 8, 8, 1))
        losses = keras.losses.sparse_categorical_crossentropy(np.array(digits["labels"]), answers)
        loss = tf.reduce_mean(losses)
    found = tape.gradient(loss, [*values, *kernels])
    lengths = [float(tf.norm(one)) for one in found[len(values) :]]
    return list(zip(values, found[: len(values)], lengths, strict=True))


def test_page_and_package_have_the_values_and_gradients_of_keras(page) -> None:
    stacks = [explorers.Gradients(a, s, depth=d, seed=d) for a, s, d in STACKS]
    load(page, stacks[0], "flow", "digitsOf")
    page.evaluate("digits => { globalThis.DIGITS = digits; }", stacks[0].choices["digits"])
    for explorer, one in zip(
        stacks, outcomes(page, FLOW, [each.state for each in stacks]), strict=True
    ):
        by_keras = in_keras(explorer)
        assert len(one["value"]) == len(explorer.layers) == len(by_keras)
        for layer, there, (values, gradient, length) in zip(
            explorer.layers, one["value"], by_keras, strict=True
        ):
            for ours, in_page, theirs in (
                (layer.values, there["values"], values),
                (layer.gradient, there["gradient"], gradient),
                (np.linalg.norm(layer.kernels), there["length"], length),
            ):
                most = np.abs(ours).max()
                np.testing.assert_allclose(np.reshape(in_page, ours.shape), ours, atol=1e-9 * most)
                np.testing.assert_allclose(theirs, ours, atol=1e-3 * most)


def test_the_page_says_where_the_gradient_dies_and_where_it_flows(page, tmp_path) -> None:
    shown = show(page, tmp_path, explorers.Gradients(depth=20))
    assert "It is lost on the way back" in shown.text("sum")
    for activation, start, said in (
        ("tanh", "He", "It reaches the first layer."),
        ("ReLU", "Glorot", "tiny in all layers"),
        ("ReLU", "twice He's", "huge in all layers"),
        ("ReLU", "He", "It reaches the first layer."),
    ):
        shown.pick(activation=activation, start=start)
        assert said in shown.text("sum")
        share = float(
            re.search(r"First layer: ([\d.e−]+) times", shown.text("sum"))[1].replace("−", "-")
        )
        lengths = explorers.Gradients(activation, start, depth=20).output
        assert share == pytest.approx(lengths[0] / lengths[-1], rel=0.06)


def test_a_layer_is_chosen_in_the_maps_the_curves_and_by_keyboard(page, tmp_path) -> None:
    shown = show(page, tmp_path, explorers.Gradients("tanh", depth=10))
    strip = shown.at(".explorer-flow").first
    box = strip.bounding_box()
    strip.click(position={"x": box["width"] * 0.25, "y": 10})
    assert shown.text("sum").startswith("Layer 3 of 10")
    shown.control("layer").press("ArrowRight")
    assert shown.text("sum").startswith("Layer 4 of 10")
    shown.control("depth").press("Home")
    assert shown.text("sum").startswith("Layer 1 of 1")
    shown.pick(scale="own")
    assert shown.state == {**shown.state, "scale": "own", "depth": 1, "layer": 1}
    there = shown.text("sum")
    page.goto(page.url)
    assert shown.text("sum") == there


def test_python_refuses_what_is_no_stack() -> None:
    for wrong, said in (
        ({"activation": "relu"}, "Did you mean 'ReLU'"),
        ({"start": "zero"}, "start must be one of"),
        ({"depth": 21}, "depth must be from 1 to 20, not 21"),
        ({"depth": 5, "layer": 6}, "layer must be from 1 to 5, not 6"),
        ({"scale": "all"}, "scale must be one of 'common', 'own'"),
    ):
        with pytest.raises((TypeError, ValueError), match=said):
            explorers.Gradients(**wrong)
