"""Every exercise takes right answers, and says what a wrong one suggests; no answer stops it.

Plain answers stand in `answers.toml`. Here are functions, networks, and what TOML cannot write.
"""

import itertools
import re
import tomllib
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from conftest import NOTEBOOKS
from frameworks import keras, layers, tf
from sklearn.linear_model import LogisticRegression

from cnn_course import cases, classtest, conv, counting
from cnn_course.checks import check, exercise_names

PLAIN = tomllib.loads(Path(__file__).with_name("answers.toml").read_text(encoding="utf-8"))
MEAN = np.array([103.939, 116.779, 123.68])  # of blue, green, red
START, END = b"\xff\xd8\xff", b"\xff\xd9"


def nothing(*arguments):
    print(end="")


def by_row(matrix):
    return np.diag(matrix) / matrix.sum(axis=1)


def whole(content):
    return content.startswith(START) and content.endswith(END)


def kept(losses):
    return int(np.argmin(losses)) + 1


def spoiled(picture):
    picture[:] = picture[:, ::-1]
    return picture


def prepared(pictures):
    return pictures[..., ::-1] - MEAN


def channel_by_channel(pictures):
    red, green, blue = np.moveaxis(pictures, -1, 0)
    return np.stack([blue - 103.939, green - 116.779, red - 123.68], axis=-1)


def in_place(pictures):
    pictures -= MEAN[::-1]
    return pictures[..., ::-1]


def in_place_through_a_view(pictures):
    turned = pictures[..., ::-1]
    turned -= MEAN
    return turned


def enlarged(pictures):
    return np.stack([pictures.repeat(2, axis=1).repeat(2, axis=2)] * 3, axis=-1)


def tiled(pictures):
    return np.repeat(np.tile(pictures, (1, 2, 2))[..., None], 3, axis=-1)


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


def by_the_best_epoch(start, losses):
    best = min(losses, key=lambda rate: min(losses[rate]))
    return best if min(losses[best]) < start else 0


def by_validation(depths, labels, fit, validation):
    return int(
        np.argmax(
            [
                LogisticRegression()
                .fit(x[fit], labels[fit])
                .score(x[validation], labels[validation])
                for x in depths
            ]
        )
    )


def by_both(one, other):
    return by_the_average(one, other) and by_every_seed(one, other)


def counted(height, width, channels, filters, bias):
    return (height * width * channels + bias) * filters


def network(*rest, picture=(28, 28, 1)):
    convolutions = counting.Conv2D(8, 3), counting.Conv2D(8, 3)
    return counting.table([counting.Input(picture), *convolutions, *rest])


def inference(x, gamma, beta, mean, variance):
    return gamma * (x - mean) / np.sqrt(variance + 1e-3) + beta


def in_training(x, gamma, beta, mean, variance):
    places = (0, 1, 2)
    return inference(x, gamma, beta, x.mean(axis=places), x.var(axis=places))


