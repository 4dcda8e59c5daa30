"""Prints and pictures pages with the Chromium or Chrome of this machine."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from cnn_course.data.storage import temporary
from cnn_course.files import write
from cnn_course.press.project import PressError

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
_SECONDS = 3_600  # the whole book takes about one minute
# Starts a program, and ends it when standard input ends, as it does with whoever holds the other
# end of it.
_GUARD = """
import subprocess, sys, threading
program = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL)

def end():
    sys.stdin.read()
    program.kill()

threading.Thread(target=end, daemon=True).start()
sys.exit(program.wait())
"""


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
    with temporary() as scratch:
        printed = scratch / made.name
        options = ("--headless", "--disable-gpu", *options)
        options += (f"--user-data-dir={scratch}/profile", f"--{order}={printed}")
        if getattr(os, "geteuid", lambda: 1)() == 0:  # as root Chromium has no sandbox
            options += ("--no-sandbox",)
        command = [browser, *options, file.resolve().as_uri()]
        try:
            said = _run(command)
        except subprocess.TimeoutExpired:
            raise PressError(f"{browser} has not printed {file} in {_SECONDS} seconds.") from None
        if not printed.exists():
            said = "\n".join(said.strip().splitlines()[-3:])
            raise PressError(f"{browser} has not printed {file}:\n{said}")
        write(made, printed.read_bytes())
    return made


def _run(command: list[str]) -> str:
    """Run a program that ends with this process, however that ends; return its errors."""
    reading, writing = os.pipe()
    process = subprocess.Popen(
        [sys.executable, "-c", _GUARD, *command],
        env=os.environ | {"TMPDIR": tempfile.gettempdir()},  # where one can write
        stdin=reading,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
    )
    os.close(reading)
    try:
        return process.communicate(timeout=_SECONDS)[1]
    finally:
        os.close(writing)
        process.wait()
