"""A disk that is full or read-only: one message, and what was there before is still there."""

import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from surroundings import refusing

from cnn_course.press import book
from cnn_course.press.cli import main
from press.conftest import Course, new_course


@pytest.fixture
def unbuilt(tmp_path: Path) -> Course:
    return new_course(tmp_path / "course")


@pytest.fixture
def failing(
    unbuilt: Course, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[[], str]:
    """Return what a build says that fails when the chapters have run."""
    monkeypatch.chdir(unbuilt.root)
    monkeypatch.setattr(book, "_good_runs", lambda *_, **__: ({}, ""))

    def build() -> str:
        with pytest.raises(SystemExit):
            main(["build"])
        return capsys.readouterr().err

    return build


@pytest.mark.fault(
    "A disk that is full, over its quota or read-only, for handouts and the learner's copy",
    "One message with the file and what to do",
    "What was there before",
)
@pytest.mark.parametrize("command", [["handout", "1", "--out", "made"], ["copy"]])
@pytest.mark.parametrize(
    ("code", "advice"),
    [
        (errno.ENOSPC, "Make room on that disk"),
        (errno.EDQUOT, "Make room in your share"),
        (errno.EROFS, "Choose a folder on another disk"),
        (errno.EFBIG, "ulimit -f unlimited"),
        (errno.EACCES, "Close the program that has it open"),
    ],
)
def test_a_disk_that_takes_nothing_is_told_with_the_file_and_what_to_do(
    unbuilt: Course, monkeypatch: pytest.MonkeyPatch, command: list[str], code: int, advice: str
) -> None:
    unbuilt.do(*command)
    made = unbuilt.root / ("made" if "made" in command else "my-course")
    before = {file: file.read_bytes() for file in made.rglob("*") if file.is_file()}
    unbuilt.write("01-first", "print('changed')")
    monkeypatch.setattr("cnn_course.files.os.fsync", refusing(code))
    said = unbuilt.do(*command, status=1)
    (error,) = [line for line in said.splitlines() if line.startswith("Error: ")]
    assert f"01-first.ipynb: {os.strerror(code)}." in error
    assert advice in said
    assert {file: file.read_bytes() for file in made.rglob("*") if file.is_file()} == before


@pytest.mark.fault("A command in a folder that was removed", "One message that says so", "Nothing")
def test_a_folder_that_was_removed_is_told(
    unbuilt: Course, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    gone = unbuilt.root / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    for command in (["build"], ["handout", "1", "--out", "made"], ["copy"]):
        with pytest.raises(SystemExit):
            main(command)
        assert "The folder that your shell is in was removed." in capsys.readouterr().err


@pytest.mark.fault(
    "A disk that is full while the pages are put together",
    "One message with the folder and what to do",
    "Nothing of the pages",
)
def test_a_disk_that_is_full_during_a_build_is_named(
    unbuilt: Course, failing: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "copyfile", refusing(errno.ENOSPC))
    scratch = unbuilt.root / "_build" / "scratch"
    said = failing()
    assert said.startswith(f"Error: {scratch}")
    assert f": {os.strerror(errno.ENOSPC)}.\nMake room on that disk" in said
    assert not scratch.exists()


@pytest.mark.fault(
    "A disk that is full while Jupyter Book works",
    "One line of its traceback and what to do",
    "The previous site",
)
def test_a_disk_that_is_full_for_jupyter_book_is_told_without_its_traceback(
    unbuilt: Course, failing: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    previous = unbuilt.root / "_build" / "html" / "index.html"
    previous.parent.mkdir(parents=True)
    previous.write_text("the previous site")
    fails = "import errno, os; raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), 'page.html')"
    monkeypatch.setattr(book, "_JUPYTER_BOOK", fails)
    said = failing()
    assert previous.read_text() == "the previous site"
    assert "Jupyter Book stopped. The previous site is as it was." in said
    assert "page.html" in said
    assert "Make room on that disk" in said
    assert "Traceback" not in said
