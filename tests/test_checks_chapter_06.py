"""Right and wrong answers to the exercises of chapter 6; `test_checks_answers.py` tries them."""

import itertools
import math

import numpy as np
import pytest
from frameworks import keras, layers

from cnn_course.checks import check

TWO_BLOCKS = {"parameters": 12_979_200, "tensors": 12}
CUT = {"layer": "block3_pool", "shape": (22, 22, 256)}
STEPS = {"1e-3": 10, "1e-5": 1000}
BEFORE, AFTER = [0.45, 0.45, 0.6, 0.6], [0.55, 0.55, 0.55, 0.01]
LOSSES = [-sum(map(math.log, right_class)) / 4 for right_class in (BEFORE, AFTER)]
BOTH = {
    "accuracy_before": 0.5,
    "accuracy_after": 0.75,
    "loss_before": LOSSES[0],
    "loss_after": LOSSES[1],
}
MEANS = {"after_one": 0.1, "after_two": 0.199}

RIGHT = {
    "five-steps": [
        list("CEABD"),
        tuple("ceabd"),
        "CEABD",
        "C, E, A, B, D",
        "C -> E -> A -> B -> D",
        list("ECABD"),
    ],
    "two-blocks": [
        TWO_BLOCKS,
        {"tensors": 6 * 2, "parameters": np.int64((9 * 256 + 1) * 512 + 5 * (9 * 512 + 1) * 512)},
    ],
    "where-to-cut": [
        CUT,
        {"layer": " Block3_Pool ", "shape": [22, 22, 256]},
        CUT | {"shape": (None, 22, 22, 256)},
    ],
    "size-of-a-step": [STEPS, {"1e-3": 0.01 / 1e-3, "1e-5": 0.01 / 1e-5}],
    "accuracy-and-loss": [
        BOTH,
        {"loss_before": 0.65, "loss_after": 1.6, "accuracy_before": 0.5, "accuracy_after": 0.75},
        BOTH | {"accuracy_before": np.float32(0.5), "loss_after": np.float32(1.5997)},
    ],
    "moving-mean": [
        MEANS,
        {"after_one": (1 - 0.99) * 10, "after_two": 0.99 * 0.1 + (1 - 0.99) * 10},
        {"after_one": np.float32(0.1), "after_two": np.float32(0.199)},
    ],
}

