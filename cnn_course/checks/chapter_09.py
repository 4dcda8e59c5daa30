"""Self-checks of chapter 9, famous architectures."""

from typing import Any

import numpy as np

from cnn_course.checks import compare
from cnn_course.checks.exercises import exercise
from cnn_course.checks.verdicts import Verdict, right, wrong


@exercise("loudest-wins")
def _loudest_wins(answer: Any) -> Verdict:
    values = np.array([1.0, 2, 0, 2, 4])
    root = np.sqrt(np.convolve(values**2, np.ones(3), mode="valid"))
    middle = values[1:4]
    return compare.array(
        answer,
        middle / root,
        reason="The first 2 stands beside 1 and 0, the second one beside a 4, which damps it.",
        hint="Divide the value by the root of three squares: its own, and its two neighbours'.",
        slips={
            "Take the root of the sum: beta is 0.5.": middle / root**2,
            "Each value belongs to its own sum as well.": middle
            / np.sqrt([1.0 + 0, 4 + 4, 0 + 16]),
            "Square the neighbours before you add them.": middle / np.sqrt([3.0, 4, 6]),
        },
    )


@exercise("overlapping-pooling")
def _overlapping_pooling(answer: Any) -> Verdict:
    pool = "A window of 3 with stride 2 and no padding: (n - 3) // 2 + 1."
    marks = {
        "conv_1": compare.number_as(
            55,
            hint="(227 - 11) // 4 + 1.",
            slips={54: "One window is there before the first step: add 1.", 57: "No padding."},
        ),
        "pool_1": compare.number_as(27, hint=pool, slips={28: "No padding: windows must fit."}),
        "pool_2": compare.number_as(
            13, hint=pool, slips={14: "No padding: windows must fit.", 6: "That is one too far."}
        ),
        "pool_5": compare.number_as(6, hint=pool, slips={7: "No padding: windows must fit."}),
        "flatten": compare.number_as(
            6 * 6 * 256,
            hint="Rows x columns x channels.",
            slips={6 * 256: "Rows and columns.", 7 * 7 * 256: "No padding: the side is smaller."},
        ),
    }
    reason = "9,216 values for 4,096 units: nearly 38 million weights."
    return compare.parts(answer, marks, reason)


@exercise("three-more")
def _three_more(answer: Any) -> Verdict:
    def layer(channels: int) -> Any:
        return compare.number_as(
            (9 * channels + 1) * channels,
            hint="(3 x 3 x channels in + 1) x filters.",
            slips={
                9 * channels * channels: "Each filter has a bias, too.",
                10 * channels: "A filter is as deep as its input.",
                (9 * 256 + 1) * 512: "As many channels come in as there are filters.",
            },
        )

    together = (9 * 256 + 1) * 256 + 2 * (9 * 512 + 1) * 512
    marks = {
        "block 3": layer(256),
        "block 4": layer(512),
        "block 5": layer(512),
        "together": compare.number_as(together, hint="Add the three."),
    }
    return compare.parts(answer, marks, "Exactly what VGG19 has more than VGG16.")


@exercise("bottleneck")
def _bottleneck(answer: Any) -> Verdict:
    places = 14 * 14
    first, second = places * 16 * 480, places * 48 * 25 * 16
    marks = {
        "directly": compare.number_as(
            places * 48 * 25 * 480,
            hint="Places x filters x weights of one filter.",
            slips={
                places * 48 * 25: "A filter is as deep as its input: 480 channels.",
                48 * 25 * 480: "That is one place. There are 14 x 14.",
            },
        ),
        "bottleneck": compare.number_as(
            first + second,
            hint="First 16 filters of 1 x 1 x 480, then 48 filters of 5 x 5 x 16.",
            slips={
                first: "That is the 1 x 1 convolution. The 5 x 5 comes behind it.",
                second: "That is the 5 x 5 convolution. The 1 x 1 in front of it costs, too.",
                first + places * 48 * 25 * 480: "Only 16 channels reach the 5 x 5 convolution.",
            },
        ),
    }
    return compare.parts(answer, marks, "Less than a twentieth of the work.")


