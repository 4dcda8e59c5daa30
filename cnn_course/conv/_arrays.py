"""Arrays of numbers: what a caller hands in, checked, and exact sums of whole numbers."""

from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cnn_course.arguments import told

Array = NDArray[Any]

# Every whole number up to here is a float64; so is every sum that stays below.
_LARGEST_EXACT_FLOAT64 = 2**53


def numbers(name: str, value: ArrayLike) -> Array:
    """Return `value` as an array of int64 or of floats with at least 32 bits.

    Raises:
        TypeError: it holds no real numbers, but for instance strings or complex numbers.
        ValueError: it is ragged, or a whole number in it is too large for int64.
    """
    try:
        array = np.asarray(value)
    except (Exception, SystemExit) as error:  # of memory, or of an object of somebody's own, too
        raise ValueError(
            f"{name} cannot be turned into an array of numbers. {told(error)} "
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
    """Return `value` as `numbers` does, if it has as many axes as `axes` names, or raise."""
    array, needed = numbers(name, value), len(axes.split(", "))
    if array.ndim != needed:
        raise ValueError(
            f"{name} must have {needed} axes, ({axes}), but its shape is {array.shape}. "
            "Select one with an index, or add axes of length 1 with np.newaxis."
        )
    return array


def with_shape(name: str, value: ArrayLike, shape: tuple[int, ...], meaning: str) -> Array:
    """Return `value` as `numbers` does, if it has this shape, or raise; `meaning` explains it."""
    array = numbers(name, value)
    if array.shape != shape:
        raise ValueError(
            f"{name} must have the shape {shape}, {meaning}, but its shape is {array.shape}. "
            f"Pass a {name} of that shape."
        )
    return array


def same_type(*arrays: Array) -> tuple[Array, ...]:
    """Return the arrays in one type: the widest of the floats among them, or else int64."""
    floats = [array.dtype for array in arrays if array.dtype.kind == "f"]
    dtype = np.result_type(*floats) if floats else np.dtype(np.int64)
    return tuple(array.astype(dtype, copy=False) for array in arrays)


def compute(operation: Callable[..., Array], *arrays: Array, terms: int) -> Array:
    """Return `operation(*arrays)`, in whole numbers if the arrays hold whole numbers.

    NumPy multiplies matrices of int64 with plain loops, and silently wraps around what becomes too
    large; matrices of float64 go to BLAS, which is several times faster and exact for whole numbers
    below 2**53. So photographs and small kernels take the fast way, and what could become larger is
    computed in Python's integers, which have no limit.

    Args:
        operation: adds up products that take one factor from each array.
        *arrays: all of one type.
        terms: at most so many products are added up.

    Raises:
        ValueError: a result is too large for int64.
    """
    if arrays[0].dtype.kind == "f":
        with np.errstate(invalid="ignore", over="ignore"):  # NaN and infinity are results
            return operation(*arrays)
    bound = terms * prod(_largest(array) for array in arrays)
    exact = np.dtype(np.float64 if bound <= _LARGEST_EXACT_FLOAT64 else object)
    try:
        return operation(*(array.astype(exact) for array in arrays)).astype(np.int64)
    except OverflowError:
        raise ValueError(
            "With whole numbers this large a result does not fit into int64. "
            "Convert the arrays to float64 first."
        ) from None


def is_exact(array: Array) -> bool:
    """Return whether float64 holds every whole number up to the largest one of an array."""
    return array.dtype.kind == "f" or _largest(array) <= _LARGEST_EXACT_FLOAT64


def _largest(array: Array) -> int:
    return max(int(array.max()), -int(array.min()), 1) if array.size else 1
