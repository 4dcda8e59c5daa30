"""Runs one chapter. Everything here happens in a process of its own, one for each chapter.

The kernel is always the interpreter that runs the press, whatever kernels are installed, and it
sees no settings of the person who started it: equal inputs, equal outputs.
"""

import os
import re
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import parent_process
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, TextIO

from tqdm import tqdm

from cnn_course.press import notebooks
from cnn_course.press.machine import TENSORFLOW_THREADS, make_environment_neutral
from cnn_course.press.notebooks import Cell, Notebook, code_cells
from cnn_course.press.project import PressError
from cnn_course.training.state import FOLDER_VARIABLE, read_progress

_START_SECONDS = 120  # on a busy machine a kernel takes its time to start, and to answer
_SECONDS_TO_LEAVE = 20
_SECONDS_BETWEEN_LOOKS = 1
_LINES_OF_ERROR = 12
_ERROR_MARK = "papermill-error-cell-tag"
_ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


@dataclass(frozen=True)
class Job:
    """A chapter to run.

    Attributes:
        name: the chapter.
        notebook: its source, with the profile set.
        folder: the kernel's working folder.
        scratch: an empty folder for what is not finished.
        caches: a folder for what may be kept between runs.
        timeout: seconds that one cell may take; None for no limit.
        backups: a folder for the state of its trainings; None for none.
        position: the line of the progress bar, counted from 0.
    """

    name: str
    notebook: Notebook
    folder: Path
    scratch: Path
    caches: Path
    timeout: int | None
    backups: Path | None = None
    position: int = 0

    @property
    def log(self) -> Path:
        """Where the process and its kernel write their complaints."""
        return self.scratch / f"{self.name}.log"


@dataclass(frozen=True)
class Outcome:
    """How a run ended: with the executed notebook, or with an error message."""

    name: str
    seconds: float
    notebook: Notebook | None = None
    error: str | None = None


class _NoKernelError(PressError):
    """The kernel did not start."""


def work(job: Job, pipe: Connection, lock: Any) -> None:
    """Run `job` and send its `Outcome`: what the process of a chapter does.

    Args:
        job: the chapter to run.
        pipe: where the parent waits for the outcome.
        lock: shared by all processes that draw a progress bar.
    """
    # Ctrl-C in a terminal reaches every process; the parent alone decides, and ends the others.
    signal.signal(signal.SIGINT, lambda *_: None)
    signal.signal(signal.SIGTERM, _leave)
    threading.Thread(target=_follow_parent, daemon=True).start()
    terminal = _redirect_errors(job.log)
    _set_environment(job)
    tqdm.set_lock(lock)
    with _telling_progress(job, terminal):
        outcome = run(job, terminal)
    pipe.send(outcome)


def run(job: Job, terminal: TextIO) -> Outcome:
    """Run a chapter, with a progress bar on `terminal` if it is one."""
    started = time.perf_counter()
    try:
        try:
            executed = _attempt(job, terminal)
        except _NoKernelError:  # two that start at the same moment may choose the same port
            executed = _attempt(job, terminal)
        good = notebooks.finish(job.notebook, executed)
    except PressError as error:
        return Outcome(job.name, time.perf_counter() - started, error=str(error))
    except OSError as error:
        reason = f"{job.name} broke off: {error}"
        return Outcome(job.name, time.perf_counter() - started, error=reason)
    return Outcome(job.name, time.perf_counter() - started, notebook=good)


def _attempt(job: Job, terminal: TextIO) -> Notebook:
    """Return a chapter as papermill leaves it, or raise what is to be said about it."""
    import papermill  # noqa: PLC0415 - slow, and the parent imports this module
    from nbclient.exceptions import DeadKernelError  # noqa: PLC0415

    from cnn_course.press.kernel import OwnKernelManager  # noqa: PLC0415

    bar = {"desc": job.name, "position": job.position, "file": terminal}
    _source(job).write_text(notebooks.dumps(job.notebook), encoding="utf-8")
    try:
        papermill.execute_notebook(
            _for_papermill(_source(job)),
            _for_papermill(_target(job)),
            kernel_name="python3",
            kernel_manager_class=OwnKernelManager,
            language="python",
            cwd=str(job.folder),
            start_timeout=_START_SECONDS,
            iopub_timeout=_START_SECONDS,
            execution_timeout=job.timeout,
            progress_bar=bar if terminal.isatty() else False,
        )
    except papermill.PapermillExecutionError:
        pass  # what failed is looked for below: not every error is a failure, nor the other way
    except (TimeoutError, RuntimeError) as error:
        ran = _started(job)
        if not ran:
            raise _NoKernelError(f"{job.name} did not start: {error}.") from None
        if isinstance(error, TimeoutError):
            raise _stopped(job, ran, f"It took longer than {job.timeout} s.") from None
        died = isinstance(error, DeadKernelError)
        reason = "Its kernel died: out of memory, or ended from outside." if died else str(error)
        raise _stopped(job, ran, f"{log_tail(job.log)}\n{reason}") from None
    return _good_run(job)


