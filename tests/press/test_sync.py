"""`cnn-course sync`: the address and the requirements stand in one place and are right in all."""

import json
from pathlib import Path

import nbformat
import pytest
import yaml

from press.conftest import PYPROJECT, Course, new_course

OLD, NEW = "nobody/small-course", "Somebody/a-copy"
README = """
[Course](https://github.com/nobody/small-course/issues), not https://github.com/nobody/small-courses
[Colab](https://colab.research.google.com/github/nobody/small-course/blob/main/x.ipynb)
[Binder](https://mybinder.org/v2/gh/nobody/small-course/main?x=y)
[Site](https://nobody.github.io/small-course/book/index.html)
git clone https://github.com/nobody/small-course.git
https://github.com/keras-team/keras
"""
INSTALL = """\
course = "small-course @ git+https://github.com/{owner}"
%pip install "{{course}}@v{version}" || pip install "{{course}}"
"""


@pytest.fixture
def clone(tmp_path: Path) -> Course:
    course = new_course(tmp_path / "course")
    (course.root / "README.md").write_text(README)
    (course.root / "CITATION.cff").write_text("url: https://github.com/nobody/small-course\n")
    (course.root / "LICENSE").write_text("https://github.com/nobody/small-course\n")
    course.write("01-first", INSTALL.format(owner="x/small-course", version="0.0.9"))
    with course.edit("01-first") as notebook:
        address = "https://github.com/x/small-course was printed"
        notebook.cells[-1].outputs = [nbformat.v4.new_output("stream", text=address)]
    return course


def test_every_address_follows_pyproject_and_nothing_else_changes(clone: Course):
    root = clone.root
    (root / "pyproject.toml").write_text(PYPROJECT.replace(OLD, NEW))
    said = clone.do("sync")
    assert "README.md" in said
    expected = README.replace(f"{OLD}s", "KEEP").replace(OLD, NEW).replace("KEEP", f"{OLD}s")
    expected = expected.replace("nobody.github.io/small-course", "somebody.github.io/a-copy")
    assert (root / "README.md").read_text() == expected
    assert (root / "CITATION.cff").read_text() == f"url: https://github.com/{NEW}\n"
    assert (root / "LICENSE").read_text() == "https://github.com/nobody/small-course\n"
    cell = nbformat.read(clone.source("01-first"), as_version=4).cells[-1]
    assert cell.source == INSTALL.format(owner=NEW, version="0.1.0")
    assert "x/small-course was printed" in cell.outputs[0].text

    # And from there to a third place, with another name again.
    (root / "pyproject.toml").write_text(PYPROJECT.replace(OLD, "third/place"))
    clone.do("sync")
    assert (root / "CITATION.cff").read_text() == "url: https://github.com/third/place\n"
    assert "a-copy" not in (root / "README.md").read_text()
    assert "a-copy" not in (root / "environment.yml").read_text()


def test_check_lists_what_differs_and_writes_nothing(clone: Course):
    clone.do("sync")
    assert "Everything is up to date" in clone.do("sync", "--check")
    before = (clone.root / "README.md").read_bytes()
    (clone.root / "pyproject.toml").write_text(PYPROJECT.replace(OLD, NEW))
    said = clone.do("sync", "--check", status=1)
    assert [line.strip() for line in said.splitlines()[1:]] == [
        "environment.yml",
        "CITATION.cff",
        "README.md",
        "notebooks/01-first.ipynb",
    ]
    assert (clone.root / "README.md").read_bytes() == before


def test_binder_gets_the_python_and_the_requirements_of_the_project(clone: Course):
    assert "environment.yml" in clone.do("sync")
    text = (clone.root / "environment.yml").read_text()
    assert yaml.safe_load(text) == {
        "name": "small-course",
        "channels": ["conda-forge"],
        "dependencies": [
            "python=3.12",
            "pip",
            {"pip": ["-c requirements.lock", "-e .[press]"]},
        ],
    }
    assert "Everything is up to date" in clone.do("sync")
    assert (clone.root / "environment.yml").read_text() == text


