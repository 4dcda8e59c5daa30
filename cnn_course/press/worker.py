"""Runs one chapter. Everything here happens in a process of its own, one for each chapter.

The kernel is always the interpreter that runs the press, whatever kernels are installed, and it
sees no settings of the person who started it: equal inputs, equal outputs.
"""

import logging
import os
import re
import signal
import sys
import threading
import time
from dataclasses import dataclass
from multiprocessing import parent_process
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from tqdm import tqdm

from cnn_course.press import notebooks
from cnn_course.press.notebooks import Cell, Notebook, code_cells

_START_SECONDS = 120  # a machine with more kernels than cores takes its time
_SECONDS_TO_LEAVE = 20
_LINES_OF_ERROR = 12
_ERROR_MARK = "papermill-error-cell-tag"
_WIDTH_AND_COLOUR = ("COLUMNS", "LINES", "JUPYTER_COLUMNS", "FORCE_COLOR", "NO_COLOR")
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
        position: the line of the progress bar, counted from 0.
    """

    name: str
    notebook: Notebook
    folder: Path
    scratch: Path
    caches: Path
    timeout: int | None
    position: int = 0


@dataclass(frozen=True)
class Outcome:
    """How a run ended: with the text of the executed notebook, or with an error message."""

    name: str
    seconds: float
    notebook: str | None = None
    error: str | None = None


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
    _set_environment(job.caches)
    tqdm.set_lock(lock)
    logging.getLogger("papermill").setLevel(logging.CRITICAL)  # the outcome says it all
    pipe.send(run(job))


def run(job: Job) -> Outcome:
    """Run a chapter; a kernel that does not start is tried once more.

    Two kernels that start at the same moment may choose the same port.
    """
    started = time.perf_counter()
    error = _attempt(job)
    if error is not None and not _started(job):
        error = _attempt(job)
    seconds = time.perf_counter() - started
    if error is not None:
        return Outcome(job.name, seconds, error=error)
    executed = notebooks.finish(job.notebook, _read_back(job))
    return Outcome(job.name, seconds, notebook=notebooks.dumps(executed))


def _attempt(job: Job) -> str | None:
    """Run a chapter and return what went wrong."""
    import papermill  # noqa: PLC0415 - slow, and the parent imports this module

    from cnn_course.press.kernel import OwnKernelManager  # noqa: PLC0415

    bar = {"desc": job.name, "position": job.position, "file": sys.stderr}
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
            execution_timeout=job.timeout,
            progress_bar=bar if sys.stderr.isatty() else False,
        )
    except papermill.PapermillExecutionError:
        return _describe_failure(job)  # None, where every error is one that the chapter means
    except TimeoutError:
        return _at(job, _started(job), f"It took longer than {job.timeout} s.")
    except RuntimeError as error:
        if _started(job):
            return _at(job, _started(job), "Its kernel died: out of memory, or ended from outside.")
        return f"{job.name} did not start: {error}."
    except OSError as error:
        return f"{job.name} broke off: {error}."
    return None


def _describe_failure(job: Job) -> str | None:
    """Return the message for the first cell that failed and was not meant to."""
    cells = code_cells(_read_back(job))
    for number, cell in enumerate(cells, start=1):
        errors = [item for item in cell["outputs"] if item["output_type"] == "error"]
        failed = errors or cell["metadata"]["papermill"]["exception"]
        if failed and "raises-exception" not in notebooks.tags(cell):
            trace = "\n".join(line for item in errors for line in item["traceback"])
            return _at(job, cells[:number], trace or "It failed and gave no reason.")
    return None


def _at(job: Job, ran: list[Cell], reason: str) -> str:
    """Return an error message for the last cell of `ran`, with the last lines of the reason."""
    number = sum(bool(cell["source"].strip()) for cell in ran)
    first = next((line for line in ran[-1]["source"].splitlines() if line.strip()), "")
    lines = [line for line in _ANSI.sub("", reason).splitlines() if line.strip()]
    shown = "\n".join(f"    {line}" for line in lines[-_LINES_OF_ERROR:])
    return f"{job.name} stopped in code cell {number}, which begins with `{first}`:\n{shown}"


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


def _set_environment(caches: Path) -> None:
    """Give the kernel the same surroundings on every machine and for everybody."""
    os.environ |= {
        "PYTHONHASHSEED": "0",  # the order of a printed set
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "MPLCONFIGDIR": str(caches / "matplotlib"),
        "IPYTHONDIR": str(caches / "ipython"),  # no start-up files, and none written to HOME
        "JUPYTER_RUNTIME_DIR": str(caches / "jupyter"),
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",  # the debugger's greeting on standard error
    }
    for name in _WIDTH_AND_COLOUR:
        os.environ.pop(name, None)


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
