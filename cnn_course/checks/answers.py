"""Exercises as data: the files in `answers/`, for Python's `check` and for the page.

A table has the name of its exercise. `reason` says why the answer is right; the rest says what it
is compared with, by the function of `marking.py` that `kind` names. `right` is the answer, in which
a text is arithmetic, `"(9 * 64 + 1) * 128"`; `hint` says what to look at, and `mistakes` are pairs
of a wrong answer and what it suggests. `parts` has a table for each key of a dictionary. What else
a function takes stands there by its name. `labels` are for the page alone: the fields' names.
"""

import math
from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import Any

import numpy as np

from cnn_course.checks import marking, toml_files

Specification = dict[str, Any]  # as JSON
_AS_WRITTEN = ("word", "words", "order")


@cache
def register_answers() -> None:
    """Register the exercises of the files in `answers/`.

    Raises:
        ValueError: something is wrong in a file; the message says where.
    """
    for chapter in toml_files.chapters("answers"):
        for name, specified in specifications(chapter).items():
            check = partial(_compared, compare=_comparison(specified), reason=specified["reason"])
            marking.exercise(name)(check)


def specifications(chapter: str) -> dict[str, Specification]:
    """Return the exercises of a chapter that are data, by name, with all arithmetic done.

    Raises:
        ValueError: something is wrong in the chapter's file; the message says where.
    """
    found = {}
    for name, table in toml_files.read("answers", chapter).items():
        try:
            found[name] = _specified(table) | {"reason": table["reason"]}
        except (KeyError, NameError, SyntaxError, TypeError, ValueError) as error:
            problem = f"{error} is missing" if isinstance(error, KeyError) else str(error)
            where = f"{toml_files.place('answers', chapter)}, [{name}]"
            raise ValueError(f"{where}: {problem}.".replace("..", ".")) from None
    return found


def _specified(table: Mapping[str, Any]) -> Specification:
    if "parts" in table:
        return {
            "kind": "parts",
            "parts": {k: _specified(part) for k, part in table["parts"].items()},
        }
    kind = table.get("kind", "array" if isinstance(table["right"], list) else "number")
    if kind in _AS_WRITTEN:
        return {**table, "kind": kind}
    return {
        **table,
        "kind": kind,
        "right": _value(table["right"]),
        "also": [_value(right) for right in table.get("also", [])],
        "mistakes": [(_value(mistake), hint) for mistake, hint in table.get("mistakes", [])],
        "hint": table["hint"],
        # JSON does not tell 8 from 8.0.
        "whole": bool(np.issubdtype(np.asarray(_value(table["right"])).dtype, np.integer)),
    }


def _comparison(specified: Specification) -> Callable[[Any], None]:
    """Return how an answer is compared with what is specified."""
    if specified["kind"] == "parts":
        compared = {key: _comparison(part) for key, part in specified["parts"].items()}
        return partial(marking.parts, compared=compared)
    compare = getattr(marking, specified["kind"])
    taken = compare.__annotations__.keys() & specified.keys()
    settings = {name: specified[name] for name in taken}
    return partial(compare, expected=specified["right"], **settings)


def _compared(answer: Any, compare: Callable[[Any], None], reason: str) -> str:
    compare(answer)
    return reason


def _value(written: Any) -> Any:
    """Return a number, which a string may write as arithmetic, or a list of numbers."""
    if isinstance(written, list):
        return [_value(part) for part in written]
    if isinstance(written, str):
        # Only the package's own files are read, which are as much to be trusted as its code.
        return eval(written, {"__builtins__": {}, "log": math.log})
    return written
