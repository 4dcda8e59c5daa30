"""Results of a run: measured once, and handed over as the value of a cell."""

import base64
import json
import math
import os
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from cnn_course import files
from cnn_course.records import recorded_seeds
from cnn_course.training import state
from cnn_course.training.state import ENDED, RUN, Progress

_SHAPES: list[Any] = []  # of what this process was asked to measure, without the numbers


def once(name: str, measure: Callable[..., Any], *arguments: Any) -> Any:
    """Return what `measure(*arguments)` returns; in a full run, measure nothing twice.

    `training.Backup` keeps the state of a long training. This keeps the outcome of many short ones:
    where the environment variable `CNN_COURSE_BACKUPS` names a folder, the numbers are written
    there, and the same measurement in a later process reads them. The same one has the same name
    and, in a notebook, the same code in all cells up to its own.

    Elsewhere it calls `measure`: who runs a cell again wants a new measurement.

    Where `CNN_COURSE_SHARE` is `3/8`, too, this process measures the third of eight shares, and
    the first measurement of all. For the others it returns that one's numbers, each made NaN, and
    `cnn-course` ends the run when the cell has ended.

    Args:
        name: of the measurement, another one for each of a chapter. What makes it another one,
            such as a seed, belongs in it.
        measure: returns numbers, in lists and dictionaries with texts as keys.
        arguments: what `measure` is called with.

    Returns:
        The numbers as Python's own, the same whether they were measured now or before.

    Raises:
        ValueError: no name; or, where numbers are kept, a name that was used before, or no share.
        TypeError: what `measure` returned cannot be kept.
    """
    file = state.state_file(name, "a measurement")
    if file is None:
        return _plain(name, measure(*arguments))
    if file in ENDED:
        raise ValueError(f"{name!r} was measured before. Give each a name of its own.")
    progress = Progress(name, 0, 1, 0.0, [])
    _keep(name, file.with_suffix(".progress"), vars(progress))
    identity = files.digest(json.dumps([name, state.cells_so_far()]))
    known = _take_up(file, identity)
    if known is None and _is_of_another_share(len(_SHAPES)):
        ENDED.add(file)
        _SHAPES.append(_SHAPES[0])
        return _SHAPES[0]
    if known:
        progress = replace(progress, seconds_before=known["seconds"], runs_before=[known["run"]])
    else:
        begun = time.perf_counter()
        numbers = _plain(name, measure(*arguments))
        seconds = time.perf_counter() - begun
        known = {"identity": identity, "numbers": numbers, "seconds": seconds, "run": RUN}
        _keep(name, file, known | {"name": name})
    ENDED.add(file)
    _SHAPES.append(_without_numbers(known["numbers"]))
    _keep(name, file.with_suffix(".progress"), vars(replace(progress, done=1)))
    return known["numbers"]


