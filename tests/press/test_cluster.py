"""Jobs on the workers of a Dask scheduler, and shares of a run by hand: what one machine gives."""

import importlib.metadata
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
import psutil
import pytest
from patience import HANGS, until

import cnn_course
from cnn_course.press import cluster
from press.conftest import PARAMETERS, Course
from press.test_run import alive

pytestmark = pytest.mark.kernel

# Each part notes its process. While there is a file `wait`, the third one waits.
MEASURING = """
import os, pathlib, time
from cnn_course import training

def measure(part):
    with pathlib.Path("begun.txt").open("a") as begun:
        print(part, os.getpid(), file=begun, flush=True)
    while part == 2 and pathlib.Path("wait").exists():
        time.sleep(0.05)
    return {"square": part * part, "others": [part / 7, None]}

parts = {f"part {part}": training.once(f"part {part}", measure, part) for part in range(7)}
doubled = [2 * part["square"] for part in parts.values()]
"""
RESULTS = """
assert doubled == [0, 2, 8, 18, 32, 50, 72]
training.Results("01-first", {"last": doubled[-1]}, {name: p["others"][:1] for name, p in
    parts.items()}, seed=1)
"""


@dataclass
class Dask:
    """A scheduler of its own, and workers that are started in clones of the course."""

    folder: Path
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def address(self) -> str:
        return json.loads((self.folder / "scheduler.json").read_text())["address"]

    def listens(self) -> bool:
        """Whether it says where: its file is there a moment before anything stands in it."""
        with suppress(OSError, ValueError):
            return bool(self.address)
        return False

    def start(self, kind: str, *options: str, **how) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", f"distributed.cli.dask_{kind}", "--no-dashboard"]
        place = ["--host", "127.0.0.1", "--scheduler-file", str(self.folder / "scheduler.json")]
        with (self.folder / f"{kind}-{len(self.processes)}.log").open("wb") as log:
            process = subprocess.Popen([*command, *place, *options], stdout=log, stderr=log, **how)
        self.processes.append(process)
        return process

    def worker(self, course: Course, **environment: str) -> subprocess.Popen[bytes]:
        """Start a worker with one thread, and wait until the scheduler knows it."""
        own = {"cwd": course.root, "env": os.environ | environment}
        log = self.folder / f"worker-{len(self.processes)}.log"
        process = self.start("worker", "--nthreads", "1", "--no-nanny", **own)
        until(lambda: b"Registered to" in log.read_bytes(), "the start of a worker")
        return process

    def end(self, all_but: int = 0) -> None:
        """End the processes but the first ones."""
        for process in self.processes[all_but:]:
            process.kill()
            process.wait()


@pytest.fixture(scope="module")
def scheduler(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dask]:
    """A scheduler without workers."""
    started = Dask(tmp_path_factory.mktemp("dask"))
    started.start("scheduler", "--port", "0")
    try:
        until(started.listens, "the start of the scheduler")
        yield started
    finally:
        started.end()


@pytest.fixture
def dask(scheduler: Dask) -> Iterator[Dask]:
    """A scheduler whose workers end with the test."""
    yield scheduler
    scheduler.end(all_but=1)


@pytest.fixture
def measuring(course: Course) -> Course:
    course.write("01-first", MEASURING, RESULTS)
    return course


def begun(course: Course) -> list[tuple[int, int]]:
    """Return each part that was begun, with the process that did."""
    file = course.root / "notebooks" / "begun.txt"
    lines = file.read_text().splitlines() if file.exists() else []
    return [(int(part), int(process)) for part, process in map(str.split, lines)]


def cells(course: Course, name: str) -> list:
    return nbformat.read(course.ran(name), as_version=4).cells


