"""Checks of what a caller hands in; each error names the argument, its value and what is right."""

import operator
import reprlib
from collections.abc import Iterable
from difflib import get_close_matches
from itertools import islice
from math import prod
from typing import Any, TypeGuard, TypeVar

import numpy as np

_SHORT = reprlib.Repr()
_SHORT.maxlevel, _SHORT.maxlist, _SHORT.maxtuple, _SHORT.maxdict = 3, 12, 12, 12
_SHORT.maxstring = _SHORT.maxother = 200
_LONGEST = 500  # signs of an error that is told
_MOST_PARTS = 100_000
_TOO_LARGE = 10**100  # a seed may be any digest
_HOLDS_SEVERAL = (str, bytes, list, tuple, dict, set, frozenset)

_Kind = TypeVar("_Kind")


def shown(value: object) -> str:
    """Return how a message writes a value: as Python does, but short, whatever it is."""
    try:
        return _SHORT.repr(value)
    except (Exception, SystemExit):  # somebody's own object, or a number of thousands of digits
        return f"{'an' if type(value).__name__[:1] in 'aeiou' else 'a'} {type(value).__name__}"


def told(error: BaseException) -> str:
    """Return what an error says, in short; it may be one of somebody's own."""
    kind = type(error).__name__
    try:
        return f"{kind}: {error}"[:_LONGEST]
    except (Exception, SystemExit):
        return kind


def is_a(value: object, *kinds: type[_Kind]) -> TypeGuard[_Kind]:
    """Return `isinstance(value, kinds)`; an object of somebody's own that objects is nothing."""
    try:
        return isinstance(value, kinds)
    except (Exception, SystemExit):
        return False


def parts_of(value: object) -> tuple[Any, ...] | None:
    """Return a list or tuple as a tuple, and `None` for anything else.

    A list of somebody's own is nothing, too, if it does not tell its parts or has no end of them.
    """
    try:
        parts = tuple(islice(value, _MOST_PARTS + 1)) if isinstance(value, list | tuple) else None
    except (Exception, SystemExit):
        return None
    return parts if parts is not None and len(parts) <= _MOST_PARTS else None


def yes_or_no(name: str, value: object) -> bool:
    """Return `value` if it is `True` or `False`, NumPy's among them, or 1 or 0.

    Raises:
        TypeError: it is something else, such as a text.
    """
    if is_a(value, bool, np.bool_) or (type(value) is int and value in (0, 1)):
        return bool(value)
    raise TypeError(f"{name} must be True or False, not {shown(value)}.")


def is_huge(value: object, most: int) -> bool:
    """Return whether a value holds more than `most` numbers, signs or parts.

    It is not looked at any further than that: a range may be endless, and a list hold itself.
    """
    waiting, found = [value], 0
    while waiting and found <= most:
        one = waiting.pop()
        shape = getattr(one, "shape", None)  # of an array, whatever library it is from
        if shape is not None and isinstance(shape, Iterable) and not isinstance(shape, str):
            sizes = islice(shape, 64)  # an object of somebody's own may go on for ever
            found += prod(1 if size is None else size for size in sizes)
        elif isinstance(one, range):
            found += len(one[: most + 1])
        elif isinstance(one, _HOLDS_SEVERAL):
            found += len(one)
        if found <= most and isinstance(one, list | tuple | dict):
            parts = one.values() if isinstance(one, dict) else one
            inside = [*islice(parts, most + 1)]
            found += max(len(inside) - len(one), 0)  # somebody's own list may have no end
            waiting += inside
    return found > most


def whole_number(name: str, value: object, least: int = 0) -> int:
    """Return `value` as an `int` if it is a whole number of at least `least`.

    Raises:
        TypeError: it is no whole number; `True` and `2.0` are none.
        ValueError: it is smaller, or has more than a hundred digits.
    """
    if type(value) is int and least <= value < _TOO_LARGE:  # nearly always, and quick
        return value
    try:
        if isinstance(value, bool | np.bool_):
            raise TypeError
        number = operator.index(value)  # type: ignore[arg-type]
    except (Exception, SystemExit):  # whatever an object of somebody's own raises
        raise TypeError(f"{name} must be a whole number, not {shown(value)}.") from None
    if number < least:
        raise ValueError(f"{name} must be at least {least}, not {shown(number)}.")
    if number >= _TOO_LARGE:  # no message could write it
        raise ValueError(f"{name} must be smaller than 10**100, not {shown(number)}.")
    return number


def pair(name: str, value: object, least: int = 1) -> tuple[int, int]:
    """Return one whole number of at least `least`, or two, as (vertical, horizontal).

    Raises:
        TypeError: one is no whole number.
        ValueError: there are not two of them, or one is smaller.
    """
    if type(value) is int:
        return (number := whole_number(name, value, least)), number
    if is_a(value, np.ndarray) and value.ndim:
        value = tuple(value[:3])
    two = (value, value) if (parts := parts_of(value)) is None else parts
    if len(two) != 2:
        raise ValueError(
            f"{name} must be one number or two, (vertical, horizontal), not {shown(value)}."
        )
    return whole_number(name, two[0], least), whole_number(name, two[1], least)


def one_of(name: str, value: object, choices: Iterable[str], otherwise: str = "") -> str:
    """Return `value` if it is one of `choices`; `otherwise` names what else would be right.

    Raises:
        TypeError: it is no string.
        ValueError: it is another string; the message names the nearest choice.
    """
    choices = tuple(choices)
    if type(value) is str and value in choices:
        return value
    allowed = ", ".join(map(repr, choices)) + otherwise
    if not is_a(value, str):
        raise TypeError(f"{name} must be one of {allowed}, not {shown(value)}.")
    value = str(value)  # NumPy's texts, too
    if value not in choices:
        raise ValueError(
            f"{name} must be one of {allowed}, not {shown(value)}.{did_you_mean(value, choices)}"
        )
    return value


def did_you_mean(word: object, known: Iterable[str]) -> str:
    """Return ` Did you mean 'x'?` with the nearest of the words that are known, or nothing."""
    by_lower = {other.lower(): other for other in known}
    near = get_close_matches(str(word)[:200].lower(), by_lower, n=1)
    return f" Did you mean {by_lower[near[0]]!r}?" if near else ""
