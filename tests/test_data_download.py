"""A download is whole and right, or there is none and the reader is told what to do."""

import _thread
import errno
import io
import os
import pickle
import signal
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import IO, Any

import pytest
from data_fakes import assert_loads, fake_arrays, fake_mnist, npz_bytes, refusal, write_idx
from patience import HANGS
from surroundings import serving

from cnn_course.data import DataError, get
from cnn_course.data.digits.mnist import Mnist

NPZ = npz_bytes(fake_arrays())
OFFICIAL = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz"
OFFICIAL_SHA256 = "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"


class Handler(BaseHTTPRequestHandler):
    """Serves `NPZ` well or badly; the path says how."""

    server: "Server"

    def do_GET(self) -> None:
        self.server.requests.append(self.path)
        half = len(NPZ) // 2
        match self.path:
            case "/whole":
                self.answer(NPZ)
            case "/truncated":
                self.answer(NPZ[:half], length=len(NPZ))
            case "/short":
                self.answer(NPZ[:half])
            case "/other":
                self.answer(bytes(len(NPZ)))
            case "/login":
                self.answer(b"<html>Please log in</html>")
            case "/endless":
                self.answer(NPZ * 1_000)
            case "/slow":
                self.answer(NPZ[:half], length=len(NPZ))
                self.server.stop.wait(HANGS)
            case "/interrupted":
                self.answer(NPZ[:half], length=len(NPZ))
                _thread.interrupt_main()  # as Ctrl+C does
                self.wfile.write(NPZ[half:])
            case _:
                self.send_error(int(self.path[1:]))

    def answer(self, content: bytes, length: int | None = None) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(content) if length is None else length))
        self.end_headers()
        self.wfile.write(content)
        self.wfile.flush()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Server(ThreadingHTTPServer):
    """A server on this machine that can be told to stop waiting."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.requests: list[str] = []
        self.stop = threading.Event()

    def mnist(self, how: str) -> Mnist:
        timeout = 0.5 if how == "slow" else HANGS
        return fake_mnist(f"http://127.0.0.1:{self.server_port}/{how}", NPZ, timeout)

    def handle_error(self, *_: object) -> None:
        """Say nothing of clients that hang up."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    server = Server()
    with serving(server, monkeypatch):
        yield server
        server.stop.set()


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, and no folder of the user's own."""
    monkeypatch.delenv("CNN_COURSE_DATA", raising=False)
    monkeypatch.setenv("CNN_COURSE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def files_in(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.*"))


def test_the_official_file_is_asked_for_with_its_published_digest() -> None:
    assert Mnist().published.url == OFFICIAL
    assert Mnist().published.sha256 == OFFICIAL_SHA256


def test_a_download_ends_in_the_cache_and_is_not_repeated(
    server: Server, cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert_loads(server.mnist("whole"))
    assert "100%" in capsys.readouterr().err, "a progress bar"
    assert files_in(cache) == ["mnist/mnist.npz"]
    assert (cache / "mnist" / "mnist.npz").read_bytes() == NPZ
    assert_loads(server.mnist("whole"))
    assert server.requests == ["/whole"]


def test_get_downloads_and_says_where_the_file_is(server: Server, cache: Path) -> None:
    assert get("mnist", [server.mnist("whole")]) == cache / "mnist" / "mnist.npz"
    assert get("mnist", [fake_mnist()]) == cache / "mnist" / "mnist.npz"


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("404", "404"),
        ("503", "503"),
        ("truncated", "could not be downloaded"),
        ("short", "gave another file than the published one"),
        ("other", "gave another file than the published one"),
        ("login", "a login page"),
        ("endless", "sends more than the file"),
        ("slow", "timed out"),
    ],
)
def test_a_bad_answer_of_the_server_is_told_and_leaves_nothing_behind(
    server: Server, cache: Path, how: str, said: str
) -> None:
    message = refusal(server.mnist(how))
    assert said in message
    assert f"127.0.0.1:{server.server_port}/{how}" in message
    assert_names_all_three_ways(message, cache)
    assert files_in(cache) == []


def assert_names_all_three_ways(message: str, cache: Path) -> None:
    assert "CNN_COURSE_DATA" in message
    assert str(cache / "mnist" / "mnist.npz") in message
    assert "network" in message


def test_without_a_network_all_three_ways_and_the_cause_are_named(cache: Path) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # and never listens
        message = refusal(fake_mnist(f"http://127.0.0.1:{nobody.getsockname()[1]}/whole", NPZ))
    assert "ConnectionError" in message
    assert_names_all_three_ways(message, cache)


