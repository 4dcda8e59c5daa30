"""`cnn-course run`: what runs, what it leaves, what it says when a chapter fails."""

import errno
import json
import os
import resource
import signal
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest
from patience import HANGS, until

from press.conftest import Course

pytestmark = pytest.mark.kernel


def alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{process}/stat")
    return not (status.exists() and status.read_text().rpartition(")")[2].split()[0] == "Z")


def files(folder: Path) -> dict[str, bytes]:
    return {str(f.relative_to(folder)): f.read_bytes() for f in folder.rglob("*") if f.is_file()}


# What runs


def test_only_edited_code_and_tags_make_a_chapter_run(course: Course):
    with course.edit("01-first") as notebook:
        notebook.cells[0].source += "\n\nOne more sentence."
        cell = notebook.cells[-1]
        cell.outputs = [nbformat.v4.new_output("stream", text="something else")]
        cell.execution_count = 17
        cell.metadata["execution"] = {"iopub.status.busy": "2020-01-01T00:00:00Z"}
        cell.metadata["collapsed"] = True
        notebook.metadata["language_info"] = {"name": "python", "version": "3.99"}
    assert "0 run, 2 up to date." in course.do("run")
    with course.edit("01-first") as notebook:
        notebook.cells[-1].metadata["tags"] = ["hide-input"]
    assert course.do("run", "--dry-run").split() == ["01-first"]
    with course.edit("02-second") as notebook:
        notebook.cells[-1].source += "\nprint('one more')"
    assert "1 run, 0 up to date." in course.do("run", "2")
    assert course.do("run", "--dry-run").split() == ["01-first"]


def test_a_chapter_is_named_by_number_name_or_path(course: Course):
    for word in ("2", "02", "02-second", "notebooks/02-second.ipynb"):
        assert course.do("run", "--fresh", "--dry-run", word).split() == ["02-second"]


def test_a_misspelt_chapter_is_refused_with_the_right_ones(course: Course):
    said = course.do("run", "02-secnod", status=1)
    assert "There is no chapter '02-secnod'. Did you mean '02-second'?" in said
    assert "01-first" in said


def test_the_clone_is_found_from_a_folder_within_and_missed_outside(course: Course, tmp_path: Path):
    assert "0 run, 2 up to date." in Course(course.root / "book" / "measured").do("run")
    assert "Run this inside a clone of the course." in Course(tmp_path).do("run", status=1)


def test_a_lost_or_changed_result_is_made_again(course: Course):
    course.ran("01-first").write_text("{}")
    text = course.ran("02-second").read_text()
    course.ran("02-second").write_text(text.replace("second tiny", "second tinier"))
    assert course.do("run", "--dry-run").split() == ["01-first", "02-second"]


# What a run leaves


def test_the_profile_reaches_the_chapter_and_its_text(course: Course):
    course.do("run", "1", "--profile", "full")
    notebook = nbformat.read(course.ran("01-first", "full"), as_version=4)
    assert notebook.cells[1].source == 'profile = "full"  # or "full"'
    assert course.outputs("01-first", "full") == "first full\n"
    assert course.outputs("01-first") == "first tiny\n"
    known = course.known("01-first")
    assert known["seconds"] > 0
    assert known["hardware"]["cores"] >= 1
    assert known["versions"].keys() >= {"python", "numpy", "tensorflow", "keras"}