def test_two_workers_give_what_one_machine_gives(course: Course, dask: Dask, tmp_path: Path):
    # Each chapter waits for the other: both run at the same time, on a worker each.
    meeting = """
import pathlib, time
place = pathlib.Path({place!r})
(place / "{own}").touch()
while not (place / "{other}").exists():
    time.sleep(0.05)
print("{own}", profile)
"""
    names = ("01-first", "02-second")
    for own, other in (names, names[::-1]):
        course.write(own, meeting.format(place=str(tmp_path), own=own, other=other), "profile")
    course.do("run", "--at-once", "2")
    here = [cells(course, name) for name in names]
    for name in names:
        (tmp_path / name).unlink()
    workers = [dask.worker(course), dask.worker(course)]
    said = course.do("run", "--fresh", "--cluster", dask.address)
    assert "2 run, 0 up to date." in said
    assert [cells(course, name) for name in names] == here
    # Where the lines of all workers come from
    assert len({line.split()[0] for line in said.splitlines() if "started" in line}) == 2
    assert all(worker.poll() is None for worker in workers)
    assert not list((course.root / "_build" / "cluster").iterdir())


@pytest.mark.fault(
    "A worker of a cluster that is killed while it measures",
    "The job is done by another one, which goes on after the last part",
    "No process of the one that was killed",
)
def test_what_a_killed_worker_did_is_done_by_another(measuring: Course, dask: Dask):
    wait = measuring.root / "notebooks" / "wait"
    wait.touch()
    first = dask.worker(measuring)
    command = measuring.start("record", "1", "--cluster", dask.address)
    until(lambda: 2 in [part for part, _ in begun(measuring)], "the third part")
    dask.worker(measuring)
    first.kill()
    kernel = begun(measuring)[-1][1]
    until(lambda: not alive(kernel), "the end of the kernel")
    wait.unlink()
    said = measuring.end(command, 0)
    assert "is lost. What it was doing is tried again on another worker." in said
    assert [part for part, _ in begun(measuring)] == [0, 1, 2, 2, 3, 4, 5, 6]
    assert measuring.record()["results"] == {"last": 72}


@pytest.mark.fault(
    "A worker of a cluster with other code, or without the data",
    "It is told what differs, and another worker takes the job",
    "Nothing",
)
def test_a_worker_with_other_code_refuses_and_another_takes_the_job(
    course: Course, dask: Dask, tmp_path: Path
):
    package = Path(cnn_course.__file__).parent
    other = shutil.copytree(package, tmp_path / "other" / "cnn_course")
    with (other / "examples.py").open("a") as file:
        file.write("\n# changed\n")
    dask.worker(course, PYTHONPATH=str(other.parent))
    said = course.do("run", "--fresh", "1", "--cluster", dask.address, status=1)
    assert "No worker takes 01-first" in said
    assert "other code in examples.py. Bring that clone to the same commit" in said
    dask.worker(course)
    said = course.do("run", "--fresh", "--cluster", dask.address)
    assert "refuses 0" in said
    assert "2 run, 0 up to date." in said


def test_a_worker_with_another_version_is_refused_by_its_name(
    course: Course, dask: Dask, tmp_path: Path
):
    about = tmp_path / "scikit_image-0.1.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: scikit-image\nVersion: 0.1\n")
    dask.worker(course, PYTHONPATH=str(tmp_path))
    said = course.do("run", "--fresh", "1", "--cluster", dask.address, status=1)
    here = importlib.metadata.version("scikit-image")
    assert f"scikit-image 0.1 in place of {here}. Bring that clone to the same commit" in said


@pytest.mark.fault(
    "A job that ends every worker which takes it",
    "After the fourth it is given up, by its name",
    "What other jobs have finished",
)
def test_a_job_that_ends_its_workers_is_given_up_and_no_other_one(course: Course, dask: Dask):
    course.write(
        "01-first",
        "import psutil\n"
        "for process in psutil.Process().parents():\n"
        "    if any('dask_worker' in word for word in process.cmdline()):\n"
        "        process.kill()",
    )
    for _ in range(5):
        dask.worker(course)
    said = course.do("run", "--fresh", "--cluster", dask.address, status=1)
    assert said.count("is lost. What it was doing is tried again on another worker.") >= 4
    assert f"01-first failed on {dask.address}: " in said
    assert '"second tiny\\n"' in course.ran("02-second").read_text()

    def left() -> int:
        return [one.poll() is None for one in dask.processes[1:]].count(True)

    until(lambda: left() <= 1, "the end of four workers")
    assert left() == 1


