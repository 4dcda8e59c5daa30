"""What a test of downloads and folders stands in: a folder of the user's own, a server."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest


def use_own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> Path:
    """Make the user's own folder for a data set; the cache is empty and no server answers."""
    folder = tmp_path / "own" / name
    folder.mkdir(parents=True)
    monkeypatch.setenv("CNN_COURSE_DATA", str(folder.parent))
    monkeypatch.setenv("CNN_COURSE_CACHE", str(tmp_path / "cache"))
    return folder


@contextmanager
def serving(server: ThreadingHTTPServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let `server` answer on this machine, past every proxy."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        yield
        server.shutdown()
        thread.join(10)
