"""Keeps what a full run measured in `book/measured/CHAPTER.json`; no such number is typed by hand.

A chapter hands its numbers over as an output whose metadata has the key `cnn_course_results`
(`cnn_course.training.Results` makes it).
"""

import base64
import io
import math
from pathlib import Path
from typing import Any

import numpy as np

from cnn_course.press import files, notebooks
from cnn_course.press.notebooks import Notebook
from cnn_course.press.project import Chapter, PressError, Project
from cnn_course.press.store import RunStore

HANDED_OVER = "cnn_course_results"
_VERSIONS = ("python", "tensorflow", "keras", "numpy")


def write_record(project: Project, chapter: Chapter, base: str = "") -> Path:
    """Write the record of a chapter from its last good full run.

    Args:
        project: the clone of the course.
        chapter: the chapter.
        base: the pretrained base, if not the usual one; the record has a folder of that name.

    Returns:
        The file that was written.

    Raises:
        PressError: there is no full run, or it hands over no results that can be recorded; a
            previous record is as it was.
    """
    run, notebook = RunStore(project, "full", base).read(chapter.name)
    measured = handed_over(chapter.name, notebook)
    record = {
        "chapter": chapter.name,
        "profile": "full",
        "base": measured.get("base"),
        "date": run.finished[:10],
        "versions": {name: run.versions.get(name) for name in _VERSIONS},
        "hardware": run.hardware,
        "seed": measured.get("seed"),
        "seconds": run.seconds,
        "resumed": run.resumed,
        "results": measured["results"],
        "curves": measured.get("curves", {}),
    }
    file = project.measured / base / f"{chapter.name}.json"
    if weights := [_as_array(weight) for weight in measured.get("weights", [])]:
        kept = io.BytesIO()
        np.savez_compressed(kept, *weights)
        files.write(file.with_suffix(".npz"), kept.getvalue())
    files.write_json(file, record)
    return file


def handed_over(name: str, notebook: Notebook) -> dict[str, Any]:
    """Return what an executed chapter hands over: `results`, and maybe `curves`, `seed`, `base`.

    Raises:
        PressError: it hands over nothing, or more than once, or what is not a finite number.
    """
    found = [
        output["metadata"][HANDED_OVER]
        for cell in notebooks.code_cells(notebook)
        for output in cell["outputs"]
        if HANDED_OVER in output.get("metadata", {})
    ]
    if len(found) != 1:
        raise PressError(
            f"{name} hands over its results {len(found)} times; once is needed. "
            f"End one cell with cnn_course.training.Results(chapter={name!r}, results=...)."
        )
    measured = found[0]
    if measured.get("chapter") != name:
        raise PressError(f"{name} hands over the results of chapter {measured.get('chapter')!r}.")
    results = measured.get("results")
    if not isinstance(results, dict) or not results:
        raise PressError(f"{name} hands over no results: one number or more, each with its name.")
    for key, value in results.items():
        if isinstance(value, bool) or not isinstance(value, int | float | dict):
            raise PressError(f"{name}: the result {key} is {value!r}. Hand over a number.")
    _check_numbers(results, f"{name}: results")
    _check_numbers(measured.get("curves", {}), f"{name}: curves")
    return measured


def _as_array(weight: dict[str, Any]) -> np.ndarray:
    """Return one array of a network's weights as `Results` handed it over."""
    return np.frombuffer(base64.b64decode(weight["half"]), "<f2").reshape(weight["shape"])


def _check_numbers(value: Any, where: str) -> None:
    """Raise if a number in `value` is not finite: JSON has no word for it, a page no use."""
    if isinstance(value, dict):
        for key, item in value.items():
            _check_numbers(item, f"{where}, {key}")
    elif isinstance(value, list):
        for number, item in enumerate(value):
            _check_numbers(item, f"{where}, value {number}")
    elif isinstance(value, float) and not math.isfinite(value):
        raise PressError(f"{where} is {value}. The training went wrong; nothing is recorded.")
