"""The explorer of transfers: a case on a plane, what the rule names for it, what was measured."""

import textwrap
from bisect import bisect
from typing import Any, ClassVar, Final

import numpy as np

from cnn_course import cases
from cnn_course.arguments import whole_number
from cnn_course.explorers.explorer import Explorer, Panel, bars_panel, text_panel

MOST: Final = 10_000  # pictures; where the plane ends
_LINE = 90  # letters in a line of the still picture


class TransferCases(Explorer):
    """A number of pictures, a similarity to the source, and which transfer to try.

    Every answer is one of `cnn_course.cases.advise`. The plane is cut into the stretches in which
    that says the same, and the module looks the stretch up.

    Args:
        pictures: how many there are to train on, 1 to 10,000.
        similarity: of what they show to the source: `"near"`, `"middle"` or `"far"`.
        grid: what was measured; None takes the record of chapter 7.

    Raises:
        TypeError: the pictures are not a whole number.
        ValueError: there are none or too many for the plane, or there is no such similarity.
    """

    module: ClassVar[str] = "transfer_cases.mjs"

    def __init__(
        self,
        pictures: int = 100,
        similarity: str = "near",
        *,
        grid: cases.Grid | None = None,
    ) -> None:
        self._grid = cases.recorded_grid() if grid is None else grid
        sizes = {one: sorted(map(int, self._grid.get(one, {}))) for one in cases.SIMILARITIES}
        choices = {
            "most": MOST,
            "strategies": list(cases.STRATEGIES),
            "stretches": {one: self._stretches(one) for one in cases.SIMILARITIES},
            "measured": {one: [size for size in sizes[one] if size <= MOST] for one in sizes},
        }
        super().__init__(choices, pictures=pictures, similarity=similarity)

    def _part(self, name: str, value: Any, known: Any) -> dict[str, Any]:
        return {name: whole_number(name, value, 1) if name == "pictures" else value}

    def _check(self, state: dict[str, Any]) -> None:
        if state["pictures"] > MOST:
            raise ValueError(f"pictures is {state['pictures']:,}, and the plane ends at {MOST:,}.")
        self._advise(**state)  # says what else is wrong

    def _advise(self, pictures: int, similarity: str) -> cases.Advice:
        return cases.advise(pictures=pictures, similarity=similarity, grid=self._grid)

    @property
    def advice(self) -> cases.Advice:
        """What `cnn_course.cases.advise` says about the case that is shown."""
        return self._advise(**self.state)

    @property
    def output(self) -> np.ndarray:
        """The mean accuracies in the order of `cases.STRATEGIES`; NaN: not measured."""
        measured = self.advice.measured
        return np.array([measured.get(name, np.nan) for name in cases.STRATEGIES])

    def panels(self) -> list[Panel]:
        """Return the case in words and the measured accuracies."""
        advice = self.advice
        said = [
            f"Case: {advice.case}",
            f"Rule of thumb: {' or '.join(advice.rule)}",
            f"Try: {advice.strategy}",
            *textwrap.wrap(f"Why: {advice.reason}", _LINE),
        ]
        bars = [bars_panel(advice.cell, advice.measured)] if advice.measured else []
        return [text_panel("Which transfer?", said), *bars]

    def describe(self) -> str:
        """Return case, rule and advice in words."""
        advice = self.advice
        return (
            f"Explorer of transfers: {advice.case}. The rule of thumb names "
            f"{' or '.join(advice.rule)}. Try {advice.strategy}. {advice.reason}"
        )

    def _stretches(self, similarity: str) -> list[dict[str, Any]]:
        """Return what is said about one similarity, for each stretch of numbers of pictures.

        The number's size and the nearest measured cell only grow with the number, and of what lies
        beyond the cells, too few is said otherwise than too many: what is said no more does not
        come back, and the end of a stretch is found by bisection.
        """
        found: list[dict[str, Any]] = []
        said: dict[str, Any] = {}

        def differs(pictures: int) -> bool:
            return self._said(pictures, similarity) != said

        start = 1
        while start <= MOST:
            said = self._said(start, similarity)
            length = bisect(range(start, MOST + 1), False, key=differs)
            found.append({"from": start, "to": start + length - 1, **said})
            start += length
        return found

    def _said(self, pictures: int, similarity: str) -> dict[str, Any]:
        """Return an advice as JSON; the number of pictures is left out of its case."""
        advice = self._advise(pictures, similarity)
        before, _, behind = advice.case.partition(f"{pictures:,}")
        cells = {int(size): cell for size, cell in self._grid.get(similarity, {}).items()}
        cell = cells.get(advice.size or 0, {})
        return {
            "number": advice.case.split(" pictures")[0],
            "case": [before, behind],
            "rule": list(advice.rule),
            "strategy": advice.strategy,
            "reason": advice.reason,
            "cell": advice.cell,
            "size": advice.size,
            "agrees": advice.agrees,
            "measured": {
                name: {"mean": mean, "text": f"{mean:.3f}", "seeds": list(cell[name])}
                for name, mean in advice.measured.items()
            },
        }
