"""Sums of products of whole numbers: exact, and nearly as fast as those of floats."""

from collections.abc import Callable
from math import prod

import numpy as np

from cnn_course.conv._arguments import Array

# Every whole number up to here is a float64; so is every sum that stays below.
LARGEST_EXACT_FLOAT64 = 2**53


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
    bound = terms * prod(max(_largest(array), 1) for array in arrays)
    exact = np.dtype(np.float64 if bound <= LARGEST_EXACT_FLOAT64 else object)
    try:
        return operation(*(array.astype(exact) for array in arrays)).astype(np.int64)
    except OverflowError:
        raise ValueError(
            "With whole numbers this large a result does not fit into int64. "
            "Convert the arrays to float64 first."
        ) from None


def _largest(array: Array) -> int:
    return max(int(array.max()), -int(array.min())) if array.size else 0
