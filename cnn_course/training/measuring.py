"""Measurements that are made once, however often the run that they belong to is interrupted."""

import functools
import hashlib
import json
import os
import time
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from cnn_course.training import state
from cnn_course.training.state import ENDED, FOLDER_VARIABLE, RUN, Progress, State

_MEASURED = "measured"


def once(name: str, measure: Callable[..., Any], *arguments: Any) -> Any:
    """Return what `measure(*arguments)` returns; in a full run, measure nothing twice.

    `training.Backup` keeps the state of a long training. This keeps the outcome of many short ones:
    where the environment variable `CNN_COURSE_BACKUPS` names a folder, the numbers are written
    there, and the same measurement in a later process reads them. The same one has the same name
    and, in a notebook, the same code in all cells up to its own.

    Elsewhere it calls `measure`: who runs a cell again wants a new measurement.

    Args:
        name: of the measurement, another one for each of a chapter. What makes it another one,
            such as a seed, belongs in it.
        measure: returns numbers, in lists and dictionaries with texts as keys.
        arguments: what `measure` is called with.

    Returns:
        The numbers as Python's own, the same whether they were measured now or before.

    Raises:
        ValueError: no name; or, where numbers are kept, a name that was used before.
        TypeError: what `measure` returned cannot be kept.
    """
    called = state.file_name(name, "a measurement")
    if not (kept := os.environ.get(FOLDER_VARIABLE)):
        return _plain(name, measure(*arguments))
    folder = Path(kept)
    file = state.state_file(folder, called)
    if file in ENDED:
        raise ValueError(f"{name!r} was measured before. Give each a name of its own.")
    progress = Progress(name, 0, 1, 0.0, [])
    _write(progress, state.progress_file(folder, called), name)
    identity = hashlib.sha256(json.dumps([name, state.cells_so_far()]).encode()).hexdigest()
    known = state.take_up(file, identity)
    if known is None:
        known = _measured(name, identity, functools.partial(measure, *arguments))
        _write(known, file, name)
    else:
        progress = replace(progress, seconds_before=known.seconds, runs_before=known.runs)
    ENDED.add(file)
    _write(replace(progress, done=1), state.progress_file(folder, called), name)
    return known.history[_MEASURED][0]


def _measured(name: str, identity: str, measure: Callable[[], Any]) -> State:
    begun = time.perf_counter()
    numbers = _plain(name, measure())
    return State(
        identity=identity,
        epochs=[0],
        history={_MEASURED: [numbers]},
        seconds=time.perf_counter() - begun,
        ended=True,
        runs=[RUN],
        best=[],
        files=[],
        variables=[],
    )


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


def _write(content: State | Progress, file: Path, name: str) -> None:
    try:
        content.write(file)
    except OSError as error:  # a measurement is worth more than its being kept
        warnings.warn(f"{name}: it is not kept: {error}", stacklevel=3)
