"""Keeps what runs measured in `book/measured`; no such number is typed by hand.

A chapter hands its numbers over as an output whose metadata has the key `cnn_course_results`
(`cnn_course.training.Results` makes it).
"""

import base64
import io
import math
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cnn_course.files import write, write_json
from cnn_course.press import notebooks
from cnn_course.press.environment import cores, hardware, versions, with_shares
from cnn_course.press.fingerprint import COMPUTED_WITH
from cnn_course.press.notebooks import Notebook
from cnn_course.press.project import Chapter, PressError, Project, scratch
from cnn_course.press.stored_runs import RunStore

if TYPE_CHECKING:
    from cnn_course.press.execute import Outcome

_VERSIONS = ("python", "tensorflow", "keras", "numpy")
_SECONDS_A_CELL = 600


def write_record(store: RunStore, chapter: Chapter) -> Path:
    """Write the record of a chapter from its last good full run, and return its file.

    Runs on another base than the usual one have a folder of its name, those in half precision one
    of that, and those with a seed that was named have one of its number.

    Raises:
        PressError: there is no full run, or it hands over no results that can be recorded; a
            previous record is as it was.
    """
    run, notebook = store.read(chapter.name)
    measured = _handed_over(chapter.name, notebook)
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
    of_seed = "" if store.seed is None else f"seed-{store.seed}"
    kept_in = store.project.measured / store.base / store.precision / of_seed
    file = kept_in / f"{chapter.name}.json"
    if weights := [_as_array(weight) for weight in measured.get("weights", [])]:
        kept = io.BytesIO()
        np.savez_compressed(kept, *weights)
        write(file.with_suffix(".npz"), kept.getvalue())
    write_json(file, record)
    return file


def measure_seeds(
    project: Project,
    chapter: Chapter,
    seeds: Sequence[int],
    *,
    at_once: int | None = None,
    cluster: str = "",
) -> Path:
    """Run the tiny profile of a chapter once for each seed, and keep what each run measured.

    A chapter's claims are cells that fail when they do not hold, so a run that ends is a run in
    which all of them held. Return the file, `book/measured/seeds/CHAPTER.json`. On a `cluster`, the
    address of a Dask scheduler, each seed is a job.

    Raises:
        PressError: a claim of the chapter does not hold for one of the seeds, or the chapter cannot
            be run; a previous table is as it was.
    """
    ended = _run_seeds(project, chapter, seeds, at_once or cores(), cluster)
    here = hardware()
    measured: dict[str, Any] = {}
    for seed, outcome in ended.items():
        if isinstance(outcome.result, PressError):
            raise PressError(f"Nothing is recorded: not every seed holds.\n{outcome.result}")
        measured[str(seed)] = _handed_over(chapter.name, outcome.result)["results"]
    made_on = {f"seed {seed}": outcome.hardware or here for seed, outcome in ended.items()}
    table = {
        "chapter": chapter.name,
        "profile": "tiny",
        "date": datetime.now(UTC).date().isoformat(),
        "versions": versions(COMPUTED_WITH),
        "hardware": with_shares(None, made_on),
        "seeds": measured,
    }
    file = project.measured / "seeds" / f"{chapter.name}.json"
    write_json(file, table)
    return file


def _run_seeds(
    project: Project, chapter: Chapter, seeds: Sequence[int], at_once: int, cluster: str
) -> "dict[int, Outcome]":
    """Return what came of the tiny profile of a chapter for each seed."""
    from cnn_course.press.cluster import workers  # noqa: PLC0415 - papermill takes a second
    from cnn_course.press.execute import Job, run_jobs  # noqa: PLC0415

    ended: dict[str, Outcome] = {}
    jobs = {
        seed: Job(
            name=f"{chapter.name}.seed-{seed}",
            notebook=notebooks.for_profile(chapter, "tiny", seed=seed),
            folder=chapter.file.parent,
            timeout=_SECONDS_A_CELL,
        )
        for seed in seeds
    }
    with scratch(project.build / "seeds") as folder:
        run_jobs(
            jobs.values(),
            at_once,
            folder,
            project.build / "cache",
            lambda job, outcome: ended.update({job.name: outcome}),
            place=workers(cluster),
        )
    return {seed: ended[job.name] for seed, job in jobs.items()}


def _handed_over(name: str, notebook: Notebook) -> dict[str, Any]:
    """Return what an executed chapter hands over: `results`, and maybe `curves`, `seed`, `base`.

    Raises:
        PressError: it hands over nothing, or more than once, or what is not a finite number.
    """
    key = "cnn_course_results"
    abouts = (o.get("metadata", {}) for c in notebooks.code_cells(notebook) for o in c["outputs"])
    found = [about[key] for about in abouts if key in about]
    if len(found) != 1:
        raise PressError(
            f"{name} hands over its results {len(found)} times; once is needed. "
            f"End one cell with cnn_course.training.Results(chapter={name!r}, results=...)."
        )
    measured = found[0]
    if measured.get("chapter") != name:
        raise PressError(f"{name} hands over the results of chapter {measured.get('chapter')!r}.")
    if not measured.get("results"):
        raise PressError(f"{name} hands over no results: one number or more, each with its name.")
    for kind in ("results", "curves"):
        for where, number in _numbers(measured.get(kind, {}), f"{name}: {kind}"):
            if not math.isfinite(number):  # JSON has no word for it, a page no use
                raise PressError(
                    f"{where} is {number}. The training went wrong; nothing is recorded."
                )
    return measured


def _as_array(weight: dict[str, Any]) -> np.ndarray:
    """Return one array of a network's weights as `Results` handed it over."""
    return np.frombuffer(base64.b64decode(weight["half"]), "<f2").reshape(weight["shape"])


def _numbers(value: Any, where: str) -> Iterator[tuple[str, float]]:
    """Yield each number in `value` with the way to it."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _numbers(item, f"{where}, {key}")
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _numbers(item, f"{where}, value {number}")
    elif isinstance(value, float):
        yield where, value
