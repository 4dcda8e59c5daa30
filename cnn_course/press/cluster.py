"""Jobs on other machines: Dask's workers get them as texts, and run each in a process of its own.

Pictures never travel. A worker is started in a clone of the course, which has to be of the same
commit, with the same versions installed and the same data sets below `CNN_COURSE_DATA`.
"""

import json
import logging
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from tqdm import tqdm

from cnn_course import files
from cnn_course.press.environment import hardware
from cnn_course.press.execute import Job, Outcome, run_jobs
from cnn_course.press.fingerprint import everything
from cnn_course.press.notebooks import Notebook
from cnn_course.press.project import PressError, find_project, locked, scratch
from cnn_course.profiles import PRECISION_VARIABLE
from cnn_course.training.state import SHARE_VARIABLE
from cnn_course.written import visible

_TOPIC: Final = "cnn-course"
_SECONDS_TO_CONNECT: Final = 10
_SECONDS_BETWEEN_LOOKS: Final = 0.5
_NAMES_SHOWN: Final = 3
_NOT_THERE: Final = ("missing", "broken")  # states of a data set
_MAIN: Final = "from cnn_course.press.cluster import main; main()"


class Workers:
    """The workers of a Dask scheduler, each of which runs as many jobs as it has threads.

    Args:
        address: of the scheduler, such as `tcp://host:8786`.

    Raises:
        PressError: Dask is not installed, or no scheduler answers.
    """

    def __init__(self, address: str) -> None:
        try:
            import distributed  # noqa: PLC0415 - only a cluster needs it
        except ModuleNotFoundError as missing:
            raise PressError(
                f"{missing.name} is not installed, which --cluster needs. Get it: "
                "pip install -e '.[press,cluster]'"
            ) from None
        logging.getLogger("distributed").setLevel(logging.CRITICAL)  # what is lost is told here
        self._address = address
        self._refusals: dict[str, str] = {}
        try:
            self._client = distributed.Client(address, timeout=_SECONDS_TO_CONNECT)
        except (OSError, ValueError) as error:
            reason = str(error).splitlines()[0]
            raise PressError(
                f"No Dask scheduler answers at {address}: {reason}. Start one there: dask scheduler"
            ) from None
        self._client.subscribe_topic(_TOPIC, _tell)
        self._client.subscribe_topic("all", self._tell_of_lost)
        if not self._client.nthreads():
            _say(f"{address} has no workers yet. Waiting for them.")

    def submit(self, job: Job) -> Future[str]:
        """Hand a job to the scheduler, for a worker that has not refused any."""
        willing = None
        if self._refusals:
            willing = [one for one in self._client.nthreads() if one not in self._refusals]
        executor = self._client.get_executor(pure=False, workers=willing)
        return executor.submit(work, _as_text(job))

    def outcome(self, job: Job, ended: Future[str]) -> Outcome | Future[str]:
        """Return what came of a job; or where it is done again, if the worker refused it."""
        try:
            answer = json.loads(ended.result())
        except CancelledError:
            raise PressError(
                f"The connection to {self._address} was lost. What was finished is kept: "
                "give the command again when the scheduler is there."
            ) from None
        except Exception as error:
            return Outcome(PressError(f"{job.name} failed on {self._address}: {error}"), 0)
        worker = answer["worker"]
        if refusal := answer.get("refusal"):
            _say(f"{worker} refuses {job.name}: {refusal}")
            self._refusals[worker] = refusal
            if set(self._client.nthreads()) - set(self._refusals):
                return self.submit(job)
            told = "\n".join(f"  {one}: {why}" for one, why in self._refusals.items())
            return Outcome(PressError(f"No worker takes {job.name}:\n{told}"), 0)
        for name, content in answer["kept"].items() if job.backups is not None else ():
            files.write(job.backups / name, content)
        result = answer["notebook"] or PressError(f"On {worker}, {answer['error']}")
        return Outcome(result, answer["seconds"], answer["hardware"])

    def stop(self, left: Iterable[Future[str]]) -> None:
        """Take back what is left, which ends its processes, and leave the scheduler."""
        for future in left:
            future.cancel()
        with suppress(Exception):  # the connection may be lost
            self._client.close(timeout=_SECONDS_TO_CONNECT)

    def _tell_of_lost(self, event: tuple[float, dict[str, Any]]) -> None:
        _, about = event
        if about.get("action") == "remove-worker" and about["processing-tasks"]:
            _say(f"{about['worker']} is lost. What it was doing is tried again on another worker.")


def _tell(event: tuple[float, dict[str, str]]) -> None:
    _, about = event
    _say(f"{about['worker']}  {about['line']}")


def _say(line: str) -> None:
    tqdm.write(visible(line), file=sys.stderr)


def _as_text(job: Job) -> str:
    """Return what another machine needs to do a job."""
    profile = "tiny" if job.backups is None else "full"
    source: Notebook = {**job.notebook, "cells": [_bare(cell) for cell in job.notebook["cells"]]}
    job_itself = {
        "name": job.name,
        "notebook": source,
        "timeout": job.timeout,
        "share": job.share,
        "profile": profile,
        "precision": os.environ.get(PRECISION_VARIABLE, ""),
        "same": everything(find_project(job.folder), source, profile),
    }
    kept = dict(_kept(job.backups)) if job.backups is not None else {}
    return json.dumps(job_itself | {"kept": kept})


def _bare(cell: dict[str, Any]) -> dict[str, Any]:
    """Return a cell without its outputs."""
    return {**cell, "outputs": []} if cell["cell_type"] == "code" else cell