def test_equal_runs_leave_equal_notebooks(course: Course):
    course.write(
        "01-first",
        "import sys, time\nfor n in range(3):\n    print(n); sys.stdout.flush(); time.sleep(0.1)",
        'print({"a", "b", "c", "d", "e"})',
        "import matplotlib.pyplot as plt\nplt.plot([1, 3, 2])\nplt.show()",
        "1 + 1",
    )
    course.do("run", "1")
    first = nbformat.read(course.ran("01-first"), as_version=4)
    course.do("run", "1", "--fresh")
    notebook = nbformat.read(course.ran("01-first"), as_version=4)
    assert first.metadata.pop("cnn_course") != notebook.metadata.pop("cnn_course")  # the time
    assert first == notebook
    assert notebook.cells[2].outputs == [nbformat.v4.new_output("stream", text="0\n1\n2\n")]
    assert [cell.execution_count for cell in notebook.cells[1:]] == [1, 2, 3, 4, 5]
    assert [cell.id for cell in notebook.cells][:2] == ["title", "parameters"]
    assert not any(cell.metadata.keys() - {"tags"} for cell in notebook.cells)
    assert notebook.metadata.kernelspec == {
        "name": "python3",
        "language": "python",
        "display_name": "Python 3",
    }
    assert "papermill" not in notebook.metadata


@pytest.mark.fault(
    "settings in the environment that change what a chapter computes",
    "the chapter sees none of them",
    "its own outputs",
)
def test_nothing_of_the_person_who_starts_it_reaches_a_chapter(course: Course, tmp_path: Path):
    person = tmp_path / "person"
    kernel = person / "jupyter" / "kernels" / "python3"
    kernel.mkdir(parents=True)
    specification = {"argv": ["/bin/false"], "display_name": "Hijacked", "language": "python"}
    (kernel / "kernel.json").write_text(json.dumps(specification))
    startup = person / "ipython" / "profile_default" / "startup"
    startup.mkdir(parents=True)
    (startup / "00.py").write_text("hijacked = True")
    course.environment = {
        "JUPYTER_PATH": str(person / "jupyter"),
        "IPYTHONDIR": str(person / "ipython"),
        "MPLBACKEND": "Agg",
        "PYTHONHASHSEED": "7",
        "PYTHONSTARTUP": str(startup / "00.py"),
        "PYTHONOPTIMIZE": "1",
        "PYTHONWARNINGS": "error",
        "MATPLOTLIBRC": str(person / "matplotlibrc"),
        "KERAS_BACKEND": "jax",
        "KERAS_MAX_EPOCHS": "1",
        "TMPDIR": str(person / "{braces}"),
        "KERAS_HOME": str(person / "keras"),
        "TF_XLA_FLAGS": "--tf_xla_auto_jit=2",
        "CNN_COURSE_PROGRESS": str(person / "progress.txt"),
        "HOME": str(person / "there is no such folder"),
    }
    course.write(
        "01-first",
        "import os, sys",
        "print(sys.executable)",
        'print("hijacked" in globals(), os.environ["MPLBACKEND"], os.environ["PYTHONHASHSEED"])',
        "print(os.getcwd(), __debug__)",
        f"print([name for name, value in os.environ.items() if {str(person)!r} in value"
        " and name not in ('HOME', 'PWD', 'OLDPWD')])",
        "print([os.environ.get(name) for name in ('KERAS_BACKEND', 'KERAS_MAX_EPOCHS',"
        " 'TF_XLA_FLAGS')], sys.warnoptions)",
    )
    course.do("run", "1")
    assert course.outputs("01-first").splitlines() == [
        sys.executable,
        "False module://matplotlib_inline.backend_inline 0",
        f"{course.root / 'notebooks'} True",
        "[]",
        "[None, None, None] []",
    ]


def test_a_full_run_finds_the_weights_that_a_person_has_got_and_not_the_settings(
    course: Course, tmp_path: Path
):
    (tmp_path / "keras" / "models").mkdir(parents=True)
    (tmp_path / "keras" / "models" / "weights.h5").touch()
    (tmp_path / "keras" / "keras.json").write_text('{"floatx": "float16"}')
    course.environment = {"KERAS_HOME": str(tmp_path / "keras")}
    found = "[p.name for p in pathlib.Path(os.environ['KERAS_HOME']).glob(pattern)]"
    course.write(
        "01-first", f"import os, pathlib\nfor pattern in '*', 'models/*':\n    print({found})"
    )
    course.do("run", "1", "--profile", "full")
    assert course.outputs("01-first", "full") == "['models']\n['weights.h5']\n"
    assert (tmp_path / "keras" / "models" / "weights.h5").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="Other systems have another allocator.")
