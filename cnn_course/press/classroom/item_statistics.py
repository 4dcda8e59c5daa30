"""What a class test says about its questions, and about the mistakes that a class makes."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final

import numpy as np

from cnn_course.classtest import Mark
from cnn_course.press.classroom.results import Result

ENOUGH: Final = 20  # students; of fewer, shares and correlations are mostly chance
LOOK_AT_IT: Final = "look at it"
_ALIKE: Final = 1e-9  # values that differ by less are equal but for rounding


@dataclass(frozen=True)
class QuestionStatistics:
    """How one question did, among those who have it in their test and answered anything.

    Attributes:
        name: of the question.
        students: how many have it.
        share: mean share of its points, 0 to 1: its difficulty, or facility; None for fewer than
            20 students.
        discrimination: correlation, -1 to 1, of its points with those of the rest of the test;
            None for fewer than 20 students, or where all have the same.
        outcomes: `"right"`, `"follows"`, `"partly"`, `"wrong"`, `"open"`, `"unreadable"` -> how
            many students.
    """

    name: str
    students: int
    share: float | None
    discrimination: float | None
    outcomes: Mapping[str, int]

    @property
    def verdict(self) -> str:
        """What its discrimination means, in words."""
        if self.discrimination is None:
            return "all alike" if self.students >= ENOUGH else "too few students"
        if self.discrimination < 0.2:
            return LOOK_AT_IT
        return "acceptable" if self.discrimination <= 0.4 else "good"


@dataclass(frozen=True)
class SlipStatistics:
    """How common a mistake is.

    Attributes:
        name: of the mistake.
        students: how many made it.
        visible: in how many students' tests it can be seen.
        rest: mean share of the points of all other questions, of those who made it; None where it
            can be seen in fewer than 20 tests.
    """

    name: str
    students: int
    visible: int
    rest: float | None


def question_statistics(results: Sequence[Result]) -> list[QuestionStatistics]:
    """Return the statistics of each question that counts, in the order of the tests."""
    sat = [one for one in results if one.answered]
    asked = {name: [one for one in sat if one.possible.get(name)] for name in question_names(sat)}
    return [_of_question(name, having) for name, having in asked.items() if having]


def _of_question(name: str, having: Sequence[Result]) -> QuestionStatistics:
    outcomes = Counter(_marks(one)[name].outcome for one in having)
    share = discrimination = None
    if len(having) >= ENOUGH:
        own = np.array([one.earned[name] / one.possible[name] for one in having])
        rest = np.array([_rest(one, {name}) for one in having])
        share = float(own.mean())
        if min(np.ptp(own), np.ptp(rest)) > _ALIKE:
            discrimination = float(np.corrcoef(own, rest)[0, 1])
    return QuestionStatistics(name, len(having), share, discrimination, outcomes)


def cronbach_alpha(results: Sequence[Result]) -> float | None:
    """Return Cronbach's alpha over the questions that all have; at most 1.

    None if it is undefined: for fewer than 20 students or two questions, or if all have the same
    sum.
    """
    sat = [one for one in results if one.answered]
    names = [name for name in question_names(sat) if all(one.possible.get(name) for one in sat)]
    points = np.array([[one.earned[name] for name in names] for one in sat])
    if len(sat) < ENOUGH or len(names) < 2 or np.ptp(points.sum(axis=1)) <= _ALIKE:
        return None
    unshared = points.var(axis=0).sum() / points.sum(axis=1).var()
    return float(len(names) / (len(names) - 1) * (1 - unshared))


def slip_statistics(results: Sequence[Result]) -> list[SlipStatistics]:
    """Return how common each mistake is that somebody made, most common first.

    It can be seen where `Result.visible_slips` names it, and where it was made: who goes on from
    numbers of their own can show others.
    """
    sat = [one for one in results if one.answered]
    found = []
    for slip in set().union(*(one.marking.slips for one in sat)):
        made = [one for one in sat if slip in one.marking.slips]
        visible = sum(slip in one.visible_slips or slip in one.marking.slips for one in sat)
        rests = [_rest(one, {n for n, m in _marks(one).items() if slip in m.slips}) for one in made]
        rest = float(np.mean(rests)) if visible >= ENOUGH else None
        found.append(SlipStatistics(slip, len(made), visible, rest))
    return sorted(found, key=lambda one: (-one.students, one.name))


def _marks(result: Result) -> dict[str, Mark]:
    return {mark.question.name: mark for mark in result.marking.marks}


def question_names(results: Iterable[Result]) -> list[str]:
    """Return the questions that count for anybody, as they first appear."""
    return list(dict.fromkeys(chain.from_iterable(one.earned for one in results)))


def _rest(result: Result, without: Collection[str]) -> float:
    """Return the share of the points of all other questions; 0 where there are none."""
    others = [name for name in result.earned if name not in without]
    possible = sum(result.possible[name] for name in others)
    return sum(result.earned[name] for name in others) / possible if possible else 0.0
