"""Good runs of chapters: which still hold, where they are kept, and how new ones are made.

The last good run of every chapter lies in `_build/runs`, the outputs of the tiny profile also in
`notebooks/`; the metadata of the notebook says what is known of the run.
"""

import glob
import json
import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from typing import Any, Final

from cnn_course import files
from cnn_course.files import write, write_json
from cnn_course.press import notebooks
from cnn_course.press.environment import cores, hardware, versions, with_shares
from cnn_course.press.fingerprint import COMPUTED_WITH, fingerprint, other_versions, surroundings
from cnn_course.press.notebooks import Notebook
from cnn_course.press.project import Chapter, PressError, Project, say, scratch
from cnn_course.profiles import half_precision
from cnn_course.training import state
from cnn_course.training.state import SHARE_VARIABLE, forget_progress, read_progress

KEY: Final = "cnn_course"  # of a notebook's metadata
_SECONDS_A_CELL = {"tiny": 600, "full": None}
_SURROUNDINGS = "surroundings"  # of the trainings in a folder
_MACHINE = "hardware.json"
_MEASURES = "training.once("


@dataclass(frozen=True)
class Run:
    """What is known of a good run.

    Attributes:
        fingerprint: of everything it depended on besides versions.
        outputs: digest of its outputs, to notice a pair that does not belong together.
        seconds: with the start of the kernel, and with training taken over from interrupted runs.
        finished: date and time, as ISO 8601 with the offset from UTC.
        hardware: `cpu`, `cores`, `memory_gb`, `gpu` of the machine; `shares` where other machines
            measured parts, each with its `hardware` and the names of its `parts`.
        versions: of Python and the packages computed with.
        resumed: how many interrupted runs it continued.
    """

    fingerprint: str
    outputs: str
    seconds: float
    finished: str
    hardware: dict[str, Any]
    versions: dict[str, str]
    resumed: int = 0

    def why_not(self, project: Project, mark: str) -> str:
        """Return why its outputs do not hold for the fingerprint `mark`; nothing where they do."""
        if self.fingerprint != mark:
            return "what they depend on has changed"
        differing = other_versions(project, self.versions)
        return f"they were made with {'; '.join(differing)}" if differing else ""


GoodRun = tuple[Run, Notebook]


class RunStore:
    """The good runs of one profile, under `_build/runs/PROFILE/`.

    Runs on another pretrained base than the usual one, in half precision, or with a seed that is
    named, are kept apart: `_build/runs/PROFILE-BASE-PRECISION-seed-SEED/`. A share of a full run
    (`CNN_COURSE_SHARE`, if not given) has a folder of its own, too, for the parts that it measures.

    Raises:
        PressError: there is no such share.
    """

    def __init__(
        self,
        project: Project,
        profile: str,
        base: str = "",
        seed: int | None = None,
        share: str | None = None,
    ) -> None:
        if share is None:
            share = os.environ.get(SHARE_VARIABLE, "") if profile == "full" else ""
        try:
            number, of = state.share(share)
        except ValueError as error:
            raise PressError(str(error)) from None
        self.share = f"{number}/{of}" if share else ""
        self.project = project
        self.profile = profile
        self.base = base
        self.seed = seed
        self.precision = "bfloat16" if profile == "full" and half_precision() else ""
        of_seed = "" if seed is None else f"seed-{seed}"
        of_share = f"share-{number}-of-{of}" if share else ""
        parts = (profile, base, self.precision, of_seed, of_share)
        self.folder = project.build / "runs" / "-".join(filter(None, parts))

    def backups(self, name: str) -> Path:
        """Return the folder for the trainings of a chapter's full run.

        `cnn_course.training.Backup` writes them. The folder stands from the beginning of a run
        until the run is stored; so where there is one, a run was interrupted.
        """
        return self.folder / "backups" / name

    def shared(self, name: str) -> list[Path]:
        """Return such folders of the shares of a chapter's full run."""
        folders = self.folder.parent.glob(f"{glob.escape(self.folder.name)}-share-*/backups/{name}")
        return sorted(folders)

    def find(self, name: str) -> GoodRun | None:
        """Return the last good run of a chapter with its notebook; None where there is none."""
        try:
            notebook = notebooks.read(self._notebook(name))
        except PressError:
            return None
        run = of_stored_outputs(notebook)
        return (run, notebook) if run else None

    def read(self, name: str) -> GoodRun:
        """Return the last good run of a chapter; `PressError` if there is none."""
        found = self.find(name)
        if found is None:
            raise PressError(
                f"Chapter {name} has no good run with the {self.profile} profile. "
                f"Make one: cnn-course run {name} --profile {self.profile}"
            )
        return found

    def save(self, name: str, notebook: Notebook, **known: Any) -> None:
        """Keep a good run; `known` are the fields of `Run` without the digest of the outputs."""
        run = Run(**known, outputs=notebooks.outputs_digest(notebook))
        notebook["metadata"][KEY] = asdict(run)
        write(self._notebook(name), notebooks.dumps(notebook))

    def _notebook(self, name: str) -> Path:
        return self.folder / "notebooks" / f"{name}.ipynb"


