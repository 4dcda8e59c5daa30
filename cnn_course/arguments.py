"""Checks of what a caller hands in; each error names the argument, its value and what is right."""

import operator
from collections.abc import Iterable
from difflib import get_close_matches

import numpy as np


def whole_number(name: str, value: object, least: int = 0) -> int:
    """Return `value` as an `int` if it is a whole number of at least `least`.

    Raises:
        TypeError: it is no whole number; `True` and `2.0` are none.
        ValueError: it is smaller.
    """
    try:
        if isinstance(value, bool | np.bool_):
            raise TypeError
        number = operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        raise TypeError(f"{name} must be a whole number, not {value!r}.") from None
    if number < least:
        raise ValueError(f"{name} must be at least {least}, not {number}.")
    return number


def pair(name: str, value: object, least: int = 1) -> tuple[int, int]:
    """Return one whole number of at least `least`, or two, as (vertical, horizontal).

    Raises:
        TypeError: one is no whole number.
        ValueError: there are not two of them, or one is smaller.
    """
    if not isinstance(value, tuple | list | np.ndarray) or np.ndim(value) == 0:
        value = (value, value)
    if len(value) != 2:
        raise ValueError(
            f"{name} must be one number or two, (vertical, horizontal), not {value!r}."
        )
    return whole_number(name, value[0], least), whole_number(name, value[1], least)


def one_of(name: str, value: object, choices: Iterable[str], otherwise: str = "") -> str:
    """Return `value` if it is one of `choices`; `otherwise` names what else would be right.

    Raises:
        TypeError: it is no string.
        ValueError: it is another string; the message names the nearest choice.
    """
    choices = tuple(choices)
    allowed = ", ".join(map(repr, choices)) + otherwise
    if not isinstance(value, str):
        raise TypeError(f"{name} must be one of {allowed}, not {value!r}.")
    if value not in choices:
        raise ValueError(
            f"{name} must be one of {allowed}, not {value!r}.{did_you_mean(value, choices)}"
        )
    return value


def did_you_mean(word: object, known: Iterable[str]) -> str:
    """Return ` Did you mean 'x'?` with the nearest of the words that are known, or nothing."""
    by_lower = {other.lower(): other for other in known}
    near = get_close_matches(str(word).lower(), by_lower, n=1)
    return f" Did you mean {by_lower[near[0]]!r}?" if near else ""
