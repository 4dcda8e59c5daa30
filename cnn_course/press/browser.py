"""Prints and pictures pages with the Chromium or Chrome of this machine."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from cnn_course.files import write
from cnn_course.press.project import PressError

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
_SECONDS = 3_600  # the whole book takes about one minute


def print_pdf(file: Path) -> Path:
    """Print a page, beside it as PDF, with tags for those who cannot see.

    Raises:
        PressError: there is no browser, or it printed nothing.
    """
    return _made(file, ".pdf", "print-to-pdf", "--no-pdf-header-footer")


def picture(file: Path, width: int, height: int) -> Path:
    """Picture a page, beside it as PNG; `width` and `height` are those of the window in pixels.

    Raises:
        PressError: there is no browser, or it made no picture.
    """
    return _made(file, ".png", "screenshot", f"--window-size={width},{height}")


def find() -> str:
    """Return the browser of this machine.

    Raises:
        PressError: there is none that can print.
    """
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        raise PressError(
            f"No browser is here to print with: none of {', '.join(BROWSERS)} is here. "
            "Install one; or open the page in any browser, and print it from there."
        )
    return found


def _made(file: Path, ending: str, order: str, *options: str) -> Path:
    browser = find()
    made = file.with_suffix(ending)
    with tempfile.TemporaryDirectory() as scratch:
        printed = Path(scratch) / made.name
        options = ("--headless", "--disable-gpu", *options)
        options += (f"--user-data-dir={scratch}/profile", f"--{order}={printed}")
        if getattr(os, "geteuid", lambda: 1)() == 0:  # as root Chromium has no sandbox
            options += ("--no-sandbox",)
        command = [browser, *options, file.resolve().as_uri()]
        try:
            done = subprocess.run(
                command,
                capture_output=True,
                encoding="utf-8",
                errors="replace",
                timeout=_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise PressError(f"{browser} has not printed {file} in {_SECONDS} seconds.") from None
        if not printed.exists():
            said = "\n".join(done.stderr.strip().splitlines()[-3:])
            raise PressError(f"{browser} has not printed {file}:\n{said}")
        write(made, printed.read_bytes())
    return made