def test_an_address_that_colab_cannot_open_is_refused(clone: Course):
    text = PYPROJECT.replace("https://github.com/nobody/small-course", "https://github.com/course")
    (clone.root / "pyproject.toml").write_text(text)
    assert "write such an address" in clone.do("sync", status=1)


def test_exercises_are_listed_by_chapter_and_section_where_there_are_checks(clone: Course):
    (clone.root / "cnn_course" / "checks").mkdir(parents=True)
    with clone.edit("01-first") as notebook:
        notebook.cells += [
            nbformat.v4.new_markdown_cell("# Chapter\n\n## Before\n\n## Counting"),
            nbformat.v4.new_code_cell('a = ...\ncheck("slip", a)', metadata={"tags": ["exercise"]}),
            nbformat.v4.new_code_cell('check("slip", solution)', metadata={"tags": ["solution"]}),
        ]
    clone.do("sync")
    listed = json.loads((clone.root / "cnn_course" / "checks" / "sections.json").read_text())
    assert listed == {"01-first": {"Counting": ["slip"]}, "02-second": {}}
    assert "Everything is up to date" in clone.do("sync", "--check")


def test_an_exercise_without_an_answer_is_told_with_the_file_to_write_it_in(clone: Course):
    (clone.root / "cnn_course" / "checks").mkdir(parents=True)
    with clone.edit("01-first") as notebook:
        cell = nbformat.v4.new_code_cell(
            'check("unheard-of", ...)', metadata={"tags": ["exercise"]}
        )
        notebook.cells.append(cell)
    said = clone.do("sync", status=1)
    assert "notebooks/01-first.ipynb asks check('unheard-of')" in said
    assert "cnn_course/checks/answers/01-first.toml" in said


def test_an_exercise_that_two_chapters_ask_is_told_with_both(clone: Course):
    (clone.root / "cnn_course" / "checks").mkdir(parents=True)
    for name in ("01-first", "02-second"):
        with clone.edit(name) as notebook:
            cell = nbformat.v4.new_code_cell('check("slip", ...)', metadata={"tags": ["exercise"]})
            notebook.cells.append(cell)
    said = clone.do("sync", status=1)
    assert "notebooks/02-second.ipynb asks check('slip')" in said
    assert "notebooks/01-first.ipynb. Give the exercise a name of its own" in said


def test_an_exercise_that_a_chapter_asks_twice_is_told(clone: Course):
    (clone.root / "cnn_course" / "checks").mkdir(parents=True)
    with clone.edit("01-first") as notebook:
        notebook.cells += [
            nbformat.v4.new_code_cell(
                f'a = {n}\ncheck("slip", ...)', metadata={"tags": ["exercise"]}
            )
            for n in range(2)
        ]
    assert "asks check('slip') in two exercises" in clone.do("sync", status=1)


def test_files_of_a_chapter_that_the_table_of_contents_lacks_are_told(clone: Course):
    answers = clone.root / "cnn_course" / "checks" / "answers"
    answers.mkdir(parents=True)
    (answers / "01-frist.toml").write_text("")
    said = clone.do("sync", status=1)
    assert "cnn_course/checks/answers/01-frist.toml has the name of no chapter" in said
    assert "Did you mean '01-first'?" in said
    clone.source("03-third").write_bytes(clone.source("01-first").read_bytes())
    assert "03-third.ipynb is no chapter yet: list it in _toc.yml" in clone.do("sync", status=1)


def test_progress_is_listed_and_cleared_on_the_command_line(clone: Course):
    file = clone.root / "progress.txt"
    file.write_text("slip 2026-11-21\n")
    clone.environment["CNN_COURSE_PROGRESS"] = str(file)
    assert "[x] slip" in clone.do("progress")
    assert "[ ] slip" in clone.do("progress", "--clear")
    assert not file.exists()
