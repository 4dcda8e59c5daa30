"""What a lecturer decides about a class test: one file that stays with the class."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cnn_course.press.project import PressError


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


@dataclass(frozen=True)
class Settings:
    """What stands in `class.toml`.

    Attributes:
        course, date, minutes, aids: stand at the top of every sheet.
        boundaries: grade -> share of the points, 0 to 1, from which on it is given.
        void: names of questions that count for nobody.
        weights: name of a question -> factor of its points.
        extra: name or number of a student -> points besides.
        overrides: points given by hand.
    """

    course: str = ""
    date: str = ""
    minutes: int | None = None
    aids: str = ""
    boundaries: Mapping[str, float] = field(default_factory=dict)
    void: tuple[str, ...] = ()
    weights: Mapping[str, float] = field(default_factory=dict)
    extra: Mapping[str, float] = field(default_factory=dict)
    overrides: tuple[Override, ...] = ()
