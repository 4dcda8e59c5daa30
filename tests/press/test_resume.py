"""A full run that is killed goes on where it was; its record says so, and nothing is left over."""

from pathlib import Path

import pytest
from patience import HANGS, until

from press.conftest import Course
from press.test_run import alive

pytestmark = pytest.mark.kernel

# `once` keeps what a training keeps, and needs no TensorFlow. The fourth part waits to be killed.
MEASURING = """
import os, pathlib, time
from cnn_course import training

def measure(part):
    with pathlib.Path("begun.txt").open("a") as begun:
        print(part, os.getpid(), file=begun, flush=True)
    time.sleep(0.2)
    while part == 3 and pathlib.Path("wait").exists():
        time.sleep(0.05)
    return part

parts = [training.once(f"part {part}", measure, part) for part in range(5)]
training.Results("01-first", {"last": parts[-1]}, {"parts": parts}, seed=1)
"""

# What a training leaves, without one: the state of `count` runs before this one.
COUNTING = """
import json, os, pathlib
folder = pathlib.Path(os.environ.get("CNN_COURSE_BACKUPS", "none"))
state = folder / "long.state"
count = int(state.read_text()) if state.exists() else 0
print("runs before:", count if folder.is_dir() else "no folder")
if folder.is_dir():
    state.write_text(str(count + 1))
"""


def begun(course: Course) -> list[tuple[int, int]]:
    """Return each part that was begun, with the process that did."""
    file = course.root / "notebooks" / "begun.txt"
    lines = file.read_text().splitlines() if file.exists() else []
    return [(int(part), int(process)) for part, process in map(str.split, lines)]


def backups(course: Course) -> Path:
    return course.root / "_build" / "runs" / "full" / "backups" / "01-first"


def test_a_record_whose_run_was_killed_continues_and_is_whole(course: Course):
    course.write("01-first", MEASURING)
    (course.root / "notebooks" / "wait").touch()
    process = course.start("record", "1")
    until(lambda: 3 in [part for part, _ in begun(course)], "the fourth part")
    process.kill()  # all at once, as when the power fails
    _, kernel = begun(course)[-1]
    process.communicate(timeout=HANGS)
    until(lambda: not alive(kernel), "the end of the kernel")
    assert list(backups(course).glob("*.state"))
    assert not (course.root / "book" / "measured" / "01-first.json").exists()

    (course.root / "notebooks" / "wait").unlink()
    said = course.do("record", "1")
    assert "01-first: part 4, epoch 1 of 1" in said
    assert [part for part, _ in begun(course)] == [0, 1, 2, 3, 3, 4]
    kept = course.record()
    assert kept["curves"] == {"parts": [0, 1, 2, 3, 4]}
    assert kept["resumed"] == 1
    # Each of the five parts sleeps 0.2 s, so a slow machine only makes all of this longer.
    assert kept["seconds"] > 5 * 0.2
    assert not backups(course).exists()
    assert "Nothing changed since the last full run" in course.do("record", "1")


def test_a_full_run_that_failed_goes_on_while_what_trainings_depend_on_is_the_same(course: Course):
    fail = course.root / "fail"
    failing = "import pathlib  # beside what load_digits(profile) reads\n"
    failing += f"assert not pathlib.Path({str(fail)!r}).exists()"
    course.write("01-first", COUNTING, failing)

    def run(*options: str) -> str:
        course.do("run", "1", "--profile", "full", *options)
        return course.outputs("01-first", "full")

    def run_and_fail() -> None:
        fail.touch()
        course.do("run", "1", "--profile", "full", "--fresh", status=1)
        fail.unlink()

    run_and_fail()
    with course.edit("01-first") as notebook:  # the chapter is mended below the training
        notebook.cells[0].source += "\n\nOne more sentence."
        notebook.cells[-1].source += "\nprint('mended')"
    assert run() == "runs before: 1\nmended\n"
    assert not backups(course).exists()

    run_and_fail()  # although an older run is good, this one was asked for
    assert course.do("run", "1", "--profile", "full", "--dry-run").split() == ["01-first"]
    assert "runs before: 1" in run()
    assert course.do("run", "1", "--profile", "full", "--dry-run") == ""

    run_and_fail()
    assert "runs before: 0" in run("--fresh")
    run_and_fail()
    (course.root / "mnist").mkdir()  # another data set: a broken one
    course.environment = {"CNN_COURSE_DATA": str(course.root)}
    assert "runs before: 0" in run()

    # A run of the tiny profile keeps no state, nor where somebody has tried it by hand.
    course.environment = {"CNN_COURSE_BACKUPS": str(course.root)}
    course.do("run", "1")
    assert "runs before: no folder" in course.outputs("01-first")
