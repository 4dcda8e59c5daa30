"""Right and wrong answers to the exercises of chapter 7; `test_checks_answers.py` tries them."""

import numpy as np
import pytest
from frameworks import keras, layers

from cnn_course import cases

LAST, EARLY, TOP, ALL, BEGINNING, SCRATCH = cases.STRATEGIES
DOGS, BIRDS, MUSHROOMS, CLOTHES = (
    "150 photographs of two breeds of dogs",
    "150 recordings of bird song, drawn as spectrograms",
    "600 photographs of mushrooms",
    "40,000 photographs of clothes",
)
CHOSEN = {DOGS: LAST, BIRDS: EARLY, MUSHROOMS: TOP, CLOTHES: ALL}
HEAD, EARLY_HEAD = (5 * 5 * 512 + 1) * 2, (5 * 5 * 256 + 1) * 2
WEIGHTS = {
    "last_features": HEAD,
    "early_features": EARLY_HEAD,
    "top": 7_079_424 + HEAD,
    "all": 14_714_688 + HEAD,
}
PAIRS = dict(
    zip(
        cases.STRATEGIES,
        [
            ("trained", "none"),
            ("trained", "none"),
            ("trained", "last"),
            ("trained", "all"),
            ("trained", "all"),
            ("random", "all"),
        ],
        strict=True,
    )
)
AGAINST = {"near": 2_000, "middle": 50, "far": 300}
SECONDS = {"classifier": 1.4, "fine_tune_all": 81.4}


def enlarged(pictures):
    return np.stack([np.kron(pictures, np.ones((1, 2, 2), "uint8"))] * 3, axis=-1)


def repeated(pictures):
    return np.repeat(np.tile(pictures, (1, 2, 2))[..., None], 3, axis=-1)


def red(pictures):
    return enlarged(pictures) * np.array([1, 0, 0], "uint8")


def emptied(pictures):
    large = enlarged(pictures)
    pictures[:] = 0
    return large


def by_the_average(one, other):
    return sum(one) / len(one) - sum(other) / len(other) > 0.02


def by_every_seed(one, other):
    return all(a > b for a, b in zip(one, other, strict=True))


def by_the_smallest(one, other):
    return min(a - b for a, b in zip(one, other, strict=True)) > 0.02


def by_both(one, other):
    return by_the_average(one, other) and by_every_seed(one, other)


RIGHT = {
    "which-strategy": [CHOSEN],
    "weights-to-train": [WEIGHTS],
    "grey-for-a-base": [enlarged, lambda pictures: enlarged(pictures).astype("float32")],
    "begin-and-train": [PAIRS, {name: list(pair) for name, pair in PAIRS.items()}],
    "clearly-better": [by_both, cases.clearly_better, lambda a, b: np.bool_(by_both(a, b))],
    "seconds": [SECONDS],
    "against-the-rule": [
        AGAINST,
        AGAINST | {"near": 2_000.0},
        {"near": np.int64(801), "middle": 800, "far": 9_999},
    ],
}

