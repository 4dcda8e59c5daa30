"""The state of a training as a file: whole or not there, and never taken for another training's.

Nothing here imports Keras: `cnn-course` reads these files, too.
"""

import hashlib
import io
import json
import os
import re
import uuid
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from cnn_course import files

FOLDER_VARIABLE: Final = "CNN_COURSE_BACKUPS"
SHARE_VARIABLE: Final = "CNN_COURSE_SHARE"  # of the named parts of a full run: 3/8
RUN: Final = uuid.uuid4().hex  # this process, among those that work on a run one after the other
ENDED: Final[set[Path]] = set()  # the states of what ended in this process

UNREADABLE: Final = "cannot be read"
ANOTHER: Final = "is of another training: something that it depends on was changed"
_DIGEST_SIZE: Final = hashlib.sha256().digest_size


@dataclass(frozen=True)
class State:
    """A training after one of its epochs.

    Attributes:
        identity: digest of what makes the training this one and no other.
        epochs: numbers of the epochs that are done, from 0 or where `fit` was told to begin.
        history: name -> one value for each of them.
        seconds: what they took.
        ended: whether the training is over, after all of its epochs or before.
        runs: one word for each process that worked on it.
        best: the value that each `ModelCheckpoint` has to beat, None before its first.
        files: what each `ModelCheckpoint` last wrote, None for nothing.
        variables: of the model, with its random states, and of the optimizer.
    """

    identity: str
    epochs: list[int]
    history: dict[str, list[Any]]
    seconds: float
    ended: bool
    runs: list[str]
    best: list[float | None]
    files: list[bytes | None]
    variables: list[np.ndarray]

    def write(self, file: Path) -> None:
        """Write the state to `file`, whole or not at all."""
        about = {name: of for name, of in vars(self).items() if name not in ("files", "variables")}
        text = json.dumps(about, default=lambda value: np.asarray(value).tolist())
        arrays = {"about": np.frombuffer(text.encode(), np.uint8)}
        for n, content in enumerate(self.files):
            if content:
                arrays[f"file-{n}"] = np.frombuffer(content, np.uint8)
        arrays |= {f"variable-{n}": array for n, array in enumerate(self.variables)}
        stream = io.BytesIO()
        np.savez(stream, **arrays)  # type: ignore[arg-type]
        archive = stream.getvalue()
        # The checksum of a zip archive does not cover its table of contents.
        files.write(file, hashlib.sha256(archive).digest() + archive)


def read_state(file: Path) -> State | None:
    """Return the state in `file`, or None where none can be read. Every byte is verified."""
    try:
        content = file.read_bytes()
        digest, archive = content[:_DIGEST_SIZE], content[_DIGEST_SIZE:]
        if digest != hashlib.sha256(archive).digest():
            return None
        with np.load(io.BytesIO(archive), allow_pickle=False) as read:
            arrays = dict(read)
        about = json.loads(arrays.pop("about").tobytes())
        written = [arrays.pop(f"file-{n}", None) for n in range(len(about["best"]))]
        return State(
            **about,
            files=[None if array is None else array.tobytes() for array in written],
            variables=list(arrays.values()),
        )
    except (OSError, KeyError, TypeError, ValueError):
        return None


@dataclass(frozen=True)
class Progress:
    """How far a training is: so many epochs are done, of so many in all.

    Earlier processes, one word for each, took so many seconds for theirs.
    """

    name: str
    done: int
    epochs: int
    seconds_before: float
    runs_before: list[str]


def read_progress(folder: Path) -> list[Progress]:
    """Return how far each training in `folder` is, of those that this run has come to."""
    found = [files.read_json(file) for file in sorted(folder.glob("*.progress"))]
    return [Progress(**content) for content in found if content]  # None: taken away meanwhile


def forget_progress(folder: Path) -> None:
    """Take away what only the run that made it can use; the states of the trainings stay."""
    for file in [*folder.glob("*.progress"), *folder.glob(".*.part")]:
        file.unlink(missing_ok=True)


def state_file(name: object, what: str) -> Path | None:
    """Return where the state of a training, or of something else, is kept; None for nowhere.

    Beside it, with the suffix `.progress`, lies how far it is.

    Raises:
        ValueError: there is no name.
    """
    if not isinstance(name, str) or not re.search(r"\w", name):
        raise ValueError(f'The name of {what} is {name!r}. Write a text: "from scratch".')
    slug = re.sub(r"\W+", "-", name.lower()).strip("-")
    folder = os.environ.get(FOLDER_VARIABLE)
    return Path(folder, f"{slug}.state") if folder else None


def cells_so_far() -> list[str]:
    """Return the code of all cells of the notebook up to the one that runs; outside, nothing."""
    from IPython import get_ipython  # noqa: PLC0415 - who only reads states does not need it

    shell = get_ipython()
    return list(shell.user_ns.get("In", [])) if shell else []


def share(text: str) -> tuple[int, int]:
    """Return which share of how many a text names: (3, 8) for `"3/8"`, (1, 1) for no text.

    Raises:
        ValueError: it names none.
    """
    numbers = re.fullmatch(r"0*([1-9]\d{0,5})/0*([1-9]\d{0,5})", text or "1/1")
    if numbers is None or int(numbers[1]) > int(numbers[2]):
        raise ValueError(f"{SHARE_VARIABLE} is {text!r}. Write 3/8 for the third of eight shares.")
    return int(numbers[1]), int(numbers[2])


def set_aside(file: Path, reason: str) -> None:
    """Rename a state that cannot be gone on with, and warn."""
    aside = file.with_suffix(".aside")
    os.replace(file, aside)
    warnings.warn(f"{file.name} {reason}. It is now {aside}. Beginning anew.", stacklevel=4)
