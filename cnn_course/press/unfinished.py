"""What an interrupted full run leaves to the next one: its trainings, as far as they came.

`cnn_course.training.Backup` writes them. A folder stands from the beginning of a chapter's run
until the run is stored; so where there is one, a run is unfinished.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cnn_course.press import files
from cnn_course.training.state import forget_progress, read_progress

_MARK: Final = "surroundings"


@dataclass(frozen=True)
class TakenOver:
    """What a run did not have to do again.

    Attributes:
        seconds: of training.
        runs: how many interrupted runs did it.
    """

    seconds: float
    runs: int


def prepare(folder: Path, surroundings: str, *, fresh: bool = False) -> None:
    """Make the folder for the backups of a chapter's run that is about to begin.

    Args:
        folder: the chapter's.
        surroundings: digest of all that its trainings depend on but the chapter's own code.
        fresh: forget what there is also if it was made in the same surroundings.
    """
    mark = folder / _MARK
    if fresh or not mark.is_file() or mark.read_text(encoding="utf-8") != surroundings:
        shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    files.write(mark, surroundings)
    forget_progress(folder)


def taken_over(folder: Path) -> TakenOver:
    """Return what the run that has just ended took over from earlier ones."""
    trainings = read_progress(folder)
    runs = {run for training in trainings for run in training.runs_before}
    return TakenOver(sum(training.seconds_before for training in trainings), len(runs))


def forget(folder: Path) -> None:
    """Remove the backups of a run that is stored."""
    shutil.rmtree(folder, ignore_errors=True)
