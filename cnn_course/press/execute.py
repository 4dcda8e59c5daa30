"""Runs notebooks by papermill, several at a time, each with a kernel of its own.

A kernel is always the interpreter that runs this, whatever kernels are installed, and it sees no
settings of the person who started it: equal inputs, equal outputs.
"""

import errno
import logging
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

import nbformat
from ipykernel.kernelspec import get_kernel_dict
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from nbclient.exceptions import DeadKernelError
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import Engine
from tqdm import tqdm
from traitlets import Float
from traitlets.config import Config

from cnn_course.data.storage import keras_cache
from cnn_course.press import notebooks
from cnn_course.press.environment import (
    TENSORFLOW_THREADS,
    make_environment_neutral,
    own_temporary,
)
from cnn_course.press.notebooks import Cell, Notebook
from cnn_course.press.project import PressError, say
from cnn_course.profiles import PRECISION_VARIABLE
from cnn_course.training.state import FOLDER_VARIABLE, SHARE_VARIABLE, read_progress
from cnn_course.written import visible

_START_SECONDS = 120  # on a busy machine a kernel takes its time to start, and to answer
_SECONDS_BETWEEN_LOOKS = 1
_LINES_OF_ERROR = 12
_LEAST_ROOM = 1_000_000  # bytes on the disk, for a kernel
# To glibc: what a large array leaves is kept for the next one. To give it back and ask for it again
# costs a full run up to half of its time: an epoch of chapter 6 takes 16 s, and 28 s without this.
_KEPT_MEMORY = {
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_MMAP_THRESHOLD_": "4000000000",
    "MALLOC_TRIM_THRESHOLD_": "16000000000",
}
_LARGEST_OUTPUT = 20_000_000  # signs that a cell may give; a chapter gives a tenth of it in all
# A kernel ends with the process that started it, and what it has started ends with it; where
# memory runs out, the system takes it from a kernel. ipykernel's own look-out leaves children.
_KERNEL = """
import contextlib, os, signal, sys, threading, time

def end_with(parent):
    while os.getppid() == parent:
        time.sleep(0.5)
    os.killpg(0, signal.SIGKILL)

parent = int(os.environ.pop("JPY_PARENT_PID"))
threading.Thread(target=end_with, args=[parent], daemon=True).start()
with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as score:
    score.write("1000")
sys.path.remove("")  # `ipykernel` is no file beside the chapter
from ipykernel import kernelapp  # it would begin its own look-out if it saw JPY_PARENT_PID
kernelapp.launch_new_instance()
"""
_ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


@dataclass(frozen=True)
class Job:
    """A notebook to run, with its parameters set.

    Attributes:
        name: what messages call it.
        notebook: its source.
        folder: the kernel's working folder.
        timeout: seconds that one cell may take; None for no limit.
        backups: a folder for the state of its trainings; None for none.
        share: of its named parts, such as `"3/8"`; the run ends when parts of others are needed.
    """

    name: str
    notebook: Notebook
    folder: Path
    timeout: int | None
    backups: Path | None = None
    share: str = ""


@dataclass(frozen=True)
class Outcome:
    """What came of a job.

    Attributes:
        result: the executed notebook, or what went wrong; of a share that left parts to others,
            the notebook as it was.
        seconds: that it took.
        hardware: of the machine that did it, if that was not this one.
    """

    result: Notebook | PressError
    seconds: float
    hardware: dict[str, Any] | None = None


Finished = Callable[[Job, Outcome], None]


class Place(Protocol):
    """Where jobs are done, several at the same time."""

    def submit(self, job: Job) -> Future[Any]:
        """Begin a job, now or when there is room for it."""

    def outcome(self, job: Job, ended: Future[Any]) -> Outcome | Future[Any]:
        """Return what came of a job, or where it is done again."""

    def stop(self, left: Iterable[Future[Any]]) -> None:
        """End what is left, and everything that was started for it."""


