"""Runs the chapters that need it, several at a time, and keeps each good run at once.

Each chapter has a process of its own: papermill changes the working folder of its process, and a
process that is killed takes no other chapter with it.
"""

import os
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.util import find_spec
from multiprocessing import get_all_start_methods, get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkServerContext, SpawnContext
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import click

from cnn_course.press import files, notebooks, unfinished
from cnn_course.press.fingerprint import COMPUTED_WITH, fingerprint, surroundings
from cnn_course.press.machine import cores, hardware, versions
from cnn_course.press.notebooks import Notebook
from cnn_course.press.project import Chapter, PressError, Project
from cnn_course.press.store import RunStore
from cnn_course.press.worker import Job, Outcome, log_tail, work

_SECONDS_TO_LEAVE = 15
_SECONDS_A_CELL = {"tiny": 600, "full": None}


@dataclass(frozen=True)
class Due:
    """A chapter whose inputs changed since its last good run, or whose last run was interrupted.

    Attributes:
        chapter: the chapter.
        notebook: its source as it will be run.
        fingerprint: of what it depends on now.
        surroundings: of what its trainings depend on now besides its own code.
    """

    chapter: Chapter
    notebook: Notebook
    fingerprint: str
    surroundings: str


def find_due(
    project: Project,
    chapters: Iterable[Chapter],
    profile: str,
    *,
    base: str = "",
    fresh: bool = False,
) -> list[Due]:
    """Return those chapters that have no good run with their present inputs.

    A full run that was interrupted is due, too: it was asked for, and has not been stored.

    Args:
        project: the clone of the course.
        chapters: the chapters to look at.
        profile: `"tiny"` or `"full"`.
        base: the pretrained base, if not the one that is usual in the profile.
        fresh: return all of them.

    Raises:
        PressError: a notebook cannot be read, or takes no profile, or no other base.
    """
    store = RunStore(project, profile, base)
    found = []
    for chapter in chapters:
        notebook = notebooks.for_profile(chapter, profile, base)
        mark = fingerprint(project, chapter, notebook, profile)
        known = store.find(chapter.name)
        interrupted = store.backups(chapter.name).exists()
        if fresh or interrupted or known is None or known[0].why_not(project, mark):
            around = surroundings(project, chapter, notebook, profile)
            found.append(Due(chapter, notebook, mark, around))
    return found


def bring_up_to_date(
    project: Project,
    chapters: Iterable[Chapter],
    profile: str,
    *,
    base: str = "",
    fresh: bool = False,
    at_once: int | None = None,
    timeout: int | None = None,
) -> list[str]:
    """Run those chapters whose inputs changed since their last good run.

    The caller holds the lock of the profile's runs.

    Args:
        project: the clone of the course.
        chapters: the chapters to look at.
        profile: `"tiny"` or `"full"`.
        base: the pretrained base, if not the one that is usual in the profile.
        fresh: run them whether or not anything changed, and continue nothing.
        at_once: how many run at the same time; if not given, one a core with the tiny profile,
            and one with the full profile, whose training takes every core there is.
        timeout: seconds that one cell may take.

    Returns:
        The names of the chapters that were run.

    Raises:
        PressError: a chapter failed, after the others have finished; or it cannot be run at all.
    """
    store = RunStore(project, profile, base)
    due = find_due(project, chapters, profile, base=base, fresh=fresh)
    if not due:
        return []
    caches = project.build / "cache"
    prepare_fonts(caches)
    backups = _prepare_backups(store, due, fresh=fresh)
    keeper = _Keeper(store, {item.chapter.name: item.fingerprint for item in due})
    with files.scratch(store.folder) as scratch:
        jobs = [
            Job(
                name=item.chapter.name,
                notebook=item.notebook,
                folder=item.chapter.file.parent,
                scratch=scratch,
                caches=caches,
                timeout=timeout or _SECONDS_A_CELL[profile],
                backups=backups.get(item.chapter.name),
            )
            for item in due
        ]
        run_jobs(jobs, at_once or (cores() if profile == "tiny" else 1), keeper.keep)
    keeper.complain()
    return [item.chapter.name for item in due]


