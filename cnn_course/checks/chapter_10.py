"""Self-checks of chapter 10, training deep convnets."""

from typing import Any

import numpy as np

from cnn_course.checks import compare
from cnn_course.checks.exercises import exercise
from cnn_course.checks.verdicts import Verdict, right, wrong

_EPSILON = 1e-3


@exercise("how-deep")
def _how_deep(answer: Any) -> Verdict:
    hint = "Multiply by the share until it is less than 0.000001, and count."
    marks = {
        "sigmoid": compare.number_as(
            10, hint=hint, slips={9: "Behind 9 layers there are still 3.8 millionths."}
        ),
        "tanh": compare.number_as(
            62, hint=hint, slips={61: "Behind 61 layers there is still more than a millionth."}
        ),
    }
    return compare.parts(answer, marks, "A share of 0.8 lasts six times as long as one of 0.25.")


@exercise("standard-deviation")
def _standard_deviation(answer: Any) -> Verdict:
    products = 3 * 3 * 64
    he, glorot = 2 / products, 2 / (2 * products)
    # Close to each other: 5 thousandths of tolerance would let a wrong one pass.
    marks = {
        "He": _small_number_as(
            he**0.5,
            {
                he: "That is the variance. Take its root.",
                (2 / 64) ** 0.5: "Count the products in one sum: 3 x 3 for each channel.",
                (2 / 9) ** 0.5: "Count the products in one sum: for each of 64 channels.",
                (1 / products) ** 0.5: "ReLU halves the mean square. He's 2 makes up for it.",
            },
        ),
        "Glorot": _small_number_as(
            glorot**0.5,
            {
                glorot: "That is the variance. Take its root.",
                he**0.5: "That is He's. Glorot's counts what comes in and what goes out.",
                (2 / (products + 64)) ** 0.5: "Count what goes out like what comes in: 3 x 3 each.",
            },
        ),
    }
    return compare.parts(answer, marks, "Between the two there is a factor of the root of 2.")


def _small_number_as(expected: float, slips: dict[float, str]) -> Any:
    def mark(answer: Any) -> Verdict:
        thousandths = {1_000 * slip: look_at for slip, look_at in slips.items()}
        if isinstance(answer, bool | str | bytes | complex) or not np.isscalar(answer):
            return compare.number(answer, expected, reason="", hint="")
        scaled = 1_000 * float(answer)  # type: ignore[arg-type]
        if np.isclose(scaled, 1_000 * expected, rtol=6e-3):
            return right("")
        for slip, look_at in thousandths.items():
            if np.isclose(scaled, slip, rtol=6e-3):
                return wrong(look_at)
        return wrong(f"It is not {scaled / 1_000:,.4g}. What is n, and for Glorot, what is m?")

    return mark


@exercise("with-a-pencil")
def _with_a_pencil(answer: Any) -> Verdict:
    values = np.array([2.0, 4, 4, 10])
    normal = (values - 5) / 3
    return compare.array(
        answer,
        6 * normal + 1,
        reason="Mean 5, variance 9. Gamma over 3 is 2: each deviation doubles, around beta.",
        hint="Subtract the mean, divide by the root of the variance, then gamma and beta.",
        slips={
            "Those are the normalized values. Gamma and beta come after them.": normal,
            "Divide by the root of the variance.": 6 * (values - 5) / 9 + 1,
            "Add beta at last: it is not multiplied by gamma.": 6 * (normal + 1),
            "Divide the squares by 4, not by 3.": 6 * (values - 5) / 12**0.5 + 1,
            "Subtract the mean first.": 6 * values / 3 + 1,
            "Divide by 3 first, then multiply by gamma.": values - 5 + 1,
        },
    )


@exercise("what-is-kept")
def _what_is_kept(answer: Any) -> Verdict:
    hint = "0.9 of what was kept, and 0.1 of the mean of the batch."
    marks = {
        "after 1": compare.number_as(
            1.0, hint=hint, slips={9.0: "It keeps 0.9 of the old value, not of the new one."}
        ),
        "after 2": compare.number_as(
            1.9,
            hint=hint,
            slips={2.0: "0.9 of what was kept, not all of it.", 9.9: "0.9 of the old value."},
        ),
        "after 3": compare.number_as(
            3.71, hint=hint, slips={13.3: "A moving mean is not the mean of the three."}
        ),
        "batches": compare.number_as(
            459,
            hint="0.99 to the power of n is to be less than 0.01.",
            slips={
                458: "After 458 there is still a little more than a hundredth.",
                100: "It is 0.99 of what is left each time, not 0.01 of the beginning less.",
            },
        ),
    }
    return compare.parts(answer, marks, "Hundreds of steps: more than a short training has.")


