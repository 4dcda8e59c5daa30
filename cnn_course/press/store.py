"""Good runs: what is known of each, and where they are kept.

The last good run of every chapter lies in `_build/runs`. The outputs of the tiny profile are also
stored in `notebooks/`, with the same knowledge beside them.
"""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from cnn_course.press import files, notebooks
from cnn_course.press.fingerprint import other_versions
from cnn_course.press.notebooks import Notebook
from cnn_course.press.project import PressError, Project

KEY: Final = "cnn_course"  # of a notebook's metadata


@dataclass(frozen=True)
class Run:
    """What is known of a good run.

    Attributes:
        fingerprint: of everything it depended on besides versions.
        outputs: digest of its outputs, to notice a pair that does not belong together.
        seconds: wall-clock time, with the start of the kernel, and with the training that was taken
            over from interrupted runs.
        finished: date and time, as ISO 8601 with the offset from UTC.
        hardware: `cpu`, `cores`, `memory_gb`, `gpu` of the machine.
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
        """Return why its outputs no longer hold, in words; nothing where they do.

        Args:
            project: the clone of the course.
            mark: the fingerprint of what the chapter depends on now.
        """
        if self.fingerprint != mark:
            return "what they depend on has changed"
        differing = other_versions(project, self.versions)
        return f"they were made with {'; '.join(differing)}" if differing else ""


GoodRun = tuple[Run, Notebook]


def of_stored_outputs(notebook: Notebook) -> Run | None:
    """Return what is known of the run whose outputs `notebook` stores; None if it is not whole."""
    return _described(notebook["metadata"].get(KEY), notebook)


def with_run(notebook: Notebook, run: Run) -> Notebook:
    """Return `notebook` with what is known of the run whose outputs it stores."""
    return notebook | {"metadata": notebook["metadata"] | {KEY: asdict(run)}}


def _described(content: Any, notebook: Notebook) -> Run | None:
    try:
        run = Run(**content)
    except TypeError:
        return None
    return run if run.outputs == notebooks.outputs_digest(notebook) else None


class RunStore:
    """The good runs of one profile, under `_build/runs/PROFILE/`.

    Runs on another pretrained base than the usual one are kept apart: `_build/runs/PROFILE-BASE/`.
    """

    def __init__(self, project: Project, profile: str, base: str = "") -> None:
        self.profile = profile
        self.folder = project.build / "runs" / "-".join(filter(None, (profile, base)))

    def notebook(self, name: str) -> Path:
        """Return where the executed notebook of a chapter is."""
        return self.folder / "notebooks" / f"{name}.ipynb"

    def backups(self, name: str) -> Path:
        """Return the folder for the trainings of a chapter's unfinished run."""
        return self.folder / "backups" / name

    def find(self, name: str) -> GoodRun | None:
        """Return the last good run of a chapter with its notebook; None where there is none."""
        try:
            notebook = notebooks.read(self.notebook(name))
        except PressError:
            return None
        run = _described(files.read_json(self.notebook(name).with_suffix(".json")), notebook)
        return (run, notebook) if run else None

    def read(self, name: str) -> GoodRun:
        """Return the last good run of a chapter with its notebook.

        Raises:
            PressError: there is none.
        """
        found = self.find(name)
        if found is None:
            raise PressError(
                f"Chapter {name} has no good run with the {self.profile} profile. "
                f"Make one: cnn-course run {name} --profile {self.profile}"
            )
        return found

    def save(self, name: str, notebook: Notebook, **known: Any) -> Run:
        """Keep a good run.

        Args:
            name: the chapter.
            notebook: the executed notebook.
            known: the fields of `Run`, without the digest of the outputs.
        """
        run = Run(**known, outputs=notebooks.outputs_digest(notebook))
        # The description last: without it, or with one of another notebook, the run does not count.
        files.write(self.notebook(name), notebooks.dumps(notebook))
        files.write_json(self.notebook(name).with_suffix(".json"), asdict(run))
        return run