def test_a_full_run_keeps_the_memory_of_large_arrays_for_the_next_ones(course: Course):
    course.write(
        "01-first",
        "import resource\n\ndef pages():\n"
        "    large = b'1' * 40_000_000\n"
        "    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt\n\n"
        "first = pages()\nprint([pages() for _ in range(10)][-1] - first < 40_000_000 // 4096)",
    )
    course.do("run", "1", "--profile", "full")
    assert course.outputs("01-first", "full") == "True\n"


@pytest.mark.fault(
    "a chapter leaves processes behind", "they end when it has run", "a good run; no process"
)
def test_what_a_chapter_has_started_ends_with_it(course: Course):
    course.write("01-first", "import subprocess\nprint(subprocess.Popen(['sleep', '600']).pid)")
    course.do("run", "1")
    process = int(course.outputs("01-first"))
    until(lambda: not alive(process), "the end of what the chapter started")


@pytest.mark.fault(
    "a chapter leaves files in the system's temporary folder",
    "they lie in the run's own one",
    "a good run; none of them",
)
def test_what_a_chapter_leaves_in_temporary_folders_ends_with_it(course: Course):
    course.write("01-first", "import tempfile\nprint(tempfile.mkdtemp())")
    course.do("run", "1")
    folder = Path(course.outputs("01-first").strip())
    assert folder.is_relative_to(course.root / "_build")
    assert not folder.exists()


def test_chapters_run_at_the_same_time(course: Course, tmp_path: Path):
    meet = """
    import pathlib, time
    (pathlib.Path({folder!r}) / {mine!r}).touch()
    while not (pathlib.Path({folder!r}) / {other!r}).exists():
        time.sleep(0.05)
    """.replace("\n    ", "\n")
    course.write("01-first", meet.format(folder=str(tmp_path), mine="1", other="2"))
    course.write("02-second", meet.format(folder=str(tmp_path), mine="2", other="1"))
    assert "2 run" in course.do("run", "--at-once", "2", "--timeout", str(HANGS))


# When a chapter fails


def test_a_failing_cell_is_named_and_the_other_chapters_finish(course: Course, built: Course):
    course.write("01-first", "x = 1", "assert x == 1, 'yes'\n\nassert x == 2, 'x is not 2'")
    course.write("02-second", "print('still run')")
    said = course.do("run", status=1)
    assert "01-first stopped in code cell 3, which begins with `assert x == 1, 'yes'`" in said
    assert "AssertionError: x is not 2" in said
    assert "\x1b[" not in said
    assert course.outputs("02-second") == "still run\n"
    assert course.ran("01-first").read_bytes() == built.ran("01-first").read_bytes()
    assert course.do("run", "--dry-run").split() == ["01-first"]
    assert not (course.root / "_build" / "runs" / "tiny" / "scratch").exists()


def test_a_cell_that_takes_too_long_is_stopped(course: Course):
    course.write("01-first", "import time\ntime.sleep(600)")
    said = course.do("run", "--timeout", "10", status=1)
    assert "01-first stopped in code cell 2, which begins with `import time`" in said
    assert "It took longer than 10 s." in said
    assert "cnn-course run --timeout SECONDS" in said


@pytest.mark.fault(
    "a cell prints without end", "it is stopped at 20 MB, and named", "the last good run"
)
def test_a_cell_that_prints_without_end_is_stopped(course: Course, built: Course):
    course.write("01-first", "while True:\n    print('x' * 100_000)")
    said = course.do("run", "1", status=1)
    assert "01-first stopped in code cell 2, which begins with `while True:`" in said
    assert "It gave more than 20 MB of output." in said
    assert course.ran("01-first").read_bytes() == built.ran("01-first").read_bytes()


FALSE = "assert 1 == 2"


