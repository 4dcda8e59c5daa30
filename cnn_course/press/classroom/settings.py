"""What a lecturer decides about a class test: one file that stays with the class."""

import math
import secrets
import tomllib
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from functools import partial
from pathlib import Path
from typing import Any, Final

from cnn_course.arguments import did_you_mean
from cnn_course.classtest import Question
from cnn_course.press.classroom.pages import MADE_BY
from cnn_course.press.project import PressError

FILE: Final = "class.toml"
_TEMPLATE = """\
# What you decide about this class test. After a change, give the same command again before the
# test, and mark again after it. Texts stand in quotes, decimals have a point.
# Made by {made_by}.

course = ""   # this, the date and the aids stand on the first page of each test
date = ""
minutes = {minutes}
aids = "a pocket calculator"

# Without this secret nobody can make these tests or their keys. Keep the file to yourself.
salt = "{salt}"

# Questions that count for nobody: void = ["conv_1 shape", "receptive field"]
void = []

# Grades: the best one whose share of the points is reached, as in "A" = 0.9 and "F" = 0
[boundaries]

# Points of a question are multiplied, as in "total parameters" = 2
[weights]

# Points besides, by number of the student or by name, as in "4711" = 1.5
[extra]

# Points that you give yourself, whatever the marking says; one such block for each:
# [[overrides]]
# student = "Ada Lovelace"
# question = "conv_1 shape"
# points = 3
# reason = "The drawing is right."
"""


def _number(value: Any) -> bool:
    known = isinstance(value, int | float) and not isinstance(value, bool)
    return known and 0 <= value < 1e9


def _numbers(value: Any, most: float = math.inf) -> bool:
    return isinstance(value, dict) and all(_number(one) and one <= most for one in value.values())


#: What is no text in quotes -> what it must be, checked and in words
_WANTED: Final[dict[str, tuple[Callable[[Any], bool], str]]] = {
    "minutes": (_number, "a number of minutes"),
    "points": (_number, "a number of points"),
    "void": (
        lambda value: isinstance(value, list) and all(isinstance(one, str) for one in value),
        'a list of questions such as ["conv_1 shape"]',
    ),
    "boundaries": (partial(_numbers, most=1), "shares of the points, from 0 to 1"),
    "weights": (_numbers, "a number, 0 or more, for each question"),
    "extra": (_numbers, "a number of points for each student"),
    "overrides": (lambda value: True, ""),  # each block is checked for itself
}
_TEXT: Final = (lambda value: isinstance(value, str), "a text in quotes")


@dataclass(frozen=True)
class Override:
    """Points that a lecturer gives for one answer, whatever the marking says.

    Attributes:
        student: name or student number.
        question: name of the question, for example `"conv_1 shape"`.
        points: instead of those of the marking.
        reason: what the student reads beside them.
    """

    student: str
    question: str
    points: float
    reason: str = ""


def concerns(whom: str, student: str, number: str) -> bool:
    """Return whether a name or number in `class.toml` is that of a student."""
    return bool(whom) and whom.casefold() in (student.casefold(), number.casefold())


@dataclass(frozen=True)
class Settings:
    """What stands in `class.toml`.

    Attributes:
        course, date, minutes, aids: stand at the top of every sheet.
        salt: the secret of `classtest.generate`.
        boundaries: grade -> share of the points, 0 to 1, from which on it is given.
        void: questions that count for nobody, by name or kind: `"receptive field"` is another
            layer's in another test.
        weights: name or kind of a question -> factor of its points.
        extra: name or number of a student -> points besides.
        overrides: points given by hand.
    """

    course: str = ""
    date: str = ""
    minutes: int = 0
    aids: str = ""
    salt: str = ""
    void: tuple[str, ...] = ()
    boundaries: Mapping[str, float] = field(default_factory=dict)
    weights: Mapping[str, float] = field(default_factory=dict)
    extra: Mapping[str, float] = field(default_factory=dict)
    overrides: tuple[Override, ...] = ()

    def weight(self, question: Question) -> float | None:
        """Return the factor of a question's points; None if it counts for nobody."""
        names = (question.name, question.kind)
        if any(name in self.void for name in names):
            return None
        return next((self.weights[name] for name in names if name in self.weights), 1)

    def grade(self, share: float) -> str:
        """Return the best grade whose boundary is reached; empty if there are no boundaries."""
        best = sorted(self.boundaries, key=self.boundaries.__getitem__, reverse=True)
        # A share is a quotient: half of 34 points is to reach 0.5.
        return next((one for one in best if share >= self.boundaries[one] - 1e-9), "")


def new(minutes: int) -> str:
    """Return the text of a new `class.toml`, with a secret that nobody knows."""
    return _TEMPLATE.format(minutes=minutes, salt=secrets.token_hex(8), made_by=MADE_BY)


def read(file: Path) -> Settings:
    """Return what stands in a `class.toml`.

    Raises:
        PressError: it cannot be read, or a value in it is none that it can be.
    """
    try:
        text = file.read_text(encoding="utf-8-sig")  # some editors begin a file with a mark
    except UnicodeDecodeError:
        raise PressError(f"{file} is not UTF-8. Save it again with that encoding.") from None
    except OSError as error:
        raise PressError(f"{file} cannot be read: {error.strerror or error}.") from None
    return parsed(text, str(file))


def parsed(text: str, place: str) -> Settings:
    """Return what stands in the text of a `class.toml`; errors name its `place`.

    Raises:
        PressError: it is no TOML, or a value in it is none that it can be.
    """
    try:
        content = tomllib.loads(text)
        given = content.pop("overrides", [])
        if not isinstance(given, list):
            raise ValueError("overrides are blocks, each below its own [[overrides]]")
        overrides = tuple(_made(Override, one, "an override") for one in given)
        times = Counter((one.student.casefold(), one.question) for one in overrides)
        if twice := [who for who, number in times.items() if number > 1]:
            raise ValueError(f"there are two overrides for {' and '.join(map(repr, twice[0]))}")
        return _made(Settings, {**content, "overrides": overrides}, "the file")
    except ValueError as error:
        said = str(error)
        if isinstance(error, tomllib.TOMLDecodeError):
            said += ". Look for a missing quotation mark, a comma in a number, a heading twice"
        raise PressError(f"{place}: {said}" + "." * (not said.endswith("?"))) from None


def _made(kind: Any, content: Any, where: str) -> Any:
    """Return a `kind` of what a table holds, each value checked.

    Raises:
        ValueError: a name or a value is none that it can be.
    """
    if not isinstance(content, dict):
        raise ValueError(f"{where} is {content!r}, no table")
    names = [one.name for one in fields(kind)]
    for name, value in content.items():
        if name not in names:
            raise ValueError(f"{where} has no {name!r}.{did_you_mean(name, names)}".rstrip("."))
        suits, wanted = _WANTED.get(name, _TEXT)
        if not suits(value):
            raise ValueError(f"{name} of {where} must be {wanted}, not {value!r}")
    missing = [name for name in ("student", "question", "points") if name in names]
    if lacking := [name for name in missing if name not in content]:
        raise ValueError(f"{where} lacks {lacking[0]!r}")
    return kind(**{**content, **({"void": tuple(content["void"])} if "void" in content else {})})