WRONG = [
    ("five-steps", {"C", "E", "A", "B", "D"}, "list of five letters.*set"),
    ("five-steps", np.array(list("CEABD")), "list of five letters.*ndarray"),
    ("five-steps", {1: "C"}, "list of five letters.*dict"),
    ("five-steps", [3, 5, 1, 2, 4], "each once"),
    ("five-steps", list("CEAB"), "each once"),
    ("five-steps", list("CEABB"), "each once"),
    ("five-steps", [None] * 5, "each once"),
    ("five-steps", [float("nan")] * 5, "each once"),
    ("five-steps", list("ABCDE"), "train, before C"),
    ("five-steps", "DCEAB", "Is there one by then"),
    ("five-steps", list("CEADB"), "been unfrozen"),
    ("five-steps", list("CABED"), "E freezes all"),
    ("five-steps", list("CEBDA"), "still random"),
    ("five-steps", list("CEBAD"), "still random"),
    ("five-steps", list("CAEBD"), "stand still"),
    ("two-blocks", 12_979_200, "dictionary"),
    ("two-blocks", {"parameters": 12_979_200}, "exactly these keys"),
    ("two-blocks", TWO_BLOCKS | {"parameters": None}, "One number.*NoneType"),
    ("two-blocks", TWO_BLOCKS | {"parameters": 14_158_848}, "first of the six.*fewer"),
    ("two-blocks", TWO_BLOCKS | {"parameters": 7_080_960}, "Only the first"),
    ("two-blocks", TWO_BLOCKS | {"parameters": 10_619_904}, "Within block 4"),
    ("two-blocks", TWO_BLOCKS | {"parameters": 12_976_128}, "Every filter has a bias"),
    ("two-blocks", TWO_BLOCKS | {"parameters": 12_976_134}, "One bias for each filter"),
    ("two-blocks", TWO_BLOCKS | {"parameters": 30_720}, "as deep as its input"),
    ("two-blocks", TWO_BLOCKS | {"parameters": 7_079_424}, "That is block 5"),
    ("two-blocks", TWO_BLOCKS | {"parameters": 5_899_776}, "That is block 4"),
    ("two-blocks", TWO_BLOCKS | {"parameters": 14_714_688}, "whole base"),
    ("two-blocks", TWO_BLOCKS | {"parameters": 1_735_488}, "what stands still"),
    ("two-blocks", TWO_BLOCKS | {"parameters": 1}, "For each of the six"),
    ("two-blocks", TWO_BLOCKS | {"tensors": 6}, "'tensors'.*kernel and a bias"),
    ("two-blocks", TWO_BLOCKS | {"tensors": 8}, "two tensors"),
    ("two-blocks", TWO_BLOCKS | {"tensors": 16}, "no weights"),
    ("two-blocks", TWO_BLOCKS | {"tensors": 26}, "whole base"),
    ("two-blocks", TWO_BLOCKS | {"tensors": 14}, "stands still"),
    ("two-blocks", TWO_BLOCKS | {"tensors": 10}, "base alone"),
    ("two-blocks", TWO_BLOCKS | {"tensors": 11}, "how many tensors"),
    ("where-to-cut", "block3_pool", "dictionary"),
    ("where-to-cut", {"layer": "block3_pool"}, "exactly these keys"),
    ("where-to-cut", CUT | {"layer": None}, "name of a layer.*NoneType"),
    ("where-to-cut", CUT | {"layer": 10}, "name of a layer.*int"),
    ("where-to-cut", CUT | {"layer": "block3-pool"}, "No layer is called 'block3-pool'"),
    ("where-to-cut", CUT | {"layer": "block3_conv4"}, "No layer is called"),
    ("where-to-cut", CUT | {"layer": "block4_conv1"}, "first layer that moves"),
    ("where-to-cut", CUT | {"layer": "block4_conv2"}, "soon be old"),
    ("where-to-cut", CUT | {"layer": "block4_pool"}, "soon be old"),
    ("where-to-cut", CUT | {"layer": "block5_pool"}, "soon be old"),
    ("where-to-cut", CUT | {"layer": "block3_conv3"}, "stands still, too"),
    ("where-to-cut", CUT | {"layer": "block1_conv1"}, "stands still, too"),
    ("where-to-cut", CUT | {"shape": "22 x 22 x 256"}, "'shape'.*this is a str"),
    ("where-to-cut", CUT | {"shape": (22, 22)}, "length 2"),
    ("where-to-cut", CUT | {"shape": (23, 23, 256)}, "rounds down"),
    ("where-to-cut", CUT | {"shape": (22.5, 22.5, 256)}, "half of a row"),
    ("where-to-cut", CUT | {"shape": (45, 45, 256)}, "before the pooling"),
    ("where-to-cut", CUT | {"shape": (22, 22, 512)}, "behind the cut"),
    ("where-to-cut", CUT | {"shape": (11, 11, 512)}, "out of block 4"),
    ("where-to-cut", CUT | {"shape": (5, 5, 512)}, "whole base"),
    ("where-to-cut", CUT | {"shape": (22, 22, 128)}, "more filters"),
    ("where-to-cut", CUT | {"shape": (256, 22, 22)}, "channels come last"),
    ("where-to-cut", CUT | {"shape": (18, 18, 256)}, "How often has 180"),
    ("size-of-a-step", [10, 1000], "dictionary"),
    ("size-of-a-step", {"1e-3": 10}, "exactly these keys"),
    ("size-of-a-step", {1e-3: 10, 1e-5: 1000}, "exactly these keys"),
    ("size-of-a-step", STEPS | {"1e-3": "10"}, "One number.*str"),
    ("size-of-a-step", {"1e-3": 1000, "1e-5": 10}, "would move it by 1"),
    ("size-of-a-step", STEPS | {"1e-3": 0.1}, "other way round"),
    ("size-of-a-step", STEPS | {"1e-3": 1e-5}, "multiplied"),
    ("size-of-a-step", STEPS | {"1e-3": 7}, "How often"),
    ("size-of-a-step", STEPS | {"1e-5": 10}, "by 0.0001"),
    ("size-of-a-step", STEPS | {"1e-5": 100}, "by 0.001"),
    ("size-of-a-step", STEPS | {"1e-5": 100_000}, "by 1"),
    ("size-of-a-step", STEPS | {"1e-5": 1e-3}, "other way round"),
    ("accuracy-and-loss", (0.5, 0.75, 0.65, 1.6), "dictionary"),
    ("accuracy-and-loss", {"accuracy_before": 0.5}, "exactly these keys"),
    ("accuracy-and-loss", BOTH | {"loss_after": None}, "'loss_after'.*NoneType"),
    ("accuracy-and-loss", BOTH | {"loss_after": float("nan")}, "not nan"),
    ("accuracy-and-loss", BOTH | {"accuracy_before": 0.75}, "accuracy after"),
    ("accuracy-and-loss", BOTH | {"accuracy_before": 2}, "Which share of four"),
    ("accuracy-and-loss", BOTH | {"accuracy_before": 50}, "percentage"),
    ("accuracy-and-loss", BOTH | {"accuracy_before": 0.525}, "mean probability"),
    ("accuracy-and-loss", BOTH | {"accuracy_after": 0.5}, "accuracy before"),
    ("accuracy-and-loss", BOTH | {"accuracy_after": 0.25}, "wrong answers"),
    ("accuracy-and-loss", BOTH | {"accuracy_after": 1}, "Of how many"),
    ("accuracy-and-loss", BOTH | {"loss_before": LOSSES[1]}, "loss after"),
    ("accuracy-and-loss", BOTH | {"loss_before": 2.62}, "That is the sum"),
    ("accuracy-and-loss", BOTH | {"loss_before": -0.65}, "mind the sign"),
    ("accuracy-and-loss", BOTH | {"loss_before": 0.28}, "natural logarithm"),
    ("accuracy-and-loss", BOTH | {"loss_before": 0.94}, "natural logarithm"),
    ("accuracy-and-loss", BOTH | {"loss_before": 0.76}, "as they are"),
    ("accuracy-and-loss", BOTH | {"loss_before": 0.525}, "mean probability"),
    ("accuracy-and-loss", BOTH | {"loss_after": LOSSES[0]}, "loss before"),
    ("accuracy-and-loss", BOTH | {"loss_after": 6.4}, "That is the sum"),
    ("accuracy-and-loss", BOTH | {"loss_after": 0.88}, "logarithm of each"),
    ("accuracy-and-loss", BOTH | {"loss_after": 0.6}, "as they are"),
    ("accuracy-and-loss", BOTH | {"loss_after": 5}, "then the mean"),
    ("moving-mean", 0.199, "dictionary"),
    ("moving-mean", {"after_one": 0.1}, "exactly these keys"),
    ("moving-mean", MEANS | {"after_one": None}, "One number.*NoneType"),
    ("moving-mean", MEANS | {"after_two": float("nan")}, "not nan"),
    ("moving-mean", MEANS | {"after_one": 9.9}, "exchanged"),
    ("moving-mean", MEANS | {"after_one": 10}, "mean of the batch"),
    ("moving-mean", MEANS | {"after_one": 0.01}, "Of what"),
    ("moving-mean", MEANS | {"after_one": 0}, "That is the old mean"),
    ("moving-mean", MEANS | {"after_one": 0.99}, "momentum belongs to it"),
    ("moving-mean", MEANS | {"after_one": 0.099}, "near.*three digits"),
    ("moving-mean", MEANS | {"after_one": 5}, "Which part"),
    ("moving-mean", MEANS | {"after_two": 0.2}, "near.*three digits"),
    ("moving-mean", MEANS | {"after_two": 0.198}, "near.*three digits"),
    ("moving-mean", MEANS | {"after_two": 0.1}, "one step"),
    ("moving-mean", MEANS | {"after_two": 0.099}, "one step"),
    ("moving-mean", MEANS | {"after_two": 9.999}, "'after_two'"),
    ("moving-mean", MEANS | {"after_two": 10.099}, "Only a part"),
    ("moving-mean", MEANS | {"after_two": 5}, "the old mean now"),
]