@exercise("in-inference")
def _in_inference(answer: Any) -> Verdict:
    if not callable(answer):
        return wrong("Write a function that returns an array.")
    random = np.random.default_rng(10)
    x = random.normal(1, 2, (2, 3, 3, 4))
    gamma, beta = np.array([1.0, 2, 0.5, -1]), np.array([0.0, 1, -1, 3])
    mean, variance = np.array([0.0, 1, -2, 4]), np.array([1.0, 4, 0.25, 9])
    given = np.asarray(answer(x, gamma, beta, mean, variance))
    if given.dtype == object:
        return wrong("Does it return what it computes?")
    if given.shape != x.shape:
        return wrong(f"An array of the shape {x.shape} went in, and {given.shape} comes out.")
    deviation = np.sqrt(variance + _EPSILON)
    own = x.mean(axis=(0, 1, 2)), np.sqrt(x.var(axis=(0, 1, 2)) + _EPSILON)
    slips = {
        "That uses the batch's own statistics. In inference, the kept ones count.": gamma
        * (x - own[0])
        / own[1]
        + beta,
        "Divide by the root of the variance.": gamma * (x - mean) / (variance + _EPSILON) + beta,
        "Epsilon belongs below the root.": gamma * (x - mean) / (np.sqrt(variance) + _EPSILON)
        + beta,
        "Gamma and beta are missing.": (x - mean) / deviation,
        "Beta is missing.": gamma * (x - mean) / deviation,
        "Gamma is missing.": (x - mean) / deviation + beta,
        "Epsilon is missing below the root.": gamma * (x - mean) / np.sqrt(variance) + beta,
    }
    if np.allclose(given, gamma * (x - mean) / deviation + beta, atol=1e-6):
        return right("Each value by itself: no other picture has a say in it.")
    for look_at, values in slips.items():
        if np.allclose(given, values, atol=1e-6):
            return wrong(look_at)
    return wrong("The shape fits, the values do not. Subtract, divide, multiply, add.")


@exercise("fold")
def _fold(answer: Any) -> Verdict:
    marks = {
        "weight": compare.number_as(
            1.5,
            hint="What is x multiplied by in the end?",
            slips={
                0.5: "Scale it: gamma over the root of the variance.",
                3.0: "Divide by the root of the variance, too.",
                0.75: "Divide by the root of the variance, not by the variance.",
                0.25: "Gamma is missing.",
            },
        ),
        "bias": compare.number_as(
            -8.0,
            hint="What is left when x is 0?",
            slips={
                10.0: "The mean is subtracted.",
                -17.0: "Divide by the root of the variance, too.",
                -3.5: "Divide by the root of the variance, not by the variance.",
                -0.5: "Gamma is missing.",
                -2.0: "The mean is scaled, too.",
                1.0: "The mean, scaled, is subtracted from it.",
                -9.0: "Beta is added.",
            },
        ),
    }
    return compare.parts(answer, marks, "One layer less, and the same numbers come out.")


@exercise("which-axes")
def _which_axes(answer: Any) -> Verdict:
    if not isinstance(answer, tuple | list) or len(answer) != 2:
        return wrong("Give two dictionaries: (axes, means).")
    axes = {"batch": (0, 1, 2), "layer": (1, 2, 3), "instance": (1, 2)}
    marks = {name: _axes_as(expected) for name, expected in axes.items()}
    verdict = compare.parts(answer[0], marks, "")
    if not verdict:
        return wrong(f"axes: {verdict.message}")
    hint = "What is averaged over disappears. Multiply what is left of 32 x 28 x 28 x 64."
    numbers = {"batch": 64, "layer": 32, "instance": 32 * 64}
    counts = {name: compare.number_as(expected, hint) for name, expected in numbers.items()}
    verdict = compare.parts(answer[1], counts, "")
    if not verdict:
        return wrong(f"means: {verdict.message}")
    return right("The axes that are not averaged over say how many means there are.")


def _axes_as(expected: tuple[int, ...]) -> Any:
    def mark(answer: Any) -> Verdict:
        if not isinstance(answer, tuple | list) or not all(isinstance(a, int) for a in answer):
            return wrong("Write a tuple of axis numbers, such as (1, 2).")
        if sorted(axis % 4 for axis in answer) == list(expected):
            return right("")
        if 1 not in answer or 2 not in answer:
            return wrong("In the figure, all of them average over the places: axes 1 and 2.")
        return wrong("Axis 0 is the pictures, axis 3 the channels. Which of them are mixed?")

    return mark
