"""Checks of exercises that ask for a function: it is called, and its results are compared."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from cnn_course import counting
from cnn_course.arguments import shown
from cnn_course.checks.marking import array, call, exercise, wrong

MEAN_OF_BLUE_GREEN_RED = np.array([103.939, 116.779, 123.68])  # of ImageNet, for VGG16
EPSILON = 1e-3  # of Keras's batch normalization


@exercise("output-size")
def _output_size(answer: Any) -> str:
    cases = [(5, 3, 0, 1), (28, 3, 0, 1), (5, 3, 1, 1), (5, 3, 0, 2), (6, 3, 1, 2)]
    cases += [(28, 5, 2, 3), (10, 3, 0, 4), (28, 2, 0, 2), (11, 3, 0, 5)]  # with left-over rows
    for n, k, p, s in cases:
        given = call(answer, n, k, p, s)
        expected = counting.output_size(n, k, stride=s, padding=p)
        if given == expected:
            continue
        hint = "Lay a kernel over a row of so many pixels and count its places."
        if isinstance(given, float | np.floating) and int(given) == expected:
            hint = "Round down: a part of a place is no place."
        elif given == expected - 1:
            hint = "Did you count the first place of the window?"
        wrong(f"For n={n}, k={k}, p={p}, s={s} it returns {shown(given)}. {hint}")
    return (
        f"It gives the right size for all {len(cases)} cases, those with left-over rows included."
    )


@exercise("right-by-digit")
def _right_by_digit(answer: Any) -> str:
    matrix = np.random.default_rng(2).integers(1, 9, size=(10, 10)) + 40 * np.eye(10, dtype=int)
    diagonal = np.diag(matrix)
    array(
        call(answer, matrix),
        expected=diagonal / matrix.sum(axis=1),
        hint="For each true digit: how many right answers, of how many pictures?",
        mistakes=[
            (
                diagonal / matrix.sum(axis=0),
                "You divide by the sum of the column: how often the network gave that answer. "
                "The true digits are the rows.",
            ),
            (diagonal, "These are counts. Divide each by the number of pictures of that digit."),
            (
                diagonal / matrix.sum(),
                "You divide by all pictures. Only those of one digit count here.",
            ),
        ],
    )
    return "Right answers divided by how often the digit occurs: a share for each true digit."


@exercise("looks-whole")
def _looks_whole(answer: Any) -> str:
    start, end = b"\xff\xd8\xff", b"\xff\xd9"
    anywhere = "the bytes are looked for anywhere, and not at the beginning and the end"
    for content, expected, problem in (
        (start + b"\xe0 and so on " + end, True, "a whole JPEG is refused"),
        (start + b"\xdb other" + end, True, "the fourth byte of a JPEG may be another one"),
        (start + b"\xe0 and so", False, "a file that was cut off is accepted: look at its end"),
        (b"<html>page</html>" + end, False, "a web page is accepted: look at its beginning"),
        (b"", False, "an empty file is accepted"),
        (b"page " + start + end + b" page", False, anywhere),
    ):
        if bool(call(answer, content)) is not expected:
            wrong(f"On one content, {problem}.")
    return "Both ends are looked at. A file may still be damaged in the middle: decode to be sure."


@exercise("kept-epoch")
def _kept_epoch(answer: Any) -> str:
    for losses, expected, story in (
        ([0.7, 0.5, 0.6, 0.9], 2, "the lowest loss is the second of four"),
        ([0.7, 0.6, 0.5], 3, "the loss falls to the end"),
        ([0.4], 1, "there is one epoch"),
        ([0.7, 0.5, 0.6, 0.5], 2, "the lowest loss occurs twice: the first of them is kept"),
    ):
        given = call(answer, losses)
        epoch = float(given) if np.isscalar(given) else np.nan  # type: ignore[arg-type]
        if np.isclose(epoch, expected):
            continue
        from_0 = np.isclose(epoch, expected - 1)
        look = " Python counts from 0, epochs are counted from 1." if from_0 else ""
        wrong(f"For {losses} it returns {shown(given)}: {story}.{look}")
    return "The file is written whenever the loss is lower than ever before, and only then."


@exercise("flip")
def _flip(answer: Any) -> str:
    picture = np.arange(24.0).reshape(2, 4, 3)
    array(
        call(answer, picture, may_change=False),
        expected=picture[:, ::-1],
        hint="Which of the three axes runs from left to right?",
        mistakes=[
            (picture[::-1], "This turns the picture upside down: the rows are reversed."),
            (picture[..., ::-1], "The channels are reversed: red and blue change places."),
            (picture[::-1, ::-1], "This is half a turn: rows and columns are reversed."),
        ],
    )
    return "Columns are reversed; rows and channels stay."


@exercise("prepare-for-vgg16")
def _prepare_for_vgg16(answer: Any) -> str:
    pictures = np.random.default_rng(5).integers(0, 256, size=(2, 4, 5, 3)).astype(float)
    backwards, mean = pictures[..., ::-1], MEAN_OF_BLUE_GREEN_RED
    axis = "The channels are the last axis."
    array(
        call(answer, pictures, may_change=False),
        expected=backwards - mean,
        hint="Which axis holds the channels, in which order, and which mean is whose?",
        mistakes=[
            (
                pictures - mean,
                "The channels are still red, green, blue: the mean of blue is subtracted from red.",
            ),
            (pictures - mean[::-1], "Each channel loses its own mean. But VGG16 wants blue first."),
            (
                backwards - mean[::-1],
                "The order of the channels is right. But the mean of red is subtracted from blue.",
            ),
            (
                backwards,
                "The order of the channels is right. The means are still to be subtracted.",
            ),
            (pictures, "These are the pictures as they were handed in."),
            (backwards + mean, "The means are to be subtracted, not added."),
            ((backwards - mean) / 255, "Nothing is divided for VGG16."),
            (pictures / 127.5 - 1, "That is how MobileNet wants it: from -1 to 1."),
            (pictures / 255, "These are values from 0 to 1. VGG16 wants another preparation."),
            (pictures[:, :, ::-1] - mean, f"This turns columns around, not channels. {axis}"),
            (pictures[:, ::-1] - mean, f"This turns rows around, not channels. {axis}"),
            (pictures[::-1] - mean, f"This turns the order of the pictures around. {axis}"),
        ],
    )
    return "Blue, green, red, and each loses its own mean. The array handed in is as it was."


@exercise("grey-for-a-base")
def _grey_for_a_base(answer: Any) -> str:
    pictures = np.random.default_rng(0).integers(0, 256, (2, 28, 28)).astype("uint8")
    given = call(answer, pictures, may_change=False)
    if np.shape(given) in ((2, 56, 28), (2, 28, 56)):
        wrong("Only one of the two sides has grown. Rows and columns are doubled.")
    larger = np.kron(pictures, np.ones((1, 2, 2), dtype=int))
    tiled = np.tile(pictures, (1, 2, 2))
    array(
        given,
        expected=np.stack([larger] * 3, axis=-1),
        hint="Every pixel becomes a square of 2 x 2 equal ones, in each of three channels.",
        mistakes=[
            (
                np.stack([tiled] * 3, axis=-1),
                "The whole picture is repeated. It is the pixels that become larger.",
            ),
            (
                np.stack([larger, 0 * larger, 0 * larger], axis=-1),
                "Only one channel has the picture. Red, green and blue are equal in grey.",
            ),
        ],
    )
    return "Nothing is new in it, but now it has the shape that a base expects."


@exercise("choose-the-rate")
def _choose_the_rate(answer: Any) -> str:
    for start, losses, expected, reason in (
        (0.40, {1e-4: [0.39, 0.38, 0.37], 1e-3: [0.35, 0.31, 0.33]}, 1e-3, "0.31 is the lowest"),
        (
            0.40,
            {1e-4: [0.37, 0.36, 0.35], 1e-3: [0.30, 0.44, 0.52], 0.1: [0.69, 0.69, 0.69]},
            1e-3,
            "a checkpoint keeps the best epoch, which need not be the last one",
        ),
        (0.10, {1e-4: [0.12, 0.11], 1e-3: [0.13, 0.12]}, 0, "no epoch is below the start"),
        (0.30, {1e-3: [0.50, 0.45], 1e-2: [0.70, 0.29]}, 1e-2, "only one epoch is below the start"),
    ):
        given = call(answer, start, losses)
        if given != expected:
            wrong(f"For the start {start} and {losses} it returns {shown(given)}, but {reason}.")
    return "The lowest validation loss of all epochs chooses, and the start is among them."


@exercise("choose-the-cut")
def _choose_the_cut(answer: Any) -> str:
    random = np.random.default_rng(7)
    labels = random.integers(0, 2, 120)
    by_heart = random.normal(size=(120, 300))  # as many values: any labels can be fitted
    telling = random.normal(size=(120, 3)) + 2 * labels[:, None]
    fit, validation = np.arange(60), np.arange(60, 120)
    for depths, expected in (
        ([by_heart, telling], 1),
        ([telling, by_heart], 0),
        ([by_heart, by_heart[:, :40], telling, by_heart[:, 40:]], 2),
    ):
        given = call(answer, depths, labels, fit, validation)
        if not isinstance(given, int | np.integer) or not 0 <= given < len(depths):
            wrong(f"It returns {shown(given)}. The place of a depth is asked for, 0 for the first.")
        if given != expected:
            wrong(
                f"Of {len(depths)} depths it returns {given}, but a probe on depth {expected} is "
                "right far more often on the validation pictures. Fit on the one part, and score "
                "on the other."
            )
    return "A probe for each depth, and the pictures put aside choose. The test pictures wait."


@exercise("clearly-better")
def _clearly_better(answer: Any) -> str:
    for one, other, expected, reason in (
        ([0.90, 0.88, 0.91], [0.80, 0.85, 0.83], True, "each seed says so, by 0.07 on average"),
        ([0.95, 0.80, 0.95], [0.80, 0.81, 0.80], False, "the second seed says the opposite"),
        ([0.91, 0.90, 0.92], [0.90, 0.89, 0.91], False, "0.01 on average is too little"),
        ([0.70, 0.71, 0.72], [0.80, 0.81, 0.82], False, "the first strategy is the worse one"),
        ([0.92, 0.83], [0.83, 0.82], True, "the average counts, and not the smallest gain"),
        ([0.90, 0.80, 0.70], [0.70, 0.80, 0.60], False, "a draw is not better"),
        ([0.80, 0.70], [0.69, 0.75], False, "seeds are compared in pairs, and one is worse"),
        ([0.815, 0.815], [0.80, 0.80], False, "0.015 on average is too little"),
        ([0.825, 0.825], [0.80, 0.80], True, "0.025 on average is more than 0.02"),
        ([0.90, 0.86], [0.89, 0.80], True, "0.035 on average counts, and not the two best seeds"),
    ):
        given = call(answer, one, other)
        if not isinstance(given, bool | np.bool_):
            wrong(f"It returns a {type(given).__name__}. True or False is asked for.")
        if bool(given) is not expected:
            wrong(f"For {one} and {other} it returns {bool(given)}, but {reason}.")
    return "Two conditions: every seed agrees, and the difference is worth having."


@exercise("conv-rule")
def _conv_rule(answer: Any) -> str:
    for height, width, channels, filters, bias in (
        (3, 3, 1, 1, True),
        (3, 3, 1, 8, True),
        (3, 3, 16, 8, True),
        (1, 7, 5, 3, True),
        (5, 5, 6, 16, False),
    ):
        layer = counting.Conv2D(filters, (height, width), use_bias=bias)
        (row,) = counting.table([counting.Input((9, 9, channels)), layer])
        given = call(answer, height, width, channels, filters, bias)
        if isinstance(given, bool) or given != row.parameters:
            wrong(
                f"For a kernel of {height} x {width}, channels: {channels}, filters: {filters}, "
                f"bias={bias} it returned {shown(given)}. "
                f"{_hint_about_a_convolution(given, row.parameters, filters)}"
            )
    return "A filter is as deep as its input; the size of the picture stands nowhere."


def _hint_about_a_convolution(given: object, expected: int, filters: int) -> str:
    if given in (expected - filters, expected + filters):
        return "Is there a bias for each filter? It depends on the last argument."
    if not isinstance(given, int | float | np.number):
        return "It should be a number."
    return f"That is too {'few' if given < expected else 'many'}. What has one filter?"


@exercise("residual-block")
def _residual_block(answer: Any) -> str:
    x = np.array([1.0, -2, 3, -4])
    for convolutions, what in (
        (lambda values: -2 * values, "-2 times its input"),
        (lambda values: values**2, "the square of its input"),
        (lambda values: 0 * values, "zeros"),
    ):
        given, added = np.asarray(call(answer, x, convolutions)), convolutions(x)
        if given.shape != x.shape:
            wrong(f"Four numbers go in, and the shape {given.shape} comes out.")
        if not np.allclose(given, np.maximum(added + x, 0)):
            wrong(
                f"For x = {x.tolist()}, and convolutions that give {what}, it returned "
                f"{given.tolist()}. {_hint_about_a_block(given, x, added)}"
            )
    return "The input is added to what the convolutions give, and ReLU takes the sum."


def _hint_about_a_block(given: np.ndarray, x: np.ndarray, added: np.ndarray) -> str:
    positive = np.maximum(added, 0)
    hints: Sequence[tuple[np.ndarray, str]] = (
        (added + x, "A ReLU is missing."),
        (positive + x, "Add first, then ReLU."),
        (positive + np.maximum(x, 0), "Add first, then ReLU."),
        (positive, "The input is to be added."),
    )
    otherwise = "Add the input to what the convolutions give, then set to zero what is negative."
    return next((hint for values, hint in hints if np.allclose(given, values)), otherwise)


@exercise("in-inference")
def _in_inference(answer: Any) -> str:
    x = np.random.default_rng(10).normal(1, 2, (2, 3, 3, 4))
    gamma, beta = np.array([1.0, 2, 0.5, -1]), np.array([0.0, 1, -1, 3])
    mean, variance = np.array([0.0, 1, -2, 4]), np.array([1.0, 4, 0.25, 9])
    deviation = np.sqrt(variance + EPSILON)
    normal = (x - mean) / deviation
    own_deviation = np.sqrt(x.var(axis=(0, 1, 2)) + EPSILON)
    scaled = gamma * (x - mean)
    array(
        call(answer, x, gamma, beta, mean, variance),
        expected=gamma * normal + beta,
        hint="Subtract, divide, multiply, add.",
        mistakes=[
            (
                gamma * (x - x.mean(axis=(0, 1, 2))) / own_deviation + beta,
                "That uses the batch's own statistics. In inference, the kept ones count.",
            ),
            (scaled / deviation**2 + beta, "Divide by the root of the variance."),
            (scaled / (np.sqrt(variance) + EPSILON) + beta, "Epsilon belongs below the root."),
            (normal, "Gamma and beta are missing."),
            (gamma * normal, "Beta is missing."),
            (normal + beta, "Gamma is missing."),
            (scaled / np.sqrt(variance) + beta, "Epsilon is missing below the root."),
        ],
        tolerance=1e-5,
    )
    return "Each value by itself: no other picture has a say in it."