def _kept(backups: Path) -> Iterator[tuple[str, str]]:
    """Yield the files of measurements, which are texts; a training's state is larger, and none."""
    for file in sorted([*backups.glob("*.state"), *backups.glob("*.progress")]):
        with suppress(UnicodeDecodeError):
            yield file.name, file.read_text(encoding="utf-8")


def workers(address: str) -> Workers | None:
    """Return the workers of a scheduler; None for no address, which means this machine."""
    return Workers(address) if address else None


# What a worker does


def work(text: str) -> str:
    """Do a job in a process of its own, in a worker of Dask; return the outcome as a text.

    The process ends with the worker, and when nobody waits for the outcome any more.
    """
    from distributed import get_worker  # noqa: PLC0415

    worker = get_worker()
    key = worker.get_current_task()
    pipe = subprocess.PIPE
    command = [sys.executable, "-c", _MAIN]
    with subprocess.Popen(
        command, stdin=pipe, stdout=pipe, stderr=pipe, encoding="utf-8", errors="replace"
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        assert child.stderr is not None
        said: list[str] = []
        answers: list[str] = []

        def forward(lines: Iterable[str]) -> None:
            for line in lines:
                said.append(line)
                worker.log_event(_TOPIC, {"worker": worker.address, "line": line.rstrip()})

        threading.Thread(target=forward, args=[child.stderr], daemon=True).start()
        reader = threading.Thread(
            target=lambda out: answers.append(out.read()), args=[child.stdout]
        )
        reader.start()
        with suppress(BrokenPipeError):
            child.stdin.write(f"{text}\n")
            child.stdin.flush()
        while reader.is_alive():
            reader.join(_SECONDS_BETWEEN_LOOKS)
            task = worker.state.tasks.get(key)
            if task is None or task.state == "cancelled":
                child.kill()
        status = child.wait()
    if not answers[0]:
        last = said[-1].strip() if said else "it was ended from outside"
        raise RuntimeError(f"its process on {worker.address} ended with status {status}: {last}")
    return json.dumps(json.loads(answers[0]) | {"worker": worker.address})


def main() -> None:
    """Do the job whose text comes on standard input, and write the outcome to standard output."""
    out, sys.stdout = sys.stdout, sys.stderr
    task = json.loads(sys.stdin.readline())

    def end_with_worker() -> None:
        sys.stdin.read()
        os._exit(1)

    threading.Thread(target=end_with_worker, daemon=True).start()
    try:
        answer = _do(task)
    except (PressError, OSError) as error:
        answer = _answer(error=f"{task['name']} broke off: {error}")
    out.write(json.dumps(answer))
    out.flush()
    os._exit(0)  # the thread that reads standard input would hold it


def _answer(**known: Any) -> dict[str, Any]:
    return {"notebook": None, "error": "", "seconds": 0.0, "hardware": None, "kept": {}} | known


def _do(task: dict[str, Any]) -> dict[str, Any]:
    """Return the outcome of a job, or why it is refused."""
    os.environ[PRECISION_VARIABLE] = task["precision"]
    os.environ.pop(SHARE_VARIABLE, None)
    project = find_project()
    mine = everything(project, task["notebook"], task["profile"])
    if differing := "; ".join(_differing(task["same"], mine)):
        return {"refusal": f"{differing}. {_ADVICE}"}
    full = task["profile"] == "full"
    kept = task.pop("kept")
    folder = project.build / "cluster" / files.digest(json.dumps(task, sort_keys=True))
    backups = folder / "backups" if full else None
    job = Job(
        task["name"],
        task["notebook"],
        project.root / "notebooks",
        task["timeout"],
        backups,
        task["share"],
    )
    outcomes: list[Outcome] = []
    with locked(folder):
        for name, content in kept.items() if backups else ():
            if not (backups / name).exists():
                files.write(backups / name, content)
        with scratch(folder) as temporary:
            run_jobs(
                [job], 1, temporary, project.build / "cache", lambda _, done: outcomes.append(done)
            )
        kept = dict(_kept(backups)) if backups else {}
        done = replace(outcomes[0], hardware=hardware(gpu=full))
        failed = isinstance(done.result, PressError)
        if not failed or not full:
            shutil.rmtree(folder, ignore_errors=True)
    return _answer(
        notebook=None if failed else done.result,
        error=str(done.result) if failed else "",
        seconds=done.seconds,
        hardware=done.hardware,
        kept=kept,
    )


_ADVICE: Final = (
    "Bring that clone to the same commit and its environment to the same requirements.lock, "
    "and set CNN_COURSE_DATA where the worker is started."
)


def _differing(theirs: dict[str, dict[str, str]], mine: dict[str, dict[str, str]]) -> Iterator[str]:
    """Yield in words what is not the same here as where a job comes from, or not there."""
    for kind, wanted in theirs.items():
        found = mine[kind]
        names = sorted(n for n in wanted.keys() | found.keys() if wanted.get(n) != found.get(n))
        if kind == "data":
            names = sorted({*names, *(n for n in found if found[n] in _NOT_THERE)})
        if kind == "files" and names:
            more = f" and {len(names) - _NAMES_SHOWN} more" if len(names) > _NAMES_SHOWN else ""
            yield f"other code in {', '.join(names[:_NAMES_SHOWN])}{more}"
        elif kind == "versions":
            for name in names:
                yield f"{name} {found.get(name, 'none')} in place of {wanted.get(name, 'none')}"
        else:
            for name in names:
                how = found[name] if found[name] in _NOT_THERE else "another one"
                yield f"the data set {name} is {how}"
