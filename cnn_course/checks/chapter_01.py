"""Self-checks of chapter 1, convolution by hand."""

from typing import Any

import numpy as np

from cnn_course import conv, counting
from cnn_course.checks import compare
from cnn_course.checks.exercises import exercise
from cnn_course.checks.verdicts import Verdict, right, wrong
from cnn_course.examples import DIAGONAL, HORIZONTAL_FILTER, LOOP, VERTICAL


@exercise("price-of-a-dense-layer")
def _price_of_a_dense_layer(answer: Any) -> Verdict:
    return compare.number(
        answer,
        expected=(224 * 224 * 3 + 1) * 1000,
        reason="Each of the 1,000 units has 150,528 weights and one bias: 150,529,000 in all.",
        hint="Count what one unit has, then multiply by the units.",
        slips={
            224 * 224 * 3 * 1000: "These are the weights. Every unit has one number more.",
            224 * 224 * 3 * 1000 + 1: "One bias for each unit, not one for the layer.",
            (224 * 224 + 1) * 1000: "A pixel of a colour picture is more than one number.",
            224
            * 224
            * 1000: "A pixel of a colour picture is more than one number, and there are biases.",
        },
    )


@exercise("horizontal-detector")
def _horizontal_detector(answer: Any) -> Verdict:
    kernel = np.asarray(answer, dtype=float)
    if kernel.shape != (3, 3):
        return wrong(f"The kernel needs the shape (3, 3), and this one has {kernel.shape}.")
    if not np.isin(kernel, (-1, 1)).all():
        return wrong("Use only the numbers 1 and -1, as in the picture of a stroke.")
    response = float((kernel * HORIZONTAL_FILTER).sum() / 9)
    if response < 1:
        return wrong(
            f"It answers {response:.2f} to a horizontal stroke. "
            "Which nine numbers agree with all nine pixels?"
        )
    others = [float((kernel * other).sum() / 9) for other in (LOOP, VERTICAL, DIAGONAL)]
    return right(
        "It agrees with all nine pixels of the stroke, and answers at most "
        f"{max(others):.2f} to the other three patterns."
    )


@exercise("shifted-loop")
def _shifted_loop(answer: Any) -> Verdict:
    return compare.array(
        answer,
        expected=np.array([0, 0]),
        reason="The 9 moved one column to the left, and so did its loop in the map.",
        hint="The 9 stands one column further left than the first one. Where was the 1 before?",
        slips={
            "That is where the loop of the first 9 was found.": np.array([0, 1]),
            "Count rows and columns from 0.": np.array([1, 1]),
        },
    )


@exercise("pool-by-hand")
def _pool_by_hand(answer: Any) -> Verdict:
    return compare.array(
        answer,
        expected=np.array([[4, 5], [7, 8]]),
        reason="Each number is the largest of its block of four.",
        hint="Draw the four blocks of 2 x 2, and take the largest number of each.",
        slips={
            "These are the means. Keep the maximum of each block.": np.array(
                [[2.25, 1.5], [2.25, 4.75]]
            ),
            "Rows and columns are exchanged.": np.array([[4, 7], [5, 8]]),
        },
    )


@exercise("weight-sharing")
def _weight_sharing(answer: Any) -> Verdict:
    return compare.array(
        answer,
        expected=np.array([36 * 32, 18]),
        reason="1,152 weights against 18: all 16 places of a map share the same nine.",
        hint="Dense: how many pixels does one value look at, and how many values are there? "
        "Filters: how many weights has one, and how many filters are there?",
        slips={
            "You counted one map. There are two filters, and two maps.": np.array([36 * 16, 9]),
            "Biases are not asked for.": np.array([37 * 32, 20]),
            "The filters share their weights: the number of places does not matter.": np.array(
                [36 * 32, 18 * 16]
            ),
        },
    )


@exercise("kernels-and-filters")
def _kernels_and_filters(answer: Any) -> Verdict:
    return compare.parts(
        answer,
        {
            "kernels": compare.number_as(
                64 * 128, "There is one kernel for each pair of an input channel and a filter."
            ),
            "weights": compare.number_as(
                9 * 64 * 128, "Every kernel has nine weights, and all kernels count."
            ),
            "channels out": compare.number_as(128, "Each filter makes one feature map."),
        },
        reason="8,192 kernels of nine weights are 73,728 weights; 128 filters make 128 channels.",
    )


