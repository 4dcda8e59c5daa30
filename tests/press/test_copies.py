"""`cnn-course handout` and `copy`: chapters for students, for instructors, and of one's own."""

import json
import re
import signal
from pathlib import Path

import nbformat
import pytest
from conftest import NOTEBOOKS, ROOT
from nbformat import NotebookNode, v4
from nbformat.sign import NotebookNotary
from patience import HANGS

from cnn_course.press import notebooks
from cnn_course.press.copies import for_instructors, for_students, write_handouts
from cnn_course.press.project import Chapter, PressError, Project
from cnn_course.press.substitutions import reading_of
from press.conftest import Course, new_course

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
def test_students_get_all_but_the_solutions_and_instructors_all(
    folder: Path, chapter: Chapter
) -> None:
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


def chapter(*cells: tuple[str, str]) -> notebooks.Notebook:
    made = v4.new_notebook()
    for tag, source in cells:
        made.cells.append(v4.new_code_cell(source, metadata={"tags": [tag] if tag else []}))
    return made


def test_a_cell_that_works_on_with_a_solution_works_on_with_the_students_answer() -> None:
    task = ("exercise", 'mine = ...\ncheck("one", mine)')
    solution = ("solution", 'helper = "a secret"\nsolution = len(helper)\ncheck("one", solution)')
    handed = for_students(chapter(task, solution, ("", "print(solution + 1)")))
    assert handed["cells"][-1]["source"] == (
        'assert check("one", mine), "Answer the exercise above first."\nprint(mine + 1)'
    )
    assert "a secret" not in json.dumps(handed)
    with pytest.raises(PressError, match="a cell needs helper, which only a solution defines"):
        for_students(chapter(task, solution, ("", "print(helper)")))


@pytest.mark.fault(
    "a chapter with `!nvidia-smi`, `%%bash`, `x = !ls` or `len?`",
    "the handout has the cell as it is",
    "both handouts",
)
@pytest.mark.parametrize(
    "source",
    ["!nvidia-smi", "%%bash\nls | wc", "x = !ls", "len?", "%matplotlib inline", "await f()"],
)
def test_what_only_jupyter_reads_stays_in_a_handout(source: str) -> None:
    assert for_students(chapter(("", source)))["cells"][0]["source"] == source


@pytest.mark.parametrize(
    "magic", ["%%time\n", "%%capture said\n", "%time ", "if True:\n    %timeit "]
)
def test_what_a_magic_runs_tells_no_solution(magic: str) -> None:
    cells = (("solution", "helper = 1"), ("", f"{magic}print(helper)"))
    with pytest.raises(PressError, match="a cell needs helper"):
        for_students(chapter(*cells))


@pytest.mark.parametrize("source", ["def (", "x\0y", "(" * 300])
def test_a_cell_that_is_no_python_is_told(source: str) -> None:
    with pytest.raises(PressError, match="a cell is no Python"):
        for_students(chapter(("", source)))


@pytest.mark.fault(
    "a chapter saved by Colab, with the kernel and the name of whoever did it",
    "handouts that are valid, for any Python, and say nothing of them",
    "both handouts",
)
def test_a_handout_is_valid_and_knows_nothing_of_its_editor() -> None:
    edited = chapter(("", "x = 1"), ("exercise", "mine = ..."))
    edited |= {"nbformat": 4, "nbformat_minor": 0}
    edited["metadata"] = {
        "kernelspec": {"name": "grace", "display_name": "/home/grace/venv", "language": "python"},
        "colab": {"provenance": [{"file_id": "grace"}]},
        "language_info": {"name": "python", "version": "grace"},
    }
    for cell in edited["cells"]:
        del cell["id"]
        cell["metadata"]["executionInfo"] = {"user": {"displayName": "Grace"}}
    for made in (for_students(edited), for_instructors(edited, "a note")):
        notebook = nbformat.from_dict(made)
        nbformat.validate(notebook)
        assert "grace" not in json.dumps(made).lower()
        assert notebook.metadata.kernelspec.name == "python3"
        assert len({cell.id for cell in notebook.cells}) == len(notebook.cells)
    assert [notebooks.tags(cell) for cell in for_students(edited)["cells"]] == [[], ["exercise"]]


def test_minutes_grow_with_words_and_exercises() -> None:
    short = reading_of(chapter(("exercise", "a = ...")))
    longer = reading_of(chapter(*[("exercise", "a = ...")] * 6))
    assert longer.minutes >= short.minutes + 25
    assert "about 7 seconds" in longer.note(7.0)
    assert "cnn-course run --save" in short.note(None)


def test_the_command_writes_both_folders_and_never_over_the_chapters(course: Course) -> None:
    course.do("handout", "--out", "handouts")
    for part in ("students", "instructors"):
        names = sorted(file.name for file in (course.root / "handouts" / part).iterdir())
        assert names == ["01-first.ipynb", "02-second.ipynb"]
    assert "holds the chapters themselves" in course.do("handout", "--out", "notebooks", status=1)
    assert "no-such-chapter" in course.do("handout", "no-such-chapter", "--out", "x", status=1)
    assert not (course.root / "x").exists()


