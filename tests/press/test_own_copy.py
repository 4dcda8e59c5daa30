"""A learner's own copy of the chapters: made once, renewed, and no answer lost."""

import json
import subprocess
from pathlib import Path

import nbformat
import pytest
from conftest import ROOT
from nbformat import v4
from nbformat.sign import NotebookNotary

from cnn_course.press import notebooks

from .conftest import Course, new_course

TASK = 'mine = ...\ncheck("slip", mine)'


@pytest.fixture
def course(tmp_path: Path) -> Course:
    made = new_course(tmp_path / "course")
    made.environment["JUPYTER_DATA_DIR"] = str(tmp_path / "jupyter")
    with made.edit("01-first") as notebook:
        notebook.cells.append(v4.new_code_cell(TASK, id="task", metadata={"tags": ["exercise"]}))
    return made


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
    assert "my-course/" in course.do("copy")
    assert sources(own(course)) == with_time(course)
    assert own(course, "02-second").exists()
    before = own(course).stat().st_mtime_ns
    assert course.do("copy") == ""
    assert own(course).stat().st_mtime_ns == before


def test_jupyterlab_trusts_a_copy(course: Course) -> None:
    course.do("copy")
    notary = NotebookNotary(data_dir=course.environment["JUPYTER_DATA_DIR"])
    assert notary.check_signature(nbformat.read(own(course), as_version=4))
    assert not notary.check_signature(nbformat.read(course.source("01-first"), as_version=4))


def test_what_was_answered_stays_as_long_as_the_chapter_is_the_same(course: Course) -> None:
    course.do("copy")
    answer(course)
    answered = own(course).read_bytes()
    assert course.do("copy") == ""
    assert own(course).read_bytes() == answered


def test_a_chapter_in_which_nobody_has_written_is_renewed(course: Course) -> None:
    course.do("copy")
    new_edition(course)
    assert course.do("copy").startswith("01-first.ipynb has a new edition.")
    assert sources(own(course)) == with_time(course)
    assert len(list(own(course).parent.iterdir())) == 2


def test_answers_move_into_a_new_edition_and_the_old_copy_is_kept(course: Course) -> None:
    course.do("copy")
    answer(course)
    answered = own(course).read_bytes()
    new_edition(course)
    said = course.do("copy")
    assert "Answers that were moved into it: 1;" in said
    text = "\n".join(sources(own(course)))
    assert "A better sentence." in text
    assert "mine = {1: 2}" in text
    (kept,) = own(course).parent.glob("old copies/01-first, until *.ipynb")
    assert kept.name in said
    assert kept.read_bytes() == answered
    # The same again on the same day: nothing is written over.
    new_edition(course)
    course.do("copy")
    assert "mine = {1: 2}" in "\n".join(sources(own(course)))
    assert len(list(own(course).parent.glob("old copies/01-first, until *.ipynb"))) == 2
    assert kept.read_bytes() == answered


def test_a_damaged_copy_is_set_aside(course: Course) -> None:
    course.do("copy")
    own(course).write_text("<<<<<<< HEAD")
    assert "Answers that were moved into it: 0;" in course.do("copy")
    (kept,) = own(course).parent.glob("old copies/01-first, until *.ipynb")
    assert kept.read_text() == "<<<<<<< HEAD"
    assert sources(own(course)) == with_time(course)


def test_git_pulls_a_new_edition_over_answered_chapters(course: Course, tmp_path: Path) -> None:
    def git(folder: Path, *arguments: str) -> str:
        command = ["git", "-c", "user.name=A", "-c", "user.email=a@example.org", *arguments]
        done = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
        return done.stdout

    (course.root / ".gitignore").write_text((ROOT / ".gitignore").read_text())
    git(course.root, "init", "--quiet")
    git(course.root, "add", "--all")
    git(course.root, "commit", "--quiet", "--message", "first")
    git(tmp_path, "clone", "--quiet", str(course.root), "clone")
    clone = Course(tmp_path / "clone", course.environment)
    clone.do("copy")
    answer(clone)
    new_edition(course)
    git(course.root, "commit", "--all", "--quiet", "--message", "second")
    assert git(clone.root, "status", "--porcelain") == ""
    git(clone.root, "pull", "--quiet")
    assert "new edition" in clone.do("copy")
    text = "\n".join(sources(own(clone)))
    assert "A better sentence." in text
    assert "mine = {1: 2}" in text
