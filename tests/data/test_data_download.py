"""A download is whole and right, or there is none and the reader is told what to do."""

import errno
import io
import os
import pickle
import shutil
import signal
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

import pytest
from data_fakes import NPZ, assert_loads, fake_mnist, refusal, write_idx
from patience import HANGS
from surroundings import Server

from cnn_course.data import DataError, check, get, storage
from cnn_course.data.digits import Mnist

pytestmark = pytest.mark.usefixtures("cache")


def mnist(server: Server, how: str = "whole") -> Mnist:
    server.content = server.content or NPZ
    return fake_mnist(server.url(how), {"slow": 0.5, "trickle": 5}.get(how, HANGS))


@pytest.fixture
def cached(cache: Path) -> Path:
    return cache / "mnist" / "mnist.npz"


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CNN_COURSE_DATA", str(tmp_path / "own"))
    (tmp_path / "own").mkdir()
    return tmp_path / "own" / "mnist"


def files_in(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.*"))


def test_a_download_ends_in_the_cache_and_is_not_repeated(
    server: Server, cache: Path, cached: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert_loads(mnist(server))
    assert "100%" in capsys.readouterr().err, "a progress bar"
    assert files_in(cache) == ["mnist/mnist.npz"]
    assert cached.read_bytes() == NPZ
    assert cached.stat().st_mode & 0o444 == 0o444, "a class may share the cache"
    assert_loads(mnist(server))
    assert get("mnist", [mnist(server)]) == cached
    assert server.requests == ["/whole"]


@pytest.mark.fault(
    "A download: cut off, silent, one byte at a time, endless, packed, in circles, a login page",
    "One message with the cause and what to do",
    "What was there before",
)
@pytest.mark.parametrize(
    ("how", "content", "said"),
    [
        ("404", b"", "404"),
        ("503", b"", "503"),
        ("truncated", NPZ, "could not be downloaded"),
        ("slow", NPZ, "timed out"),
        ("trickle", NPZ, "bytes came in"),
        ("endless", NPZ, "sends more than 1.0 MB"),
        ("packed", NPZ, "gave another file than the published one"),
        ("circles", NPZ, "redirects"),
        ("whole", NPZ[:-9], "gave another file than the published one"),
        ("whole", b"<html>Please log in</html>", "a login page"),
    ],
)
def test_a_bad_answer_of_the_server_is_told_and_leaves_nothing_behind(
    server: Server,
    cache: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    how: str,
    content: bytes,
    said: str,
) -> None:
    server.content = content
    monkeypatch.setattr("cnn_course.data.download._LARGEST", 1_000_000)
    message = refusal(mnist(server, how))
    assert said in message
    assert server.url(how) in message
    assert_names_all_three_ways(message, cache)
    assert files_in(cache) == []


def assert_names_all_three_ways(message: str, cache: Path) -> None:
    assert "CNN_COURSE_DATA" in message
    assert str(cache / "mnist" / "mnist.npz") in message
    assert "network" in message


def test_without_a_network_all_three_ways_and_the_cause_are_named(cache: Path) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # and never listens
        message = refusal(fake_mnist(f"http://127.0.0.1:{nobody.getsockname()[1]}/whole"))
    assert "ConnectionError" in message
    assert_names_all_three_ways(message, cache)


@pytest.fixture
def heeding_ctrl_c() -> Iterator[None]:
    """Act on Ctrl+C even where who started the tests ignores it, as `nohup` and `&` do."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.fault(
    "A download that is cut off, then tried again",
    "It goes on where it broke off, if it is still the same file",
    "What has come, hidden, for a day; nothing once it is whole",
)
def test_a_download_goes_on_where_it_broke_off(server: Server, cache: Path, cached: Path) -> None:
    server.whole = False
    for _ in range(2):
        assert "could not be downloaded" in refusal(mnist(server, "ranges"))
    assert not cached.exists()
    (part,) = cached.parent.glob(".begun-*/*.npz")
    assert part.read_bytes() == NPZ[: len(part.read_bytes())]
    assert len(part.read_bytes()) > len(NPZ) / 2
    server.whole = True
    assert_loads(mnist(server, "ranges"))
    assert files_in(cache) == ["mnist/mnist.npz"]


def test_what_was_begun_of_another_edition_is_not_gone_on_with(server: Server, cache: Path) -> None:
    server.whole, server.content = False, NPZ[::-1] + b"longer"
    refusal(mnist(server, "ranges"))
    server.whole, server.content = True, NPZ
    assert_loads(mnist(server, "ranges"))
    assert files_in(cache) == ["mnist/mnist.npz"]


@pytest.mark.fault(
    "A folder that a killed process has left in the cache",
    "The next call removes it, and none of a process that lives",
    "Nothing",
)
def test_folders_of_dead_processes_are_removed_and_those_of_live_ones_stay(cache: Path) -> None:
    cache.mkdir()
    dead = cache / ".unfinished-dead"
    dead.mkdir()
    (dead / "half").write_bytes(b"half")
    os.utime(dead, (0, 0))
    with storage.scratch(cache / "one") as live:
        os.utime(live, (0, 0))
        with storage.scratch(cache / "other"):
            assert live.exists()
            assert not dead.exists()
    assert list(cache.iterdir()) == []


@pytest.mark.parametrize("look", [lambda one: get("mnist", [one]), lambda one: check([one])])
def test_what_a_killed_download_left_is_removed_also_where_the_data_are_whole(
    server: Server, cache: Path, cached: Path, look: Callable[[Mnist], object]
) -> None:
    mnist(server).load()
    for begun, day in (("old", 0), ("new", time.time())):
        folder = cached.with_name(f".begun-{begun}")
        folder.mkdir()
        (folder / "half").write_bytes(b"half")
        os.utime(folder, (day, day))
    killed = cache / ".unfinished-old"
    killed.mkdir()
    os.utime(killed, (0, 0))
    look(mnist(server))
    assert files_in(cache) == ["mnist/.begun-new", "mnist/mnist.npz"]


@pytest.mark.fault(
    "Temporary folders of a killed process, and other things that look like them",
    "The next call removes folders of the dead alone",
    "Nothing",
)
def test_temporary_folders_of_dead_processes_are_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    kept = [tmp_path / ".unfinished-of-another-program", tmp_path / "a folder"]
    dead = tmp_path / "cnn-course-temporary-dead"
    for folder in (*kept, dead):
        folder.mkdir()
        (folder / "half").write_bytes(b"half")
        os.utime(folder, (0, 0))
    link = tmp_path / "cnn-course-temporary-link"
    link.symlink_to(tmp_path / "a folder")
    os.utime(link, (0, 0), follow_symlinks=False)
    with storage.temporary() as live:
        os.utime(live, (0, 0))
        with storage.temporary():
            assert live.exists()
            assert not dead.exists()
    assert sorted(tmp_path.iterdir()) == sorted([*kept, link])
    assert [file.name for file in (tmp_path / "a folder").iterdir()] == ["half"]


@pytest.mark.usefixtures("heeding_ctrl_c")
def test_ctrl_c_passes_through_and_leaves_no_half_file(server: Server, cache: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        mnist(server, "interrupted").load()
    assert files_in(cache) == []
    assert_loads(mnist(server))


def test_a_broken_file_in_the_cache_is_replaced_by_a_whole_one_only(
    server: Server, cache: Path, cached: Path
) -> None:
    cached.parent.mkdir(parents=True)
    cached.write_bytes(NPZ[:-1])
    with pytest.warns(UserWarning, match="cut off"):
        message = refusal(mnist(server, "truncated"))
    assert "cut off" in message, "the error says what is wrong with the file"
    assert "could not be downloaded" in message, "and why there is no other"
    assert cached.read_bytes() == NPZ[:-1]
    with pytest.warns(UserWarning, match="It is downloaded again") as told:
        assert_loads(mnist(server))
    assert str(cached) in str(told[0].message)
    assert told[0].filename.endswith("data_fakes.py"), "the warning points at who called"
    assert cached.read_bytes() == NPZ
    assert files_in(cache) == ["mnist/mnist.npz"]


def test_the_users_own_folder_comes_before_cache_and_network(server: Server, own: Path) -> None:
    write_idx(own)
    assert_loads(mnist(server))
    assert get("mnist", [mnist(server)]) == own
    assert server.requests == []


def test_a_broken_file_of_the_users_own_is_neither_replaced_nor_passed_over(
    server: Server, cache: Path, own: Path
) -> None:
    own.mkdir()
    (own / "mnist.npz").write_bytes(b"PK")
    assert str(own / "mnist.npz") in refusal(mnist(server))
    assert (own / "mnist.npz").read_bytes() == b"PK"
    assert server.requests == []
    assert not cache.exists()


def test_a_folder_without_mnist_in_it_leads_on_to_the_cache(server: Server, own: Path) -> None:
    assert_loads(mnist(server))
    assert server.requests == ["/whole"]
    assert not list(own.parent.iterdir())
    own.write_bytes(NPZ)
    assert f"{own} is not a folder" in refusal(mnist(server))


def test_a_folder_that_does_not_exist_is_an_error_and_not_silence(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_bytes(b"")
    for wrong in (tmp_path / "nowhere", tmp_path / "file"):
        monkeypatch.setenv("CNN_COURSE_DATA", str(wrong))
        assert f"CNN_COURSE_DATA is set to {wrong}" in refusal(mnist(server))
    assert server.requests == []


@pytest.mark.parametrize("blocked", ["cache", "cache/mnist"])
def test_a_cache_that_cannot_be_written_is_told_with_its_variable(
    server: Server, tmp_path: Path, blocked: str
) -> None:
    path = tmp_path / blocked  # a file where a folder should be stops root, too
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"in the way")
    message = refusal(mnist(server))
    assert str(tmp_path / "cache" / "mnist") in message
    assert "Set CNN_COURSE_CACHE to a folder that you can write to" in message
    assert path.read_bytes() == b"in the way"


def test_a_full_disk_is_told_as_such_and_leaves_nothing_behind(
    server: Server, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    really_open = io.open

    class FullDisk(io.BytesIO):
        def write(self, _: object) -> int:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def open_on_full_disk(file: Any, mode: str = "r", *args: Any, **kwargs: Any) -> IO[Any]:
        if str(file).startswith(str(cache)) and "w" in mode:
            return FullDisk()
        return really_open(file, mode, *args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(io, "open", open_on_full_disk)
        message = refusal(mnist(server))
    assert os.strerror(errno.ENOSPC) in message
    assert "Make room" in message
    assert files_in(cache) == []
    few = shutil.disk_usage(cache)._replace(free=1_234)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: few)
    message = refusal(mnist(server))
    assert f"needs {len(NPZ) / 1e3:.1f} kB, and its disk has 1.2 kB left" in message


def test_the_users_own_home_is_meant_by_a_tilde(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.setenv("CNN_COURSE_CACHE", "~/kept here")
    assert_loads(mnist(server))
    assert files_in(tmp_path / "kept here") == ["mnist/mnist.npz"]
    monkeypatch.setenv("CNN_COURSE_CACHE", str(tmp_path / "empty"))
    monkeypatch.setenv("CNN_COURSE_DATA", "~/kept here")
    assert_loads()  # a cache can serve as the user's own folder


def test_the_error_can_be_handed_between_processes() -> None:
    error = pickle.loads(pickle.dumps(DataError("It is broken.", "Mend it.")))
    assert (error.problem, error.advice) == ("It is broken.", "Mend it.")
    assert str(error) == "It is broken.\nMend it."