def test_a_worker_without_the_data_is_refused(course: Course, dask: Dask, tmp_path: Path):
    course.write("01-first", "# load_digits(profile) is what it would do")
    (tmp_path / "data" / "mnist").mkdir(parents=True)
    dask.worker(course, CNN_COURSE_DATA=str(tmp_path / "data"))
    said = course.do("run", "1", "--profile", "full", "--cluster", dask.address, status=1)
    assert "the data set mnist is broken" in said
    assert "set CNN_COURSE_DATA where the worker is started" in said


@pytest.mark.fault(
    "A scheduler that is not there, or goes away while chapters run",
    "One line that says so, and what to do",
    "What was finished",
)
def test_a_scheduler_that_goes_away_or_is_not_there_is_told(
    measuring: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    dask = Dask(tmp_path)
    dask.start("scheduler", "--port", "0")
    until(dask.listens, "the start of the scheduler")
    address = dask.address
    (measuring.root / "notebooks" / "wait").touch()
    dask.worker(measuring)
    command = measuring.start("record", "1", "--cluster", address)
    until(lambda: 2 in [part for part, _ in begun(measuring)], "the third part")
    dask.processes[0].kill()
    said = measuring.end(command, 1)
    dask.end(all_but=1)
    assert f"Error: The connection to {address} was lost." in said
    kernel = begun(measuring)[-1][1]
    until(lambda: not alive(kernel), "the end of the kernel")

    monkeypatch.setattr(cluster, "_SECONDS_TO_CONNECT", 1)
    said = measuring.do("run", "--fresh", "--cluster", address, status=1)
    assert f"Error: No Dask scheduler answers at {address}" in said
    assert "Start one there: dask scheduler" in said
    monkeypatch.setitem(sys.modules, "distributed", None)
    said = measuring.do("run", "--fresh", "--cluster", address, status=1)
    assert "distributed is not installed, which --cluster needs." in said


def test_a_command_that_is_stopped_leaves_no_process_on_a_worker(measuring: Course, dask: Dask):
    (measuring.root / "notebooks" / "wait").touch()
    worker = psutil.Process(dask.worker(measuring).pid)
    for end, status in ((signal.SIGINT, 130), (signal.SIGKILL, -9)):
        command = measuring.start("record", "1", "--cluster", dask.address)
        until(worker.children, "the job")
        command.send_signal(end)
        command.communicate(timeout=HANGS)
        assert command.returncode == status
        until(lambda: not worker.children(recursive=True), "the end of its processes")


@pytest.mark.fault(
    "A disk that is full on a worker of a cluster",
    "One message that names the worker, and what to do",
    "What other workers have finished",
)
def test_what_goes_wrong_on_a_worker_is_told_with_its_name(course: Course, dask: Dask):
    course.write("01-first", "import errno, os\nraise OSError(errno.ENOSPC, os.strerror(28), 'x')")
    dask.worker(course)
    said = course.do("run", "--fresh", "--cluster", dask.address, status=1)
    assert "Error: On tcp://127.0.0.1:" in said
    assert "01-first stopped in code cell 2" in said
    assert "Make room on that disk." in said
    assert '"second tiny\\n"' in course.ran("02-second").read_text()


def test_each_seed_is_a_job_and_their_table_is_that_of_one_machine(course: Course, dask: Dask):
    chapter = 'from cnn_course import training\ntraining.Results("01-first", {"seed": 2 * seed})'
    course.write("01-first", chapter, parameters=f"{PARAMETERS}\nseed = 1")
    table = course.root / "book" / "measured" / "seeds" / "01-first.json"
    course.do("seeds", "1", "--count", "2")
    here = json.loads(table.read_text())
    dask.worker(course)
    said = course.do("seeds", "1", "--count", "2", "--cluster", dask.address)
    assert "01-first.seed-2: started" in said
    assert json.loads(table.read_text()) == here


# Shares


def in_shares(course: Course) -> dict:
    for number in (3, 1, 2):
        course.environment = {"CNN_COURSE_SHARE": f"{number}/3"}
        said = course.do("record", "1")
        assert f"Share {number}/3 of 01-first:" in said
        assert "Left to other shares: part" in said
        assert "give the command without CNN_COURSE_SHARE" in said
    course.environment = {}
    course.do("record", "1")
    return course.record()


def on_a_cluster(course: Course, dask: Dask) -> dict:
    dask.worker(course)
    course.do("record", "1", "--cluster", dask.address, "--shares", "3")
    return course.record()


@pytest.mark.parametrize("way", ["by hand", "on a cluster"])
def test_shares_put_together_are_what_one_run_measures(
    way: str, measuring: Course, request: pytest.FixtureRequest
):
    make: Callable[[Course], dict] = in_shares
    if way == "on a cluster":
        made_by = request.getfixturevalue("dask")
        make = lambda course: on_a_cluster(course, made_by)  # noqa: E731
    measuring.do("record", "1")
    serial = measuring.record()
    file = measuring.root / "notebooks" / "begun.txt"
    file.unlink()
    shutil.rmtree(measuring.root / "_build" / "runs" / "full")

    shared = make(measuring)
    assert {name: shared[name] for name in ("results", "curves", "seed", "versions")} == {
        name: serial[name] for name in ("results", "curves", "seed", "versions")
    }
    # No part but the first is measured twice: from that one, each share knows what numbers are.
    parts = sorted(part for part, _ in begun(measuring))
    assert parts == [0, 0, 0, 1, 2, 3, 4, 5, 6]
    own = {name: shared["hardware"][name] for name in serial["hardware"]}
    assert own == serial["hardware"]
    (share,) = shared["hardware"]["shares"]
    assert share == {"hardware": own, "parts": [f"part {number}" for number in range(7)]}
    assert not list((measuring.root / "_build").glob("runs/*/backups/*"))


@pytest.mark.fault(
    "Parts of a record that were measured with other code, versions or data",
    "They are named and measured again",
    "Nothing of them in the record",
)
def test_parts_of_other_code_are_refused_with_their_names(measuring: Course):
    measuring.environment = {"CNN_COURSE_SHARE": "1/3"}
    measuring.do("record", "1")
    measuring.environment = {}
    (around,) = measuring.root.glob("_build/runs/full-share-1-of-3/backups/*/surroundings")
    right = around.read_text()
    around.write_text("of another package")
    measuring.write("01-first", MEASURING, "1 / 0")
    said = measuring.do("record", "1", status=1)
    assert "Not used, made with other code, versions or data" in said
    assert ": part 0, part 5" in said
    assert [part for part, _ in begun(measuring)] == [0, 5, *range(7)]

    # What differs in the chapter itself, the part notices when it is asked for.
    around.write_text(right)
    shutil.rmtree(measuring.root / "_build" / "runs" / "full")
    measuring.write("01-first", MEASURING.replace("/ 7", "/ 8"), RESULTS)
    measuring.do("record", "1")
    assert [part for part, _ in begun(measuring)] == [0, 5, *range(7), *range(7)]
    assert "part-0.state is of another training" in measuring.outputs("01-first", "full")


def test_a_share_that_cannot_be_is_refused(measuring: Course):
    for share in ("9/8", "0/3", "x", "1/"):
        measuring.environment = {"CNN_COURSE_SHARE": share}
        said = measuring.do("record", "1", status=1)
        assert f"CNN_COURSE_SHARE is '{share}'. Write 3/8 for the third of eight shares." in said
    measuring.environment = {"CNN_COURSE_SHARE": "1/3"}
    assert "Leave out --shares" in measuring.do("record", "1", "--shares", "2", status=1)
    said = measuring.do("run", "2", "--profile", "full", status=1)
    assert "02-second has no parts to share" in said
