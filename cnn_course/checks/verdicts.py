"""The self-check of an exercise: `check("name-of-the-exercise", answer)`.

What is a number, an array, a shape, a word or a dictionary of them stands in `answers/`, a file for
each chapter: the right answer, why it is right, and what common mistakes suggest. Other exercises
have a function in `functions.py`, `choices.py` or `models.py`.
"""

import dis
import inspect
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from html import escape
from typing import Any, Literal

import numpy as np

from cnn_course.arguments import did_you_mean
from cnn_course.checks import choices, functions, marking, models, toml_files  # noqa: F401 - some register
from cnn_course.checks.progress import note, sections

Outcome = Literal["right", "wrong", "open"]

_WORDS: dict[Outcome, str] = {"right": "Right.", "wrong": "Not yet.", "open": "Not attempted yet."}


@dataclass(frozen=True)
class Verdict:
    """The outcome of one check.

    Attributes:
        outcome: `"right"`, `"wrong"` or `"open"` (nothing was answered).
        message: why it is right, or what to look at; never the answer itself.
    """

    outcome: Outcome
    message: str

    def __bool__(self) -> bool:
        """A verdict is true when the answer is right."""
        return self.outcome == "right"

    def __repr__(self) -> str:
        return f"{_WORDS[self.outcome]} {self.message}"

    def _repr_html_(self) -> str:
        # The border repeats what the first words say: nothing depends on colour alone.
        border = {"right": "solid", "wrong": "dashed", "open": "dotted"}[self.outcome]
        return (
            f'<div class="course-verdict course-verdict-{self.outcome}" role="status" '
            f'style="border-left: 4px {border} currentColor; padding: .2em .8em">'
            f"<strong>{_WORDS[self.outcome]}</strong> {escape(self.message)}</div>"
        )


def exercise_names(chapter: str | None = None) -> list[str]:
    """Return the names of all exercises, or of one chapter (`"01"`, `"01-convolution-by-hand"`)."""
    _register_answers()
    if chapter is None:
        return list(marking.CHECKS)
    return [
        name
        for title, inside in sections().items()
        if title[:2] == chapter[:2]
        for names in inside.values()
        for name in names
    ]


def check(name: str, answer: Any) -> Verdict:
    """Mark the answer to one exercise; the notebook goes on whatever it is.

    Args:
        name: the exercise, as the chapter writes it.
        answer: a value, or a function that the exercise asks for; `...` if not attempted.

    Raises:
        ValueError: there is no exercise of that name; the message proposes the nearest.
    """
    _register_answers()
    if name not in marking.CHECKS:
        raise ValueError(
            f"There is no exercise {name!r}.{did_you_mean(name, marking.CHECKS)} "
            "`exercise_names()` lists them all; they stand in checks/answers/CHAPTER.toml."
        )
    in_parts = name in marking.IN_PARTS and isinstance(answer, dict) and answer
    try:
        if not any(map(_is_attempted, answer.values() if in_parts else [answer])):
            return Verdict(
                "open", "Replace the three dots with your answer and run the cell again."
            )
        verdict = Verdict("right", marking.CHECKS[name](answer))
    except marking.WrongAnswerError as error:
        return Verdict("wrong", str(error))
    except Exception as error:  # an answer may be anything; a check must survive all of it
        problem = f"{type(error).__name__}: {error}"
        return Verdict("wrong", f"Your answer made the check stop: {problem}")
    note(name)
    return verdict


def _is_attempted(answer: Any) -> bool:
    """Return whether something replaced the three dots."""
    if answer is ...:
        return False
    if isinstance(answer, list | tuple):
        return all(map(_is_attempted, answer))
    if isinstance(answer, dict):
        return all(map(_is_attempted, answer.values()))
    if isinstance(answer, np.ndarray) and answer.dtype == object:
        return all(map(_is_attempted, answer.flat))
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


@cache
def _register_answers() -> None:
    """Register the exercises of the files in `answers/`."""
    for chapter in toml_files.chapters("answers"):
        for name, table in toml_files.read("answers", chapter).items():
            try:
                check = partial(_compared, compare=_comparison(table), reason=table["reason"])
                marking.exercise(name)(check)
            except (KeyError, NameError, SyntaxError, TypeError, ValueError) as error:
                problem = f"{error} is missing" if isinstance(error, KeyError) else str(error)
                where = f"{toml_files.place('answers', chapter)}, [{name}]"
                raise ValueError(f"{where}: {problem}.".replace("..", ".")) from None


def _compared(answer: Any, compare: Callable[[Any], None], reason: str) -> str:
    compare(answer)
    return reason


def _comparison(table: Mapping[str, Any]) -> Callable[[Any], None]:
    """Return how an answer is compared with what a table of `answers/` says.

    Args:
        table: `parts`, a table for each key of a dictionary; or `right`, `hint` and `mistakes`,
            pairs of a wrong answer and a hint. `kind` says that it is a `shape` or a `word`;
            `near` and `relative` are those of `marking.number`.
    """
    if "parts" in table:
        compared = {key: _comparison(part) for key, part in table["parts"].items()}
        return partial(marking.parts, compared=compared)
    kind = table.get("kind", "array" if isinstance(table["right"], list) else "number")
    value = _value if kind != "word" else lambda written: written
    return partial(
        getattr(marking, kind),
        expected=value(table["right"]),
        hint=table["hint"],
        mistakes=[(value(mistake), hint) for mistake, hint in table.get("mistakes", [])],
        **{setting: table[setting] for setting in ("near", "relative") if setting in table},
    )


def _value(written: Any) -> Any:
    """Return a number, which a string may write as arithmetic, or a list of numbers."""
    if isinstance(written, list):
        return [_value(part) for part in written]
    if isinstance(written, str):
        # Only the package's own files are read, which are as much to be trusted as its code.
        return eval(written, {"__builtins__": {}, "log": math.log})
    return written
