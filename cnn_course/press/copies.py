"""Copies of chapters: a learner's own, for students without solutions, and for instructors.

What somebody has written in their own copy, in `my-course/`, is never lost: where a chapter has a
new edition, the answers to its exercises move into it, and the old file is kept in
`my-course/old copies/`. git leaves that folder alone.
"""

import ast
import contextlib
import copy
import json
import platform
import re
import sqlite3
from collections.abc import Iterator, Sequence
from datetime import date
from itertools import chain, count
from pathlib import Path

from cnn_course.files import digest, write
from cnn_course.press import notebooks
from cnn_course.press.notebooks import KERNELSPEC, Cell, Notebook
from cnn_course.press.project import Chapter, PressError, Project
from cnn_course.press.stored_runs import of_stored_outputs
from cnn_course.press.substitutions import reading_of, with_times

FOLDER = "my-course"  # as deep as notebooks/, so that links lead where they led
_EDITION = "cnn_course_edition"  # in the metadata of a copy: the digest of what it was copied from
_CHECK_OF_A_NAME = re.compile(r'(?m)^check\("[a-z0-9-]+", (\w+)\)')


# A learner's own copy

# What JupyterLab would add on opening: then a copy that nobody has touched would ask to be saved.
_AS_JUPYTERLAB_WRITES = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {
        "codemirror_mode": {"name": "ipython", "version": 3},
        "file_extension": ".py",
        "mimetype": "text/x-python",
        "name": "python",
        "nbconvert_exporter": "python",
        "pygments_lexer": "ipython3",
        "version": platform.python_version(),
    },
}


def copy_chapters(project: Project) -> Iterator[str]:
    """Copy the chapters that are missing, renew those that have a new edition, and say so."""
    folder = project.root / FOLDER
    if not folder.exists():
        yield f"Your own copy of the chapters is in {FOLDER}/. An update of the course keeps it."
    for chapter in project.chapters:
        if chapter.number:
            new = notebooks.read(chapter.file)
            new["cells"] = with_times(new["cells"], reading_of(new).sentence())
            for cell in notebooks.code_cells(new):
                if cell["metadata"].get("jupyter", {}).get("outputs_hidden"):
                    cell["metadata"]["collapsed"] = True  # JupyterLab writes both
            new["metadata"] |= {_EDITION: _edition(new), **_AS_JUPYTERLAB_WRITES}
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
            write(kept, target.read_bytes())  # the answers move in one step: see `_free_name`
            moved = _move_answers(own, new)
            yield (
                f"  Answers that were moved into it: {moved}; run their cells to have them marked. "
                "What else you wrote or changed, such as notes and cells of your own, stands in "
                f"your old copy: {kept.relative_to(target.parent)}."
            )
    content = notebooks.dumps(new)
    _trust(content)  # before it is there: afterwards nobody would make up for it
    write(target, content)


def _trust(content: str) -> None:
    """Let JupyterLab show the outputs as they are: who copies the course runs its code anyway."""
    import nbformat  # noqa: PLC0415 - a second that most commands need not spend
    from nbformat.sign import NotebookNotary  # noqa: PLC0415

    # Where no signature can be kept, steppers and quizzes are plain until their cells have run.
    with contextlib.suppress(OSError, sqlite3.Error):
        notary = NotebookNotary()
        Path(notary.data_dir).mkdir(parents=True, exist_ok=True)
        notary.sign(nbformat.reads(content, as_version=4))


def _edition(notebook: Notebook) -> str:
    """Return a digest of all that is written in a notebook, whatever its cells have given."""
    return digest(json.dumps([cell["source"] for cell in notebook["cells"]]))


def _move_answers(own: Notebook, new: Notebook) -> int:
    """Put the answers of an old copy into the exercises of a new edition; return how many."""
    answers = {name: one["source"] for one in own["cells"] for name in notebooks.exercises(one)}
    moved = 0
    for cell in new["cells"]:
        for name in answers.keys() & set(notebooks.exercises(cell)):
            moved += cell["source"] != answers[name]
            cell |= {"source": answers[name], "outputs": [], "execution_count": None}
    return moved


def _free_name(target: Path) -> Path:
    """Return the name for an old copy, which no other file has.

    One with the same content is of a command that was killed before it had written the new edition.
    """
    name = f"{target.stem}, until {date.today().isoformat()}"
    suffixes = chain([""], (f", {number}" for number in count(2)))
    files = (target.parent / "old copies" / f"{name}{suffix}.ipynb" for suffix in suffixes)
    own = target.read_bytes()
    return next(file for file in files if not file.exists() or file.read_bytes() == own)


# Handouts

# What else stands there tells who has edited a chapter, when, and with which kernel of theirs.
_KEPT = ("tags", "jupyter", "minutes", "mystnb", "jp-MarkdownHeadingCollapsed")
_RUNS_PYTHON = ("%%time", "%%timeit", "%%capture", "%%prun")  # a cell's code, as it is
_RUNS_LINE = re.compile(r"(?m)^(\s*)%(?:time|timeit|prun) +")


