"""Small courses for the tests of the press, whose chapters need no TensorFlow."""

import io
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode, v4
from patience import HANGS

from cnn_course.press import fingerprint
from cnn_course.press.cli import main

COMMAND = Path(sys.executable).with_name("cnn-course")
PARAMETERS = 'profile = "tiny"  # or "full"'

CONFIG = """
title: A small course
author: Nobody
only_build_toc_files: true
execute: { execute_notebooks: "off", stderr_output: remove }
repository: { path_to_book: "" }
launch_buttons: { colab_url: "https://colab.research.google.com" }
html: { use_repository_button: true }
sphinx:
  config:
    html_static_path: [book/_static]
    html_css_files: [course.css]
"""
TOC = """
format: jb-book
root: book/index
parts:
  - caption: Chapters
    chapters:
      - file: notebooks/01-first
      - file: notebooks/02-second
"""
PYPROJECT = """
[project]
name = "small-course"
version = "0.1.0"
requires-python = ">=3.11,<3.14"
dependencies = ["numpy>=1.26,<3"]

[project.optional-dependencies]
press = ["papermill>=2.6,<3"]
test = ["pytest>=8.2"]

[project.urls]
Repository = "https://github.com/nobody/small-course"
"""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark who works on a course that was built: building it starts kernels."""
    for item in items:
        if "built" in getattr(item, "fixturenames", ()):
            item.add_marker("kernel")


@dataclass
class Course:
    """A clone in a folder of its own, and the command that works on it."""

    root: Path
    environment: dict[str, str] = field(default_factory=dict)

    def start(self, *arguments: str, **options) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [COMMAND, *arguments],
            cwd=self.root,
            env=os.environ | self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **options,
        )

    def start_deaf(self, *arguments: str, **options) -> subprocess.Popen[str]:
        """Start the command as `nohup` and a shell's background do: Ctrl+C is ignored."""
        return self.start(
            *arguments, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN), **options
        )

    def do(self, *arguments: str, status: int = 0) -> str:
        """Run the command in this process and return what it says, on both streams."""
        fingerprint.package_files.cache_clear()  # a new process would read the package again
        said = io.StringIO()
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(said), redirect_stderr(said):
            patch.chdir(self.root)
            for name, value in self.environment.items():
                patch.setenv(name, value)
            try:
                main(arguments)
                ended = 0
            except SystemExit as end:
                ended = end.code
        assert ended == status, said.getvalue()
        return said.getvalue()

    def end(self, process: subprocess.Popen[str], status: int) -> str:
        """Wait for a process of the command and return what it says, on both streams."""
        said = "".join(process.communicate(timeout=HANGS))
        assert process.returncode == status, said
        assert "cnn_course/press" not in said, "A traceback reached the user."
        return said

    def source(self, name: str) -> Path:
        return self.root / "notebooks" / f"{name}.ipynb"

    def ran(self, name: str, profile: str = "tiny") -> Path:
        return self.root / "_build" / "runs" / profile / "notebooks" / f"{name}.ipynb"

    def write(self, name: str, *codes: str, parameters: str = PARAMETERS) -> None:
        """Write a chapter: its title, the cell of parameters, then a cell for each of `codes`."""
        cells = [v4.new_markdown_cell(f"# Chapter {name}", id="title")]
        if parameters:
            cells.append(v4.new_code_cell(parameters, id="parameters"))
            cells[-1].metadata["tags"] = ["parameters"]
        cells += [v4.new_code_cell(code, id=f"code-{n}") for n, code in enumerate(codes)]
        nbformat.write(v4.new_notebook(cells=cells), self.source(name))

    @contextmanager
    def edit(self, name: str) -> Iterator[NotebookNode]:
        """Give a stored chapter to be changed."""
        notebook = nbformat.read(self.source(name), as_version=4)
        yield notebook
        nbformat.write(notebook, self.source(name))

    def outputs(self, name: str, profile: str = "tiny") -> str:
        """Return the text that an executed chapter printed."""
        cells = nbformat.read(self.ran(name, profile), as_version=4).cells
        return "".join(o.get("text", "") for cell in cells for o in cell.get("outputs", []))

    def known(self, name: str) -> dict:
        """Return what is known of the last run of a chapter."""
        return nbformat.read(self.ran(name), as_version=4).metadata.cnn_course

    def record(self, name: str = "01-first") -> dict:
        """Return what was measured in a full run; `name` may begin with a folder."""
        return json.loads((self.root / "book" / "measured" / f"{name}.json").read_text())

    def page(self, name: str) -> str:
        return (self.root / "_build" / "html" / f"{name}.html").read_text(encoding="utf-8")


def new_course(root: Path) -> Course:
    for folder in ("book/_static", "book/measured", "notebooks"):
        (root / folder).mkdir(parents=True)
    (root / "_config.yml").write_text(CONFIG)
    (root / "_toc.yml").write_text(TOC)
    (root / "pyproject.toml").write_text(PYPROJECT)
    (root / "book" / "index.md").write_text("# Welcome\n\nHello.\n")
    (root / "book" / "_static" / "course.css").write_text("")
    course = Course(root)
    course.write("01-first", 'print("first", profile)')
    course.write("02-second", 'print("second", profile)')
    return course


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """A course that was built once; tests work on copies of it."""
    course = new_course(tmp_path_factory.mktemp("course") / "built")
    course.do("build")
    return course


@pytest.fixture
def course(built: Course, tmp_path: Path) -> Course:
    """A fresh copy of a course whose two chapters have run and whose book is printed."""
    return Course(shutil.copytree(built.root, tmp_path / "a course", symlinks=True))
