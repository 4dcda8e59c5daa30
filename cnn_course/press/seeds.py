"""Runs a chapter with several seeds: a claim that holds for one throw of the dice is none.

A chapter that trains assigns `seed` in its cell tagged `parameters`. Its claims are cells that fail
when they do not hold, so a run that ends is a run in which all of them held.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cnn_course.press import files, notebooks
from cnn_course.press.execute import prepare_fonts, run_jobs
from cnn_course.press.fingerprint import COMPUTED_WITH
from cnn_course.press.machine import cores, hardware, versions
from cnn_course.press.project import Chapter, PressError, Project
from cnn_course.press.record import handed_over
from cnn_course.press.worker import Job, Outcome

_SECONDS_A_CELL = 600


def measure_seeds(
    project: Project, chapter: Chapter, seeds: Sequence[int], *, at_once: int | None = None
) -> Path:
    """Run the tiny profile of a chapter once for each seed, and keep what each run measured.

    Args:
        project: the clone of the course.
        chapter: a chapter that assigns `seed` in its parameters, and hands over its results.
        seeds: one run for each.
        at_once: how many run at the same time; one a core, if not given.

    Returns:
        The file that was written: `book/measured/seeds/CHAPTER.json`.

    Raises:
        PressError: a claim of the chapter does not hold for one of the seeds, or the chapter cannot
            be run; a previous table is as it was.
    """
    source = notebooks.with_parameter(notebooks.read(chapter.file), "profile", "tiny")
    caches = project.build / "cache"
    prepare_fonts(caches)
    ended: dict[str, Outcome] = {}
    with files.scratch(project.build / "seeds") as scratch:
        jobs = {
            seed: Job(
                name=f"{chapter.name}.seed-{seed}",
                notebook=notebooks.with_parameter(source, "seed", seed),
                folder=chapter.file.parent,
                scratch=scratch,
                caches=caches,
                timeout=_SECONDS_A_CELL,
            )
            for seed in seeds
        }
        run_jobs(
            jobs.values(), at_once or cores(), lambda outcome: ended.update({outcome.name: outcome})
        )
    outcomes = {seed: ended[job.name] for seed, job in jobs.items()}
    table = {
        "chapter": chapter.name,
        "profile": "tiny",
        "date": datetime.now(UTC).date().isoformat(),
        "versions": versions(COMPUTED_WITH),
        "hardware": hardware(),
        "seeds": {str(seed): _results(chapter, outcome) for seed, outcome in outcomes.items()},
    }
    file = project.measured / "seeds" / f"{chapter.name}.json"
    files.write_json(file, table)
    return file


def _results(chapter: Chapter, outcome: Outcome) -> dict[str, Any]:
    if outcome.notebook is None:
        raise PressError(f"Nothing is recorded: not every seed holds.\n{outcome.error}")
    return handed_over(chapter.name, outcome.notebook)["results"]
