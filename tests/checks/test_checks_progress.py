"""Progress in JupyterLab: right answers of the learner are kept, and nothing else is."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import IPython
import pytest
from conftest import NOTEBOOKS
from nbformat import v4
from patience import HANGS

from cnn_course.checks import check, exercise_names, forget_progress, progress

SLIP = '{"dense_2": 100, "output": 30}'
MISTAKE = '{"taken": 48_120, "right": 120, "factor": 398}'


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the file where progress is kept for this test; it is not there yet."""
    file = tmp_path / "new folder" / "progress.txt"
    monkeypatch.setenv("CNN_COURSE_PROGRESS", str(file))
    return file


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Return a function that runs code as a cell of a notebook is run, in this process."""
    names: dict[str, object] = {"check": check}
    shell = SimpleNamespace(kernel="a notebook's", user_ns=names)
    monkeypatch.setattr(IPython, "get_ipython", lambda: shell)
    return lambda code: exec(code, names)


@pytest.mark.kernel
def test_only_a_right_answer_of_the_learner_is_kept(kept: Path) -> None:
    cells = [
        f"from pathlib import Path\nfile = Path({str(kept)!r})\n"
        "from cnn_course.checks import check",
        'answer = {"dense_2": ..., "output": ...}\ncheck("slip", answer)',
        'answer = {"dense_2": 1, "output": 1}\ncheck("slip", answer)',
        f'solution = {SLIP}\ncheck("slip", solution)',
        "assert not file.exists()",
        f'answer = {SLIP}\ncheck("slip", answer)',
    ]
    notebook = v4.new_notebook(cells=[v4.new_code_cell(cell) for cell in cells])
    from nbclient import NotebookClient  # noqa: PLC0415 - what it imports takes seconds

    client = NotebookClient(notebook, timeout=HANGS, startup_timeout=HANGS, kernel_name="python3")
    with client.setup_kernel():
        # Who runs a whole notebook keeps no history, and must keep no solutions either.
        for in_history in (False, True):
            for index, cell in enumerate(notebook.cells):
                client.execute_cell(cell, index, store_history=in_history)
            assert progress().done == {"slip"}
            assert "[x] slip" in str(progress())
            forget_progress()


def test_a_script_keeps_nothing(kept: Path) -> None:
    assert check("slip", {"dense_2": 100, "output": 30})
    assert not kept.exists()


def test_what_was_kept_survives_a_second_exercise_and_can_be_forgotten(
    kept: Path, run: Callable[[str], None]
) -> None:
    run(f'check("slip", {SLIP})')
    run(f'check("mistake", {MISTAKE})')
    assert progress().done == {"slip", "mistake"}
    share = f"2 of {len(exercise_names('08-class-test'))} exercises"
    assert share in str(progress())
    assert share in progress()._repr_html_()
    forget_progress()
    assert not kept.exists()
    assert share not in str(progress())
    forget_progress()  # a second time is no error


# A process that looks like a notebook, in which exercises are answered rightly one after the other.
ANSWERING = """
import sys
from IPython.core.interactiveshell import InteractiveShell

shell = InteractiveShell.instance()
shell.kernel = "a notebook's"
code = "from cnn_course.checks.progress import note\\nfor name in names: note(name)"
shell.user_ns["names"] = sys.argv[1:]
print("ready", flush=True)
sys.stdin.readline()
shell.run_cell(code).raise_error()
"""


@pytest.mark.fault(
    "two notebooks that keep right answers at the same moment",
    "all of both are kept",
    "one line for each answer",
)
def test_two_notebooks_that_write_at_the_same_moment_lose_nothing(kept: Path) -> None:
    names = exercise_names()
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", ANSWERING, *half],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for half in (names[::2], names[1::2])
    ]
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.stdin.write("now\n")
        process.stdin.flush()
    for process in processes:
        process.communicate(timeout=HANGS)
        assert process.returncode == 0
    assert progress().done == set(names)


DAMAGED = ["", "{", "[1, 2]", "slip 2026-11-2", "<<<<<<< HEAD", "null"]


@pytest.mark.fault(
    "a diary that is cut off, has marks of a conflict, or is not UTF-8",
    "the right answer is kept beside what stood there",
    "every byte that was there",
)
@pytest.mark.parametrize("content", [*map(str.encode, DAMAGED), b"\xff\xfe", b"a\0\n\0"])
def test_a_right_answer_erases_nothing_of_a_file_that_is_damaged(
    kept: Path, run: Callable[[str], None], content: bytes
) -> None:
    kept.parent.mkdir()
    kept.write_bytes(b"mistake 2026-01-31\n" + content)
    assert progress().done == {"mistake"}
    run(f'check("slip", {SLIP})')
    assert progress().done == {"mistake", "slip"}
    assert kept.read_bytes().startswith(b"mistake 2026-01-31\n" + content)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-be"])
def test_what_an_editor_has_saved_in_its_own_encoding_is_still_read(
    kept: Path, run: Callable[[str], None], encoding: str
) -> None:
    kept.parent.mkdir()
    saved = "mistake 2026-01-31\r\nfold 2026-02-01\r\n".encode(encoding)
    kept.write_bytes(saved)
    run(f'check("slip", {SLIP})')
    assert progress().done == {"mistake", "fold", "slip"}
    assert kept.read_bytes().startswith(saved)


def test_an_answer_is_marked_where_nothing_can_be_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Callable[[str], None]
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("CNN_COURSE_PROGRESS", str(tmp_path / "file" / "progress.txt"))
    run(f'assert check("slip", {SLIP})')


def test_every_exercise_stands_in_one_section_of_its_chapter() -> None:
    sections = progress().sections
    assert list(sections) == [file.stem for file in NOTEBOOKS]
    listed = [name for inside in sections.values() for names in inside.values() for name in names]
    assert sorted(listed) == sorted(exercise_names())
    for file in NOTEBOOKS:
        cells = json.loads(file.read_text(encoding="utf-8"))["cells"]
        text = "\n".join("".join(cell["source"]) for cell in cells)
        assert set(sections[file.stem]) <= set(re.findall(r"(?m)^## (.+?) *$", text))


def test_no_answer_in_a_chapter_but_its_solution_is_called_solution() -> None:
    # By this name a chapter's own answer is told from the learner's.
    for file in NOTEBOOKS:
        for cell in json.loads(file.read_text(encoding="utf-8"))["cells"]:
            source, tags = "".join(cell["source"]), cell["metadata"].get("tags", [])
            handed = re.findall(r'(?m)^check\("[a-z0-9-]+", (\w+)\)', source)
            assert all((name == "solution") == ("solution" in tags) for name in handed), source


def unknown(name: str) -> Path:
    raise RuntimeError("could not determine the home directory")


# What older and newer versions of the library do where nothing says where home is.
@pytest.mark.parametrize("homeless", [lambda name: Path("~/.local/share") / name, unknown])
def test_a_user_without_a_home_is_marked_and_nothing_is_kept(
    run: Callable[[str], None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    homeless: Callable[[str], Path],
) -> None:
    monkeypatch.delenv("CNN_COURSE_PROGRESS", raising=False)
    monkeypatch.setattr("platformdirs.user_data_path", homeless)
    monkeypatch.chdir(tmp_path)
    run(f"assert check('slip', {SLIP})")
    forget_progress()
    assert progress().done == frozenset()
    assert list(tmp_path.iterdir()) == []
