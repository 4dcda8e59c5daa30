"""Collects what a class hands in: the answers of notebook sheets, and exercises, marked.

A folder is read as learning platforms pack it: a folder for each student, or all files in one.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cnn_course.checks import exercise_names
from cnn_course.checks.progress import sections
from cnn_course.press import notebooks
from cnn_course.press.classroom.answer_cells import ABOUT, answers_of
from cnn_course.press.classroom.spreadsheets import as_csv
from cnn_course.press.notebooks import Notebook
from cnn_course.press.project import PressError, files_below

if TYPE_CHECKING:
    from cnn_course.press.classroom.running import CellRun

_ARCHIVES: Final = (".zip", ".7z", ".rar", ".tar", ".gz")
_OF_MOODLE = re.compile(r"(.+?)_\d+_assignsubmission_file")
_CHECK = re.compile(r"\bcheck\(\s*[\"']([a-z0-9-]+)[\"']")
_CHECK_OF_SOLUTION = re.compile(rf"{_CHECK.pattern}\s*,\s*solution\b")


def answers_in(folder: Path) -> tuple[list[dict[str, str]], list[str]]:
    """Return the answers in the sheets below a folder, and what is wrong with files.

    Nothing is run. A text is taken as it is, a number and a tuple as Python writes them, and
    arithmetic with its result, `401 * 120 = 48120`. What is something else is taken as it stands
    there, and is a problem. Two sheets of one student and test are both there, and a problem.

    Returns:
        For each sheet `student`, `number`, `test` and name of a question -> text, empty where
        nothing is answered; and problems, each beginning with the name of its file.

    Raises:
        PressError: there is no such folder, or no notebook in it.
    """
    rows, problems = [], []
    handed_in: dict[tuple[str, str], Path] = {}
    for place, content in _handed_in(folder):
        row, found = answers_of(content) if isinstance(content, dict) else ({}, [content])
        problems += [f"{place}: {problem}" for problem in found]
        if not row:
            continue
        if not row["student"]:
            row["student"] = _owner(place)
            problems.append(f"{place}: no name in it; {row['student']!r} is from its place")
        rows.append(row)
        who = (row["number"] or row["student"].casefold(), row["test"])
        if (other := handed_in.setdefault(who, place)) != place:
            newer = max(other, place, key=lambda one: (folder / one).stat().st_mtime)
            problems.append(
                f"{place}: the same student and test as in {other}; the file of the later date is "
                f"{newer}. Both are taken: keep one"
            )
    return rows, problems


def answers_csv(rows: Sequence[Mapping[str, str]], delimiter: str = ",") -> str:
    """Return answers as CSV with the columns `student`, `number`, `test` and the questions."""
    names = list(dict.fromkeys([*ABOUT, *(name for row in rows for name in row)]))
    return as_csv([names, *([row.get(name, "") for name in names] for row in rows)], delimiter)


@dataclass(frozen=True)
class MarkedNotebook:
    """The exercises of one notebook.

    Attributes:
        student: name of its folder or, where all files are in one, of the file.
        file: where it is.
        chapter: name of the chapter; empty if it is none, or could not be read.
        outcomes: exercise -> `"right"`, `"wrong"`, `"unclear"` (it can be read in two ways),
            `"not attempted"` or `"stopped"` (by an error, or by the end of the time).
        problem: what to look at; empty if there is nothing.
    """

    student: str
    file: Path
    chapter: str = ""
    outcomes: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""

    @property
    def right(self) -> int:
        """How many exercises are answered rightly."""
        return list(self.outcomes.values()).count("right")


def mark_exercises(
    folder: Path, chapters: Sequence[str] = (), seconds: float = 600, at_once: int = 1
) -> list[MarkedNotebook]:
    """Run the chapters that students filled in, and mark their exercises.

    A chapter is known by its exercises, whatever its file is called. It runs with the tiny profile.
    Of several checks of an exercise the last one counts, and none of a chapter's own solution.

    Students' code runs with the rights of whoever calls this, see `running`: run the notebooks of
    strangers in a container. A verdict can be forged: this is practice, and no examination.

    Args:
        folder: with the notebooks.
        chapters: names; notebooks of other chapters are left out. All, if not given.
        seconds: that a notebook may take.
        at_once: how many run at the same time.

    Raises:
        PressError: there is no such folder, or no notebook in it.
    """
    marked, to_run, chapter_of = [], {}, {}
    for place, content in _handed_in(folder):
        chapter = "" if isinstance(content, str) else _chapter(content)
        if isinstance(content, str) or not chapter:
            problem = content if isinstance(content, str) else "it has no exercise of the course"
            marked.append(MarkedNotebook(_owner(place), place, problem=problem))
        elif not chapters or chapter in chapters:
            to_run[place], chapter_of[place] = content, chapter
    from cnn_course.press.classroom.running import run_each  # noqa: PLC0415 - it brings nbclient

    for place, cells in run_each(to_run, seconds, at_once).items():
        chapter = chapter_of[place]
        marked.append(MarkedNotebook(_owner(place), place, chapter, *_outcomes(cells, chapter)))
    return sorted(marked, key=lambda one: (one.chapter, one.student.casefold(), one.file))


def exercises_csv(marked: Sequence[MarkedNotebook], delimiter: str = ",") -> str:
    """Return marked exercises as CSV: a row for each notebook, a column for each exercise."""
    names = list(dict.fromkeys(name for one in marked for name in one.outcomes))
    rows: list[Sequence[object]] = [
        ["student", "file", "chapter", "right", "of", *names, "problem"]
    ]
    for one in marked:
        told = [one.outcomes.get(name, "") for name in names]
        score = [one.right, len(one.outcomes)] if one.outcomes else ["", ""]
        rows.append([one.student, one.file.as_posix(), one.chapter, *score, *told, one.problem])
    return as_csv(rows, delimiter)


# What was handed in


def _handed_in(folder: Path) -> Iterator[tuple[Path, Notebook | str]]:
    """Yield the place of each notebook below a folder with its content, or with a problem."""
    if not folder.is_dir():
        raise PressError(f"{folder} is no folder. Name the one with what was handed in.")
    places = [file.relative_to(folder) for file in files_below(folder)]
    places = [one for one in places if not _is_hidden(one)]
    found = [one for one in places if one.suffix.lower() in (".ipynb", *_ARCHIVES)]
    if not found:
        raise PressError(f"There is no notebook in {folder}, nor in a folder below it.")
    for place in found:
        is_notebook = place.suffix.lower() == ".ipynb"
        yield place, _read(folder / place) if is_notebook else "an archive: unpack it"
    with_notebook = {one.parts[0] for one in found}
    for inside in sorted(Path(one.name) for one in folder.iterdir() if one.is_dir()):
        if inside.name not in with_notebook and not _is_hidden(inside):
            yield inside, "no notebook in it"


def _is_hidden(place: Path) -> bool:
    """Return whether a system or JupyterLab has put it there, such as `.ipynb_checkpoints`."""
    return any(part.startswith((".", "__MACOSX")) for part in place.parts)


def _read(file: Path) -> Notebook | str:
    try:
        notebook = notebooks.read(file)
        for cell in notebooks.code_cells(notebook):
            notebooks.tags(cell)
    except PressError as error:
        return str(error).replace(str(file), "it")
    except (AttributeError, KeyError, OSError, RecursionError, TypeError) as error:
        return f"it cannot be read: {error}"
    return notebook


def _owner(place: Path) -> str:
    """Return whose notebook it is, by the folder that it is in, or by its own name."""
    name = place.parts[0] if len(place.parts) > 1 else place.stem
    found = _OF_MOODLE.match(name)
    return found[1] if found else name


# Exercises of a chapter


def _chapter(notebook: Notebook) -> str:
    """Return the chapter that most of a notebook's exercises are from; empty if it has none."""
    sources = "\n".join(cell["source"] for cell in notebooks.code_cells(notebook))
    named = set(_CHECK.findall(sources))
    known = {chapter: len(named.intersection(exercise_names(chapter))) for chapter in sections()}
    best = max(known, key=lambda chapter: known[chapter])
    return best if known[best] else ""


def _outcomes(cells: Sequence["CellRun"], chapter: str) -> tuple[dict[str, str], str]:
    """Return exercise -> outcome, and what stopped those that were stopped."""
    said: dict[str, str] = {}
    errors: dict[str, str] = {}
    for cell in cells:
        if "solution" in cell.tags:
            continue
        given_away = _CHECK_OF_SOLUTION.findall(cell.source)
        said |= {name: outcome for name, outcome in cell.verdicts if name not in given_away}
        errors |= dict.fromkeys(_CHECK.findall(cell.source) if cell.error else (), cell.error)
    names = exercise_names(chapter)
    stopped = {name: errors[name] for name in names if name in errors and name not in said}
    outcomes = dict.fromkeys(names, "not attempted") | dict.fromkeys(stopped, "stopped")
    outcomes |= {name: said[name] for name in names if said.get(name, "open") != "open"}
    reasons: dict[str, list[str]] = {}
    for name, error in stopped.items():
        reasons.setdefault(error, []).append(name)
    return outcomes, "; ".join(f"{', '.join(names)}: {error}" for error, names in reasons.items())
