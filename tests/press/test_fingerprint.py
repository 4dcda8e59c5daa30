"""Which chapters run again when something else than the chapter changes."""

import os
import shutil
from importlib.metadata import version
from pathlib import Path

import pytest

import cnn_course.press
from press.conftest import Course, new_course

pytestmark = pytest.mark.kernel

PRESS = Path(cnn_course.press.__file__).parent
FILES = {
    "__init__.py": "",
    "profiles.py": (PRESS.parent / "profiles.py").read_text(),
    "training/__init__.py": "",
    "training/state.py": (PRESS.parent / "training" / "state.py").read_text(),
    "conv.py": "",
    "plots.py": "",
    "checks/__init__.py": "",
    "checks/chapter_02.py": "",
    "checks/quizzes/animals.txt": "cat",
    "checks/quizzes/02-second.toml": "dog",
}


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """A course with a package of its own, whose chapters have run."""
    course = new_course(tmp_path_factory.mktemp("fingerprint") / "ran")
    package = course.root / "cnn_course"
    shutil.copytree(PRESS, package / "press")
    for name, text in FILES.items():
        (package / name).parent.mkdir(parents=True, exist_ok=True)
        (package / name).write_text(text)
    course.environment = {"PYTHONPATH": str(course.root)}
    course.do("run")
    return course


@pytest.fixture
def package(ran: Course, tmp_path: Path) -> Course:
    copy = shutil.copytree(ran.root, tmp_path / "copy")
    return Course(copy, {"PYTHONPATH": str(copy)})


BOTH = ["01-first", "02-second"]


@pytest.mark.parametrize(
    ("file", "due"),
    [
        ("conv.py", BOTH),
        ("checks/quizzes/animals.txt", BOTH),
        ("checks/chapter_02.py", ["02-second"]),
        ("checks/quizzes/02-second.toml", ["02-second"]),
        ("press/stage.py", []),
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
    for file in (package.root / "cnn_course").rglob("*.py"):
        file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    assert package.do("run", "--dry-run") == ""


def test_a_record_runs_its_chapter_and_those_that_name_it(package: Course):
    record = package.root / "book" / "measured" / "02-second.json"
    record.write_text("{}")
    assert package.do("run", "--dry-run").split() == ["02-second"]
    package.write("01-first", 'compared_with = "02-second"')
    assert package.do("run", "--dry-run").split() == BOTH
    package.do("run")
    record.write_text('{"changed": true}')
    assert package.do("run", "--dry-run").split() == BOTH
    package.do("run")
    record.with_suffix(".npz").write_bytes(b"weights")
    assert package.do("run", "--dry-run").split() == BOTH


def test_the_folder_of_the_real_data_counts_for_full_runs_only(package: Course):
    package.do("run", "2", "--profile", "full")
    assert package.do("run", "2", "--profile", "full", "--dry-run") == ""
    package.environment["CNN_COURSE_DATA"] = os.devnull
    assert package.do("run", "--dry-run") == ""
    assert package.do("run", "2", "--profile", "full", "--dry-run").split() == ["02-second"]


def test_a_record_does_not_make_full_runs_out_of_date(package: Course):
    package.do("run", "2", "--profile", "full")
    (package.root / "book" / "measured" / "02-second.json").write_text("{}")
    assert package.do("run", "2", "--profile", "full", "--dry-run") == ""


def test_a_new_version_of_a_scientific_package_runs_everything(package: Course):
    install(package, "99.0")
    assert package.do("run", "--dry-run").split() == BOTH


def test_the_versions_that_the_lock_names_for_several_pythons_count_as_one(package: Course):
    lock = package.root / "requirements.lock"
    pins = "numpy=={} ; python_full_version < '3.12'\nnumpy==99.0 ; python_full_version >= '3.12'\n"
    install(package, "99.0")
    lock.write_text(pins.format(version("numpy")))
    assert package.do("run", "--dry-run") == ""
    lock.write_text(pins.format("1.0"))
    assert package.do("run", "--dry-run").split() == BOTH


def install(course: Course, number: str) -> None:
    """Let another version of NumPy seem to be installed."""
    about = course.root / f"numpy-{number}.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: numpy\nVersion: {number}\n")


@pytest.mark.parametrize(
    ("changed", "kept"),
    [
        (["conv.py"], False),  # what a training may learn from
        (["__init__.py"], False),
        (["plots.py", "press/stage.py"], True),  # these look on
    ],
)
def test_a_change_that_no_training_can_learn_from_costs_no_training(
    package: Course, changed: list[str], kept: bool
):
    fail = package.root / "fail"
    package.write(
        "01-first",
        "from cnn_course import plots",
        "import os, pathlib\nnote = pathlib.Path(os.environ['CNN_COURSE_BACKUPS']) / 'long.state'",
        "print('kept:', note.exists())\nnote.touch()",
        f"assert not pathlib.Path({str(fail)!r}).exists()",
    )
    fail.touch()
    package.do("run", "1", "--profile", "full", status=1)
    fail.unlink()
    for file in changed:
        with (package.root / "cnn_course" / file).open("a") as stream:
            stream.write("\n# changed\n")
    package.do("run", "1", "--profile", "full")
    assert package.outputs("01-first", "full") == f"kept: {kept}\n"