def of_stored_outputs(notebook: Notebook) -> Run | None:
    """Return what is known of the run whose outputs `notebook` stores; None if it is not whole."""
    try:
        run = Run(**notebook["metadata"][KEY])
    except (KeyError, TypeError):
        return None
    return run if run.outputs == notebooks.outputs_digest(notebook) else None


# Making them


def find_due(
    store: RunStore, chapters: Iterable[Chapter], *, fresh: bool = False
) -> dict[Chapter, tuple[Notebook, str]]:
    """Return those chapters that have no good run with their present inputs.

    A full run that was interrupted is due, too: it was asked for, and has not been stored. With
    `fresh` all are due.

    Returns:
        Chapter -> its notebook as it will be run, and the fingerprint of what it depends on.

    Raises:
        PressError: a notebook cannot be read, or takes no profile, or no other base.
    """
    found = {}
    for chapter in chapters:
        notebook = notebooks.for_profile(chapter, store.profile, store.base, store.seed)
        mark = fingerprint(store.project, chapter, notebook, store.profile)
        known = None if fresh or store.backups(chapter.name).exists() else store.find(chapter.name)
        if known is None or known[0].why_not(store.project, mark):
            found[chapter] = notebook, mark
    return found


def bring_up_to_date(
    store: RunStore,
    chapters: Iterable[Chapter],
    *,
    fresh: bool = False,
    at_once: int | None = None,
    timeout: int | None = None,
    cluster: str = "",
    shares: int = 1,
) -> list[str]:
    """Run those chapters whose inputs changed since their last good run, and return their names.

    Args:
        store: the runs of the profile; the caller holds the lock of its folder.
        chapters: the chapters to look at.
        fresh: run them whether or not anything changed, and continue nothing.
        at_once: how many run at the same time; if not given, one a core with the tiny profile,
            and one with the full profile, whose training takes every core there is.
        timeout: seconds that one cell may take.
        cluster: the address of a Dask scheduler, whose workers run them; empty for this machine.
        shares: that the named parts of a full run are divided into, before it is put together.

    Raises:
        PressError: a chapter failed, after the others have finished; or it cannot be run at all.
    """
    due = find_due(store, chapters, fresh=fresh)
    how: dict[str, Any] = {"at_once": at_once, "timeout": timeout, "cluster": cluster}
    if store.share and shares > 1:
        raise PressError(f"{SHARE_VARIABLE} is set: this is one share. Leave out --shares.")
    if due and shares > 1:
        of_shares = [
            RunStore(store.project, store.profile, store.base, store.seed, f"{number}/{shares}")
            for number in range(1, shares + 1)
        ]
        _run(of_shares, due, fresh=fresh, **how)
        fresh = False
    if due:
        _run([store], due, fresh=fresh, **how)
    else:
        shutil.rmtree(store.folder / "scratch", ignore_errors=True)  # of a killed run that was good
    return [chapter.name for chapter in due]


