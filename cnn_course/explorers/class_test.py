"""The class test on the screen: answered and marked in JupyterLab or on a page."""

from collections.abc import Mapping
from typing import Any, ClassVar, Final

import numpy as np

from cnn_course import classtest
from cnn_course.arguments import one_of, whole_number
from cnn_course.classtest.class_test import RULES
from cnn_course.classtest.marks import Marking
from cnn_course.classtest.questions import HINTS
from cnn_course.explorers.explorer import Explorer, Panel, text_panel
from cnn_course.explorers.shapes import Shapes

OWN: Final = "own"
_LARGEST_SEED: Final = 2**31
_LONGEST: Final = 200  # letters of an answer


class ClassTests(Explorer):
    """A class test to be taken: one of your own, or as many as you like from a seed.

    Args:
        test: what `classtest.about` returns, offered beside the generated ones and shown first.
        level: `"first"`, `"exam"`, `"hard"`, or `"own"` for `test`.
        seed: of a generated test, 0 or more.

    Raises:
        TypeError: the seed is no whole number.
        ValueError: no such level, or a seed or an answer that a page cannot keep.
    """

    module: ClassVar[str] = "class_test.mjs"

    def __init__(
        self, test: classtest.ClassTest | None = None, *, level: str = "", seed: int = 1
    ) -> None:
        self._given = test
        levels = [*([(OWN, test.title)] if test else []), *((one, one) for one in classtest.LEVELS)]
        self._levels = [level for level, _ in levels]
        choices: dict[str, Any] = {"hints": dict(HINTS), "rules": RULES, "levels": levels}
        if test is not None:
            choices["own"] = {
                "title": test.title,
                **Shapes.of(test.layers).state,
                "names": [layer.name for layer in test.network.layers],
                "kinds": sorted({question.kind for question in test.questions}),
            }
        first = OWN if test is not None else "exam"
        super().__init__(choices, level=level or first, seed=seed, answers={}, marked=False)

    def _part(self, name: str, value: Any, known: Any) -> dict[str, Any]:
        return {name: dict(value) if name == "answers" else value}

    def _check(self, state: dict[str, Any]) -> None:
        one_of("level", state["level"], self._levels)
        if whole_number("seed", state["seed"]) >= _LARGEST_SEED:
            raise ValueError(f"seed must be less than {_LARGEST_SEED:,}, not {state['seed']:,}.")
        answers: Mapping[str, Any] = state["answers"]
        for name, text in answers.items():
            if not isinstance(text, str) or len(text) > _LONGEST:
                raise ValueError(
                    f"The answer to {name!r} must be a text of up to {_LONGEST} signs."
                )

    @property
    def test(self) -> classtest.ClassTest:
        """The test that is shown."""
        if self.state["level"] == OWN and self._given is not None:
            return self._given
        return classtest.generate(self.state["seed"], self.state["level"])

    @property
    def marking(self) -> Marking:
        """The answers, marked by `cnn_course.classtest`."""
        return self.test.mark(self.state["answers"])

    @property
    def output(self) -> np.ndarray:
        """The points of each answer, (questions,)."""
        return np.array([mark.points for mark in self.marking.marks])

    def panels(self) -> list[Panel]:
        """Return the questions."""
        questions = [f"{n} {one.text}" for n, one in enumerate(self.test.questions, start=1)]
        return [text_panel(self.test.title, questions)]

    def describe(self) -> str:
        """Return what the test asks, in words."""
        points = sum(question.points for question in self.test.questions)
        asked = f"{len(self.test.questions)} questions, worth {points} points"
        return f"Explorer of class tests. {self.test.title}: {asked}."