# A learner's own copy


TASK = 'mine = ...\ncheck("slip", mine)'


@pytest.fixture
def course(tmp_path: Path) -> Course:
    made = new_course(tmp_path / "course")
    made.environment["JUPYTER_DATA_DIR"] = str(tmp_path / "jupyter")
    with made.edit("01-first") as notebook:
        notebook.cells.append(v4.new_code_cell(TASK, id="task", metadata={"tags": ["exercise"]}))
    return made


def copied(course: Course) -> str:
    """Run the command in a process of its own: signing sets up logging anew for all there is."""
    return course.end(course.start("copy"), 0)


def own(course: Course, name: str = "01-first") -> Path:
    return course.root / "my-course" / f"{name}.ipynb"


def sources(file: Path) -> list[str]:
    return [cell["source"] for cell in notebooks.read(file)["cells"]]


def with_time(course: Course) -> list[str]:
    """Return the chapter as it is copied: it says how long it takes."""
    title, *more = sources(course.source("01-first"))
    return [title, "*About 5 minutes to read it and to try the exercises.*", *more]


def answer(course: Course) -> None:
    """Answer the exercise, and write a note of one's own, as JupyterLab would save it."""
    file = own(course)
    file.write_text(file.read_text().replace("mine = ...", "mine = {1: 2}"))
    notebook = json.loads(file.read_text())
    notebook["cells"].append(v4.new_markdown_cell("a note of my own"))
    file.write_text(json.dumps(notebook))


def new_edition(course: Course) -> None:
    with course.edit("01-first") as notebook:
        notebook.cells[0].source += "\n\nA better sentence."


def test_the_first_time_all_chapters_are_copied_and_the_second_time_none(course: Course) -> None:
    assert "my-course/" in copied(course)
    assert sources(own(course)) == with_time(course)
    assert own(course, "02-second").exists()
    before = own(course).stat().st_mtime_ns
    assert copied(course) == ""
    assert own(course).stat().st_mtime_ns == before


def test_a_copy_is_trusted_kept_while_the_chapter_is_the_same_and_then_renewed(
    course: Course,
) -> None:
    copied(course)
    notary = NotebookNotary(data_dir=course.environment["JUPYTER_DATA_DIR"])
    assert notary.check_signature(nbformat.read(own(course), as_version=4))
    assert not notary.check_signature(nbformat.read(course.source("01-first"), as_version=4))
    new_edition(course)  # and nobody has written in the old one
    assert copied(course).startswith("01-first.ipynb has a new edition.")
    assert sources(own(course)) == with_time(course)
    assert len(list(own(course).parent.iterdir())) == 2
    answer(course)
    answered = own(course).read_bytes()
    assert copied(course) == ""
    assert own(course).read_bytes() == answered


def test_answers_move_into_a_new_edition_and_the_old_copy_is_kept(course: Course) -> None:
    copied(course)
    answer(course)
    answered = own(course).read_bytes()
    new_edition(course)
    said = copied(course)
    assert "Answers that were moved into it: 1;" in said
    text = "\n".join(sources(own(course)))
    assert "A better sentence." in text
    assert "mine = {1: 2}" in text
    (kept,) = own(course).parent.glob("old copies/01-first, until *.ipynb")
    assert kept.name in said
    assert kept.read_bytes() == answered
    own(course).write_text("<<<<<<< HEAD")  # damaged, on the same day: nothing is written over
    assert "Answers that were moved into it: 0;" in copied(course)
    assert sources(own(course)) == with_time(course)
    assert kept.read_bytes() == answered
    (other,) = {*own(course).parent.glob("old copies/01-first, until *.ipynb")} - {kept}
    assert other.read_text() == "<<<<<<< HEAD"


# A process that is killed when it writes its second file, which is the new edition.
KILLED = """
import os, signal
written = []
def fsync(_):
    written.append(1)
    if len(written) == 2:
        os.kill(os.getpid(), signal.SIGKILL)
os.fsync = fsync
from cnn_course.press.cli import main
main(["copy"])
"""


@pytest.mark.fault(
    "SIGKILL between the old copy of a chapter and its new edition",
    "the next command moves the answers all the same",
    "one old copy",
)
def test_answers_move_into_a_new_edition_also_after_a_kill(course: Course) -> None:
    copied(course)
    answer(course)
    answered = own(course).read_bytes()
    new_edition(course)
    process = course.start_python(KILLED)
    process.communicate(timeout=HANGS)
    assert process.returncode == -signal.SIGKILL
    assert own(course).read_bytes() == answered
    assert "Answers that were moved into it: 1;" in copied(course)
    (kept,) = own(course).parent.glob("old copies/*")
    assert kept.read_bytes() == answered
    notary = NotebookNotary(data_dir=course.environment["JUPYTER_DATA_DIR"])
    assert notary.check_signature(nbformat.read(own(course), as_version=4))


def test_git_leaves_the_copies_alone() -> None:
    assert "/my-course/" in (ROOT / ".gitignore").read_text().splitlines()
