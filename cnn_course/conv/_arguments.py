"""What the caller wrote, turned into numbers that can be computed with, or refused."""

import operator
from difflib import get_close_matches
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[Any]
Pair = tuple[int, int]


def numbers(name: str, value: ArrayLike) -> Array:
    """Return `value` as an array of int64 or of floats with at least 32 bits.

    Raises:
        TypeError: it holds no real numbers, but for instance strings or complex numbers.
        ValueError: it is ragged, or a whole number in it is too large for int64.
    """
    try:
        array = np.asarray(value)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"{name} cannot be turned into an array of numbers: {error} "
            "Pass a NumPy array, or nested lists whose rows are equally long."
        ) from None
    if array.dtype.kind not in "biuf":
        raise TypeError(
            f"{name} holds {array.dtype.name} values, but only real numbers can be computed with. "
            "Convert it first, for example with np.asarray(..., dtype=np.float32)."
        )
    if array.dtype.kind == "f":
        return array.astype(np.promote_types(array.dtype, np.float32), copy=False)
    if array.dtype.kind == "u" and array.size and array.max() > np.iinfo(np.int64).max:
        raise ValueError(
            f"{name} contains {array.max()}, which is too large for int64. "
            "Convert it to float64 first."
        )
    return array.astype(np.int64, copy=False)


def with_axes(name: str, value: ArrayLike, axes: str) -> Array:
    """Return `value` as `numbers` does, if it has as many axes as `axes` names.

    Raises:
        TypeError: see `numbers`.
        ValueError: the number of axes is another one, or see `numbers`.
    """
    array = numbers(name, value)
    needed = len(axes.split(", "))
    if array.ndim != needed:
        raise ValueError(
            f"{name} must have {needed} axes, ({axes}), but its shape is {array.shape}. "
            "Select one with an index, or add axes of length 1 with np.newaxis."
        )
    return array


def check_shape(name: str, array: Array, shape: tuple[int, ...], meaning: str) -> None:
    """Refuse an array of another shape; `meaning` says what this shape is.

    Raises:
        ValueError: the shape is another one.
    """
    if array.shape != shape:
        raise ValueError(
            f"{name} must have the shape {shape}, {meaning}, but its shape is {array.shape}. "
            f"Pass a {name} of that shape."
        )


def same_type(*arrays: Array) -> tuple[Array, ...]:
    """Return the arrays in one type: the widest of the floats among them, or else int64."""
    floats = [array.dtype for array in arrays if array.dtype.kind == "f"]
    dtype = np.result_type(*floats) if floats else np.dtype(np.int64)
    return tuple(array.astype(dtype, copy=False) for array in arrays)


def whole_number(name: str, value: object, smallest: int) -> int:
    """Return `value` if it is a whole number of at least `smallest`.

    Raises:
        TypeError: it is no whole number (True and 2.0 are none).
        ValueError: it is too small.
    """
    try:
        if isinstance(value, bool | np.bool_):
            raise TypeError
        number = operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        raise TypeError(f"{name} must be a whole number, not {value!r}.") from None
    if number < smallest:
        raise ValueError(f"{name} must be {smallest} or more, not {number}.")
    return number


def pair(name: str, value: object) -> Pair:
    """Return `value`, one positive whole number or two, as `(vertical, horizontal)`.

    Raises:
        TypeError: it is neither.
        ValueError: a number is below 1, or there are not two of them.
    """
    if not isinstance(value, tuple | list | np.ndarray) or np.ndim(value) == 0:
        step = whole_number(name, value, smallest=1)
        return step, step
    if len(value) != 2:
        raise ValueError(
            f"{name} must be one whole number or two, (vertical, horizontal), not {value!r}."
        )
    return whole_number(name, value[0], smallest=1), whole_number(name, value[1], smallest=1)


def one_of(name: str, value: object, choices: tuple[str, ...], otherwise: str = "") -> str:
    """Return `value` if it is one of `choices`; `otherwise` names what else would be right.

    Raises:
        TypeError: it is no string.
        ValueError: it is another string; the message names the nearest choice.
    """
    allowed = ", ".join(repr(choice) for choice in choices) + otherwise
    if not isinstance(value, str):
        raise TypeError(f"{name} must be one of {allowed}, not {value!r}.")
    if value not in choices:
        near = get_close_matches(value.lower(), choices, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise ValueError(f"{name} must be one of {allowed}, not {value!r}.{hint}")
    return value


def check_padding(value: object) -> str | int:
    """Return `value` if it is "valid", "same" or a whole number of pixels.

    Raises:
        TypeError: it is neither a string nor a whole number.
        ValueError: it is another string or a negative number.
    """
    if isinstance(value, str):
        return one_of("padding", value, ("valid", "same"), " or a whole number of pixels")
    try:
        return whole_number("padding", value, smallest=0)
    except TypeError:
        raise TypeError(
            f"padding must be 'valid', 'same' or a whole number of pixels, not {value!r}."
        ) from None
