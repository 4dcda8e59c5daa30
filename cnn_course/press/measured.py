"""How long a chapter takes: a reader, as it is estimated, and a machine, as it was measured."""

import re
from dataclasses import dataclass
from typing import Any

from cnn_course.press import files, notebooks
from cnn_course.press.notebooks import Cell, Notebook
from cnn_course.press.project import PressError, Project
from cnn_course.press.store import Run

_WORDS_A_MINUTE = 150  # of technical prose, read with a pencil in the hand
_MINUTES_AN_EXERCISE = 5


@dataclass(frozen=True)
class Times:
    """What a chapter takes.

    Attributes:
        words: of its text.
        exercises: how many there are.
        exercise_minutes: for all of them; one that takes longer than usual says so in its metadata.
        questions: cells with quiz questions.
        run_seconds: of the run whose outputs are stored; None where that is not known.
    """

    words: int
    exercises: int
    exercise_minutes: int
    questions: int
    run_seconds: float | None

    @property
    def minutes(self) -> int:
        """For a class that reads everything and tries every exercise, to the next five."""
        needed = self.words / _WORDS_A_MINUTE + self.exercise_minutes
        return 5 * round((needed + self.questions * 2) / 5)

    def note(self) -> str:
        """Return what an instructor is told above a chapter."""
        run = (
            f"runs in about {self.run_seconds:.0f} seconds (measured, tiny profile)"
            if self.run_seconds
            else "was not measured yet: `cnn-course run --save` measures how long it takes"
        )
        return (
            f"> **For instructors.** About {self.minutes} minutes for a class that reads all of it "
            f"and tries all exercises: {self.words:,} words of text at {_WORDS_A_MINUTE} a minute, "
            f"{self.exercises} exercises in {self.exercise_minutes} minutes, {self.questions} "
            f"groups of quiz questions at 2. The notebook {run}."
        )


def times_of(notebook: Notebook, run_seconds: float | None) -> Times:
    """Return what a chapter takes."""
    text = " ".join(c["source"] for c in notebook["cells"] if c["cell_type"] == "markdown")
    code = notebooks.code_cells(notebook)
    exercises = [cell["metadata"] for cell in code if "exercise" in notebooks.tags(cell)]
    return Times(
        words=len(re.findall(r"\w+", text)),
        exercises=len(exercises),
        exercise_minutes=sum(one.get("minutes", _MINUTES_AN_EXERCISE) for one in exercises),
        questions=sum("remove-input" in notebooks.tags(cell) for cell in code),
        run_seconds=run_seconds,
    )


def measured_line(project: Project, name: str, profile: str, run: Run, notebook: Notebook) -> str:
    """Return the sentences that say how long a chapter takes, for its page.

    The record of a full run is used where the page does not show a full run itself.

    Args:
        project: the clone.
        name: the chapter.
        profile: the profile of `run`.
        run: the run that the page shows.
        notebook: what was run.

    Raises:
        PressError: there is a record, and it does not say how long it took.
    """
    parts = [
        f"{_duration(seconds)} with the {kind} profile ({_place(hardware, moment)})"
        for kind, (seconds, hardware, moment) in _measurements(project, name, profile, run).items()
    ]
    return f"{reading_line(notebook)}The code runs in {', '.join(parts)}."


def reading_line(notebook: Notebook) -> str:
    """Return the sentence that says how long a reader needs; none for a page without exercises."""
    reading = times_of(notebook, None)
    about = f"About {reading.minutes} minutes to read it and to try the exercises. "
    return about if reading.exercises else ""


def with_times(cells: list[Cell], times: str) -> list[Cell]:
    """Say in the box at the beginning how long a chapter takes, or else below its title."""
    for place, cell in enumerate(cells):
        if cell["source"].startswith("> **Questions**"):
            box = cell | {"source": f"{cell['source']}\n>\n> **Time** {times}"}
            return [*cells[:place], box, *cells[place + 1 :]]
    title = next((n for n, cell in enumerate(cells) if cell["cell_type"] == "markdown"), -1)
    note = {"cell_type": "markdown", "id": "times", "metadata": {}, "source": f"*{times}*"}
    return [*cells[: title + 1], note, *cells[title + 1 :]]


def times(project: Project, name: str, profile: str, run: Run, notebook: Notebook) -> str:
    """Return in a few words how long a chapter takes, for example `"85 min; its code 32 s"`."""
    reading = times_of(notebook, run.seconds)
    seconds, _, _ = _measurements(project, name, profile, run)[profile]
    minutes = f"{reading.minutes} min; " if reading.exercises else ""
    return f"{minutes}its code {_duration(seconds)}"


def _measurements(
    project: Project, name: str, profile: str, run: Run
) -> dict[str, tuple[float, dict[str, Any], str]]:
    """Return profile -> seconds, hardware and date: of the run, and of the record if there is."""
    found = {profile: (run.seconds, run.hardware, run.finished)}
    file = project.measured / f"{name}.json"
    if profile != "full" and file.exists():
        record = files.read_json(file)
        try:
            found["full"] = record["seconds"], record["hardware"], record["date"]
        except (KeyError, TypeError):
            raise PressError(
                f"{file} is not a whole record. Make it again: cnn-course record {name}"
            ) from None
    return found


def _place(hardware: dict[str, Any], moment: str) -> str:
    cores = hardware["cores"]
    words = [f"{cores} core{'s' * (cores != 1)}", hardware.get("gpu"), moment[:10]]
    return ", ".join(filter(None, words))


def _duration(seconds: float) -> str:
    """Return a time that a person can plan with."""
    if seconds < 99.5:
        return f"{max(1, round(seconds))} s"
    minutes = seconds / 60
    return f"{round(minutes)} min" if minutes < 99.5 else f"{minutes / 60:.1f} h"