def _good_run(job: Job) -> Notebook:
    """Return what papermill wrote, or raise for the first cell that failed or did not run.

    Papermill takes `SystemExit(0)` for a good end, and runs nothing that follows.
    """
    executed = _read_back(job)
    cells = code_cells(executed)
    for number, cell in enumerate(cells, start=1):
        errors = [item for item in cell["outputs"] if item["output_type"] == "error"]
        failed = errors or cell["metadata"]["papermill"]["exception"]
        if failed and "raises-exception" not in notebooks.tags(cell):
            trace = "\n".join(line for item in errors for line in item["traceback"])
            raise _stopped(job, cells[:number], trace or "It failed and gave no reason.")
        if cell["source"].strip() and cell["execution_count"] is None:
            raise _stopped(job, cells[:number], "It was not run.")
    return executed


def _stopped(job: Job, ran: list[Cell], reason: str) -> PressError:
    """Return an error about the last cell of `ran`, with the last lines of the reason."""
    number = sum(bool(cell["source"].strip()) for cell in ran)
    first = next((line for line in ran[-1]["source"].splitlines() if line.strip()), "")
    return PressError(
        f"{job.name} stopped in code cell {number}, which begins with `{first}`:\n{_tail(reason)}"
    )


def log_tail(log: Path) -> str:
    """Return the last lines that a chapter's process, or its kernel, wrote to standard error."""
    try:
        return _tail(log.read_text(encoding="utf-8", errors="replace"))
    except OSError:
        return ""


def _tail(text: str) -> str:
    lines = [line for line in _ANSI.sub("", text).splitlines() if line.strip()]
    return "\n".join(f"    {line}" for line in lines[-_LINES_OF_ERROR:])


def _started(job: Job) -> list[Cell]:
    """Return the code cells that were started; the last of them may not have ended."""
    if not _target(job).is_file():
        return []
    cells = code_cells(_read_back(job))
    return [cell for cell in cells if cell["metadata"]["papermill"]["start_time"]]


def _read_back(job: Job) -> Notebook:
    """Return what papermill wrote, without the cells that it adds to point at an error."""
    notebook = notebooks.read(_target(job))
    cells = notebook["cells"]
    notebook["cells"] = [cell for cell in cells if _ERROR_MARK not in notebooks.tags(cell)]
    return notebook


def _source(job: Job) -> Path:
    return job.scratch / f"{job.name}.source.ipynb"


def _target(job: Job) -> Path:
    return job.scratch / f"{job.name}.ipynb"


def _for_papermill(path: Path) -> str:
    """Return a path in which papermill's `str.format` finds nothing to fill in."""
    return str(path).replace("{", "{{").replace("}", "}}")


def _redirect_errors(log: Path) -> TextIO:
    """Send what this process and its kernel write to standard error to `log`; return the old one.

    A kernel that is ended complains there; only where one dies by itself is it worth reading.
    """
    sys.stderr.flush()
    terminal = os.fdopen(os.dup(2), "w", encoding="utf-8")
    with log.open("w") as stream:
        os.dup2(stream.fileno(), 2)
    return terminal


def _set_environment(job: Job) -> None:
    """Give the kernel the same surroundings on every machine and for everybody."""
    keras_home = os.environ.get("KERAS_HOME")
    make_environment_neutral(job.caches)
    if job.backups is not None:  # a full run
        os.environ[FOLDER_VARIABLE] = str(job.backups)
        for name in ("KERAS_HOME", *TENSORFLOW_THREADS):
            del os.environ[name]
        if keras_home:  # where weights of VGG16 may lie that a person has got already
            os.environ["KERAS_HOME"] = keras_home


@contextmanager
def _telling_progress(job: Job, terminal: TextIO) -> Iterator[None]:
    """Write a line for each tenth of each training: to papermill a training is one long cell."""
    over = threading.Event()
    told: dict[str, int] = {}

    def tell() -> None:
        last = False
        while job.backups is not None and not last:
            last = over.wait(_SECONDS_BETWEEN_LOOKS)
            for now in read_progress(job.backups):
                tenth = 10 * now.done // max(1, now.epochs)
                if tenth > told.get(now.name, 0):
                    told[now.name] = tenth
                    line = f"{job.name}: {now.name}, epoch {now.done} of {now.epochs}"
                    tqdm.write(line, file=terminal)
                    terminal.flush()

    thread = threading.Thread(target=tell, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _leave(*_: object) -> None:
    raise SystemExit(1)  # as an exception, so that the kernel is ended on the way out


def _follow_parent() -> None:
    """End this process, and with it the kernel, when the parent is gone."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(_SECONDS_TO_LEAVE)
        os._exit(1)
