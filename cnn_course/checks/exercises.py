"""The self-check of an exercise: `check("name-of-the-exercise", answer)`.

To add one, write a function that takes the answer and returns `right(...)` or `wrong(...)`, in the
file of its chapter, under `@exercise("its-name")`. `...`, alone or inside the answer, means "not
attempted yet" and never reaches that function.
"""

import difflib
import dis
import importlib
import inspect
import pkgutil
import re
from collections.abc import Callable
from typing import Any

import numpy as np

from cnn_course.checks import diary
from cnn_course.checks.verdicts import Verdict, unanswered, wrong

Marker = Callable[[Any], Verdict]
_MARKERS: dict[str, Marker] = {}
_IN_PARTS: set[str] = set()


def exercise(name: str, *, in_parts: bool = False) -> Callable[[Marker], Marker]:
    """Register the function below as the check of exercise `name`.

    Args:
        name: as the chapter writes it.
        in_parts: whether an answer is marked as soon as one of its parts is attempted.

    Raises:
        ValueError: two exercises have the same name.
    """

    def register(marker: Marker) -> Marker:
        if name in _MARKERS:
            raise ValueError(f"Two exercises are called {name!r}. Rename one of them.")
        _MARKERS[name] = marker
        if in_parts:
            _IN_PARTS.add(name)
        return marker

    return register


def exercise_names(chapter: str | None = None) -> list[str]:
    """Return the names of all exercises, or of one chapter (`"01"`, `"01-convolution-by-hand"`)."""
    _load_chapters()
    if chapter is None:
        return list(_MARKERS)
    module = f"{__package__}.chapter_{chapter[:2]}"
    return [name for name, marker in _MARKERS.items() if marker.__module__ == module]


def check(name: str, answer: Any) -> Verdict:
    """Mark the answer to one exercise; the notebook goes on whatever it is.

    Args:
        name: the exercise, as the chapter writes it.
        answer: a value, or a function that the exercise asks for; `...` if not attempted.

    Raises:
        ValueError: there is no exercise of that name; the message proposes the nearest.
    """
    _load_chapters()
    if name not in _MARKERS:
        near = difflib.get_close_matches(name, _MARKERS, n=3, cutoff=0.0)
        raise ValueError(f"There is no exercise {name!r}. Did you mean: {', '.join(near)}?")
    in_parts = name in _IN_PARTS and isinstance(answer, dict) and answer
    parts = answer.values() if in_parts else [answer]
    if not any(map(is_attempted, parts)):
        return unanswered()
    try:
        verdict = _MARKERS[name](answer)
    except Exception as error:  # an answer may be anything; a check must survive all of it
        return wrong(f"Your answer made the check stop: {type(error).__name__}: {error}")
    if verdict:
        diary.note(name)
    return verdict


def is_attempted(answer: Any) -> bool:
    """Return whether something replaced the three dots."""
    if answer is ...:
        return False
    if isinstance(answer, list | tuple):
        return all(is_attempted(part) for part in answer)
    if isinstance(answer, dict):
        return all(is_attempted(part) for part in answer.values())
    if isinstance(answer, np.ndarray) and answer.dtype == object:
        return all(is_attempted(part) for part in answer.flat)
    if inspect.isfunction(answer):
        return _bytecode(answer) != _bytecode(_dots_only) or _returns(answer)
    return True


def _dots_only() -> None: ...


def _bytecode(function: Any) -> list[tuple[str, Any]]:
    # A body of dots compiles to "return None" alone, whatever its arguments and docstring are.
    return [(step.opname, step.argval) for step in dis.get_instructions(function)]


def _returns(function: Any) -> bool:
    """Return whether somebody wrote `return`, if only without a value: its bytecode is the same."""
    try:
        return re.search(r"(?m)^\s+return\b", inspect.getsource(function)) is not None
    except (OSError, TypeError):
        return False


def _load_chapters() -> None:
    package = importlib.import_module(__package__)
    for module in pkgutil.iter_modules(package.__path__):
        if module.name.startswith("chapter_"):
            importlib.import_module(f"{__package__}.{module.name}")
