"""What a test of downloads and folders stands in: a folder of the user's own, a server."""

import _thread
import functools
import gzip
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import MappingProxyType

import pytest
from patience import HANGS

from cnn_course.data import DataError


def use_own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> Path:
    """Make the user's own folder for a data set; the cache is empty and no server answers."""
    folder = tmp_path / "own" / name
    folder.mkdir(parents=True)
    monkeypatch.setenv("CNN_COURSE_DATA", str(folder.parent))
    monkeypatch.setenv("CNN_COURSE_CACHE", str(tmp_path / "cache"))
    return folder


def refusing(code: int) -> Callable[..., None]:
    """What stands for a step of using a file, where a disk or another program does not let it."""

    def refuse(*_: object, **__: object) -> None:
        raise OSError(code, os.strerror(code))

    return refuse


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def site_served(folder: Path) -> Iterator[str]:
    """Serve a folder with pages on this machine; give its address."""
    handler = functools.partial(_Quiet, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def refused(function: Callable[..., object], *arguments: object) -> str:
    """Return what a function says when it refuses data; it always says what to do as well."""
    with pytest.raises(DataError) as caught:
        function(*arguments)
    assert caught.value.problem
    assert caught.value.advice
    return str(caught.value)


class Handler(BaseHTTPRequestHandler):
    """Serves the server's content well or badly; the start of the path says how."""

    server: "Server"

    def do_GET(self) -> None:  # noqa: PLR0912 - one of each
        content = self.server.content
        self.server.requests.append(self.path)
        if len(self.server.requests) == 1:
            self.server.before()
        match self.path.split("/")[1]:
            case "whole":
                self.answer(content, len(content))
            case "truncated":
                self.answer(content[: len(content) // 2], len(content))
            case "slow":
                self.answer(content[: len(content) // 2], len(content))
                self.server.stop.wait(HANGS)
            case "trickle":
                self.answer(b"", len(content))
                while not self.server.stop.wait(0.1):
                    self.wfile.write(b"x")
            case "endless":
                self.answer(b"", None)
                while not self.server.stop.is_set():
                    self.wfile.write(bytes(100_000))
            case "packed":
                packed = gzip.compress(bytes(10_000_000))
                self.answer(packed, len(packed), {"Content-Encoding": "gzip"})
            case "circles":
                self.send_response(302)
                self.send_header("Location", self.path)
                self.end_headers()
            case "ranges":  # half of what is asked for, and an end that can be asked for
                start = int(self.headers.get("Range", "bytes=0-")[6:-1])
                about = {"ETag": '"first"', "Accept-Ranges": "bytes"}
                rest = content[start:]
                kept = rest if self.server.whole else rest[: len(rest) // 2]
                self.answer(kept, len(rest), about, status=206 if start else 200)
            case "interrupted":
                self.answer(content[: len(content) // 2], len(content))
                _thread.interrupt_main()  # as Ctrl+C does
                self.wfile.write(content[len(content) // 2 :])
            case status:
                self.send_error(int(status))

    def answer(
        self,
        content: bytes,
        length: int | None,
        headers: Mapping[str, str] = MappingProxyType({}),
        status: int = 200,
    ) -> None:
        self.send_response(status)
        if length is not None:
            self.send_header("Content-Length", str(length))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)
        self.wfile.flush()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Server(ThreadingHTTPServer):
    """A server on this machine with one file; it can be told to stop waiting."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.content = b""
        self.whole = True  # for "ranges"
        self.requests: list[str] = []
        self.stop = threading.Event()
        self.before: Callable[[], object] = lambda: None  # done before the first answer

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.server_port}/{path}"

    def handle_error(self, *_: object) -> None:
        """Say nothing of clients that hang up."""


@contextmanager
def serving(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """Let a server answer on this machine, past every proxy."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        yield server
        server.stop.set()
        server.shutdown()
        thread.join(10)