@exercise("read-an-edge")
def _read_an_edge(answer: Any) -> Verdict:
    return compare.array(
        answer,
        expected=np.array([40, 0]),
        reason="Brightness grows to the right and not downwards: 10 x (1 + 2 + 1), and 0.",
        hint="Write the window with three equal rows, and multiply it with each kernel.",
        slips={
            "That is the convolution, with the kernel turned. A cross-correlation is asked for.": (
                np.array([-40, 0])
            ),
            "G_x and G_y are exchanged.": np.array([0, 40]),
            "The middle row of the kernel counts twice.": np.array([30, 0]),
        },
    )


@exercise("output-size")
def _output_size(answer: Any) -> Verdict:
    if not callable(answer):
        return wrong("Hand over the function itself: its name, without brackets.")
    cases = [(5, 3, 0, 1), (28, 3, 0, 1), (5, 3, 1, 1), (5, 3, 0, 2), (6, 3, 1, 2)]
    cases += [(28, 5, 2, 3), (10, 3, 0, 4), (28, 2, 0, 2), (11, 3, 0, 5)]  # with left-over rows
    for n, k, p, s in cases:
        given = answer(n, k, p, s)
        expected = counting.output_size(n, k, stride=s, padding=p)
        if given is None:
            return wrong("Your function returns None. Is there a `return`?")
        if given != expected:
            return wrong(
                f"For n={n}, k={k}, p={p}, s={s} it returns {given}.{_size_hint(given, expected)}"
            )
    return right(
        f"It gives the right size for all {len(cases)} cases, those with left-over rows included."
    )


def _size_hint(given: Any, expected: int) -> str:
    if isinstance(given, float) and int(given) == expected:
        return " Round down: a part of a place is no place."
    if given == expected - 1:
        return " Did you count the first place of the window?"
    return " Lay a kernel over a row of so many pixels and count its places."


@exercise("eleven-to-five")
def _eleven_to_five(answer: Any) -> Verdict:
    if not isinstance(answer, list | tuple) or len(answer) != 2:
        return wrong("Give two whole numbers: the stride and the padding.")
    stride, padding = answer
    if type(stride) is not int or type(padding) is not int or stride < 1 or padding < 0:
        return wrong("Stride and padding are whole numbers: 1 or more, and 0 or more.")
    size = counting.output_size(11, 3, stride=stride, padding=padding)
    if size == 5:
        return right(f"(11 + 2 x {padding} - 3) / {stride}, rounded down, plus 1 is 5.")
    return wrong(
        f"Stride {stride} and padding {padding} give {size} x {size}. Put them into the formula."
    )


@exercise("unchanged")
def _unchanged(answer: Any) -> Verdict:
    expected = np.zeros((3, 3), dtype=int)
    expected[1, 1] = 1
    return compare.array(
        answer,
        expected=expected,
        reason="The sum is the pixel in the middle, and nothing else.",
        hint="Which of the nine pixels is to come out, and which are not to count?",
        slips={
            "That is a mean: it blurs.": np.full((3, 3), 1 / 9),
            "That adds up all nine.": np.ones((3, 3)),
            "That gives 0 everywhere.": np.zeros((3, 3)),
            "That shifts the image.": np.eye(9)[0].reshape(3, 3),
            "Right for a mean. Here the nine products are added and not divided.": 9 * expected,
        },
    )


@exercise("pooling-gradient")
def _pooling_gradient(answer: Any) -> Verdict:
    block = np.array([[4.0, 1.0], [0.0, 7.0]])[None, :, :, None]
    expected = conv.pool2d_gradient(block, np.full((1, 1, 1, 1), 6.0))[0, :, :, 0]
    return compare.array(
        answer,
        expected=expected,
        reason="The 7 alone decided the output, so the whole gradient of 6 is its.",
        hint="Which pixel must change for the maximum to change?",
        slips={
            "You shared it out. That is what average pooling does.": np.full((2, 2), 1.5),
            "The right pixel, but it gets the gradient from above, not 1.": np.array(
                [[0, 0], [0, 1]]
            ),
            "The pixel gets the gradient from above, not its own value.": np.array(
                [[0, 0], [0, 7]]
            ),
        },
    )
