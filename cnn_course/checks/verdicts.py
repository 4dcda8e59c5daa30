"""The self-check of an exercise: `check("name-of-the-exercise", answer)`.

What numbers and words can answer stands in `answers/`, see `answers.py`; exercises that ask for a
function or a model have a check in `functions.py` or `models.py`.
"""

import dis
import inspect
import re
from dataclasses import dataclass
from html import escape
from typing import Any, Literal

import numpy as np

from cnn_course.arguments import did_you_mean, is_huge, shown, told
from cnn_course.checks import functions, marking, models  # noqa: F401 - they register
from cnn_course.checks.answers import register_answers
from cnn_course.checks.progress import note, sections

Outcome = Literal["right", "wrong", "unclear", "open"]

_WORDS: dict[Outcome, str] = {
    "right": "Right.",
    "wrong": "Not yet.",
    "unclear": "Which one?",
    "open": "Not attempted yet.",
}
_HUGE = (
    "This holds more than 10,000 values, and far fewer are asked for. Is it the data in place of "
    "their shape or their number?"
)


@dataclass(frozen=True)
class Verdict:
    """The outcome of one check.

    Attributes:
        outcome: `"right"`, `"wrong"`, `"unclear"` (it can be read in two ways) or `"open"`
            (nothing was answered).
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
        border = {"right": "solid", "wrong": "dashed"}.get(self.outcome, "dotted")
        return (
            f'<div class="course-verdict course-verdict-{self.outcome}" role="status" '
            f'style="border-left: 4px {border} currentColor; padding: .2em .8em">'
            f"<strong>{_WORDS[self.outcome]}</strong> {escape(self.message)}</div>"
        )


def exercise_names(chapter: str | None = None) -> list[str]:
    """Return the names of all exercises, or of one chapter (`"01"`, `"01-convolution-by-hand"`)."""
    register_answers()
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
    register_answers()
    if not isinstance(name, str) or name not in marking.CHECKS:
        raise ValueError(
            f"There is no exercise {shown(name)}.{did_you_mean(name, marking.CHECKS)} "
            "`exercise_names()` lists them all; they stand in checks/answers/CHAPTER.toml."
        )
    try:
        in_parts = name in marking.IN_PARTS and isinstance(answer, dict)
        if is_huge(answer, 10_000):
            return Verdict("wrong", _HUGE)
        if not any(map(_is_attempted, answer.values() if in_parts and answer else [answer])):
            return Verdict(
                "open", "Replace the three dots with your answer and run the cell again."
            )
        verdict = Verdict("right", marking.CHECKS[name](answer))
    except marking.UnclearAnswerError as error:
        return Verdict("unclear", str(error))
    except marking.WrongAnswerError as error:
        return Verdict("wrong", str(error))
    except (Exception, SystemExit) as error:  # an answer may be anything, and exit, too
        return Verdict("wrong", f"Your answer made the check stop: {told(error)}")
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
