"""What recorded full runs of the chapters measured: read here, written by `cnn-course record`."""

import json
from pathlib import Path
from typing import Any

import numpy as np

_PACKAGE = Path(__file__).resolve().parent


def recorded(chapter: str, base: str = "", precision: str = "") -> dict[str, Any]:
    """Return the recorded full run of a chapter, as `cnn-course record` wrote it.

    It has `chapter, profile, base, date, versions, hardware, seed, seconds, resumed, results,
    curves`.

    Args:
        chapter: for example `"05-vgg16-feature-extraction"`.
        base: the pretrained base, as in `cnn-course record --base`; empty for the usual one.
        precision: as in `cnn-course record --precision`; empty for the usual one.

    Raises:
        FileNotFoundError: nobody has recorded this chapter yet.
    """
    named = {"base": base, "precision": precision}
    options = "".join(f" --{name} {value}" for name, value in named.items() if value)
    file = _file(Path(base, precision, f"{chapter}.json"), f"record {chapter}{options}")
    return json.loads(file.read_text(encoding="utf-8"))


def recorded_runs(chapter: str) -> list[dict[str, Any]]:
    """Return all recorded full runs of a chapter: the usual one, then those of further seeds.

    Raises:
        FileNotFoundError: nobody has recorded this chapter yet.
    """
    first = _file(f"{chapter}.json", f"record {chapter}")
    further = sorted(
        first.parent.glob(f"seed-*/{first.name}"), key=lambda file: int(file.parent.name[5:])
    )
    return [json.loads(file.read_text(encoding="utf-8")) for file in (first, *further)]


def recorded_seeds(chapter: str) -> dict[str, Any]:
    """Return what runs of a chapter's tiny profile measured, as `cnn-course seeds` wrote it.

    Every claim of the chapter held in each of these runs; otherwise nothing would be recorded. It
    has `chapter, profile, date, versions, hardware` and `seeds`: seed, a text -> name -> number.

    Raises:
        FileNotFoundError: nobody has measured this chapter yet.
    """
    file = _file(f"seeds/{chapter}.json", f"seeds {chapter}")
    return json.loads(file.read_text(encoding="utf-8"))


def recorded_weights(chapter: str) -> list[np.ndarray]:
    """Return the weights that the recorded full run of a chapter ended with.

    One array for each of `model.get_weights()`, in that order: float32, from the half precision in
    which they were kept, so that what computes with them uses the same rounded numbers everywhere.

    Raises:
        FileNotFoundError: nobody has recorded this chapter yet, or it keeps no weights.
    """
    with np.load(_file(f"{chapter}.npz", f"record {chapter}")) as kept:
        return [kept[name].astype(np.float32) for name in kept.files]


def _file(name: str | Path, command: str) -> Path:
    # In a clone the records lie with the book; an installed package carries a copy.
    for folder in (_PACKAGE.parent / "book" / "measured", _PACKAGE / "measured"):
        if (folder / name).is_file():
            return folder / name
    raise FileNotFoundError(f"This is not recorded yet. It takes a while: cnn-course {command}")