ENDS_EARLY = {
    "01-first": ("import sys\nsys.exit(0)", FALSE),
    "02-second": ("raise SystemExit", FALSE),
    "03-third": ("import os", "os._exit(0)  # as if memory had run out", FALSE),
    "04-fourth": ("exit()", FALSE),
    "05-fifth": ("print('not run')",),
}


@pytest.mark.fault(
    "a chapter that ends itself, with status 0 or by `exit()`, before its last cell",
    "it stopped, and the cell is named",
    "no good run of it",
)
def test_a_chapter_that_ends_early_is_not_good_whatever_status_it_ends_with(course: Course):
    for name, codes in ENDS_EARLY.items():
        course.write(name, *codes)
    with course.edit("05-fifth") as notebook:
        notebook.cells[-1].metadata["tags"] = ["skip-execution"]
    toc = (course.root / "_toc.yml").read_text()
    more = "".join(f"      - file: notebooks/{name}\n" for name in list(ENDS_EARLY)[2:])
    (course.root / "_toc.yml").write_text(toc + more)
    said = course.do("run", status=1)
    for name in ENDS_EARLY:
        assert f"{name} stopped in code cell" in said
    assert "03-third stopped in code cell 3, which begins with `os._exit(0)" in said
    assert "Its kernel died" in said
    assert "It was not run." in said
    assert course.do("run", "--dry-run").split() == list(ENDS_EARLY)


def test_an_error_that_the_chapter_means_to_show_is_an_output(course: Course):
    course.write("01-first", "1 / 0", "print('and on')")
    with course.edit("01-first") as notebook:
        notebook.cells[2].metadata["tags"] = ["raises-exception"]
    course.do("run", "1")
    cells = nbformat.read(course.ran("01-first"), as_version=4).cells
    assert len(cells) == 4
    assert cells[2].outputs[0].ename == "ZeroDivisionError"
    assert course.outputs("01-first") == "and on\n"


def test_a_chapter_that_takes_no_profile_is_refused(course: Course):
    for parameters, said in (
        ("", "No cell is tagged `parameters`"),
        ('profil = "tiny"', "does not assign `profile`"),
        ("profile = (", "does not assign `profile`"),
    ):
        course.write("01-first", "print(1)", parameters=parameters)
        assert said in course.do("run", status=1)


def test_a_file_that_is_no_notebook_or_not_there_is_named(course: Course):
    for text in ("", "{", "[]", '{"nbformat": 3}'):
        course.source("01-first").write_text(text)
        assert "is not a notebook" in course.do("run", status=1)
    course.source("02-second").unlink()
    assert "_toc.yml lists notebooks/02-second" in course.do("run", status=1)
    toc = course.root / "_toc.yml"
    right = toc.read_text()
    for wrong, said in (("notebooks/01-first", "01-first twice"), ("book/nope", "there is no")):
        toc.write_text(right.replace("notebooks/02-second", wrong))
        assert said in course.do("run", status=1)


# When it is stopped


@pytest.fixture
def waiting(course: Course, tmp_path: Path) -> Iterator[tuple[Course, Path]]:
    """A course whose first chapter writes the number of its kernel's process and then waits."""
    sign = tmp_path / "kernel"
    course.write(
        "01-first",
        "import os, pathlib, subprocess, time\nchild = subprocess.Popen(['sleep', '600'])",
        f"pathlib.Path({str(sign)!r}).write_text(f'{{os.getpid()}} {{child.pid}}\\n')",
        "time.sleep(600)",
    )
    yield course, sign
    for process in processes(sign) if sign.exists() else []:
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)


def begun(sign: Path) -> None:
    until(lambda: sign.exists() and sign.read_text().endswith("\n"), "a kernel's own number")


def processes(sign: Path) -> list[int]:
    """Return the numbers of the kernel, and of what it has started."""
    return [int(number) for number in sign.read_text().split()]