@pytest.fixture
def heeding_ctrl_c() -> Iterator[None]:
    """Act on Ctrl+C even where who started the tests ignores it, as `nohup` and `&` do."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("heeding_ctrl_c")
def test_ctrl_c_passes_through_and_leaves_no_half_file(server: Server, cache: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        server.mnist("interrupted").load()
    assert files_in(cache) == []
    assert_loads(server.mnist("whole"))


def test_a_broken_file_in_the_cache_is_replaced_and_the_reader_is_told(
    server: Server, cache: Path
) -> None:
    cached = cache / "mnist" / "mnist.npz"
    cached.parent.mkdir(parents=True)
    cached.write_bytes(NPZ[:-1])
    with pytest.warns(UserWarning, match="It is downloaded again") as told:
        assert_loads(server.mnist("whole"))
    assert str(cached) in str(told[0].message)
    assert told[0].filename.endswith("data_fakes.py"), "the warning points at who called"
    assert cached.read_bytes() == NPZ


def test_a_broken_file_in_the_cache_stays_when_there_is_no_better_one(
    server: Server, cache: Path
) -> None:
    cached = cache / "mnist" / "mnist.npz"
    cached.parent.mkdir(parents=True)
    cached.write_bytes(NPZ[:-1])
    with pytest.warns(UserWarning, match="cut off"):
        message = refusal(server.mnist("truncated"))
    assert "cut off" in message, "the error says what is wrong with the file"
    assert "could not be downloaded" in message, "and why there is no other"
    assert cached.read_bytes() == NPZ[:-1]
    assert files_in(cache) == ["mnist/mnist.npz"]


def test_the_users_own_folder_comes_before_cache_and_network(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CNN_COURSE_DATA", str(tmp_path / "own"))
    write_idx(tmp_path / "own" / "mnist")
    assert_loads(server.mnist("whole"))
    assert get("mnist", [server.mnist("whole")]) == tmp_path / "own" / "mnist"
    assert server.requests == []


def test_a_broken_file_of_the_users_own_is_neither_replaced_nor_passed_over(
    server: Server, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "own" / "mnist" / "mnist.npz"
    own.parent.mkdir(parents=True)
    own.write_bytes(b"PK")
    monkeypatch.setenv("CNN_COURSE_DATA", str(tmp_path / "own"))
    assert str(own) in refusal(server.mnist("whole"))
    assert own.read_bytes() == b"PK"
    assert server.requests == []
    assert not cache.exists()


@pytest.mark.parametrize("blocked", ["cache", "cache/mnist"])
def test_a_cache_that_cannot_be_written_is_told_with_its_variable(
    server: Server, tmp_path: Path, blocked: str
) -> None:
    path = tmp_path / blocked  # a file where a folder should be stops root, too
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"in the way")
    message = refusal(server.mnist("whole"))
    assert str(tmp_path / "cache" / "mnist") in message
    assert "Set CNN_COURSE_CACHE to a folder that you can write to" in message
    assert path.read_bytes() == b"in the way"


class FullDisk(io.BytesIO):
    """A file on a disk without room."""

    def write(self, _: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_full_disk_is_told_as_such_and_leaves_nothing_behind(
    server: Server, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    really_open = io.open

    def open_on_full_disk(file: Any, mode: str = "r", *args: Any, **kwargs: Any) -> IO[Any]:
        if str(file).startswith(str(cache)) and "w" in mode:
            return FullDisk()
        return really_open(file, mode, *args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(io, "open", open_on_full_disk)
        patch.setattr("builtins.open", open_on_full_disk)
        message = refusal(server.mnist("whole"))
    assert os.strerror(errno.ENOSPC) in message
    assert "Make room" in message
    assert files_in(cache) == []


def test_the_users_own_home_is_meant_by_a_tilde(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.setenv("CNN_COURSE_CACHE", "~/kept here")
    assert_loads(server.mnist("whole"))
    assert files_in(tmp_path / "kept here") == ["mnist/mnist.npz"]
    monkeypatch.setenv("CNN_COURSE_CACHE", str(tmp_path / "empty"))
    monkeypatch.setenv("CNN_COURSE_DATA", "~/kept here")
    assert_loads()  # a cache can serve as the user's own folder


def test_a_folder_that_does_not_exist_is_an_error_and_not_silence(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for wrong in (tmp_path / "nowhere", tmp_path / "file"):
        (tmp_path / "file").write_bytes(b"")
        monkeypatch.setenv("CNN_COURSE_DATA", str(wrong))
        message = refusal(server.mnist("whole"))
        assert f"CNN_COURSE_DATA is set to {wrong}" in message
    assert server.requests == []


def test_a_folder_without_mnist_in_it_leads_on_to_the_cache(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "own").mkdir()
    monkeypatch.setenv("CNN_COURSE_DATA", str(tmp_path / "own"))
    assert_loads(server.mnist("whole"))
    assert server.requests == ["/whole"]
    assert not list((tmp_path / "own").iterdir())


def test_a_file_in_place_of_the_mnist_folder_is_an_error(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "mnist").write_bytes(NPZ)
    monkeypatch.setenv("CNN_COURSE_DATA", str(tmp_path / "own"))
    assert f"{tmp_path / 'own' / 'mnist'} is not a folder" in refusal(server.mnist("whole"))


def test_the_error_can_be_handed_between_processes() -> None:
    error = pickle.loads(pickle.dumps(DataError("It is broken.", "Mend it.")))
    assert (error.problem, error.advice) == ("It is broken.", "Mend it.")
    assert str(error) == "It is broken.\nMend it."