def test_of_all_orders_of_five_steps_two_are_right_and_every_other_gets_a_question():
    verdicts = {
        order: check("five-steps", list(order)) for order in itertools.permutations("ABCDE")
    }
    right = {"".join(order) for order, verdict in verdicts.items() if verdict}
    assert right == {"CEABD", "ECABD"}
    asked = {verdict.message for verdict in verdicts.values() if not verdict}
    assert len(asked) == 6


@pytest.fixture(scope="module")
def vgg16():
    return keras.applications.VGG16(weights=None, include_top=False, input_shape=(180, 180, 3))


@pytest.mark.tensorflow
def test_the_counts_in_the_answers_are_those_of_keras(vgg16):
    moving = vgg16.layers[[layer.name for layer in vgg16.layers].index("block4_conv1") :]
    counts = {
        "parameters": sum(layer.count_params() for layer in moving),
        "tensors": sum(len(layer.weights) for layer in moving),
    }
    assert check("two-blocks", counts), counts


@pytest.mark.tensorflow
def test_of_all_layers_of_keras_one_is_the_right_cut_and_the_others_are_known(vgg16):
    verdicts = {}
    for layer in vgg16.layers[1:]:
        shape = tuple(layer.output.shape)
        verdicts[layer.name] = check("where-to-cut", {"layer": layer.name, "shape": shape})
    assert [name for name, verdict in verdicts.items() if verdict] == ["block3_pool"]
    assert not any("No layer is called" in verdict.message for verdict in verdicts.values())


