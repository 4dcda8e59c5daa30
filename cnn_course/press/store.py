"""The last good run of every chapter: the executed notebook, and beside it what it was made of."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from cnn_course.press import files, notebooks
from cnn_course.press.notebooks import Notebook
from cnn_course.press.project import PressError, Project


@dataclass(frozen=True)
class Run:
    """What is known of a good run.

    Attributes:
        fingerprint: of everything it depended on.
        seconds: wall-clock time, with the start of the kernel, and with the training that was taken
            over from interrupted runs.
        finished: date and time, as ISO 8601 with the offset from UTC.
        hardware: `cpu`, `cores`, `memory_gb`, `gpu` of the machine.
        versions: of Python and the packages computed with.
        notebook_digest: of the notebook's file, to notice a pair that does not belong together.
        resumed: how many interrupted runs it continued.
    """

    fingerprint: str
    seconds: float
    finished: str
    hardware: dict[str, Any]
    versions: dict[str, str]
    notebook_digest: str
    resumed: int = 0


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

    def load(self, name: str) -> Run | None:
        """Return the last good run of a chapter, or None where there is no whole one."""
        content = files.read_json(self.notebook(name).with_suffix(".json"))
        try:
            run = Run(**content)
            whole = files.digest(self.notebook(name).read_bytes()) == run.notebook_digest
        except (TypeError, FileNotFoundError):
            return None
        return run if whole else None

    def read(self, name: str) -> tuple[Run, Notebook]:
        """Return the last good run of a chapter with its notebook.

        Raises:
            PressError: there is none.
        """
        run = self.load(name)
        if run is None:
            raise PressError(
                f"Chapter {name} has no good run with the {self.profile} profile. "
                f"Make one: cnn-course run {name} --profile {self.profile}"
            )
        return run, notebooks.read(self.notebook(name))

    def save(self, name: str, notebook: str, **known: Any) -> Run:
        """Keep a good run.

        Args:
            name: the chapter.
            notebook: the text of the executed notebook.
            known: the fields of `Run`, without the digest.
        """
        run = Run(**known, notebook_digest=files.digest(notebook))
        # The description last: without it, or with one of another notebook, the run does not count.
        files.write(self.notebook(name), notebook)
        files.write_json(self.notebook(name).with_suffix(".json"), asdict(run))
        return run