def _is_of_another_share(place: int) -> bool:
    """Tell whether others measure what is asked for at a place, counted from 0.

    Each round of shares begins one later, so that none gets the same strategy in every cell of a
    grid. Somebody has to tell what numbers look like, so that nobody leaves out the first.
    """
    number, of = state.share(os.environ.get(state.SHARE_VARIABLE, ""))
    return place > 0 and (place + place // of) % of != number - 1


def _without_numbers(value: Any) -> Any:
    """Return a value with NaN for each number in it."""
    match value:
        case dict():
            return {key: _without_numbers(item) for key, item in value.items()}
        case list():
            return [_without_numbers(item) for item in value]
        case int() | float():
            return math.nan
    return value


def _take_up(file: Path, identity: str) -> Any:
    known = files.read_json(file)
    if isinstance(known, dict) and known.get("identity") == identity:
        return known
    if file.exists():
        state.set_aside(file, state.UNREADABLE if known is None else state.ANOTHER)
    return None


def _keep(name: str, file: Path, content: dict[str, Any]) -> None:
    try:
        files.write(file, json.dumps(content))  # numbers may be infinite
    except OSError as error:  # a measurement is worth more than its being kept
        warnings.warn(f"{name}: it is not kept: {error}", stacklevel=3)


def _plain(name: str, numbers: Any) -> Any:
    """Return numbers as JSON gives them back."""
    try:
        return json.loads(json.dumps(numbers, default=_from_numpy))
    except (TypeError, ValueError) as error:
        raise TypeError(
            f"{name} cannot be kept: {error}. Return numbers, in lists and dictionaries."
        ) from None


def _from_numpy(value: Any) -> Any:
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    raise TypeError(f"it holds a {type(value).__name__}")


def measured(
    value: float, chapter: str, of: Callable[[dict[str, Any]], float], form: str = ".3f"
) -> str:
    """Return a measured number as chapters print it: rounded, beside the range of recorded seeds.

    Tests of stored outputs leave out what follows `≈` on a line, so it comes last.

    Args:
        value: what this run measured.
        chapter: whose `recorded_seeds` it is set beside, runs of the tiny profile.
        of: the same number, from the results of one of these runs.
        form: how a number is written, as in a format string.

    Returns:
        For example `"≈ 0.853, tiny with 5 seeds: 0.830 to 0.855"`; the number alone where no seeds
        are recorded, or none with such a result.
    """
    try:
        known = [of(run) for run in recorded_seeds(chapter)["seeds"].values()]
    except (FileNotFoundError, KeyError):
        return f"≈ {value:{form}}"
    among = f"{min(known):{form}} to {max(known):{form}}"
    return f"≈ {value:{form}}, tiny with {len(known)} seeds: {among}"


class Pairs(NamedTuple):
    """Two networks on the same pictures: where they differ.

    Attributes:
        only_first: pictures that only the first answered rightly.
        only_second: pictures that only the second answered rightly.
        in_standard_errors: the difference of the two, in the standard errors that it has when each
            of these pictures is a throw of a fair coin.
    """

    only_first: int
    only_second: int
    in_standard_errors: float


def pairs(first: np.ndarray, second: np.ndarray) -> Pairs:
    """Compare two networks by the pictures that only one of them answered rightly.

    Chapter 2 shows and explains it. Source: Q. McNemar, "Note on the sampling error of the
    difference between correlated proportions or percentages", Psychometrika 12, 1947.

    Args:
        first: whether each answer of the first network is right: (N,), bool.
        second: the same of the second one, for the same pictures in the same order.

    Raises:
        TypeError: these are no arrays of bool.
        ValueError: they differ in shape.
    """
    first, second = np.asarray(first), np.asarray(second)
    for answers in (first, second):
        if answers.dtype != bool:
            raise TypeError(
                f"Say of each answer whether it is right, as a bool, not as {answers.dtype}."
            )
    if first.shape != second.shape:
        raise ValueError(
            f"Both answer the same pictures; here are {first.shape} and {second.shape} answers."
        )
    only_first, only_second = int(np.sum(first & ~second)), int(np.sum(second & ~first))
    error = max(1, only_first + only_second) ** 0.5
    return Pairs(only_first, only_second, (only_first - only_second) / error)


@dataclass(frozen=True)
class Results:
    """What a chapter measured, as the last value of a cell.

    The numbers travel in the output's metadata: `cnn-course` finds them there, and a comparison of
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
        text = f"For `cnn-course record`: {len(self.results)} results."
        handed_over = {
            "chapter": self.chapter,
            "results": _as_floats(self.results),
            "curves": _as_floats(self.curves),
            "seed": self.seed,
            "base": self.base,
        }
        halves = [np.asarray(weight).astype("<f2") for weight in self.weights]
        if halves:
            handed_over["weights"] = [
                {"shape": list(half.shape), "half": base64.b64encode(half.tobytes()).decode()}
                for half in halves
            ]
        return {"text/plain": text}, {"cnn_course_results": handed_over}


def _as_floats(values: Any) -> Any:
    """Turn numbers, however nested, into Python's floating-point numbers, which JSON can hold."""
    if isinstance(values, dict):
        return {name: _as_floats(value) for name, value in values.items()}
    if isinstance(values, list | tuple):
        return [_as_floats(value) for value in values]
    return float(values)