@pytest.mark.tensorflow
def test_a_step_of_adam_and_of_rmsprop_is_about_the_rate():
    """What the exercise says, for a gradient that does not change."""
    for optimizer in (keras.optimizers.Adam(1e-3), keras.optimizers.RMSprop(1e-3)):
        weight = keras.Variable([0.01])
        for _ in range(200):
            optimizer.apply([keras.ops.convert_to_tensor([0.3])], [weight])
        moved = 0.01 - float(weight.numpy()[0])
        assert moved / 200 == pytest.approx(1e-3, rel=0.15)


@pytest.mark.tensorflow
def test_accuracy_and_loss_in_the_answers_are_those_of_keras():
    given = {}
    for when, right_class in {"before": BEFORE, "after": AFTER}.items():
        truth, answers = np.ones((4, 1)), np.array(right_class)[:, np.newaxis]
        accuracy = keras.metrics.BinaryAccuracy()
        accuracy.update_state(truth, answers)
        given[f"accuracy_{when}"] = float(accuracy.result())
        given[f"loss_{when}"] = float(keras.losses.BinaryCrossentropy()(truth, answers))
    assert check("accuracy-and-loss", given), given


@pytest.mark.tensorflow
def test_the_moving_mean_in_the_answers_is_that_of_keras():
    normalization = layers.BatchNormalization(momentum=0.99)
    given = {}
    for key in ("after_one", "after_two"):
        normalization(np.full((8, 1), 10.0), training=True)
        given[key] = float(normalization.moving_mean.numpy()[0])
    assert check("moving-mean", given), given


@pytest.mark.parametrize("way", ["trainable=False", "training=False", "rate of 0", "nothing"])
@pytest.mark.tensorflow
def test_only_trainable_false_keeps_batch_normalization_still_in_a_functional_model(way):
    """What a quiz question says of each of its options."""
    normalization = layers.BatchNormalization()
    base = keras.Sequential([keras.Input((3,)), normalization])
    normalization.trainable = way != "trainable=False"
    inputs = keras.Input((3,))
    x = base(inputs, training=False) if way == "training=False" else base(inputs)
    model = keras.Model(inputs, layers.Dense(1)(x))
    rate = 0.0 if way == "rate of 0" else 1e-5
    model.compile(keras.optimizers.Adam(rate), "mse")
    model.fit(np.full((8, 3), 10.0), np.ones((8, 1)), verbose=0)
    still = not normalization.moving_mean.numpy().any()
    assert still == (way == "trainable=False")
