"""A learner's own copy of the chapters, in `my-course/`, which git leaves alone.

What somebody has written there is never lost: where a chapter has a new edition, the answers to its
exercises move into it, and the old file is kept in `my-course/old copies/`.
"""

import contextlib
import json
import os
import re
import sqlite3
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from cnn_course.press import files, notebooks
from cnn_course.press.measured import reading_line, with_times
from cnn_course.press.notebooks import Notebook
from cnn_course.press.project import PressError, Project

FOLDER = "my-course"  # as deep as notebooks/, so that links lead where they led
_EDITION = "cnn_course_edition"  # in the metadata of a copy: the digest of what it was copied from
_CHECK = re.compile(r'(?m)^check\("([a-z0-9-]+)"')


def copy_chapters(project: Project) -> Iterator[str]:
    """Copy the chapters that are missing, renew those that have a new edition, and say so."""
    folder = project.root / FOLDER
    if not folder.exists():
        yield f"Your own copy of the chapters is in {FOLDER}/. An update of the course keeps it."
    for chapter in project.chapters:
        if chapter.number:
            new = notebooks.read(chapter.file)
            new["cells"] = with_times(new["cells"], reading_line(new).strip())
            new["metadata"][_EDITION] = _edition(new)
            yield from _renew(folder / chapter.file.name, new)


def _renew(target: Path, new: Notebook) -> Iterator[str]:
    """Write a chapter where it is missing or older; keep what somebody has written in it."""
    if target.exists():
        try:
            own = notebooks.read(target)
        except PressError:
            own = Notebook(cells=[], metadata={})  # damaged: it is kept, too
        made_from = own["metadata"].get(_EDITION)
        if made_from == new["metadata"][_EDITION]:
            return
        yield f"{target.name} has a new edition. Where it is open in JupyterLab, close its tab."
        if made_from != _edition(own):
            kept = _free_name(target)
            kept.parent.mkdir(exist_ok=True)
            os.replace(target, kept)
            moved = _move_answers(own, new)
            yield (
                f"  Answers that were moved into it: {moved}; run their cells to have them marked. "
                f"Your old copy is {kept.relative_to(target.parent)}."
            )
    files.write(target, notebooks.dumps(new))
    _trust(target)


def _trust(file: Path) -> None:
    """Let JupyterLab show the outputs as they are: who copies the course runs its code anyway."""
    import nbformat  # noqa: PLC0415 - a second that most commands need not spend
    from nbformat.sign import NotebookNotary  # noqa: PLC0415

    # Where no signature can be kept, steppers and quizzes are plain until their cells have run.
    with contextlib.suppress(OSError, sqlite3.Error):
        notary = NotebookNotary()
        Path(notary.data_dir).mkdir(parents=True, exist_ok=True)
        notary.sign(nbformat.read(file, as_version=4))


def _edition(notebook: Notebook) -> str:
    """Return a digest of all that is written in a notebook, whatever its cells have given."""
    return files.digest(json.dumps([cell["source"] for cell in notebook["cells"]]))


def _move_answers(own: Notebook, new: Notebook) -> int:
    """Put the answers of an old copy into the exercises of a new edition; return how many."""
    answers = {
        found[1]: cell["source"]
        for cell in notebooks.code_cells(own)
        if "exercise" in notebooks.tags(cell) and (found := _CHECK.search(cell["source"]))
    }
    moved = 0
    for cell in notebooks.code_cells(new):
        found = _CHECK.search(cell["source"])
        if "exercise" in notebooks.tags(cell) and found and found[1] in answers:
            moved += cell["source"] != answers[found[1]]
            cell |= {"source": answers[found[1]], "outputs": [], "execution_count": None}
    return moved


def _free_name(target: Path) -> Path:
    """Return the name for an old copy, which no other file has."""
    for number in range(1, 1_000):
        suffix = f", {number}" if number > 1 else ""
        name = f"{target.stem}, until {date.today().isoformat()}{suffix}.ipynb"
        kept = target.parent / "old copies" / name
        if not kept.exists():
            return kept
    raise PressError(f"There are too many old copies of {target}. Move some elsewhere.")