class OwnKernelManager(AsyncKernelManager):
    """Starts kernels with `sys.executable`: a kernelspec named `python3` may point anywhere."""

    # About one kernel in fifteen hangs in its own exit, when all that it computed has been read.
    # It may try for half of this time, then it is ended.
    shutdown_wait_time = Float(1.0)

    @property
    def kernel_spec(self) -> KernelSpec:
        """How to start a kernel."""
        # Some versions warn at every start that local sockets are not encrypted.
        specification = get_kernel_dict(extra_arguments=["--log-level=ERROR"])
        if hasattr(os, "killpg"):
            at = specification["argv"].index("-m")
            specification["argv"][at : at + 2] = ["-c", _KERNEL]
        return KernelSpec(**specification)

    def end(self) -> None:
        """End the kernel and what it has started, whatever they are doing."""
        with suppress(OSError):  # all of them have ended
            if group := getattr(self.provisioner, "pgid", None):
                os.killpg(group, signal.SIGKILL)
            elif process := getattr(self.provisioner, "process", None):
                process.kill()


def run_jobs(
    jobs: Iterable[Job],
    at_once: int,
    scratch: Path,
    caches: Path,
    finished: Finished,
    *,
    place: Place | None = None,
) -> None:
    """Run every job and hand each result to `finished` as it comes.

    Progress goes to standard error: a bar for each notebook on a terminal, else a line when it
    starts and a line when it ends; and a line for each tenth of a training of a full run.

    Args:
        jobs: what is to be run.
        at_once: how many at the same time; on a cluster, its workers decide.
        scratch: a folder for what is not needed afterwards.
        caches: a folder for what tools keep between runs.
        finished: is called in the thread of the caller.
        place: where they run, if not here; it is left when all is done.
    """
    # A cell that is given up leaves behind what asyncio would tell of when the command ends.
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    if place is None:
        _prepare_fonts(caches)
        place = _Here(scratch, caches, at_once)
    told: dict[str, int] = {}
    running: dict[Future[Any], Job] = {}
    try:
        running |= {place.submit(job): job for job in jobs}
        while running:
            ended, _ = wait(running, _SECONDS_BETWEEN_LOOKS, FIRST_COMPLETED)
            for job in running.values():
                _tell_progress(job, told)
            for future in ended:
                job = running.pop(future)
                outcome = place.outcome(job, future)
                if isinstance(outcome, Outcome):
                    finished(job, outcome)
                else:
                    running[outcome] = job
    finally:
        place.stop(running)


class _Client(PapermillNotebookClient):
    """Papermill's client, which ends a kernel that gives more output than a notebook may keep.

    Attributes:
        manager: of its kernel, also when that has ended.
        has_too_much: whether it had to end it.
    """

    manager: OwnKernelManager | None = None
    has_too_much = False
    _given = 0

    def create_kernel_manager(self) -> Any:
        """Return the manager of the kernel that is to be started."""
        self.manager = super().create_kernel_manager()
        return self.manager

    def execute(self, **started_with: Any) -> Any:
        """Execute the notebook, and let nothing live on that it has started."""
        try:
            return super().execute(**started_with)
        except DeadKernelError:
            if self.has_too_much:
                raise RuntimeError(
                    f"It gave more than {_LARGEST_OUTPUT / 1e6:.0f} MB of output. Print less."
                ) from None
            raise
        finally:
            if self.manager is not None:
                self.manager.end()

    def process_message(self, msg: dict[str, Any], cell: Cell, cell_index: int) -> Any:
        """Take over a message, unless the cell has given too much already."""
        content = msg["content"]
        if msg["msg_type"] in ("execute_input", "clear_output"):
            self._given = 0
        texts = [content.get("text"), content.get("traceback"), *content.get("data", {}).values()]
        self._given += sum(len(str(text)) for text in texts if text)
        if self._given <= _LARGEST_OUTPUT:
            return super().process_message(msg, cell, cell_index)
        if not self.has_too_much and self.manager is not None:
            self.has_too_much = True
            self.manager.end()
        return None


class _OwnEngine(Engine):
    """Papermill with a kernel of our own, and without any file."""

    @classmethod
    def execute_managed_notebook(
        cls,
        nb_man: Any,
        kernel_name: str,
        *,
        clients: list[_Client],
        started_with: dict[str, Any],
        **options: Any,
    ) -> None:
        """Execute a notebook; who holds `clients` can end its kernel."""
        client = _Client(
            nb_man,
            kernel_name=kernel_name,
            kernel_manager_class=OwnKernelManager,
            startup_timeout=_START_SECONDS,
            iopub_timeout=_START_SECONDS,
            **options,
        )
        clients.append(client)
        client.execute(**started_with)