@pytest.mark.parametrize("way", ["to the command", "to all", "where a shell ignores it"])
def test_ctrl_c_ends_every_process_and_leaves_what_was_there(waiting, way: str):
    course, sign = waiting
    before = files(course.root / "_build" / "runs")
    start = course.start_deaf if way == "where a shell ignores it" else course.start
    process = start("run", start_new_session=True)
    begun(sign)
    send = os.killpg if way == "to all" else os.kill
    send(process.pid, signal.SIGINT)
    said = course.end(process, 130)
    assert said.splitlines()[-1] == "Stopped. What was finished is kept."
    assert "Traceback" not in said
    until(lambda: not any(map(alive, processes(sign))), "the end of the kernel and its child")
    assert files(course.root / "_build" / "runs") == before


@pytest.mark.fault(
    "SIGKILL while a chapter runs",
    "its kernel and what that started end; the next run is right",
    "the last good run; no scratch folder after the next run",
)
def test_a_killed_run_leaves_no_kernel_and_nothing_half_written(waiting):
    course, sign = waiting
    before = files(course.ran("01-first").parent)
    process = course.start("run")
    begun(sign)
    process.kill()
    process.communicate(timeout=HANGS)
    until(lambda: not any(map(alive, processes(sign))), "the end of the kernel and its child")
    assert files(course.ran("01-first").parent) == before
    course.write("01-first", "print('after')")
    course.do("run")
    assert course.outputs("01-first") == "after\n"
    assert not (course.root / "_build" / "runs" / "tiny" / "scratch").exists()


@pytest.mark.fault(
    "a disk that is full when a kernel starts, or while it runs",
    "one message with the folder and what to do",
    "the last good run",
)
def test_a_kernel_that_dies_on_a_full_disk_is_told_as_such(course: Course, monkeypatch):
    before = files(course.ran("01-first").parent)
    course.write("01-first", "import os\nos._exit(1)")
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=8_192))
    said = course.do("run", status=1)
    assert f"scratch: {os.strerror(errno.ENOSPC)}.\nMake room on that disk." in said
    assert files(course.ran("01-first").parent) == before


def test_the_scratch_folder_of_a_run_that_was_killed_at_its_end_is_removed(course: Course):
    scratch = course.root / "_build" / "runs" / "tiny" / "scratch"
    scratch.mkdir()
    assert "0 run, 2 up to date" in course.do("run")
    assert not scratch.exists()


def test_a_disk_that_takes_no_more_is_one_message_and_no_loss(course: Course):
    before = files(course.ran("01-first").parent)
    course.write("01-first", "print('much' * 10_000)")

    def allow_no_large_file() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))

    process = course.start("run", preexec_fn=allow_no_large_file)
    assert "File too large" in course.end(process, 1)
    assert files(course.ran("01-first").parent) == before


# A killed command, at the moment when what it has made is to be kept

KILLED = """
import os, signal, sys
os.fsync = lambda _: os.kill(os.getpid(), signal.SIGKILL)
from cnn_course.press.cli import main
main(sys.argv[1:])
"""


@pytest.mark.fault(
    "SIGKILL while a run, stored outputs, a copy or a handout is written",
    "the next command does the same as if nothing had been",
    "whole files alone",
)
@pytest.mark.parametrize(
    "command",
    [
        "run 1 --fresh",
        "run 1 --save",
        "copy",
        "handout 1 --out handouts",
    ],
)
def test_a_command_that_was_killed_while_it_wrote_is_given_again(course: Course, command: str):
    process = course.start_python(KILLED, *command.split())
    process.communicate(timeout=HANGS)
    assert process.returncode == -signal.SIGKILL
    left = [file for file in files(course.root) if file.endswith(".part")]
    assert len(left) == 1
    course.do(*command.split())
    after = files(course.root)
    assert not [file for file in after if file.endswith(".part") or "scratch" in file]
    written = nbformat.read(course.root / left[0].rpartition("/")[0] / "01-first.ipynb", 4)
    nbformat.validate(written)
    assert "profile" in written.cells[-1].source
