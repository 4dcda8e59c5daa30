"""Names of what a learner has done, exercises and tasks: one small file on their own machine."""

import contextlib
import os
import re
from datetime import date
from pathlib import Path


def file() -> Path | None:
    """Return where it is kept: `$CNN_COURSE_PROGRESS`, or the system's folder for such files.

    A user without a home has none.
    """
    import platformdirs  # noqa: PLC0415 - who only counts need not wait for it

    if own := os.environ.get("CNN_COURSE_PROGRESS"):
        return Path(own)
    try:
        folder = platformdirs.user_data_path("cnn-course")
    except RuntimeError:  # neither HOME nor a list of users says where home is
        return None
    return folder / "progress.txt" if folder.is_absolute() else None


def names() -> list[str]:
    """Return what was done; what cannot be read counts as nothing.

    An editor may have saved the file as UTF-16, or with a mark at its beginning.
    """
    try:
        place = file()
        content = place.read_bytes() if place and place.is_file() else b""
    except OSError:
        return []
    text = content.replace(b"\0", b"").decode(errors="replace")
    return re.findall(r"(?<![a-z0-9-])([a-z0-9-]+) \d{4}-\d{2}-\d{2}\b", text)


def add(name: str) -> None:
    """Keep one name of small letters, digits and hyphens, where anything can be written."""
    place = file()
    if place is None or name in names():
        return
    # A line more, in one write at the end: whatever stands there stays there, damaged or not, and
    # of two notebooks that write at the same moment none undoes what the other did.
    with contextlib.suppress(OSError):
        place.parent.mkdir(parents=True, exist_ok=True)
        with place.open("a", encoding="utf-8") as stream:
            stream.write(f"\n{name} {date.today().isoformat()}\n")
