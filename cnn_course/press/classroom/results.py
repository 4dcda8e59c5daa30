"""What one student reached in a class test."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from cnn_course.classtest import Marking


@dataclass(frozen=True)
class Result:
    """One marked student.

    Attributes:
        line: of the table of answers.
        student: name.
        number: student number; empty if the class has none.
        test: what stands on the student's sheet, for example `"7K3M-Q9TX"`.
        marking: outcome and slips of every answer, as the course marks it; without any answer if
            there is a problem that keeps it from being marked.
        given: name of a question -> what the student wrote.
        earned: name of a question -> points after weights and overrides; without void questions.
        possible: the same names -> points that a right answer earns.
        extra: points besides.
        grade: empty if there are no boundaries.
        problem: what the lecturer has to look at; empty if there is nothing.
        key: name of a question -> the right answer as one writes it.
        visible_slips: names of the common mistakes that an answer to this test can show.
    """

    line: int
    student: str
    number: str
    test: str
    marking: Marking
    given: Mapping[str, str] = field(default_factory=dict)
    earned: Mapping[str, float] = field(default_factory=dict)
    possible: Mapping[str, float] = field(default_factory=dict)
    extra: float = 0
    grade: str = ""
    problem: str = ""
    key: Mapping[str, str] = field(default_factory=dict)
    visible_slips: frozenset[str] = frozenset()

    @cached_property
    def points(self) -> float:
        """All points, those besides included."""
        return sum(self.earned.values()) + self.extra

    @cached_property
    def share(self) -> float:
        """Points out of those that are possible, 0 to 1, or more with points besides."""
        possible = sum(self.possible.values())
        return self.points / possible if possible else 0.0

    @cached_property
    def answered(self) -> bool:
        """Whether anything is answered."""
        return any(mark.outcome != "open" for mark in self.marking.marks)
