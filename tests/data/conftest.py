"""What tests of data stand in: an empty cache, no folder of the user's own, a server."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from data_fakes import Server
from surroundings import serving


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("CNN_COURSE_DATA", raising=False)
    monkeypatch.setenv("CNN_COURSE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    server = Server()
    with serving(server, monkeypatch):
        yield server
        server.stop.set()