def _prepare_backups(store: RunStore, due: list[Due], *, fresh: bool) -> dict[str, Path]:
    """Return the folder of backups of each chapter that has one: no run of seconds needs any."""
    if store.profile != "full":
        return {}
    folders = {item.chapter.name: store.backups(item.chapter.name) for item in due}
    for item in due:
        unfinished.prepare(folders[item.chapter.name], item.surroundings, fresh=fresh)
    return folders


class _Keeper:
    """Stores good runs as they come, and remembers what went wrong with the others."""

    def __init__(self, store: RunStore, fingerprints: dict[str, str]) -> None:
        self._store = store
        self._fingerprints = fingerprints
        self._machine = hardware(gpu=store.profile == "full")
        self._errors: list[str] = []

    def keep(self, outcome: Outcome) -> None:
        if outcome.notebook is None:
            self._errors.append(str(outcome.error))
            return
        backups = self._store.backups(outcome.name)
        earlier = unfinished.taken_over(backups)
        self._store.save(
            outcome.name,
            outcome.notebook,
            fingerprint=self._fingerprints[outcome.name],
            seconds=round(earlier.seconds + outcome.seconds, 1),
            resumed=earlier.runs,
            finished=datetime.now(UTC).isoformat(timespec="seconds"),
            hardware=self._machine,
            versions=versions(COMPUTED_WITH),
        )
        unfinished.forget(backups)

    def complain(self) -> None:
        if self._errors:
            raise PressError("\n\n".join(self._errors))


def run_jobs(jobs: Iterable[Job], at_once: int, finished: Callable[[Outcome], None]) -> None:
    """Run every job in a process of its own and hand each outcome to `finished` as it comes.

    Progress goes to standard error: a bar a chapter on a terminal, else a line when it starts and
    a line when it ends.
    """
    context = _processes()
    lock = context.RLock()
    waiting = deque(jobs)
    running: dict[Connection, tuple[Job, BaseProcess]] = {}
    free = list(range(at_once))
    try:
        while waiting or running:
            while waiting and free:
                job = replace(waiting.popleft(), position=free.pop(0))
                pipe, process = _start(context, job, lock)
                running[pipe] = job, process
                _say(f"{job.name}: started")
            ready = wait(list(running))
            for pipe in [pipe for pipe in running if pipe in ready]:
                job, process = running.pop(pipe)
                outcome = _receive(pipe, job)
                process.join()
                free.append(job.position)
                end = "failed" if outcome.error else "done"
                _say(f"{job.name}: {end}, {outcome.seconds:.0f} s")
                finished(outcome)
    finally:
        _end([process for _, process in running.values()])


def _processes() -> ForkServerContext | SpawnContext:
    """Return how to start processes: from one that has imported papermill, which takes seconds."""
    if "forkserver" not in get_all_start_methods():
        return get_context("spawn")
    context = get_context("forkserver")
    context.set_forkserver_preload([work.__module__, "cnn_course.press.kernel", "papermill"])
    return context


def _start(
    context: ForkServerContext | SpawnContext, job: Job, lock: Any
) -> tuple[Connection, BaseProcess]:
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=work, args=(job, theirs, lock), name=job.name)
    process.start()
    theirs.close()  # now the death of the process ends the pipe
    return ours, process


def _receive(pipe: Connection, job: Job) -> Outcome:
    try:
        return pipe.recv()
    except (EOFError, OSError):
        error = f"{job.name} broke off: its process was killed.\n{log_tail(job.log)}"
        return Outcome(job.name, 0.0, error=error.rstrip())
    finally:
        pipe.close()


def _end(processes: list[BaseProcess]) -> None:
    """End processes that still run; each ends its kernel first, if it is given the time."""
    for process in processes:
        process.terminate()
    for process in processes:
        process.join(_SECONDS_TO_LEAVE)
        process.kill()
        process.join()


def _say(line: str) -> None:
    if not sys.stderr.isatty():
        click.echo(line, err=True)


def prepare_fonts(caches: Path) -> None:
    """Let Matplotlib list the fonts once; a kernel that has to would say so in a chapter."""
    folder = caches / "matplotlib"
    if find_spec("matplotlib") and not list(folder.glob("fontlist-*.json")):
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(
            [sys.executable, "-c", "import matplotlib.font_manager"],
            env=os.environ | {"MPLCONFIGDIR": str(folder)},
            check=False,
        )
