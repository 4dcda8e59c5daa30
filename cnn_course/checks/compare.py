"""Compare an answer with the right one: shape before value, value with tolerance."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np

from cnn_course.checks.verdicts import Verdict, right, wrong


def number(
    answer: Any, expected: float, reason: str, hint: str, slips: Mapping[float, str] | None = None
) -> Verdict:
    """Mark one number.

    Args:
        answer: what the learner wrote.
        expected: the right value.
        reason: why it is right.
        hint: what to look at when it is another value.
        slips: a well-known wrong value -> what it suggests has been forgotten.
    """
    if isinstance(answer, bool | str | bytes | complex) or not np.isscalar(answer):
        return wrong(f"One number is asked for, and this is a {type(answer).__name__}.")
    try:
        value = float(answer)  # type: ignore[arg-type]
    except OverflowError:
        return wrong(f"It is far smaller. {hint}")
    # A count is exact; a measured value may be rounded to three digits.
    tolerance = 0 if isinstance(expected, int) else 5e-3
    if np.isclose(value, expected, rtol=tolerance, atol=tolerance):
        return right(reason)
    for slip, look_at in (slips or {}).items():
        if np.isclose(value, slip, rtol=tolerance, atol=tolerance):
            return wrong(look_at)
    return wrong(f"It is not {value:,.12g}. {hint}")


def array(
    answer: Any,
    expected: np.ndarray,
    reason: str,
    hint: str,
    slips: Mapping[str, np.ndarray] | None = None,
) -> Verdict:
    """Mark an array: first its shape, then its values.

    Args:
        answer: what the learner wrote; anything that `numpy.asarray` takes.
        expected: the right array.
        reason: why it is right.
        hint: what to look at when a value is wrong.
        slips: what a well-known wrong array suggests -> that array.
    """
    try:
        given = np.asarray(answer, dtype=float)
    except (TypeError, ValueError):
        return wrong("This is not an array of numbers, with as many of them in every row.")
    if given.shape != expected.shape:
        return wrong(f"The shape is {given.shape}, and {expected.shape} is needed.")
    # Counts are exact; measured values may be rounded to three digits.
    tolerance = 0 if np.issubdtype(expected.dtype, np.integer) else 5e-3
    agrees = np.isclose(given, expected, rtol=tolerance, atol=tolerance)
    if agrees.all():
        return right(reason)
    for slip, value in (slips or {}).items():
        if np.allclose(given, value, rtol=1e-3, atol=5e-3):
            return wrong(slip)
    place = tuple(int(index) for index in np.argwhere(~agrees)[0])
    return wrong(f"The shape fits. The first value that differs is at {place}. {hint}")


def parts(answer: Any, marks: Mapping[str, Callable[[Any], Verdict]], reason: str) -> Verdict:
    """Mark a dictionary: its keys, then one value after the other.

    Args:
        answer: what the learner wrote.
        marks: for each key, how its value is marked.
        reason: why the whole is right.

    Returns:
        The verdict on the first value that is wrong, with its key; `reason`, if all are right.
    """
    if not isinstance(answer, Mapping) or set(answer) != set(marks):
        return wrong(f"Give a dictionary with exactly these keys: {', '.join(marks)}.")
    for key, mark in marks.items():
        verdict = mark(answer[key])
        if not verdict:
            return wrong(f"'{key}': {verdict.message}")
    return right(reason)


def number_as(
    expected: float, hint: str, slips: Mapping[float, str] | None = None
) -> Callable[[Any], Verdict]:
    """Return how `parts` marks a number; as `number`."""
    return partial(number, expected=expected, reason="", hint=hint, slips=slips)


def maps_as(
    expected: tuple[int, int, int], hint: str, slips: Mapping[str, tuple[float, ...]]
) -> Callable[[Any], Verdict]:
    """Return how `parts` marks the shape of the maps of one picture.

    Args:
        expected: rows, columns and channels. An answer may begin with `None`, as Keras writes it.
        hint: what to look at when a number is wrong.
        slips: what a well-known wrong shape suggests -> that shape.
    """

    def mark(answer: Any) -> Verdict:
        if not isinstance(answer, list | tuple):
            kind = type(answer).__name__
            return wrong(f"A shape is asked for, such as (28, 28, 1), and this is a {kind}.")
        given = answer[1:] if answer and answer[0] is None else answer
        if len(given) != 3:
            return wrong(f"It has the length {len(given)}. Maps have rows, columns and channels.")
        arrays = {look_at: np.array(shape) for look_at, shape in slips.items()}
        return array(list(given), np.array(expected), reason="", hint=hint, slips=arrays)

    return mark
