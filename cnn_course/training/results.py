"""Results of a run: handed over by a chapter, recorded once in full, shown beside a new run."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

_PACKAGE = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Results:
    """What a chapter measured, as the last value of a cell.

    The numbers travel in the output's metadata: there the press finds them, and a comparison of
    outputs does not, because two machines never measure the same.

    Attributes:
        chapter: for example `"02-mnist-convnet"`.
        results: name -> number, `test_accuracy` among them where there is one; of several
            experiments, name -> such a dictionary.
        curves: name -> one value an epoch.
        seed: what `keras.utils.set_random_seed` was given.
        base: the pretrained network that was used, if any.
    """

    chapter: str
    results: dict[str, Any]
    curves: dict[str, Any] = field(default_factory=dict)
    seed: int = 0
    base: str | None = None

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict[str, str], dict[str, Any]]:
        text = f"Measured: {', '.join(self.results)}."
        handed_over = {
            "chapter": self.chapter,
            "results": _plain(self.results),
            "curves": _plain(self.curves),
            "seed": self.seed,
            "base": self.base,
        }
        return {"text/plain": text}, {"cnn_course_results": handed_over}


def _plain(values: Any) -> Any:
    """Turn numbers of NumPy, however nested, into Python's, which JSON can hold."""
    if isinstance(values, dict):
        return {name: _plain(value) for name, value in values.items()}
    if isinstance(values, list | tuple):
        return [_plain(value) for value in values]
    return float(values)


def recorded(chapter: str, base: str = "") -> dict[str, Any]:
    """Return the recorded full run of a chapter, as `cnn-course record` wrote it.

    Args:
        chapter: for example `"05-vgg16-feature-extraction"`.
        base: the pretrained base, as in `cnn-course record --base`; empty for the usual one.

    Returns:
        A dictionary with `chapter, profile, base, date, versions, hardware, seed, seconds, resumed,
        results, curves`.

    Raises:
        FileNotFoundError: nobody has recorded this chapter yet.
    """
    option = f" --base {base}" if base else ""
    found = _measured(f"{base}/{chapter}.json" if base else f"{chapter}.json")
    return found or _nobody_measured(f"cnn-course record {chapter}{option}")


def recorded_seeds(chapter: str) -> dict[str, Any]:
    """Return what runs of a chapter's tiny profile measured, as `cnn-course seeds` wrote it.

    Every claim of the chapter held in each of these runs; otherwise nothing would be recorded.

    Returns:
        A dictionary with `chapter, profile, date, versions, hardware` and `seeds`: seed, as a
        text -> name -> number.

    Raises:
        FileNotFoundError: nobody has measured this chapter yet.
    """
    return _measured(f"seeds/{chapter}.json") or _nobody_measured(f"cnn-course seeds {chapter}")


def _measured(name: str) -> dict[str, Any] | None:
    # In a clone the records live with the book; an installed package carries a copy.
    for folder in (_PACKAGE.parent / "book" / "measured", _PACKAGE / "measured"):
        file = folder / name
        if file.is_file():
            return json.loads(file.read_text(encoding="utf-8"))
    return None


def _nobody_measured(command: str) -> NoReturn:
    raise FileNotFoundError(f"This is not recorded yet. It takes a while: {command}")
