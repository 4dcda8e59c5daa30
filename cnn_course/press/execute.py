"""Runs notebooks by papermill, several at a time, each with a kernel of its own.

A kernel is always the interpreter that runs this, whatever kernels are installed, and it sees no
settings of the person who started it: equal inputs, equal outputs.
"""

import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click
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

from cnn_course.press import notebooks
from cnn_course.press.environment import TENSORFLOW_THREADS, make_environment_neutral
from cnn_course.press.notebooks import Cell, Notebook
from cnn_course.press.project import PressError
from cnn_course.training.state import FOLDER_VARIABLE, read_progress

_START_SECONDS = 120  # on a busy machine a kernel takes its time to start, and to answer
_SECONDS_BETWEEN_LOOKS = 1
_LINES_OF_ERROR = 12
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
    """

    name: str
    notebook: Notebook
    folder: Path
    timeout: int | None
    backups: Path | None = None


#: takes a job, its executed notebook or what went wrong, and its seconds
Finished = Callable[[Job, Notebook | PressError, float], None]


class OwnKernelManager(AsyncKernelManager):
    """Starts kernels with `sys.executable`: a kernelspec named `python3` may point anywhere."""

    # About one kernel in fifteen hangs in its own exit, when all that it computed has been read.
    # It may try for half of this time, then it is ended.
    shutdown_wait_time = Float(1.0)

    @property
    def kernel_spec(self) -> KernelSpec:
        """How to start a kernel."""
        # Some versions warn at every start that local sockets are not encrypted.
        return KernelSpec(**get_kernel_dict(extra_arguments=["--log-level=ERROR"]))


def run_jobs(
    jobs: Iterable[Job], at_once: int, scratch: Path, caches: Path, finished: Finished
) -> None:
    """Run every job and hand each result to `finished` as it comes.

    Progress goes to standard error: a bar for each notebook on a terminal, else a line when it
    starts and a line when it ends; and a line for each tenth of a training of a full run.

    Args:
        jobs: what is to be run.
        at_once: how many at the same time.
        scratch: a folder for what is not needed afterwards.
        caches: a folder for what tools keep between runs.
        finished: is called in the thread of the caller.
    """
    _prepare_fonts(caches)
    runner = _Runner(scratch, caches)
    told: dict[str, int] = {}
    pool = ThreadPoolExecutor(at_once)
    running = {pool.submit(runner.run, job): job for job in jobs}
    try:
        while running:
            ended, _ = wait(running, _SECONDS_BETWEEN_LOOKS, FIRST_COMPLETED)
            for job in running.values():
                _tell_progress(job, told)
            for future in ended:
                job = running.pop(future)
                result, seconds = future.result()
                end = "failed" if isinstance(result, PressError) else "done"
                _say(f"{job.name}: {end}, {seconds:.0f} s")
                finished(job, result, seconds)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        while any(not future.cancelled() and not future.done() for future in running):
            runner.stop()
            wait([one for one in running if not one.cancelled()], timeout=0.2)


class _OwnEngine(Engine):
    """Papermill with a kernel of our own, and without any file."""

    @classmethod
    def execute_managed_notebook(
        cls,
        nb_man: Any,
        kernel_name: str,
        *,
        clients: list[PapermillNotebookClient],
        started_with: dict[str, Any],
        **options: Any,
    ) -> None:
        """Execute a notebook; who holds `clients` can end its kernel."""
        client = PapermillNotebookClient(
            nb_man,
            kernel_name=kernel_name,
            kernel_manager_class=OwnKernelManager,
            startup_timeout=_START_SECONDS,
            iopub_timeout=_START_SECONDS,
            **options,
        )
        clients.append(client)
        client.execute(**started_with)


class _Runner:
    """Runs one notebook in each thread that asks, and ends all kernels when it is stopped."""

    def __init__(self, scratch: Path, caches: Path) -> None:
        self._scratch = scratch
        self._caches = caches
        self._stopped = threading.Event()
        self._clients: list[PapermillNotebookClient] = []

    def run(self, job: Job) -> tuple[Notebook | PressError, float]:
        """Return the executed notebook, or an error for the person at the keyboard; and seconds."""
        started = time.perf_counter()
        result: Notebook | PressError
        _say(f"{job.name}: started")
        try:
            executed, reason = self._attempt(job)
            if reason and not _started(executed) and not self._stopped.is_set():
                executed, reason = self._attempt(job)  # two may have chosen the same port
            _check(job, executed, reason)
            result = notebooks.finish(job.notebook, executed)
        except PressError as error:
            result = error
        except OSError as error:
            result = PressError(f"{job.name} broke off: {error}")
        return result, time.perf_counter() - started

    def stop(self) -> None:
        """End all kernels."""
        self._stopped.set()
        for client in self._clients:
            if client.km is not None and client.km.has_kernel:
                client.km.provisioner.process.kill()

    def _attempt(self, job: Job) -> tuple[Notebook, str]:
        """Return a notebook as papermill leaves it, and why it broke off, if it did."""
        notebook = nbformat.from_dict(job.notebook)
        notebook.metadata.papermill = {}
        log = self._scratch / f"{job.name}.log"
        connection = {"connection_file": str(log.with_suffix(".json"))}
        environment = _environment(job, self._caches)
        try:
            # What a kernel writes there is worth reading only where it dies by itself.
            with log.open("w", encoding="utf-8") as stream:
                _OwnEngine.execute_notebook(
                    notebook,
                    "python3",
                    progress_bar={"desc": job.name} if sys.stderr.isatty() else False,
                    config=Config(OwnKernelManager=connection),
                    timeout=job.timeout,
                    clients=self._clients,
                    started_with={"cwd": str(job.folder), "env": environment, "stderr": stream},
                )
        except TimeoutError:
            return notebook, f"It took longer than {job.timeout} s."
        except RuntimeError as error:
            died = isinstance(error, DeadKernelError)
            reason = "Its kernel died: out of memory, or ended from outside." if died else error
            return notebook, f"{log.read_text(encoding='utf-8', errors='replace')}\n{reason}"
        return notebook, ""


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
        for name in ("KERAS_HOME", *TENSORFLOW_THREADS):
            del found[name]
        if "KERAS_HOME" in os.environ:  # where weights may lie that a person has got already
            found["KERAS_HOME"] = os.environ["KERAS_HOME"]
        found[FOLDER_VARIABLE] = str(job.backups)
    return found


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
            tqdm.write(line, file=sys.stderr)


def _say(line: str) -> None:
    if not sys.stderr.isatty():
        click.echo(line, err=True)