WRONG = [
    ("which-strategy", [LAST], "dictionary"),
    ("which-strategy", CHOSEN | {DOGS: "scratch"}, "no strategy"),
    ("which-strategy", {"a": LAST, "b": LAST, "c": LAST, "d": LAST}, "no target 'a'"),
    ("which-strategy", CHOSEN | {DOGS: SCRATCH}, "dogs in the source"),
    ("which-strategy", CHOSEN | {BIRDS: LAST}, "look like a photograph"),
    ("which-strategy", CHOSEN | {MUSHROOMS: LAST}, "neither few nor many"),
    ("which-strategy", CHOSEN | {CLOTHES: BEGINNING}, "photographs of things"),
    ("weights-to-train", 25_602, "dictionary"),
    ("weights-to-train", WEIGHTS | {"last_features": 25_600}, "'last_features': .*bias"),
    ("weights-to-train", WEIGHTS | {"last_features": 12_801}, "two classes"),
    ("weights-to-train", WEIGHTS | {"last_features": 1_026}, "not averaged"),
    ("weights-to-train", WEIGHTS | {"early_features": 12_800}, "'early_features': .*bias"),
    ("weights-to-train", WEIGHTS | {"early_features": 247_810}, "5 x 5 places"),
    ("weights-to-train", WEIGHTS | {"top": 7_079_424}, "'top': The head goes on"),
    ("weights-to-train", WEIGHTS | {"top": 7_079_424 + EARLY_HEAD}, "not on the early"),
    ("weights-to-train", WEIGHTS | {"all": 14_714_688}, "'all': The head goes on"),
    ("weights-to-train", WEIGHTS | {"all": 14_714_688 + 7_079_424 + HEAD}, "a part of the base"),
    ("weights-to-train", WEIGHTS | {"all": 1}, "The base, and the head"),
    ("grey-for-a-base", "enlarge", "function itself"),
    ("grey-for-a-base", lambda pictures: print(end=""), "returns nothing"),
    ("grey-for-a-base", lambda pictures: pictures, r"shape is \(2, 28, 28\)"),
    ("grey-for-a-base", lambda pictures: np.repeat(pictures, 2, axis=1), "one of the two sides"),
    ("grey-for-a-base", lambda pictures: enlarged(pictures)[..., :1], r"\(2, 56, 56, 1\)"),
    ("grey-for-a-base", repeated, "whole picture is repeated"),
    ("grey-for-a-base", red, "Only one channel"),
    ("grey-for-a-base", lambda pictures: enlarged(pictures) // 2, "square of 2 x 2"),
    ("grey-for-a-base", emptied, "Return a new one"),
    ("begin-and-train", list(PAIRS.values()), "dictionary"),
    ("begin-and-train", PAIRS | {LAST: "trained"}, "pair"),
    ("begin-and-train", PAIRS | {LAST: ("trained", "head")}, "not asked for"),
    ("begin-and-train", PAIRS | {LAST: ("trained", "last")}, "change in the base"),
    ("begin-and-train", PAIRS | {EARLY: ("random", "none")}, "come from the base"),
    ("begin-and-train", PAIRS | {TOP: ("trained", "all")}, "which layers"),
    ("begin-and-train", PAIRS | {ALL: ("trained", "last")}, "every layer"),
    ("begin-and-train", PAIRS | {BEGINNING: ("trained", "none")}, "where it begins"),
    ("begin-and-train", PAIRS | {SCRATCH: ("trained", "all")}, "Nothing|nothing"),
    ("clearly-better", True, "function itself"),
    ("clearly-better", lambda one, other: print(end=""), "returns nothing"),
    ("clearly-better", lambda one, other: 1, "int. True or False"),
    ("clearly-better", by_the_average, "second seed says the opposite"),
    ("clearly-better", by_every_seed, "0.01 on average is too little"),
    ("clearly-better", by_the_smallest, "average counts"),
    ("clearly-better", lambda one, other: True, "opposite"),
    ("clearly-better", lambda one, other: False, "each seed says so"),
    ("seconds", 1.4, "dictionary"),
    ("seconds", SECONDS | {"classifier": 1.0}, "computed, too, once"),
    ("seconds", SECONDS | {"classifier": 21.0}, "in every pass"),
    ("seconds", SECONDS | {"classifier": 1_400}, "milliseconds"),
    ("seconds", SECONDS | {"classifier": 3}, "through the base once"),
    ("seconds", SECONDS | {"fine_tune_all": 80}, "begins with the classifier"),
    ("seconds", SECONDS | {"fine_tune_all": 81_400}, "milliseconds"),
    ("seconds", SECONDS | {"fine_tune_all": 9}, "First the classifier"),
    ("against-the-rule", 2_000, "dictionary"),
    ("against-the-rule", {"near": 2_000}, "dictionary"),
    ("against-the-rule", AGAINST | {"near": 2.5}, "'near': 2.5 is no number"),
    ("against-the-rule", AGAINST | {"far": 0}, "'far': 0 is no number"),
    ("against-the-rule", AGAINST | {"near": True}, "True is no number"),
    (
        "against-the-rule",
        AGAINST | {"near": 800},
        "'near', pictures: 800. No other .* clearly better",
    ),
    (
        "against-the-rule",
        AGAINST | {"middle": 801},
        "'middle', pictures: 801. No other .* clearly better",
    ),
    ("against-the-rule", AGAINST | {"far": 1}, "'far', pictures: 1. No other .* clearly better"),
]


@pytest.mark.tensorflow
def test_the_weights_in_the_answers_are_those_of_keras():
    def head(*shape):
        model = keras.Sequential([keras.Input(shape), layers.Flatten(), layers.Dense(2)])
        return model.count_params()

    from cnn_course import transfer  # noqa: PLC0415 - it imports TensorFlow

    base = keras.applications.VGG16(include_top=False, weights=None, input_shape=(180, 180, 3))
    assert base.output_shape[1:] == (5, 5, 512)
    pooled = layers.AveragePooling2D(4)(base.get_layer("block3_pool").output)
    assert pooled.shape[1:] == (5, 5, 256)
    assert head(5, 5, 512) == WEIGHTS["last_features"]
    assert head(5, 5, 256) == WEIGHTS["early_features"]
    transfer.unfreeze(base, from_layer="block5_conv1")
    trained = transfer.trainable_table(base).trainable_parameters
    assert trained + head(5, 5, 512) == WEIGHTS["top"]
    assert base.count_params() + head(5, 5, 512) == WEIGHTS["all"]


@pytest.mark.parametrize(
    ("pictures", "similarity", "strategy"),
    [(150, "near", LAST), (150, "far", EARLY), (600, "near", TOP), (40_000, "near", ALL)],
)
def test_the_strategies_in_the_answers_are_those_of_the_rule(
    pictures: int, similarity: str, strategy: str
):
    assert cases.rule(pictures=pictures, similarity=similarity) == (strategy,)
    assert strategy in CHOSEN.values()
