"""Results of a run, as a chapter hands them over; `cnn_course.records` reads what was recorded."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Results:
    """What a chapter measured, as the last value of a cell.

    The numbers travel in the output's metadata: there the press finds them, and a comparison of
    outputs does not, because two machines never measure the same.

    Attributes:
        chapter: for example `"02-mnist-convnet"`.
        results: name -> number, `test_accuracy` among them where there is one; of several
            experiments, name -> such a dictionary.
        curves: name -> one value an epoch.
        seed: what `keras.utils.set_random_seed` was given.
        base: the pretrained network that was used, if any.
        weights: of a network that is worth keeping, `model.get_weights()`; half precision is kept.
    """

    chapter: str
    results: dict[str, Any]
    curves: dict[str, Any] = field(default_factory=dict)
    seed: int = 0
    base: str | None = None
    weights: Sequence[np.ndarray] = ()

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict[str, str], dict[str, Any]]:
        text = f"Measured: {', '.join(self.results)}."
        handed_over = {
            "chapter": self.chapter,
            "results": _plain(self.results),
            "curves": _plain(self.curves),
            "seed": self.seed,
            "base": self.base,
        }
        if self.weights:
            handed_over["weights"] = [_half(weight) for weight in self.weights]
        return {"text/plain": text}, {"cnn_course_results": handed_over}


def _half(weight: np.ndarray) -> dict[str, Any]:
    halves = np.asarray(weight).astype("<f2")
    return {"shape": list(halves.shape), "half": base64.b64encode(halves.tobytes()).decode()}


def _plain(values: Any) -> Any:
    """Turn numbers of NumPy, however nested, into Python's, which JSON can hold."""
    if isinstance(values, dict):
        return {name: _plain(value) for name, value in values.items()}
    if isinstance(values, list | tuple):
        return [_plain(value) for value in values]
    return float(values)