class _Here:
    """Runs notebooks on this machine, one in each thread."""

    def __init__(self, scratch: Path, caches: Path, at_once: int) -> None:
        self._scratch = scratch
        self._caches = caches
        self._stopped = threading.Event()
        self._clients: list[_Client] = []
        self._pool = ThreadPoolExecutor(at_once)

    def submit(self, job: Job) -> Future[Outcome]:
        """Run a job in the next thread that is free."""
        return self._pool.submit(self._run, job)

    def outcome(self, job: Job, ended: Future[Outcome]) -> Outcome:
        """Return what came of a job, and say so."""
        outcome = ended.result()
        end = "failed" if isinstance(outcome.result, PressError) else "done"
        _say(f"{job.name}: {end}, {outcome.seconds:.0f} s")
        return outcome

    def stop(self, left: Iterable[Future[Outcome]]) -> None:
        """End all kernels."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._stopped.set()
        running = [future for future in left if not future.cancelled()]
        while not all(future.done() for future in running):
            for client in self._clients:
                if client.manager is not None:
                    client.manager.end()
            wait(running, timeout=0.2)

    def _run(self, job: Job) -> Outcome:
        """Return the executed notebook, or an error for the person at the keyboard."""
        started = time.perf_counter()
        result: Notebook | PressError
        _say(f"{job.name}: started")
        try:
            executed, reason = self._attempt(job)
            if reason and not _started(executed) and not self._stopped.is_set():
                executed, reason = self._attempt(job)  # two may have chosen the same port
            _check(job, executed, reason)
            result = notebooks.finish(job.notebook, executed)
        except _PartsLeftError:
            result = job.notebook
        except PressError as error:
            result = PressError(f"{error}{self._if_full()}")
        except OSError as error:
            result = PressError(f"{job.name} broke off: {error}")
        return Outcome(result, time.perf_counter() - started)

    def _if_full(self) -> str:
        """Say so where the disk is full: a kernel that dies of it cannot write why."""
        is_full = shutil.disk_usage(self._scratch).free < _LEAST_ROOM
        return f"\n{self._scratch}: {os.strerror(errno.ENOSPC)}" if is_full else ""

    def _attempt(self, job: Job) -> tuple[Notebook, str]:
        """Return a notebook as papermill leaves it, and why it broke off, if it did."""
        notebook = nbformat.from_dict(job.notebook)
        notebook.metadata.papermill = {}
        log = self._scratch / f"{job.name}.log"
        connection = {"connection_file": str(log.with_suffix(".json"))}
        environment = _environment(job, self._caches)
        temporary = self._scratch / f"{job.name}.tmp"
        temporary.mkdir(exist_ok=True)
        environment |= own_temporary(temporary)  # chapters leave there what they need no more
        try:
            # What a kernel writes there is worth reading only where it dies by itself.
            with log.open("w", encoding="utf-8") as stream:
                _OwnEngine.execute_notebook(
                    notebook,
                    "python3",
                    progress_bar={"desc": job.name} if sys.stderr.isatty() else False,
                    config=Config(OwnKernelManager=connection),
                    timeout=job.timeout,
                    on_cell_executed=_after_each_cell(job),
                    clients=self._clients,
                    started_with={
                        "cwd": str(job.folder),
                        "env": environment,
                        "stdout": stream,
                        "stderr": stream,
                    },
                )
        except TimeoutError:
            return notebook, (
                f"It took longer than {job.timeout} s. Where it may take longer, say so: "
                "cnn-course run --timeout SECONDS"
            )
        except RuntimeError as error:
            died = isinstance(error, DeadKernelError)
            reason = "Its kernel died: out of memory, or ended from outside." if died else error
            return notebook, f"{log.read_text(encoding='utf-8', errors='replace')}\n{reason}"
        return notebook, ""


class _PartsLeftError(Exception):
    """A cell of a share's run asked for parts that other shares measure."""


def _after_each_cell(job: Job) -> Callable[..., None] | None:
    """Return what ends the run of a share after the first cell that left parts to others."""
    folder = job.backups
    if not job.share or folder is None:
        return None

    def look(execute_reply: dict[str, Any], **_: Any) -> None:
        if execute_reply["content"]["status"] == "ok" and missing_parts(folder):
            raise _PartsLeftError

    return look


