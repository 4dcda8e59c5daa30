"""The explorer of transfers: a case on a plane, what the rule names for it, what was measured."""

import textwrap
from collections.abc import Iterator
from typing import Any, ClassVar, Final

import numpy as np

from cnn_course import cases
from cnn_course.explorers import stills
from cnn_course.explorers.explorer import Explorer

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
        state = self._checked({"pictures": pictures, "similarity": similarity})
        super().__init__(state=state, choices=self._plane())

    @property
    def advice(self) -> cases.Advice:
        """What `cnn_course.cases.advise` says about the case that is shown."""
        return self._advise(self.state["pictures"], self.state["similarity"])

    def set(self, **changes: Any) -> None:
        """Change the case from Python: `pictures`, `similarity`, or both.

        Raises:
            TypeError: the pictures are not a whole number.
            ValueError: a value that cannot be; the case is as it was.
        """
        self._checked(self.state | changes)  # before a number of NumPy's becomes one of Python's
        whole = {"pictures": int(changes["pictures"])} if "pictures" in changes else {}
        super().set(**changes | whole)

    def result(self, state: dict[str, Any]) -> np.ndarray:  # type: ignore[override]
        """Return the mean accuracies in the order of `cases.STRATEGIES`; NaN: not measured."""
        state = self._checked(state)
        measured = self._advise(state["pictures"], state["similarity"]).measured
        return np.array([measured.get(name, np.nan) for name in cases.STRATEGIES])

    def panels(self) -> list[stills.Panel]:
        """Return the case in words and the measured accuracies."""
        advice = self.advice
        said = [
            f"Case: {advice.case}",
            f"Rule of thumb: {' or '.join(advice.rule)}",
            f"Try: {advice.strategy}",
            *textwrap.wrap(f"Why: {advice.reason}", _LINE),
        ]
        bars = [stills.bars(advice.cell, advice.measured)] if advice.measured else []
        return [stills.words("Which transfer?", said), *bars]

    def describe(self) -> str:
        """Return case, rule and advice in words."""
        advice = self.advice
        return (
            f"Explorer of transfers: {advice.case}. The rule of thumb names "
            f"{' or '.join(advice.rule)}. Try {advice.strategy}. {advice.reason}"
        )

    def _advise(self, pictures: int, similarity: str) -> cases.Advice:
        return cases.advise(pictures=pictures, similarity=similarity, grid=self._grid)

    def _checked(self, state: dict[str, Any]) -> dict[str, Any]:
        """Return a state that is on the plane, its number one of Python's."""
        self._advise(state["pictures"], state["similarity"])  # says what is wrong
        if state["pictures"] > MOST:
            raise ValueError(f"pictures is {state['pictures']:,}, and the plane ends at {MOST:,}.")
        return {**state, "pictures": int(state["pictures"])}

    def _plane(self) -> dict[str, Any]:
        """Return what the module looks up, as JSON."""
        return {
            "most": MOST,
            "strategies": list(cases.STRATEGIES),
            "stretches": {one: self._stretches(one) for one in cases.SIMILARITIES},
            "measured": {
                one: sorted(size for size in map(int, self._grid.get(one, {})) if size <= MOST)
                for one in cases.SIMILARITIES
            },
        }

    def _stretches(self, similarity: str) -> list[dict[str, Any]]:
        """Return what is said about one similarity, for each stretch of numbers of pictures."""
        starts = [1, *self._changes(similarity, 1, MOST)]
        ends = [*(start - 1 for start in starts[1:]), MOST]
        return [
            {"from": start, "to": end, **self._said(start, similarity)}
            for start, end in zip(starts, ends, strict=True)
        ]

    def _changes(self, similarity: str, low: int, high: int) -> Iterator[int]:
        """Yield the numbers in (low, high] at which something else begins to be said.

        Both the number's size and the nearest measured cell only grow with the number: where both
        ends say the same, so does everything between them.
        """
        if self._key(low, similarity) == self._key(high, similarity):
            return
        if high - low == 1:
            yield high
            return
        middle = (low + high) // 2
        yield from self._changes(similarity, low, middle)
        yield from self._changes(similarity, middle, high)

    def _key(self, pictures: int, similarity: str) -> tuple[str, int | None]:
        advice = self._advise(pictures, similarity)
        return advice.case.partition("(")[0], advice.size

    def _said(self, pictures: int, similarity: str) -> dict[str, Any]:
        """Return an advice as JSON; the number of pictures is left out of its case."""
        advice = self._advise(pictures, similarity)
        before, _, behind = advice.case.partition(f"{pictures:,}")
        cells = {int(size): cell for size, cell in self._grid.get(similarity, {}).items()}
        cell = cells[advice.size] if advice.size else {}
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