def _run(
    stores: Sequence[RunStore],
    due: Mapping[Chapter, tuple[Notebook, str]],
    *,
    fresh: bool,
    at_once: int | None,
    timeout: int | None,
    cluster: str,
) -> None:
    """Run what is due for one store, or for each share of it, as `bring_up_to_date` says."""
    # Papermill takes a second.
    from cnn_course.press.cluster import Job, Outcome, run_jobs, workers  # noqa: PLC0415

    full = stores[0].profile == "full"
    here = None if cluster else hardware(gpu=full)
    made_with = versions(COMPUTED_WITH)
    jobs: dict[str, tuple[Job, RunStore, str, str]] = {}
    errors: list[str] = []
    for store, (chapter, (notebook, mark)) in product(stores, due.items()):
        backups = _prepare_backups(store, chapter, notebook, here, fresh) if full else None
        of_share = f", share {store.share}".replace("/", " of ") if store.share else ""
        name, seconds = f"{chapter.name}{of_share}", timeout or _SECONDS_A_CELL[store.profile]
        job = Job(name, notebook, chapter.file.parent, seconds, backups, store.share)
        jobs[name] = job, store, chapter.name, mark

    def keep(job: Job, outcome: Outcome) -> None:
        _, store, name, mark = jobs[job.name]
        about = {"versions": made_with, "fingerprint": mark, "hardware": outcome.hardware or here}
        if isinstance(outcome.result, PressError):
            errors.append(str(outcome.result))
        elif store.share:
            _keep_share(store, name, about["hardware"], alone=len(stores) == 1)
        else:
            _keep(store, name, outcome.result, outcome.seconds, about)

    todo = [job for job, *_ in jobs.values()]
    with scratch(stores[0].folder) as folder:
        at_once, caches = at_once or (1 if full else cores()), stores[0].project.build / "cache"
        run_jobs(todo, at_once, folder, caches, keep, place=workers(cluster))
    if errors:
        raise PressError("\n\n".join(errors))


def _keep(
    store: RunStore, name: str, notebook: Notebook, seconds: float, about: dict[str, Any]
) -> None:
    """Store a good run, and forget the backups of its trainings."""
    backups = store.backups(name)
    trainings = read_progress(backups)
    about["hardware"] = with_shares(about["hardware"], _made_elsewhere(backups))
    store.save(
        name,
        notebook,
        seconds=round(seconds + sum(training.seconds_before for training in trainings), 1),
        resumed=len({run for training in trainings for run in training.runs_before}),
        finished=datetime.now(UTC).isoformat(timespec="seconds"),
        **about,
    )
    for folder in (backups, *store.shared(name)):
        shutil.rmtree(folder, ignore_errors=True)


def _prepare_backups(
    store: RunStore,
    chapter: Chapter,
    notebook: Notebook,
    here: dict[str, Any] | None,
    fresh: bool,
) -> Path:
    """Return the folder for backups; forget there what was trained in other surroundings."""
    folder = store.backups(chapter.name)
    around = surroundings(store.project, chapter, notebook, store.profile)
    mark = folder / _SURROUNDINGS
    if fresh or not mark.is_file() or mark.read_text(encoding="utf-8") != around:
        shutil.rmtree(folder, ignore_errors=True)
        write(mark, around)
    forget_progress(folder)
    if store.share and not any(_MEASURES in source for source, _ in notebooks.code(notebook)):
        raise PressError(f"{chapter.name} has no parts to share: it calls no {_MEASURES}...).")
    if store.share:
        write_json(folder / _MACHINE, here)
    elif not fresh:
        _take_over_parts(store.shared(chapter.name), folder, around)
    return folder


# Parts of a full run that its shares measure