def missing_parts(backups: Path) -> list[str]:
    """Return the names of the parts that a run was asked for and left to other shares."""
    return [one.name for one in read_progress(backups) if not one.done]


def _check(job: Job, executed: Notebook, reason: str) -> None:
    """Raise for the first cell that failed or did not run.

    Papermill takes `SystemExit(0)` for a good end, and runs nothing that follows.
    """
    if reason:
        ran = _started(executed)
        raise (
            _stopped(job, ran, reason)
            if ran
            else PressError(f"{job.name} did not start:\n{_tail(reason)}")
        )
    cells = notebooks.code_cells(executed)
    for number, cell in enumerate(cells, start=1):
        errors = [item for item in cell["outputs"] if item["output_type"] == "error"]
        failed = errors or cell["metadata"]["papermill"]["exception"]
        if failed and "raises-exception" not in notebooks.tags(cell):
            trace = "\n".join(line for item in errors for line in item["traceback"])
            raise _stopped(job, cells[:number], trace or "It failed and gave no reason.")
        if cell["source"].strip() and cell["execution_count"] is None:
            raise _stopped(job, cells[:number], "It was not run.")


def _started(executed: Notebook) -> list[Cell]:
    """Return the code cells that were started; the last of them may not have ended."""
    cells = notebooks.code_cells(executed)
    return [cell for cell in cells if cell["metadata"]["papermill"]["start_time"]]


def _stopped(job: Job, ran: list[Cell], reason: str) -> PressError:
    """Return an error about the last cell of `ran`, with the last lines of the reason."""
    number = sum(bool(cell["source"].strip()) for cell in ran)
    first = next((line for line in ran[-1]["source"].splitlines() if line.strip()), "")
    return PressError(
        f"{job.name} stopped in code cell {number}, which begins with `{first}`:\n{_tail(reason)}"
    )


def _tail(text: str) -> str:
    lines = [line for line in _ANSI.sub("", text).splitlines() if line.strip()]
    return "\n".join(f"    {line}" for line in lines[-_LINES_OF_ERROR:])


def _environment(job: Job, caches: Path) -> dict[str, str]:
    """Return what a kernel sees: the same on every machine and for everybody."""
    found = dict(os.environ)
    make_environment_neutral(caches, found)
    if job.backups is not None:  # a full run
        for name in TENSORFLOW_THREADS:
            del found[name]
        found["KERAS_HOME"] = str(_own_weights(job.backups / "keras"))
        found[FOLDER_VARIABLE] = str(job.backups)
        found[SHARE_VARIABLE] = job.share
        found["TF_FORCE_GPU_ALLOW_GROWTH"] = "true"  # several runs may share a GPU
        found = _KEPT_MEMORY | found
    else:
        found.pop(PRECISION_VARIABLE, None)
    return found


def _own_weights(folder: Path) -> Path:
    """Return a folder for Keras with the weights that a person has got, without the settings."""
    models = folder / "models"
    folder.mkdir(parents=True, exist_ok=True)
    models.unlink(missing_ok=True)
    with suppress(OSError):  # Windows lets few people make links
        models.symlink_to(keras_cache("models"), target_is_directory=True)
    return folder


def _prepare_fonts(caches: Path) -> None:
    """Let Matplotlib list the fonts once; a kernel that has to would say so in a chapter."""
    folder = caches / "matplotlib"
    if find_spec("matplotlib") and not list(folder.glob("fontlist-*.json")):
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(
            [sys.executable, "-c", "import matplotlib.font_manager"],
            env=os.environ | {"MPLCONFIGDIR": str(folder)},
            check=False,
        )


def _tell_progress(job: Job, told: dict[str, int]) -> None:
    """Write a line for each tenth of each training: to papermill a training is one long cell."""
    for now in read_progress(job.backups) if job.backups is not None else []:
        tenth = 10 * now.done // max(1, now.epochs)
        line = f"{job.name}: {now.name}, epoch {now.done} of {now.epochs}"
        key = f"{job.name}: {now.name}"
        if tenth > told.get(key, 0):
            told[key] = tenth
            tqdm.write(visible(line), file=sys.stderr)


def _say(line: str) -> None:
    if not sys.stderr.isatty():
        say(line, err=True)