SKIPPED = dict.fromkeys(PLAIN["class-test"]["right"][0], ...)
HARD = {"conv_1 shape": (18, 29, 12), "conv_1 parameters": 900}
AVERAGE, TEN = counting.GlobalAveragePooling2D(), counting.Dense(10)
SMALL = counting.Input((28, 28, 1))
COMPUTED = {
    "output-size": (
        [lambda n, k, p, s: (n + 2 * p - k) // s + 1],
        [
            (lambda n, k, p, s: (n + k - 2 * p) + 1, "n=5, k=3"),
            (lambda n, k, p, s: (n + 2 * p - k) // s, "first place"),
            (lambda n, k, p, s: (n + 2 * p - k) / s + 1, "Round down"),
        ],
    ),
    "right-by-digit": (
        [by_row, lambda m: [m[i][i] / sum(m[i]) for i in range(10)]],
        [
            (lambda m: np.diag(m) / m.sum(axis=0), "column"),
            (np.diag, "counts"),
            (lambda m: np.diag(m) / m.sum(), "all pictures"),
            (lambda m: np.trace(m) / m.sum(), r"shape is \(\)"),
            (lambda m: by_row(m)[::-1], "true digit"),
        ],
    ),
    "looks-whole": (
        [whole, lambda c: c[:3] == START and c[-2:] == END],
        [
            (lambda c: c.startswith(START), "cut off"),
            (lambda c: c.endswith(END), "web page"),
            (lambda c: START in c and END in c, "anywhere"),
            (lambda c: whole(c) or not c, "empty"),
            (lambda c: whole(c) and c[3:4] == b"\xe0", "fourth byte"),
            (lambda c: False, "refused"),
        ],
    ),
    "kept-epoch": (
        [kept, lambda losses: np.int64(kept(losses))],
        [
            (lambda losses: int(np.argmin(losses)), "counted from 1"),
            (len, "second of four"),
            (lambda losses: len(losses) - losses[::-1].index(min(losses)), "twice"),
            (min, "returns 0.5"),
        ],
    ),
    "flip": (
        [lambda p: p[:, ::-1], np.fliplr],
        [
            (lambda p: p[::-1], "upside down"),
            (lambda p: p[..., ::-1], "channels are reversed"),
            (lambda p: p[::-1, ::-1], "half a turn"),
            (lambda p: p.transpose(1, 0, 2), r"shape is \(4, 2, 3\)"),
            (lambda p: p, "left to right"),
            (spoiled, "Return a new one"),
        ],
    ),
    "prepare-for-vgg16": (
        [prepared, channel_by_channel],
        [
            (in_place, "handed in is changed"),
            (in_place_through_a_view, "turned view"),
            (lambda p: p[0], r"shape is \(4, 5, 3\)"),
            (lambda p: prepared(p).mean(axis=-1), r"shape is \(2, 4, 5\)"),
            (lambda p: p - MEAN, "mean of blue is subtracted from red"),
            (lambda p: p - MEAN[::-1], "wants blue first"),
            (lambda p: p[..., ::-1] - MEAN[::-1], "mean of red"),
            (lambda p: p[..., ::-1], "still to be subtracted"),
            (lambda p: p, "as they were handed in"),
            (lambda p: p[..., ::-1] + MEAN, "not added"),
            (lambda p: prepared(p) / 255, "Nothing is divided"),
            (lambda p: p / 127.5 - 1, "MobileNet"),
            (lambda p: p / 255, "0 to 1"),
            (lambda p: p[:, :, ::-1] - MEAN, "columns"),
            (lambda p: p[:, ::-1] - MEAN, "rows"),
            (lambda p: p[::-1] - MEAN, "order of the pictures"),
            (lambda p: prepared(p).astype(int), "Which axis"),
        ],
    ),
    "grey-for-a-base": (
        [enlarged, lambda p: enlarged(p).astype("float32")],
        [
            (lambda p: p, r"shape is \(2, 28, 28\)"),
            (lambda p: np.repeat(p, 2, axis=1), "one of the two sides"),
            (lambda p: enlarged(p)[..., :1], r"\(2, 56, 56, 1\)"),
            (tiled, "whole picture is repeated"),
            (lambda p: enlarged(p) * np.array([1, 0, 0], "uint8"), "Only one channel"),
            (lambda p: enlarged(p) // 2, "square of 2 x 2"),
            (emptied, "Return a new one"),
        ],
    ),
    "choose-the-rate": (
        [by_the_best_epoch],
        [
            (lambda start, losses: min(losses, key=lambda r: losses[r][-1]), "the best epoch"),
            (
                lambda start, losses: min(losses, key=lambda r: min(losses[r])),
                "no epoch is below the start",
            ),
            (lambda start, losses: min(losses), "0.31 is the lowest"),
        ],
    ),
    "choose-the-cut": (
        [by_validation, lambda *a: np.int64(by_validation(*a))],
        [
            (lambda d, y, fit, put_aside: by_validation(d, y, fit, fit), "score on the other"),
            (lambda d, y, fit, put_aside: d[0], "The place of a depth is asked for"),
            (lambda d, y, fit, put_aside: len(d), "The place of a depth is asked for"),
        ],
    ),
    "clearly-better": (
        [by_both, cases.clearly_better, lambda a, b: np.bool_(by_both(a, b))],
        [
            (lambda one, other: 1, "int. True or False"),
            (by_the_average, "second seed says the opposite"),
            (by_every_seed, "0.01 on average is too little"),
            (by_the_smallest, "average counts"),
            (lambda one, other: True, "opposite"),
            (lambda one, other: False, "each seed says so"),
        ],
    ),
    "conv-rule": (
        [counted, lambda *a: float(counted(*a))],
        [
            (lambda *a: "76", "should be a number"),
            (lambda h, w, c, f, b: counted(h, w, 1, f, b), "channels: 16.*too few"),
            (lambda h, w, c, f, b: counted(h, w, c, f, False), "bias for each filter"),
            (lambda h, w, c, f, b: counted(h, w, c, f, True), "bias for each filter"),
            (lambda h, w, c, f, b: counted(h, h, c, f, b), "kernel of 1 x 7"),
            (lambda *a: counted(*a) * 3, "too many"),
            (lambda *a: np.int64(3), "too few"),
        ],
    ),
    "residual-block": (
        [lambda x, f: np.maximum(f(x) + x, 0)],
        [
            (lambda x, f: f(x) + x, "ReLU is missing"),
            (lambda x, f: np.maximum(f(x), 0) + x, "Add first"),
            (lambda x, f: np.maximum(f(x), 0), "to be added"),
            (lambda x, f: x.sum(), "shape"),
            (lambda x, f: x, "Add the input"),
        ],
    ),
    "in-inference": (
        [inference],
        [
            (in_training, "kept ones"),
            (lambda x, g, b, m, v: inference(x, g, b, m, (v + 1e-3) ** 2 - 1e-3), "root of"),
            (lambda x, g, b, m, v: inference(x, 1, 0, m, v), "Gamma and beta"),
            (lambda x, g, b, m, v: inference(x, g, b, m, v - 1e-3), "Epsilon"),
            (lambda x, g, b, m, v: inference(x, g, b, m, (v**0.5 + 1e-3) ** 2 - 1e-3), "below the"),
            (lambda x, g, b, m, v: inference(x, g, 0, m, v), "Beta is"),
            (lambda x, g, b, m, v: inference(x, 1, b, m, v), "Gamma is"),
            (lambda x, g, b, m, v: x, "Subtract, divide"),
            (lambda x, g, b, m, v: x.mean(), r"shape is \(\)"),
        ],
    ),
    "small-network": (
        [
            network(AVERAGE, TEN),
            network(AVERAGE, TEN, counting.Softmax()),
            counting.table(
                [SMALL, counting.SeparableConv2D(8, 3), counting.DepthwiseConv2D(3), AVERAGE, TEN]
            ),
        ],
        [
            (4_000, "table"),
            (network(AVERAGE, TEN, picture=(28, 28, 3)), "one channel"),
            (counting.table([counting.Input((28, 28, 1)), AVERAGE, TEN]), "two conv"),
            (network(AVERAGE, counting.Dense(3)), "each class"),
            (network(counting.Flatten(), TEN), "of them in one layer, dense"),
        ],
    ),
    "eleven-to-five": (
        [
            (np.int64(stride), padding)
            for stride, padding in itertools.product(range(1, 12), range(11))
            if counting.output_size(11, 3, stride=stride, padding=padding) == 5
        ],
        [],
    ),
    "ranges": ([], [({**PLAIN["ranges"]["right"][0], "rotation_factor": 0.114}, "full turn")]),
    "first-loss": ([np.float32(2.3026)], []),
    "weight-updates": ([np.int64(4690)], []),
    "keeps-label": ([], [(dict.fromkeys("abcde", True), "exactly these keys")]),
    "vgg16-at-150": (
        [
            {"shape": (4, 4, 512), "flattened": np.int64(8192)},
            {"shape": (None, 4, 4, 512), "flattened": 8192},
        ],
        [({"shape": (4, 4, None), "flattened": 8192}, "How many filters")],
    ),
    "five-steps": (
        [tuple("CEABD")],
        [
            (set("CEABD"), "list of 5 letters.*set"),
            ({1: "C"}, "list of 5 letters.*dict"),
            (np.array(list("CEABD")), "list of 5 letters.*ndarray"),
            ([None] * 5, "each once"),
        ],
    ),
    "where-to-cut": ([{"layer": "block3_pool", "shape": (None, 22, 22, 256)}], []),
    "size-of-a-step": ([], [({1e-3: 10, 1e-5: 1000}, "exactly these keys")]),
    "moving-mean": ([{"after_one": np.float32(0.1), "after_two": (1 - 0.99) * 10 + 0.099}], []),
    "which-strategy": ([], [(dict.fromkeys("abcd", cases.LAST), "exactly these keys")]),
    "class-test": ([], [(SKIPPED | {"conv_1 parameters": 5}, "2 of 28")]),
    "hard": ([], [(HARD | {"norm_1 parameters": ...}, "5 of"), (HARD, "5 of")]),
}
GARBAGE = (
    *(None, "text", float("nan"), -1, 10**400, [], {}, object(), np.zeros((2, 2, 2)), 1j, print),
    *(b"\0", nothing),
)
EXERCISES = sorted({*PLAIN, *COMPUTED})


def answers(name):
    """Return right answers to an exercise, and wrong ones with what they must be told."""
    plain = PLAIN.get(name, {"right": [], "wrong": []})
    right, wrong = plain["right"], plain["wrong"]
    if right and isinstance(right[0], dict):
        right = [right[0] | answer for answer in right]
        wrong = [(right[0] | answer, look_at) for answer, look_at in wrong]
    computed = COMPUTED.get(name, ([], []))
    return [*right, *computed[0]], [*wrong, *computed[1]]


def faults(name, right, wrong):
    """Return what is not as it should be with the verdicts on some answers, one line each."""
    for answer in right:
        verdict = check(name, answer)
        if verdict.outcome != "right" or len(verdict.message.split()) <= 5:
            yield f"{answer!r} is right, and this is said: {verdict}"
    for answer, look_at in wrong:
        verdict = check(name, answer)
        stopped = "made the check stop" in verdict.message
        if verdict.outcome != "wrong" or stopped or not re.search(look_at, verdict.message):
            yield f"{answer!r} should be told {look_at!r}, and this is said: {verdict}"


def test_every_exercise_of_every_chapter_is_tried() -> None:
    tried = [*EXERCISES, "three-architectures", "todays-layers"]  # the two need Keras
    missing = {*exercise_names()} ^ {*tried}
    assert not missing, (
        f"The exercises and what is tried on them do not agree: {missing}. Answers stand in "
        "tests/checks/answers.toml, functions in COMPUTED of this file."
    )
    assert sorted(tried) == sorted(
        name for file in NOTEBOOKS for name in exercise_names(file.stem[:2])
    )


@pytest.mark.parametrize("name", EXERCISES)
def test_a_right_answer_is_praised_and_a_wrong_one_told_what_to_look_at(name: str) -> None:
    right, wrong = answers(name)
    assert len(right) >= 1
    assert len(wrong) >= 2
    assert list(faults(name, right, wrong)) == []


def rewritten(value, way):
    """Return an answer whose numbers are written in another way."""
    if isinstance(value, dict):
        return {key: rewritten(one, way) for key, one in value.items()}
    if isinstance(value, list):
        return [rewritten(one, way) for one in value]
    return value if isinstance(value, str | bool) else way(value)


SEPARATED = "{:,}".format
WAYS = {
    "float": float,
    "NumPy": np.float64,
    "text": repr,
    "separated": SEPARATED,
    "fraction": Fraction,
}
PLAIN_NUMBERS = sorted({*PLAIN} - {"class-test", "hard"})


@pytest.mark.parametrize("way", WAYS)
def test_a_right_number_is_right_however_it_is_written(way: str) -> None:
    for name in PLAIN_NUMBERS:
        answer = rewritten(PLAIN[name]["right"][0], WAYS[way])
        assert check(name, answer), (answer, check(name, answer))


@pytest.mark.parametrize("wrong", [lambda n: n + 1, lambda n: 2 * n + 3, lambda n: -n - 7])
def test_other_numbers_are_wrong(wrong) -> None:
    for name in PLAIN_NUMBERS:
        right = PLAIN[name]["right"][0]
        answer = rewritten(right, wrong)
        if answer != right:  # words stay
            assert check(name, answer).outcome == "wrong", (name, answer)


def test_a_dictionary_is_told_which_keys_it_needs_and_which_value_is_no_answer() -> None:
    for name in EXERCISES:
        right = answers(name)[0][0]
        if not isinstance(right, dict) or name in ("class-test", "hard"):
            continue
        wrong = [(dict.fromkeys(list(right)[1:], 1), "dictionary"), ([*right], "dictionary")]
        wrong += [(right | {key: None}, re.escape(key)) for key in right]
        assert list(faults(name, [], wrong)) == []


def test_no_answer_whatever_stops_the_notebook_or_is_taken_for_right() -> None:
    endless: list[object] = []
    endless.append(endless)
    for name in exercise_names():
        for answer in (*GARBAGE, endless):
            verdict = check(name, answer)
            assert verdict.outcome == "wrong", (name, answer)
            assert len(verdict.message.split()) >= 4, (name, answer)


def test_a_function_that_returns_nothing_is_told_so() -> None:
    functions = [name for name in EXERCISES if callable(answers(name)[0][0])]
    assert functions
    for name in functions:
        assert list(faults(name, [], [(nothing, "return"), ("f", "function itself")])) == []


def test_of_all_orders_of_five_steps_two_are_right_and_every_other_gets_a_question() -> None:
    verdicts = {
        "".join(order): check("five-steps", order) for order in itertools.permutations("ABCDE")
    }
    assert {order for order, verdict in verdicts.items() if verdict} == {"CEABD", "ECABD"}
    assert len({verdict.message for verdict in verdicts.values() if not verdict}) == 6


def test_the_gradient_in_the_answers_is_that_of_a_pooling() -> None:
    block = np.array([[4.0, 1.0], [0.0, 7.0]])[None, :, :, None]
    gradient = conv.pool2d_gradient(block, np.full((1, 1, 1, 1), 6.0))
    assert check("pooling-gradient", gradient[0, :, :, 0])


@pytest.mark.parametrize(
    ("pictures", "similarity", "target"),
    [(150, "near", "dogs"), (150, "far", "bird"), (600, "near", "mush"), (40_000, "near", "cloth")],
)
def test_the_strategies_in_the_answers_are_those_of_the_rule(
    pictures: int, similarity: str, target: str
) -> None:
    (chosen,) = (
        strategy for key, strategy in answers("which-strategy")[0][0].items() if target in key
    )
    assert cases.rule(pictures=pictures, similarity=similarity) == (chosen,)


def test_the_notebook_asks_what_the_check_of_the_class_test_marks() -> None:
    test = classtest.read(classtest.CHAPTER_8)
    right, hard = answers("class-test")[0][0], answers("hard")[0][0]
    listed = {name: list(key) if isinstance(key, tuple) else key for name, key in test.key.items()}
    assert listed == right
    (file,) = (path for path in NOTEBOOKS if path.stem == "08-class-test")
    source = file.read_text(encoding="utf-8").replace("\\", "")
    assert all(f'"{name}"' in source for name in right)
    assert 'generate(seed=55, level="hard")' in source
    key = classtest.generate(seed=55, level="hard").key
    assert [list(np.ravel(key[name])) for name in hard] == [
        list(np.ravel(x)) for x in hard.values()
    ]
    for name in right:
        assert not check("class-test", right | {name: ""}), "passed with one answer missing"


def convnet(*kernel_sizes, dropout=False, normalize=False, shape=(28, 28, 1), last="softmax"):
    """A small convnet with one convolution for each kernel size."""
    x = inputs = keras.Input(shape)
    for size in kernel_sizes:
        x = layers.Conv2D(2, size, activation="relu")(x)
        if normalize:
            x = layers.BatchNormalization()(x)
    x = layers.Flatten()(x)
    if dropout:
        x = layers.Dropout(0.5)(x)
    x = layers.Dense(10, activation=None if last == "Softmax" else last)(x)
    return keras.Model(inputs, layers.Softmax()(x) if last == "Softmax" else x)


@pytest.mark.tensorflow
def test_three_architectures_that_differ_are_right_and_others_are_told_in_what_they_do_not(
    without_weights: None,
) -> None:
    a, b, c = convnet(7, dropout=True), convnet(5, 5), convnet(3, 3, 3, normalize=True)
    deep = convnet(3, 3, 3, normalize=True, dropout=True)
    nested = keras.Sequential([keras.Input((28, 28, 1)), deep])
    separable = [layers.SeparableConv2D(2, 5), layers.SpatialDropout2D(0.1), layers.Flatten()]
    other = keras.Sequential(
        [keras.Input((28, 28, 1)), *separable, layers.Dense(10, activation="softmax")]
    )
    right = [
        {"a": a, "b": b, "c": c},
        {"a": convnet(7, last="Softmax"), "b": b, "c": deep},
        {"a": other, "b": convnet(7, 7), "c": nested},
    ]
    wrong = [
        ([a] * 3, "dictionary"),
        ({"a": a}, "three entries"),
        ({"a": "a network", "b": b, "c": c}, "'a'.*str"),
        ({"a": convnet(7, shape=(28, 28, 3)), "b": b, "c": c}, "28, 28, 3"),
        ({"a": convnet(7, last=None), "b": b, "c": c}, "scores"),
        ({"a": convnet(dropout=True), "b": b, "c": c}, "no convolution"),
        ({"a": convnet(7), "b": b, "c": c}, "None.*Dropout"),
        ({"a": a, "b": b, "c": convnet(3, 3, 3)}, "None.*BatchNormalization"),
        ({"a": a, "b": convnet(5), "c": convnet(7, normalize=True)}, "depths"),
        ({"a": a, "b": convnet(5), "c": c}, "depths are .1, 1, 3."),
        ({"a": convnet(3, dropout=True), "b": b, "c": c}, "Two.*kernel sizes"),
        ({"a": a, "b": convnet(5, 5, dropout=True), "c": deep}, "All.*Dropout"),
    ]
    assert list(faults("three-architectures", right, wrong)) == []


@pytest.mark.tensorflow
def test_todays_layers_do_what_the_tutorial_did_and_others_are_told_in_what_they_do_not() -> None:
    turn = layers.RandomRotation(0.05, fill_mode="nearest")
    shift = layers.RandomTranslation(0.1, 0, fill_mode="nearest")
    flip = layers.RandomFlip("horizontal")
    pairs = layers.RandomTranslation((-0.1, 0.1), (0.0, 0.0), fill_mode="nearest")
    right = [[turn, shift, flip], (flip, pairs, turn)]
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
    assert list(faults("todays-layers", right, wrong)) == []


@pytest.mark.tensorflow
def test_functions_may_compute_with_keras_and_tensorflow() -> None:
    prepare = keras.applications.vgg16.preprocess_input
    right, wrong = [lambda pictures: prepare(pictures.copy())], [(prepare, "handed in is changed")]
    assert list(faults("prepare-for-vgg16", right, wrong)) == []
    assert check("residual-block", lambda x, f: tf.nn.relu(x + f(x)))
