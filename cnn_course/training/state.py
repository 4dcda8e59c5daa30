"""The state of a training as a file: whole or not there, and never taken for another training's.

Nothing here imports Keras: the press reads these files, too.
"""

import hashlib
import io
import json
import os
import re
import tempfile
import uuid
import warnings
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

FOLDER_VARIABLE: Final = "CNN_COURSE_BACKUPS"
RUN: Final = uuid.uuid4().hex  # this process, among those that work on a run one after the other
ENDED: Final[set[Path]] = set()  # the states of what ended in this process


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
        about = {name: getattr(self, name) for name in _ABOUT}
        arrays = {"about": _as_array(json.dumps(about, default=_plain).encode())}
        arrays |= {f"file-{n}": _as_array(item) for n, item in enumerate(self.files) if item}
        arrays |= {f"variable-{n}": array for n, array in enumerate(self.variables)}
        stream = io.BytesIO()
        np.savez(stream, **arrays)  # type: ignore[arg-type]
        content = stream.getvalue()
        write_whole(file, _digest(content) + content)


_DIGEST_SIZE = hashlib.sha256().digest_size
_ABOUT = ("identity", "epochs", "history", "seconds", "ended", "runs", "best")


def read_state(file: Path) -> State | None:
    """Return the state in `file`, or None where none can be read. Every byte is verified."""
    try:
        read = file.read_bytes()
        if read[:_DIGEST_SIZE] != _digest(read[_DIGEST_SIZE:]):
            return None
        with np.load(io.BytesIO(read[_DIGEST_SIZE:]), allow_pickle=False) as arrays:
            content = {name: arrays[name] for name in arrays.files}
        about = json.loads(content["about"].tobytes())
        files = [content.get(f"file-{n}") for n in range(len(about["best"]))]
        number = sum(name.startswith("variable-") for name in content)
        return State(
            **about,
            files=[None if item is None else item.tobytes() for item in files],
            variables=[content[f"variable-{n}"] for n in range(number)],
        )
    except (OSError, KeyError, TypeError, ValueError):
        return None


@dataclass(frozen=True)
class Progress:
    """How far a training is, for whoever waits for it.

    Attributes:
        name: of the training.
        done: epochs that are done.
        epochs: epochs in all.
        seconds_before: what those of them took that an earlier process did.
        runs_before: one word for each such process.
    """

    name: str
    done: int
    epochs: int
    seconds_before: float
    runs_before: list[str]

    def write(self, file: Path) -> None:
        """Write it to `file`, whole or not at all."""
        write_whole(file, json.dumps(asdict(self)).encode())


def state_file(folder: Path, name: str) -> Path:
    """Return where in `folder` the state of a training is."""
    return folder / f"{name}.state"


def file_name(name: object, what: str) -> str:
    """Return what the files of a training, or of something else that is kept, are called.

    Raises:
        ValueError: there is no name.
    """
    if not isinstance(name, str) or not re.search(r"\w", name):
        raise ValueError(f'The name of {what} is {name!r}. Write a text: "from scratch".')
    return re.sub(r"\W+", "-", name.lower()).strip("-")


def cells_so_far() -> list[str]:
    """Return the code of all cells of the notebook up to the one that runs; outside, nothing."""
    from IPython import get_ipython  # noqa: PLC0415 - the press does not need it

    shell = get_ipython()
    return list(shell.user_ns.get("In", [])) if shell else []


def take_up(file: Path, identity: str, variables: Iterable[np.ndarray] = ()) -> State | None:
    """Return the state in `file`; set aside what is in its place and is another's.

    Args:
        file: where it would be.
        identity: what it must have.
        variables: arrays whose shapes and types it must have.
    """
    if not file.exists():
        return None
    known = read_state(file)
    if known is None:
        reason = "cannot be read"
    elif known.identity != identity or not fits(known.variables, variables):
        reason = "is of another training: something that it depends on was changed"
    else:
        return known
    aside = file.with_suffix(".aside")
    os.replace(file, aside)
    warnings.warn(f"{file.name} {reason}. It is now {aside}. Beginning anew.", stacklevel=3)
    return None


def progress_file(folder: Path, name: str) -> Path:
    """Return where in `folder` the progress of a training is."""
    return folder / f"{name}.progress"


def read_progress(folder: Path) -> list[Progress]:
    """Return how far each training in `folder` is, of those that this run has come to."""
    found = []
    for file in sorted(folder.glob("*.progress")):
        try:
            found.append(Progress(**json.loads(file.read_bytes())))
        except (FileNotFoundError, TypeError, ValueError):
            continue  # taken away while we looked
    return found


def forget_progress(folder: Path) -> None:
    """Take away what only the run that made it can use; the states of the trainings stay."""
    for file in [*folder.glob("*.progress"), *folder.glob(".*.part")]:
        file.unlink(missing_ok=True)


def write_whole(file: Path, content: bytes) -> None:
    """Write `content` to a temporary file beside `file`, then rename it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.", suffix=".part")
    try:
        with open(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(name, 0o644)  # mkstemp makes files that only their owner can read
        os.replace(name, file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def fits(arrays: Iterable[np.ndarray], others: Iterable[np.ndarray]) -> bool:
    """Return whether two lists of arrays have the same shapes and types."""
    described = [[(array.shape, array.dtype) for array in item] for item in (arrays, others)]
    return described[0] == described[1]


def _digest(content: bytes) -> bytes:
    """Return a checksum: that of a zip archive does not cover its table of contents."""
    return hashlib.sha256(content).digest()


def _as_array(content: bytes) -> np.ndarray:
    return np.frombuffer(content, dtype=np.uint8)


def _plain(value: Any) -> Any:
    """Turn a number or an array of NumPy, or of TensorFlow, into what JSON can hold."""
    return np.asarray(value).tolist()
