"""`cnn-course handout`: no trace of a solution for students, everything for instructors."""

import json
import re
from pathlib import Path

import nbformat
import pytest
from conftest import NOTEBOOKS
from nbformat import NotebookNode, v4
from patience import HANGS

from cnn_course.press import notebooks
from cnn_course.press.copies import for_students, write_handouts
from cnn_course.press.project import Chapter, PressError, Project
from press.conftest import Course

CHAPTERS = tuple(Chapter(file.stem, file) for file in NOTEBOOKS)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the handouts of every chapter."""
    folder = tmp_path_factory.mktemp("handouts")
    write_handouts(Project(folder, CHAPTERS), CHAPTERS, folder)
    return folder


def read(file: Path) -> NotebookNode:
    notebook = nbformat.read(file, as_version=4)
    nbformat.validate(notebook)
    return notebook


def solutions(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if "solution" in cell.metadata.get("tags", [])]


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.name)
def test_nothing_of_a_solution_is_left_for_students(folder: Path, chapter: Chapter) -> None:
    whole, handed = read(chapter.file), read(folder / "students" / chapter.file.name)
    text = (folder / "students" / chapter.file.name).read_text(encoding="utf-8")
    assert solutions(whole)
    assert solutions(handed) == []
    kept = {line.strip() for cell in handed.cells for line in cell.source.splitlines()}
    before = {
        line.strip()
        for cell in whole.cells
        if "solution" not in cell.metadata.get("tags", [])
        for line in cell.source.splitlines()
    }
    for cell in solutions(whole):
        for line in map(str.strip, cell.source.splitlines()):
            # What stands word for word in the lesson, too, such as a closing bracket, is no secret.
            assert line in before or line not in kept, line
    assert not re.search(
        r"\bsolution\b", "\n".join(c.source for c in handed.cells if c.cell_type == "code")
    )
    assert "Right. " not in text
    for cell in handed.cells:
        if cell.cell_type == "code":
            assert (cell.outputs, cell.execution_count) == ([], None)


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.name)
def test_students_get_every_other_cell_and_instructors_all(folder: Path, chapter: Chapter) -> None:
    whole, handed = read(chapter.file), read(folder / "students" / chapter.file.name)
    ids = [cell.id for cell in whole.cells if cell not in solutions(whole)]
    assert [cell.id for cell in handed.cells] == ids
    full = read(folder / "instructors" / chapter.file.name)
    # Pages of the book are not handed out: what linked to them is plain text.
    plain = [re.sub(r"\[([^\]]+)\]\(\.\./book/[^)]*\)", r"\1", c.source) for c in whole.cells]
    assert [c.source for c in full.cells if c.id != "for-instructors"] == plain
    assert "../book/" not in "".join(c.source for c in [*full.cells, *handed.cells])
    assert not any(cell.metadata.get("jupyter") for cell in solutions(full)), "unfolded"
    assert sum(bool(cell.get("outputs")) for cell in full.cells) > 5
    note = full.cells[1].source
    exercises = sum(cell.cell_type == "code" for cell in solutions(whole))
    assert f"{exercises} exercises" in note
    assert re.search(r"About \d+ minutes", note)


@pytest.mark.kernel
@pytest.mark.parametrize("number", ["01", "08"])
def test_a_students_handout_runs_with_nothing_answered(folder: Path, number: str) -> None:
    from nbclient import NotebookClient  # noqa: PLC0415

    (file,) = (folder / "students").glob(f"{number}-*.ipynb")
    notebook = read(file)
    NotebookClient(notebook, timeout=HANGS, kernel_name="python3").execute()
    said = [
        output.get("data", {}).get("text/plain", "")
        for cell in notebook.cells
        if "exercise" in cell.metadata.get("tags", [])
        for output in cell.outputs
    ]
    assert said
    assert all(text.startswith("Not attempted yet.") for text in said)


def chapter(*cells: tuple[str, str]) -> notebooks.Notebook:
    made = v4.new_notebook()
    for tag, source in cells:
        made.cells.append(v4.new_code_cell(source, metadata={"tags": [tag] if tag else []}))
    return json.loads(nbformat.writes(made))


def test_a_cell_that_works_on_with_a_solution_works_on_with_the_students_answer() -> None:
    handed = for_students(
        notebooks_read(
            chapter(
                ("exercise", 'mine = ...\ncheck("one", mine)'),
                ("solution", 'solution = len("a secret")\ncheck("one", solution)'),
                ("", "print(solution + 1)"),
            )
        )
    )
    assert handed["cells"][-1]["source"] == (
        'assert check("one", mine), "Answer the exercise above first."\nprint(mine + 1)'
    )
    assert "a secret" not in json.dumps(handed)


def test_a_cell_that_needs_more_of_a_solution_is_refused() -> None:
    made = chapter(
        ("exercise", 'mine = ...\ncheck("one", mine)'),
        ("solution", 'helper = 42\nsolution = helper\ncheck("one", solution)'),
        ("", "print(helper)"),
    )
    with pytest.raises(PressError, match="a cell needs helper, which only a solution defines"):
        for_students(notebooks_read(made))


def notebooks_read(made: notebooks.Notebook) -> notebooks.Notebook:
    for cell in made["cells"]:
        cell["source"] = "".join(cell["source"])
    return made


def test_minutes_grow_with_words_and_exercises() -> None:
    short = times_of(notebooks_read(chapter(("exercise", "a = ..."))), None)
    longer = times_of(notebooks_read(chapter(*[("exercise", "a = ...")] * 6)), 7.0)
    assert longer.minutes >= short.minutes + 25
    assert "about 7 seconds" in longer.note()
    assert "cnn-course run --save" in short.note()


def test_the_command_writes_both_folders_and_never_over_the_chapters(course: Course) -> None:
    said = course.do("handout", "--out", "handouts")
    assert "students" in said
    for part in ("students", "instructors"):
        names = sorted(file.name for file in (course.root / "handouts" / part).iterdir())
        assert names == ["01-first.ipynb", "02-second.ipynb"]
    assert "holds the chapters themselves" in course.do("handout", "--out", "notebooks", status=1)
    assert "no-such-chapter" in course.do("handout", "no-such-chapter", "--out", "x", status=1)
    assert not (course.root / "x").exists()
