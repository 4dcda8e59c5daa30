"""How long a test waits for what must happen: long enough for any machine, and not for ever."""

import time
from collections.abc import Callable

HANGS = 240  # seconds; who waits longer has hung


def until(happened: Callable[[], object], what: str) -> None:
    """Wait until something has happened; say what did not."""
    end = time.monotonic() + HANGS
    while not happened():
        assert time.monotonic() < end, f"After {HANGS} seconds: {what}"
        time.sleep(0.02)