def for_students(notebook: Notebook) -> Notebook:
    """Return a chapter without solutions and outputs.

    A cell that works on with a solution works on with the student's own answer instead, and asks
    for it where it is missing.

    Raises:
        PressError: a cell depends on a solution in a way that no answer can replace.
    """
    made = _handed_out(notebook)
    made["metadata"].pop("widgets", None)
    cells: list[Cell] = []
    hidden: set[str] = set()  # names that only solutions give a value
    own: re.Match[str] | None = None  # the check of the exercise before, with the student's answer
    for cell in made["cells"]:
        tags, source = notebooks.tags(cell), cell["source"]
        if "solution" in tags:
            hidden |= _defined(source) if cell["cell_type"] == "code" else set()
            continue
        cells.append(cell)
        if cell["cell_type"] != "code":
            continue
        if "exercise" in tags:
            own = _CHECK_OF_A_NAME.search(source)
        if used := hidden & _read(source):
            if used != {"solution"} or own is None:
                listed = ", ".join(sorted(used))
                raise PressError(f"a cell needs {listed}, which only a solution defines:\n{source}")
            mine = re.sub(r"\bsolution\b", own[1], source)
            cell["source"] = f'assert {own[0]}, "Answer the exercise above first."\n{mine}'
        hidden -= _defined(cell["source"])
        cell |= {"outputs": [], "execution_count": None}
    made["cells"] = cells
    return made


def for_instructors(notebook: Notebook, note: str) -> Notebook:
    """Return a chapter with everything, solutions unfolded, and a note below its title."""
    made = _handed_out(notebook)
    for cell in made["cells"]:
        if "solution" in notebooks.tags(cell):
            cell["metadata"] = {"tags": ["solution"]}
    about = {"cell_type": "markdown", "id": "for-instructors", "metadata": {}, "source": note}
    made["cells"].insert(1, about)
    return made


def write_handouts(project: Project, chapters: Sequence[Chapter], folder: Path) -> list[Path]:
    """Write `students/NAME.ipynb` and `instructors/NAME.ipynb`, and return the two folders.

    Pages that compute, which have no number, have no exercises and are left out.

    Raises:
        PressError: the folder is the one with the chapters, or a chapter cannot be handed out.
    """
    if folder.resolve() == (project.root / "notebooks").resolve():
        raise PressError(f"{folder} holds the chapters themselves. Choose another folder.")
    written: dict[Path, Notebook] = {}
    for chapter in filter(lambda one: one.number, chapters):
        notebook = notebooks.read(chapter.file)
        run = of_stored_outputs(notebook)
        note = reading_of(notebook).note(run.seconds if run else None)
        try:
            written[folder / "students" / chapter.file.name] = for_students(notebook)
        except PressError as error:
            raise PressError(f"{chapter.name}: {error}") from None
        written[folder / "instructors" / chapter.file.name] = for_instructors(notebook, note)
    for file, made in written.items():
        write(file, notebooks.dumps(made))
    return [folder / "students", folder / "instructors"]


def _handed_out(notebook: Notebook) -> Notebook:
    """Return a copy for any Jupyter, without what only its editor had.

    Its text does without the pages of the book, which are not handed out.
    """
    made = copy.deepcopy(notebook)
    kept = {name: value for name, value in made["metadata"].items() if name == "widgets"}
    made["metadata"] = {"kernelspec": dict(KERNELSPEC), "language_info": {"name": "python"}, **kept}
    made["nbformat_minor"] = 5  # Colab writes the format 4.0, whose cells have no ids
    for place, cell in enumerate(made["cells"]):
        cell.setdefault("id", f"cell-{place}")
        cell["metadata"] = {n: value for n, value in cell["metadata"].items() if n in _KEPT}
        if cell["cell_type"] == "markdown":
            cell["source"] = re.sub(r"\[([^\]]+)\]\(\.\./book/[^)]*\)", r"\1", cell["source"])
    return made


def _read(source: str) -> set[str]:
    """Return the names that a cell reads."""
    nodes = ast.walk(_parsed(source))
    return {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}


def _defined(source: str) -> set[str]:
    """Return the names that a cell leaves behind, functions and classes included."""
    found: set[str] = set()
    waiting: list[ast.AST] = [_parsed(source)]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)  # what happens inside stays there
        elif not isinstance(node, ast.comprehension):  # its variable ends with it
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                found.add(node.id)
            waiting += ast.iter_child_nodes(node)
    return found


def _parsed(source: str) -> ast.Module:
    """Return the syntax of a cell, with IPython's own: `%time`, `!ls`, `x = !ls`, `len?`.

    Raises:
        PressError: it is no Python.
    """
    from IPython.core.inputtransformer2 import TransformerManager  # noqa: PLC0415 - it takes time

    first, _, rest = source.lstrip().partition("\n")
    if first.startswith("%%"):
        source = rest if first.split()[0] in _RUNS_PYTHON else ""
    try:
        plain = _RUNS_LINE.sub(r"\1", source)
        return ast.parse(TransformerManager().transform_cell(plain))
    except (MemoryError, RecursionError, SyntaxError, ValueError) as error:
        raise PressError(f"a cell is no Python, {error}:\n{source[:200]}") from None
