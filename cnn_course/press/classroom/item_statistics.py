"""What a class test says about its questions, and about the mistakes that a class makes."""

from array import array
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from cnn_course.press.classroom.results import Result
from cnn_course.press.classroom.taught import SECTIONS, Section

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


@dataclass
class ClassStatistics:
    """What is known of a class: counters and sums, whatever its size.

    Those who answered nothing count in `unmarked` and `names` only.

    Attributes:
        shares: of the points, one of each who answered anything.
        grades: grade -> how many have it.
        unmarked: how many could not be marked.
        names: of the questions that count for anybody, as they first appear.
        questions: that count, in the order of the tests.
        slips: that somebody made, most common first.
        sections: section of the course -> how many made a slip that it mends.
        alpha: Cronbach's alpha over the questions that all have; at most 1. None if it is
            undefined: for fewer than 20 students or two questions, or if all have the same sum.
    """

    shares: "array[float]"
    grades: Counter[str]
    unmarked: int
    names: list[str]
    questions: list[QuestionStatistics]
    slips: list[SlipStatistics]
    sections: Counter[Section]
    alpha: float | None


def statistics_of(results: Iterable[Result]) -> ClassStatistics:
    """Return the statistics of a class, of which each result is looked at once.

    A mistake can be seen where `Result.visible_slips` names it, and where it was made: who goes on
    from numbers of their own can show others.
    """
    shares, grades, unmarked = array("d"), Counter[str](), 0
    names: dict[str, None] = {}
    questions: dict[str, _Question] = {}
    slips: dict[str, _Slip] = defaultdict(_Slip)
    sections: Counter[Section] = Counter()
    alpha = _Alpha()
    for one in results:
        names.update(dict.fromkeys(one.earned))
        unmarked += not one.marking.marks
        if not one.answered:
            continue
        shares.append(one.share)
        grades[one.grade] += 1
        alpha.add(one)
        marks = {mark.question.name: mark for mark in one.marking.marks}
        for name in one.earned:
            of = questions.setdefault(name, _Question())
            if one.possible[name]:
                of.add(one.earned[name] / one.possible[name], _rest(one, {name}))
                of.outcomes[marks[name].outcome] += 1
        made = set(one.marking.slips)
        for slip in made | one.visible_slips:
            slips[slip].visible += 1
        for slip in made:
            slips[slip].students += 1
            slips[slip].rest += _rest(one, {n for n, m in marks.items() if slip in m.slips})
        sections.update({SECTIONS[slip] for slip in made})
    counted = [of.statistics(name) for name, of in questions.items() if of.students]
    common = [of.statistics(name) for name, of in slips.items() if of.students]
    common.sort(key=lambda of: (-of.students, of.name))
    return ClassStatistics(
        shares, grades, unmarked, [*names], counted, common, sections, alpha.value()
    )


class _Question:
    """Sums over those who have a question: of its share, of that of the rest, of products."""

    def __init__(self) -> None:
        self.students = 0
        self.outcomes: Counter[str] = Counter()
        self._sums = np.zeros((2, 2))  # own and rest, about those of the first student
        self._means = self._first = self._least = self._most = np.zeros(2)

    def add(self, own: float, rest: float) -> None:
        pair = np.array((own, rest))
        if not self.students:
            self._first = self._least = self._most = pair
        self.students += 1
        self._least, self._most = np.minimum(self._least, pair), np.maximum(self._most, pair)
        away = pair - self._first
        self._means = self._means + away
        self._sums += np.outer(away, away)

    def statistics(self, name: str) -> QuestionStatistics:
        n = self.students
        share = discrimination = None
        if n >= ENOUGH:
            mean = self._means / n
            share = float(self._first[0] + mean[0])
            if min(self._most - self._least) > _ALIKE:
                covariance = self._sums / n - np.outer(mean, mean)
                spread = np.sqrt(covariance[0, 0] * covariance[1, 1])
                discrimination = float(covariance[0, 1] / spread)
        return QuestionStatistics(name, n, share, discrimination, self.outcomes)


@dataclass
class _Slip:
    students: int = 0
    visible: int = 0
    rest: float = 0.0  # sum of shares

    def statistics(self, name: str) -> SlipStatistics:
        rest = self.rest / self.students if self.visible >= ENOUGH else None
        return SlipStatistics(name, self.students, self.visible, rest)


class _Alpha:
    """Sums of products of the points of the questions that all have so far."""

    def __init__(self) -> None:
        self._students = 0
        self._names: list[str] = []
        self._sums = np.zeros((1, 1))  # the first row and column are those of 1

    def add(self, one: Result) -> None:
        if not self._students:
            self._names = [name for name in one.earned if one.possible[name]]
            self._sums = np.zeros((len(self._names) + 1,) * 2)
        kept = [n for n, name in enumerate(self._names, start=1) if one.possible.get(name)]
        if len(kept) < len(self._names):
            self._sums = self._sums[np.ix_([0, *kept], [0, *kept])]
            self._names = [self._names[n - 1] for n in kept]
        points = np.array([1.0, *(one.earned[name] for name in self._names)])
        self._sums += np.outer(points, points)
        self._students += 1

    def value(self) -> float | None:
        k = len(self._names)
        if self._students < ENOUGH or k < 2:
            return None
        means = self._sums[0, 1:] / self._students
        covariances = self._sums[1:, 1:] / self._students - np.outer(means, means)
        if (together := covariances.sum()) <= _ALIKE:
            return None
        return float(k / (k - 1) * (1 - np.trace(covariances) / together))


def _rest(result: Result, without: Collection[str]) -> float:
    """Return the share of the points of all other questions; 0 where there are none."""
    others = [name for name in result.earned if name not in without]
    possible = sum(result.possible[name] for name in others)
    return sum(result.earned[name] for name in others) / possible if possible else 0.0
