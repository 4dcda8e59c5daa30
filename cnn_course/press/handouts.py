"""Handouts: chapters without solutions for students, and with everything for instructors."""

import ast
import copy
import re
from collections.abc import Sequence
from pathlib import Path

from cnn_course.press import files, notebooks
from cnn_course.press.measured import Times, times_of
from cnn_course.press.notebooks import Cell, Notebook
from cnn_course.press.project import Chapter, PressError, Project
from cnn_course.press.store import KEY, of_stored_outputs

_CHECK = re.compile(r'(?m)^check\("([a-z0-9-]+)", (\w+)\)')


def for_students(notebook: Notebook) -> Notebook:
    """Return a chapter without solutions and outputs.

    A cell that works on with a solution works on with the student's own answer instead, and asks
    for it where it is missing.

    Raises:
        PressError: a cell depends on a solution in a way that no answer can replace.
    """
    made = _without_links_to_the_book(notebook)
    cells: list[Cell] = []
    hidden: set[str] = set()  # names that only solutions give a value
    own = ""  # the check of the exercise before, with the student's answer
    for cell in made["cells"]:
        if cell["cell_type"] != "code":
            if "solution" not in notebooks.tags(cell):
                cells.append(cell)
            continue
        if "exercise" in notebooks.tags(cell):
            found = _CHECK.search(cell["source"])
            own = found[0] if found else ""
        if "solution" in notebooks.tags(cell):
            hidden |= _defined(cell["source"])
            continue
        cell["source"] = _without_solution(cell["source"], hidden, own)
        hidden -= _defined(cell["source"])
        cell["outputs"], cell["execution_count"] = [], None
        cells.append(cell)
    made["cells"] = cells
    return made


def for_instructors(notebook: Notebook, times: Times) -> Notebook:
    """Return a chapter with everything, solutions unfolded, and a note on time below its title."""
    made = _without_links_to_the_book(notebook)
    for cell in made["cells"]:
        if "solution" in notebooks.tags(cell):
            cell["metadata"] = {"tags": ["solution"]}
    note = {
        "cell_type": "markdown",
        "id": "for-instructors",
        "metadata": {},
        "source": times.note(),
    }
    made["cells"].insert(1, note)
    return made


def write_handouts(project: Project, chapters: Sequence[Chapter], folder: Path) -> list[Path]:
    """Write `students/NAME.ipynb` and `instructors/NAME.ipynb` for each chapter.

    Pages that compute, which have no number, have no exercises and are left out.

    Returns:
        The two folders.

    Raises:
        PressError: the folder is the one with the chapters, or a chapter cannot be handed out.
    """
    if folder.resolve() == (project.root / "notebooks").resolve():
        raise PressError(f"{folder} holds the chapters themselves. Choose another folder.")
    written: list[tuple[Path, str]] = []
    for chapter in filter(lambda one: one.number, chapters):
        notebook = notebooks.read(chapter.file)
        run = of_stored_outputs(notebook)
        try:
            student = for_students(notebook)
        except PressError as error:
            raise PressError(f"{chapter.name}: {error}") from None
        times = times_of(notebook, run.seconds if run else None)
        name = chapter.file.name
        written.append((folder / "students" / name, notebooks.dumps(student)))
        whole = for_instructors(notebook, times)
        written.append((folder / "instructors" / name, notebooks.dumps(whole)))
    for file, content in written:
        files.write(file, content)
    return [folder / "students", folder / "instructors"]


def _without_links_to_the_book(notebook: Notebook) -> Notebook:
    """Return a copy whose text does without the pages of the book, which are not handed out."""
    made = copy.deepcopy(notebook)
    made["metadata"].pop(KEY, None)
    for cell in made["cells"]:
        if cell["cell_type"] == "markdown":
            cell["source"] = re.sub(r"\[([^\]]+)\]\(\.\./book/[^)]*\)", r"\1", cell["source"])
    return made


def _without_solution(source: str, hidden: set[str], own: str) -> str:
    used = hidden & _read(source)
    if not used:
        return source
    found = _CHECK.fullmatch(own)
    if used != {"solution"} or found is None:
        listed = ", ".join(sorted(used))
        raise PressError(f"a cell needs {listed}, which only a solution defines:\n{source}")
    mine = re.sub(r"\bsolution\b", found[2], source)
    return f'assert {own}, "Answer the exercise above first."\n{mine}'


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
        elif isinstance(node, ast.comprehension):
            continue  # its variable ends with it
        else:
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                found.add(node.id)
            waiting += ast.iter_child_nodes(node)
    return found


def _parsed(source: str) -> ast.Module:
    return ast.parse(re.sub(r"(?m)^(\s*)%.*$", r"\1pass", source))