@exercise("projection")
def _projection(answer: Any) -> Verdict:
    convolution = "Kernel height x width x channels in x filters, without a bias."
    marks = {
        "first conv": compare.number_as(
            9 * 64 * 128,
            hint=convolution,
            slips={
                (9 * 64 + 1) * 128: "No biases here.",
                9 * 64 * 64: "The first convolution changes the channels already.",
            },
        ),
        "second conv": compare.number_as(
            9 * 128 * 128,
            hint=convolution,
            slips={
                (9 * 128 + 1) * 128: "No biases here.",
                9 * 64 * 128: "128 channels come out of the first convolution.",
            },
        ),
        "projection": compare.number_as(
            64 * 128,
            hint="Its window is 1 x 1, and it sees the input of the block.",
            slips={
                65 * 128: "No biases here.",
                128 * 128: "The shortcut starts at the input of the block: 64 channels.",
                9 * 64 * 128: "Its window is 1 x 1.",
            },
        ),
        "normalizations": compare.number_as(
            3 * 4 * 128,
            hint="How many convolutions are there, and how many channels has each?",
            slips={
                2 * 4 * 128: "The projection is followed by one, too.",
                4 * 128: "That is one of them.",
                3 * 2 * 128: "Two numbers are trained and two are kept, for each channel.",
            },
        ),
        "together": compare.number_as(230_912, hint="Add the four."),
    }
    return compare.parts(answer, marks, "The projection is the cheapest of the three by far.")


@exercise("residual-block")
def _residual_block(answer: Any) -> Verdict:
    if not callable(answer):
        return wrong("Write a function of x and convolutions.")
    x = np.array([1.0, -2, 3, -4])
    for convolutions, what in (
        (lambda values: -2 * values, "-2 times its input"),
        (lambda values: values**2, "the square of its input"),
        (lambda values: 0 * values, "zeros"),
    ):
        given, added = np.asarray(answer(x, convolutions)), convolutions(x)
        if given.dtype == object:
            return wrong("Does it return what it computes?")
        if given.shape != x.shape:
            return wrong(f"Four numbers go in, and the shape {given.shape} comes out.")
        if not np.allclose(given, np.maximum(added + x, 0)):
            return wrong(
                f"For x = {x.tolist()}, and convolutions that give {what}, it returned "
                f"{given.tolist()}. {_what_of_a_block(given, x, added)}"
            )
    return right("The input is added to what the convolutions give, and ReLU takes the sum.")


def _what_of_a_block(given: np.ndarray, x: np.ndarray, added: np.ndarray) -> str:
    relu = np.maximum
    if np.allclose(given, added + x):
        return "A ReLU is missing."
    if np.allclose(given, relu(added, 0) + x) or np.allclose(given, relu(added, 0) + relu(x, 0)):
        return "Add first, then ReLU."
    if np.allclose(given, relu(added, 0)):
        return "The input is to be added."
    return "Add the input to what the convolutions give, then set to zero what is negative."


@exercise("separable")
def _separable(answer: Any) -> Verdict:
    marks = {
        "ordinary": compare.number_as(
            9 * 128 * 256,
            hint="Kernel height x width x channels in x filters.",
            slips={
                (9 * 128 + 1) * 256: "No biases here.",
                9 * 256: "A filter is as deep as its input.",
            },
        ),
        "separable": compare.number_as(
            9 * 128 + 128 * 256,
            hint="One kernel for each channel, and a weight for each channel and filter.",
            slips={
                9 * 128: "That is the depthwise one. The 1 x 1 comes behind it.",
                128 * 256: "That is the 1 x 1 one. The depthwise one comes before it.",
                9 * 256 + 128 * 256: "The depthwise one has a kernel for each channel it gets.",
                10 * 128 + 129 * 256: "No biases here.",
            },
        ),
    }
    return compare.parts(
        answer, marks, "One ninth is left, and a little more for the depthwise kernels."
    )
