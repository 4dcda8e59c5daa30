"""The TOML files of this part, one a chapter; an error names the file and what stands in it."""

import tomllib
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).parent


def chapters(folder: str) -> list[str]:
    """Return the chapters that have a file in `folder`, `"answers"` or `"quizzes"`."""
    return sorted(file.stem for file in (_FOLDER / folder).glob("*.toml"))


def place(folder: str, chapter: str) -> str:
    """Return where a file stands in a clone, for messages."""
    return f"cnn_course/checks/{folder}/{chapter}.toml"


def read(folder: str, chapter: str) -> dict[str, Any]:
    """Return the tables of a file, by name.

    Raises:
        ValueError: it is not valid TOML, such as a name that stands there twice.
    """
    file = _FOLDER / folder / f"{chapter}.toml"
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{place(folder, chapter)}: {error}") from None
