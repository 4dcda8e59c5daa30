"""Which chapters run again when something else than the chapter changes."""

import os
import shutil
from pathlib import Path

import pytest

import cnn_course.press
from press.conftest import Course, new_course

PRESS = Path(cnn_course.press.__file__).parent
MODULES = {
    "__init__.py": "",
    "profiles.py": (PRESS.parent / "profiles.py").read_text(),
    "training/__init__.py": "",
    "training/state.py": (PRESS.parent / "training" / "state.py").read_text(),
    "conv/__init__.py": "from cnn_course.conv.loops import correlate",
    "conv/loops.py": "def correlate(): return 1",
    "plots.py": "def show():\n    from cnn_course import conv  # a lazy import\n    return conv",
    "data/__init__.py": "from pathlib import Path\nHERE = Path(__file__).parent",
    "data/names/animals.txt": "cat",
    "data/names/02-second.txt": "dog",
    "lonely.py": "",
    "checks/__init__.py": "import importlib\nimportlib.import_module('cnn_course.checks.one')",
    "checks/one.py": "",
}


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """A course with a package of its own, whose chapters have run."""
    course = new_course(tmp_path_factory.mktemp("fingerprint") / "ran")
    package = course.root / "cnn_course"
    shutil.copytree(PRESS, package / "press")
    for name, text in MODULES.items():
        (package / name).parent.mkdir(parents=True, exist_ok=True)
        (package / name).write_text(text)
    course.write("01-first", "%matplotlib inline\nfrom cnn_course import plots", "!echo conv")
    course.write("02-second", "import cnn_course.data as data\nimport cnn_course.checks")
    course.environment = {"PYTHONPATH": str(course.root)}
    course.do("run")
    return course


@pytest.fixture
def package(ran: Course, tmp_path: Path) -> Course:
    copy = shutil.copytree(ran.root, tmp_path / "copy")
    return Course(copy, {"PYTHONPATH": str(copy)})


@pytest.mark.parametrize(
    ("file", "due"),
    [
        ("conv/loops.py", ["01-first"]),  # through a lazy import, and through a package
        ("plots.py", ["01-first"]),
        ("data/__init__.py", ["02-second"]),
        ("data/names/animals.txt", ["02-second"]),
        ("data/names/02-second.txt", ["02-second"]),
        ("data/names/01-first.txt", []),  # of a chapter that does not reach it
        ("checks/one.py", ["02-second"]),  # imported by name
        ("lonely.py", []),
        ("press/stage.py", []),
        ("__init__.py", ["01-first", "02-second"]),
        ("table.csv", ["01-first", "02-second"]),  # belongs to the package as a whole
    ],
)
def test_a_change_in_the_package_runs_the_chapters_that_it_can_affect(
    package: Course, file: str, due: list[str]
):
    with (package.root / "cnn_course" / file).open("a") as stream:
        stream.write("\n# changed\n")
    assert package.do("run", "--dry-run").split() == due


def test_a_record_runs_its_chapter_and_those_that_name_it(package: Course):
    record = package.root / "book" / "measured" / "02-second.json"
    record.write_text("{}")
    assert package.do("run", "--dry-run").split() == ["02-second"]
    package.write("01-first", 'compared_with = "02-second"')
    assert package.do("run", "--dry-run").split() == ["01-first", "02-second"]
    package.do("run")
    record.write_text('{"changed": true}')
    assert package.do("run", "--dry-run").split() == ["01-first", "02-second"]
    package.do("run")
    record.with_suffix(".npz").write_bytes(b"weights")
    assert package.do("run", "--dry-run").split() == ["01-first", "02-second"]


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
    about = package.root / "numpy-99.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: numpy\nVersion: 99.0\n")
    assert package.do("run", "--dry-run").split() == ["01-first", "02-second"]


@pytest.mark.parametrize(
    ("file", "kept"),
    [
        ("conv/loops.py", False),  # what a training may learn from
        ("__init__.py", False),
        ("plots.py", True),  # looks on
        ("press/stage.py", True),
    ],
)
def test_a_change_that_no_training_can_learn_from_costs_no_training(
    package: Course, file: str, kept: bool
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
    with (package.root / "cnn_course" / file).open("a") as stream:
        stream.write("\n# changed\n")
    package.do("run", "1", "--profile", "full")
    assert package.outputs("01-first", "full") == f"kept: {kept}\n"
