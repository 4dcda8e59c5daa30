"""Runs students' notebooks and says how their checks came out.

The code runs with the rights of whoever starts this: it can read, change and send away what they
can. Each notebook has a kernel, a home and a working folder of its own, so that an accident in one
does not reach the others. That is no protection against a person who means harm: run the notebooks
of strangers in a container, without network and without anything that is worth having.
"""

import os
import site
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed, wait
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from subprocess import DEVNULL
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode
from tqdm import tqdm

from cnn_course.data.storage import temporary
from cnn_course.press import notebooks
from cnn_course.press.environment import make_environment_neutral, own_temporary
from cnn_course.press.execute import OwnKernelManager
from cnn_course.press.notebooks import Cell, Notebook
from cnn_course.press.project import PressError

_START_SECONDS = 120  # on a busy machine a kernel takes its time to start, and to answer
_VERDICT = "application/vnd.cnn-course.verdict+json"
_SHOWN = ("stream", "display_data", "execute_result", "update_display_data")
# Runs before a notebook's own cells. A cell may give its names another value.
_TELL_VERDICTS = f"""
import IPython.display, cnn_course.checks

def _told(name, answer, check=cnn_course.checks.check, display=IPython.display.display):
    verdict = check(name, answer)
    display({{"{_VERDICT}": [name, verdict.outcome]}}, raw=True)
    return verdict

cnn_course.checks.check = _told
del IPython, cnn_course, _told
"""


@dataclass
class CellRun:
    """What became of one cell.

    Attributes:
        source: its code.
        tags: its tags.
        error: why it did not end well, or did not run; empty if it did.
        verdicts: exercises and outcomes, in the order in which it called `check`.
    """

    source: str
    tags: list[str]
    error: str
    verdicts: list[tuple[str, str]]


def run_each(
    given: Mapping[Path, Notebook], seconds: float, at_once: int
) -> dict[Path, list[CellRun]]:
    """Run notebooks, each apart from the others, and return what became of their code cells.

    An error in a cell does not stop those that follow. The notebooks themselves stay as they are.

    Args:
        given: where they are from -> their contents.
        seconds: that a notebook may take; what has not run by then does not run.
        at_once: how many run at the same time.
    """
    kernels: list[OwnKernelManager] = []
    pool = ThreadPoolExecutor(at_once)
    with temporary() as fonts:
        running = {
            pool.submit(_run, notebook, seconds, kernels, fonts): place
            for place, notebook in given.items()
        }
        try:
            ended = as_completed(running)
            return {
                running[one]: one.result()
                for one in tqdm(ended, total=len(running), unit="notebook", disable=None)
            }
        finally:  # after Ctrl+C some are running, and the code in their cells may wait for ever
            pool.shutdown(wait=False, cancel_futures=True)
            while any(not one.done() for one in running):
                for kernel in kernels:
                    kernel.end()
                wait(running, timeout=0.2)


def _run(
    source: Notebook, seconds: float, kernels: list[OwnKernelManager], fonts: Path
) -> list[CellRun]:
    with suppress(PressError):  # it may have no cell of parameters any more
        source = notebooks.with_parameter(source, "profile", "tiny")
    cells = notebooks.code_cells(source)
    for _ in range(2):  # two kernels may have chosen the same port
        with temporary() as folder:
            runs, started = _attempt(cells, seconds, kernels, folder, fonts)
        if started:
            break
    return runs


def _attempt(
    cells: list[Cell], seconds: float, kernels: list[OwnKernelManager], home: Path, fonts: Path
) -> tuple[list[CellRun], bool]:
    """Run cells, and return what became of them, and whether the kernel came as far as them."""
    sources = [_TELL_VERDICTS, *(cell["source"] for cell in cells)]
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(one) for one in sources])
    kernel = OwnKernelManager(connection_file=str(home / "kernel.json"))
    kernels.append(kernel)
    client = _Client(made, seconds, kernel)
    work = home / "work"
    work.mkdir()
    environment = _environment(home, fonts)
    try:
        nowhere = {"stdout": DEVNULL, "stderr": DEVNULL}
        client.execute(cleanup_kc=True, cwd=str(work), env=environment, **nowhere)
        reason = ""
    except Exception as error:  # whatever a notebook does, those of the others are marked
        reason = f"not within {seconds:g} s" if client.is_late else f"its kernel ended: {error}"
    finally:
        client.timer.cancel()
        kernel.end()  # and what the notebook has left running
    runs = [
        CellRun(
            cell["source"],
            notebooks.tags(cell),
            "" if place in client.ended else _error(ran) or reason,
            list(_verdicts(ran)),
        )
        for place, (cell, ran) in enumerate(zip(cells, made.cells[1:], strict=True), start=1)
    ]
    return runs, 0 in client.ended


def _verdicts(ran: Cell) -> Iterator[tuple[str, str]]:
    for output in ran["outputs"]:
        match output.get("data", {}).get(_VERDICT):
            case [str(name), str(outcome)]:  # anybody can show something of this kind
                yield name, outcome


def _error(ran: Cell) -> str:
    errors = [one for one in ran["outputs"] if one["output_type"] == "error"]
    return f"{errors[-1]['ename']}: {errors[-1]['evalue']}"[:200] if errors else ""


class _Client(NotebookClient):
    """Runs all cells within a time, and keeps of their outputs verdicts and errors alone.

    Attributes:
        ended: the places of the cells that ended well.
        timer: ends the kernel when the time is over; the first cell's does not count.
        is_late: whether it has.
    """

    def __init__(self, notebook: NotebookNode, seconds: float, kernel: OwnKernelManager) -> None:
        super().__init__(
            notebook,
            km=kernel,
            allow_errors=True,
            shutdown_kernel="immediate",
            startup_timeout=_START_SECONDS,
            on_cell_start=self._start_timer,
            on_cell_executed=self._note,
        )
        self.ended: set[int] = set()
        self.timer = threading.Timer(seconds, self._time_is_over, [kernel])
        self.is_late = False

    def _start_timer(self, cell_index: int, **_: object) -> None:
        if cell_index == 1:
            self.timer.start()

    def _time_is_over(self, kernel: OwnKernelManager) -> None:
        self.is_late = True
        kernel.end()

    def _note(self, cell_index: int, execute_reply: dict[str, Any], **_: object) -> None:
        if execute_reply["content"]["status"] == "ok":
            self.ended.add(cell_index)

    def process_message(self, msg: dict[str, Any], cell: NotebookNode, cell_index: int) -> Any:
        """Take over a kernel's message, unless it shows something: a loop may print for ever."""
        if msg["msg_type"] in _SHOWN and _VERDICT not in msg["content"].get("data", ()):
            return None
        return super().process_message(msg, cell, cell_index)


def _environment(home: Path, fonts: Path) -> dict[str, str]:
    """Return what a kernel sees: folders of its own for all that programs keep in a home."""
    found = {name: value for name, value in os.environ.items() if not name.startswith("XDG_")}
    make_environment_neutral(home, found)
    return (
        found
        | own_temporary(home)
        | {
            "HOME": str(home),
            "USERPROFILE": str(home),
            "MPLCONFIGDIR": str(fonts),  # looking for all of them takes seconds
            "PYTHONUSERBASE": site.getuserbase(),  # else it would be looked for in the new home
            "PIP_DRY_RUN": "1",  # nobody installs anything into the lecturer's environment
        }
    )
