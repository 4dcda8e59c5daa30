"""Which chapters run again when something else than the chapter changes."""

import os
import shutil
from importlib.metadata import version
from pathlib import Path

import pytest

import cnn_course
from press.conftest import Course, new_course

pytestmark = pytest.mark.kernel

FILES = (
    "__init__.py",
    "conv.py",
    "plots.py",
    "press/book.py",
    "checks/quizzes/animals.txt",
    "checks/quizzes/02-second.toml",
)


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """A course with a package of its own, whose chapters have run."""
    course = new_course(tmp_path_factory.mktemp("fingerprint") / "ran")
    for name in FILES:
        file = course.root / "cnn_course" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cnn_course, "__file__", str(course.root / "cnn_course" / "__init__.py"))
        course.do("run")
        course.do("run", "2", "--profile", "full")
    return course


@pytest.fixture
def package(ran: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Course:
    """A copy of it; the digests are of its own package, and other packages may be put into it."""
    copy = shutil.copytree(ran.root, tmp_path / "copy")
    monkeypatch.setattr(cnn_course, "__file__", str(copy / "cnn_course" / "__init__.py"))
    monkeypatch.syspath_prepend(copy)
    return Course(copy)


BOTH = ["01-first", "02-second"]


@pytest.mark.parametrize(
    ("file", "due"),
    [
        ("conv.py", BOTH),
        ("checks/quizzes/animals.txt", BOTH),
        ("checks/quizzes/02-second.toml", ["02-second"]),
        ("press/book.py", []),
        ("conv.pyc", []),
        (".DS_Store", []),
    ],
)
def test_a_change_in_the_package_runs_the_chapters_that_it_can_affect(
    package: Course, file: str, due: list[str]
):
    with (package.root / "cnn_course" / file).open("a") as stream:
        stream.write("\n# changed\n")
    assert package.do("run", "--dry-run").split() == due


def test_the_line_ends_of_another_system_are_no_change(package: Course):
    for file in (package.root / "cnn_course").rglob("*.*"):
        file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    assert package.do("run", "--dry-run") == ""


def test_a_record_runs_its_chapter_and_those_that_name_it_and_no_full_run(package: Course):
    record = package.root / "book" / "measured" / "02-second.json"
    record.write_text("{}")
    assert package.do("run", "--dry-run").split() == ["02-second"]
    assert package.do("run", "2", "--profile", "full", "--dry-run") == ""
    package.write("01-first", 'compared_with = "02-second"')
    package.do("run")
    record.write_text('{"changed": true}')
    assert package.do("run", "--dry-run").split() == BOTH
    package.do("run")
    record.with_suffix(".npz").write_bytes(b"weights")
    assert package.do("run", "--dry-run").split() == BOTH


def test_the_folder_of_the_real_data_counts_for_full_runs_only(package: Course):
    package.environment["CNN_COURSE_DATA"] = os.devnull
    assert package.do("run", "--dry-run") == ""
    assert package.do("run", "2", "--profile", "full", "--dry-run").split() == ["02-second"]


installed = version("numpy")


def test_only_a_version_that_the_lock_does_not_name_runs_everything(package: Course):
    install(package, "99.0")
    assert package.do("run", "--dry-run").split() == BOTH
    lock = package.root / "requirements.lock"
    pins = "numpy=={} ; python_full_version < '3.12'\nnumpy==99.0 ; python_full_version >= '3.12'\n"
    lock.write_text(pins.format(installed))
    assert package.do("run", "--dry-run") == ""
    lock.write_text(pins.format("1.0"))
    assert package.do("run", "--dry-run").split() == BOTH


def install(course: Course, number: str) -> None:
    """Let another version of NumPy seem to be installed."""
    about = course.root / f"numpy-{number}.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: numpy\nVersion: {number}\n")


def test_a_change_that_no_training_can_learn_from_costs_no_training(package: Course):
    package.write(
        "01-first",
        "import os, pathlib\nnote = pathlib.Path(os.environ['CNN_COURSE_BACKUPS']) / 'long.state'",
        "print('kept:', note.exists())\nnote.touch()",
        "assert pathlib.Path('go on').exists()",
    )
    for changed, kept in ((["conv.py"], False), (["plots.py", "press/book.py"], True)):
        package.do("run", "1", "--profile", "full", "--fresh", status=1)
        for file in changed:
            with (package.root / "cnn_course" / file).open("a") as stream:
                stream.write("\n# changed\n")
        (package.root / "notebooks" / "go on").touch()
        package.do("run", "1", "--profile", "full")
        assert package.outputs("01-first", "full") == f"kept: {kept}\n"
        (package.root / "notebooks" / "go on").unlink()