def _keep_share(store: RunStore, name: str, machine: Any, *, alone: bool) -> None:
    """Note where a share measured its parts; say which, and what it left, if it is all there is."""
    write_json(store.backups(name) / _MACHINE, machine)
    if not alone:
        return
    parts = read_progress(store.backups(name))
    left = [part.name for part in parts if not part.done]
    say(f"Share {store.share} of {name}: {len(parts) - len(left)} parts of {len(parts)} are there.")
    if left:
        say(f"Left to other shares: {'; '.join(left)}.")
    say(f"When all shares are done, give the command without {SHARE_VARIABLE}.")


def _take_over_parts(shared: Iterable[Path], folder: Path, around: str) -> None:
    """Copy what shares have measured with the same code, versions and data."""
    for of_share in shared:
        parts = _parts(of_share)
        if (of_share / _SURROUNDINGS).read_text(encoding="utf-8") != around:
            names = ", ".join(part["name"] for part in parts.values())
            say(f"Not used, made with other code, versions or data ({of_share}): {names}")
            continue
        made_on = files.read_json(of_share / _MACHINE)
        for file, part in parts.items():
            if not (folder / file).exists():
                write(folder / file, json.dumps(part | {"hardware": made_on}))


def _parts(backups: Path) -> dict[str, dict[str, Any]]:
    """Return the parts that `training.once` has kept, by file; states of trainings are no JSON."""
    found = {file.name: files.read_json(file) for file in sorted(backups.glob("*.state"))}
    return {file: part for file, part in found.items() if isinstance(part, dict) and "name" in part}


def _made_elsewhere(backups: Path) -> dict[str, Any]:
    """Return the parts that shares have measured, each with the hardware of its machine."""
    parts = _parts(backups).values()
    return {part["name"]: part["hardware"] for part in parts if part.get("hardware")}


# The outputs stored in `notebooks/`


def find_stored(
    project: Project, chapters: Iterable[Chapter], *, compared: bool = False
) -> tuple[dict[str, GoodRun], dict[str, str]]:
    """Return the chapters whose stored outputs hold, and of the others why they do not.

    With `compared` they hold also where what they depend on has changed: a test compares them with
    a run of the tiny profile.

    Raises:
        PressError: a notebook cannot be read, or takes no profile.
    """
    holding: dict[str, GoodRun] = {}
    reasons: dict[str, str] = {}
    for chapter in chapters:
        notebook = notebooks.for_profile(chapter, "tiny")
        run = of_stored_outputs(notebook)
        if run is None:
            reason = "they were not stored by `cnn-course run --save`"
        elif compared:
            reason = ""
        else:
            reason = run.why_not(project, fingerprint(project, chapter, notebook, "tiny"))
        if run is None or reason:
            reasons[chapter.name] = reason
        else:
            holding[chapter.name] = run, notebook
    return holding, reasons


def save_outputs(store: RunStore, chapter: Chapter) -> bool:
    """Store the outputs of a chapter's good run in its source, with what is known of the run.

    What says the same is kept, pictures pixel by pixel, and so is what is known of an earlier run
    that depended on the same and had the same outputs. Return whether the file was written.

    Raises:
        PressError: there is no good run, or the chapter was edited since.
    """
    run, ran = store.read(chapter.name)
    before = notebooks.read(chapter.file)
    if notebooks.code(notebooks.for_profile(chapter, store.profile)) != notebooks.code(ran):
        raise PressError(
            f"{chapter.name} was edited while it ran. Nothing is stored; run it again."
        )
    fresh = notebooks.with_outputs(before, ran)
    known = of_stored_outputs(fresh)
    if known is None or (known.fingerprint, known.versions) != (run.fingerprint, run.versions):
        about = replace(run, outputs=notebooks.outputs_digest(fresh))
        fresh["metadata"][KEY] = asdict(about)
    if fresh == before:
        return False
    write(chapter.file, notebooks.dumps(fresh))
    return True
