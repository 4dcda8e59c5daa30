"""What can be known of Windows elsewhere: names that it takes, encodings, commands for it."""

import ast
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

import pytest
from conftest import ROOT

from cnn_course.press.classroom import report
from cnn_course.press.cli import commands
from cnn_course.press.project import Chapter
from cnn_course.training.state import FOLDER_VARIABLE, state_file
from press.conftest import Course, new_course
from press.test_classroom import HOSTILE, Class

_DEVICES = {"con", "prn", "aux", "nul", "conin$", "conout$"} | {
    f"{port}{number}" for port in ("com", "lpt") for number in "0123456789¹²³"
}
# 259 signs make the longest path; so many are left for the folder of the course before it. The
# longest name that the locked packages bring has 187, below .venv.
_FOLDER = 70


def refused(names: Iterable[str]) -> list[str]:
    """Return what Windows does not take of names, or takes for one that is there already."""
    wrong = []
    for name in (names := list(names)):
        parts = PurePosixPath(name).parts
        signs = any(re.search(r'[<>:"\\|?*\x00-\x1f]|[ .]$', part) for part in parts)
        device = any(part.split(".")[0].rstrip().lower() in _DEVICES for part in parts)
        if signs or device or len(name) > 259 - _FOLDER:
            wrong.append(name)
    times = Counter(name.casefold() for name in set(names))
    return wrong + [name for name in names if times[name.casefold()] > 1]


def names_below(folder: Path, left_out: Iterable[str] = ()) -> Iterator[str]:
    """Yield the relative names of all files."""
    for inside, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name not in left_out]
        yield from ((Path(inside) / name).relative_to(folder).as_posix() for name in files)


@pytest.mark.parametrize(
    "names",
    [["a/CON"], ["nul.txt"], ["com1/x"], ["a:b"], ["a?"], ["x."], ["x /y"], ["x" * 200], "aA"],
)
def test_a_name_that_windows_refuses_is_found(names: list[str]) -> None:
    assert refused(names) == list(names)
    assert refused(["a/b.c", "console.txt", "a/d"]) == []


def test_windows_takes_the_name_of_every_file_of_the_course() -> None:
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").split()
    names = list(names_below(ROOT, {".git", *(name.strip("/") for name in ignored)}))
    assert "Makefile" in names
    assert refused(names) == []


@pytest.mark.fault(
    "students called CON, nul.txt, a:b? or with 300 signs",
    "every file has a name that Windows takes",
    "the class's files",
)
def test_windows_takes_the_name_of_every_file_of_a_class(tmp_path: Path) -> None:
    students = ["CON", "nul.txt", "a:b?", "dot.", "x" * 300, *HOSTILE]
    made = Class(tmp_path, *students, level="first", formats=("moodle", "canvas"))
    marked = made.mark(*(made.row(place) for place in range(len(students))))
    report.write_report(tmp_path / "out", marked.results, marked.settings)
    report.write_feedback(tmp_path / "out", marked.results, marked.settings)
    names = list(names_below(tmp_path))
    assert len(names) > 7 * len(students)
    assert refused(names) == []


def test_windows_takes_the_name_of_every_copy_of_a_chapter(tmp_path: Path) -> None:
    course: Course = new_course(tmp_path)
    chapter = Chapter("01-first", course.source("01-first"))
    course.do("copy")
    own = tmp_path / "my-course" / chapter.file.name
    for edition in "ab":  # of two days or of one, each old copy gets a name of its own
        own.write_text(own.read_text("utf-8").replace("first", "mine"), encoding="utf-8")
        course.write("01-first", f"print({edition!r})")
        course.do("copy")
    course.do("handout", "--out", "handouts")
    names = list(names_below(tmp_path))
    assert sum("old copies" in name for name in names) == 2
    assert sum("handouts" in name for name in names) == 4
    assert refused(names) == []


def test_windows_takes_the_name_of_every_state_of_a_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    for name in ("from scratch", "ladder, 8 layers?", r'"a\b|c*": <d>.', "Ünïcode. "):
        assert refused([state_file(name, "a training").name]) == []


# Encodings


def opened_by_chance(code: str) -> list[int]:
    """Return the lines where a text is read or written in whatever encoding a system prefers."""
    found = []
    for call in (node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Call)):
        function, named = ast.unparse(call.func), {one.arg: one.value for one in call.keywords}
        texts = [one.value for one in call.args if isinstance(one, ast.Constant)]
        modes = [one for one in texts if re.fullmatch(r"[rwaxbt+]{1,3}", str(one))]
        if function.endswith((".read_text", ".write_text")):
            text = len(call.args) < 1 + function.endswith(".write_text")
        elif function == "open" or function.endswith(".open"):
            told = bool(modes) or function == "open" or not call.args  # else of other things
            text = told and not any("b" in mode for mode in modes)
        else:
            text = isinstance(asked := named.get("text"), ast.Constant) and bool(asked.value)
        if text and "encoding" not in named:
            found.append(call.lineno)
    return found


@pytest.mark.parametrize(
    "code",
    [
        "open(file)",
        'open(file, "w")',
        "file.open()",
        'file.open("a")',
        "file.read_text()",
        "file.write_text(text)",
        "subprocess.run(order, text=True)",
    ],
)
def test_a_text_without_an_encoding_is_found(code: str) -> None:
    assert opened_by_chance(code) == [1]
    assert opened_by_chance(code.replace(")", ', encoding="utf-8")').replace("(, ", "(")) == []


def test_every_text_is_read_and_written_as_utf_8() -> None:
    files = sorted((ROOT / "cnn_course").rglob("*.py"))
    found = {file.name: opened_by_chance(file.read_text(encoding="utf-8")) for file in files}
    assert {name: lines for name, lines in found.items() if lines} == {}


# Commands


def test_the_commands_for_powershell_are_of_its_form_and_name_what_there_is() -> None:
    page = (ROOT / "book" / "how-to-use.md").read_text(encoding="utf-8")
    block = re.search(r"\*\*Windows\.\*\*.*?```\n(.*?)```", page, re.DOTALL)[1]
    assert not re.search(r"&&|\bsource\b|[^/]bin/|\\$|[ \t]$|[“”]", block, re.MULTILINE)
    lines = re.sub(r"`\n\s*", "", block).splitlines()  # a line that ends in ` goes on
    programs = [line.split()[0] for line in lines]
    assert set(programs) == {"git", "cd", "py"} | {
        rf".venv\Scripts\{name}" for name in ("pip", "cnn-course", "jupyter")
    }
    assert next(line.split()[1] for line in lines if "cnn-course copy" in line) in commands.commands
    assert all((ROOT / file).is_file() for file in re.findall(r"-r (\S+)", block))
    url = re.search(r"--LabApp\.default_url=\S+", block)[0]
    assert url in (ROOT / "Makefile").read_text(encoding="utf-8")
