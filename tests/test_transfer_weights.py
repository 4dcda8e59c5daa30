"""Weights are found where they are said to be, or the reader is told; nothing of his is changed."""

import hashlib
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from surroundings import serving, use_own_folder

from cnn_course import transfer
from cnn_course.data import DataError
from cnn_course.data.download import Published
from cnn_course.transfer.weights import (
    MOBILENET,
    VGG16,
    Pretrained,
    WeightsFile,
    values_digest,
)

pytestmark = pytest.mark.tensorflow

NAME = "tiny.weights.h5"
OTHER = "tiny_tf_no_top.h5"
NOWHERE = "http://127.0.0.1:9"  # port 9 answers nobody


@pytest.fixture(scope="module")
def trained() -> Any:
    """A model whose weights are worth finding."""
    return transfer.mini_vgg16(32)


@pytest.fixture(scope="module")
def content(trained: Any, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Its weights in Keras's present format."""
    file = tmp_path_factory.mktemp("made") / NAME
    trained.save_weights(file)
    return file.read_bytes()


@pytest.fixture(scope="module")
def legacy(trained: Any, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Its weights in the older format, in which `keras.applications` publishes."""
    file = tmp_path_factory.mktemp("made") / OTHER
    trained.save(file)
    return file.read_bytes()


@dataclass(frozen=True)
class Places:
    """The folders in which weights are looked for, in this order."""

    own: Path
    keras: Path
    cache: Path


@pytest.fixture(autouse=True)
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Places:
    """The folders of one test; nothing is in them."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    own = use_own_folder(tmp_path, monkeypatch, "weights")
    return Places(own, tmp_path / "keras" / "models", tmp_path / "cache" / "weights")


class Server(ThreadingHTTPServer):
    """Answers with the content that it is told to have."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.content = b""
        self.length = 0
        self.requests: list[str] = []

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def offer(self, content: bytes, length: int | None = None) -> None:
        self.content, self.length = content, len(content) if length is None else length


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.requests.append(self.path)
        self.send_response(200)
        self.send_header("Content-Length", str(self.server.length))
        self.end_headers()
        self.wfile.write(self.server.content)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, content: bytes) -> Iterator[Server]:
    server = Server()
    server.offer(content)
    with serving(server, monkeypatch):
        yield server


def known(content: bytes, address: str = NOWHERE, algorithm: str = "md5") -> Pretrained:
    """Weights whose publisher gives the digest of their file."""
    digest = f"{algorithm}:{hashlib.new(algorithm, content).hexdigest()}"
    published = Published(f"{address}/{NAME}", sha256=None, size=len(content))
    return Pretrained("The tiny one", (WeightsFile(NAME, digest, published=published),))


def unknown(address: str = NOWHERE, values: str = "") -> Pretrained:
    """Weights that are published without a digest."""
    published = Published(f"{address}/{OTHER}", sha256=None, size=5_000_000)
    return Pretrained("The tiny one", (WeightsFile(OTHER, values=values, published=published),))


def put(folder: Path, content: bytes, name: str = NAME) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)
    return folder / name


def base(weights: Any) -> transfer.Base:
    return transfer.base("mini_vgg16", side=32, weights=weights)


def assert_same_weights(found: transfer.Base, model: Any) -> None:
    for ours, theirs in zip(found.model.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def refusal(weights: Any) -> DataError:
    with pytest.raises(DataError) as caught:
        base(weights)
    assert caught.value.advice
    return caught.value


def files_in(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.*"))


@pytest.mark.parametrize("algorithm", ["md5", "sha256"])
def test_weights_on_this_machine_are_loaded_and_nothing_is_asked_for(
    server: Server, places: Places, content: bytes, trained: Any, algorithm: str
) -> None:
    for folder, said in ((places.keras, "Keras's cache"), (places.own, "CNN_COURSE_DATA")):
        put(folder, content)
        found = base(known(content, server.address, algorithm))
        assert_same_weights(found, trained)
        assert said in found.source
        assert f"its {algorithm} is right" in found.source
        assert str(folder) not in found.source, "a page must not show a path of this machine"
    assert server.requests == []
    assert not places.cache.exists()


def test_the_users_own_folder_comes_first_then_kerass_cache_then_the_courses_then_the_network(
    server: Server, places: Places, content: bytes, trained: Any
) -> None:
    weights = known(content, server.address)
    assert "downloaded from" in base(weights).source
    assert "from the course's cache" in base(weights).source
    put(places.keras, content)
    assert "from Keras's cache" in base(weights).source
    put(places.own, content)
    found = base(weights)
    assert "in CNN_COURSE_DATA" in found.source
    assert_same_weights(found, trained)
    assert server.requests == [f"/{NAME}"]
    assert files_in(places.cache) == [NAME]


def test_a_download_fills_the_model_and_ends_whole_in_the_cache(
    server: Server, places: Places, content: bytes, trained: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    found = base(known(content, server.address))
    assert_same_weights(found, trained)
    assert "100%" in capsys.readouterr().err, "a progress bar"
    assert (places.cache / NAME).read_bytes() == content
    assert files_in(places.cache) == [NAME]


def test_one_of_several_names_is_enough(places: Places, content: bytes, trained: Any) -> None:
    both = Pretrained("The tiny one", (*unknown().files, *known(content).files))
    put(places.own, content)
    assert_same_weights(base(both), trained)


def flipped(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


BROKEN: dict[str, Callable[[bytes], bytes]] = {
    "truncated": lambda content: content[:-1],
    "empty": lambda _: b"",
    "one bit": flipped,
    "a page": lambda _: b"<html>Please log in</html>",
}


@pytest.mark.parametrize("how", BROKEN)
def test_a_broken_file_of_the_users_own_is_an_error_and_stays_as_it_is(
    server: Server, places: Places, content: bytes, how: str
) -> None:
    broken = BROKEN[how](content)
    file = put(places.own, broken)
    put(places.keras, content)
    error = refusal(known(content, server.address))
    assert f"{file} cannot be used: it has {len(broken):,} bytes" in error.problem
    assert hashlib.md5(content).hexdigest() in error.problem, "what was expected"
    assert f"Put a whole copy there, or take {file} away." in error.advice
    assert file.read_bytes() == broken
    assert server.requests == []
    assert not places.cache.exists()


@pytest.mark.parametrize("how", ["truncated", "empty", "a page"])
def test_a_broken_file_is_noticed_where_no_digest_is_published(
    places: Places, legacy: bytes, how: str
) -> None:
    file = put(places.own, BROKEN[how](legacy), OTHER)
    assert f"{file} cannot be used" in refusal(unknown()).problem


def test_weights_of_another_network_are_noticed_where_no_digest_is_published(
    places: Places, tmp_path: Path
) -> None:
    other = transfer.mini_vgg16(32, width=4)
    other.save(tmp_path / OTHER)
    file = put(places.own, (tmp_path / OTHER).read_bytes(), OTHER)
    assert f"{file} cannot be used" in refusal(unknown()).problem


def test_a_folder_in_place_of_the_file_is_told(places: Places, content: bytes) -> None:
    (places.own / NAME).mkdir()
    assert f"{places.own / NAME} cannot be used" in refusal(known(content)).problem


def test_a_broken_file_in_kerass_cache_is_told_passed_over_and_left_as_it_is(
    server: Server, places: Places, content: bytes, trained: Any
) -> None:
    file = put(places.keras, content[:-1])
    with pytest.warns(UserWarning, match="passed over") as told:
        found = base(known(content, server.address))
    assert str(file) in str(told[0].message)
    assert_same_weights(found, trained)
    assert file.read_bytes() == content[:-1]
    assert (places.cache / NAME).read_bytes() == content


def test_the_warning_points_at_who_asked_for_the_base(
    server: Server, places: Places, content: bytes
) -> None:
    put(places.keras, b"")
    with pytest.warns(UserWarning, match="passed over") as told:
        transfer.base("mini_vgg16", side=32, weights=known(content, server.address))
    assert told[0].filename == __file__


def test_a_broken_file_in_the_courses_cache_is_replaced_by_a_whole_one(
    server: Server, places: Places, content: bytes, trained: Any
) -> None:
    file = put(places.cache, content[:-1])
    with pytest.warns(UserWarning, match="passed over"):
        found = base(known(content, server.address))
    assert_same_weights(found, trained)
    assert file.read_bytes() == content


@pytest.mark.parametrize(
    ("offered", "said"),
    [
        ("half of it", "could not be downloaded"),
        ("truncated", "cannot be used"),
        ("one bit", "cannot be used"),
        ("a page", "cannot be used"),
        ("too much", "sends more than the file"),
    ],
)
def test_a_bad_download_is_told_and_a_broken_file_in_the_cache_stays(
    server: Server, places: Places, content: bytes, offered: str, said: str
) -> None:
    file = put(places.cache, content[:-1])
    if offered == "half of it":
        server.offer(content[: len(content) // 2], length=len(content))
    elif offered == "too much":
        server.offer(content + b"more")
    else:
        server.offer(BROKEN[offered](content))
    with pytest.warns(UserWarning, match="passed over"):
        error = refusal(known(content, server.address))
    assert str(file) in error.problem, "what is wrong with the file that is there"
    assert said in error.problem, "and why there is no better one"
    assert file.read_bytes() == content[:-1]
    assert files_in(places.cache) == [NAME]


def test_without_a_network_the_reader_is_told_what_to_put_where(
    tmp_path: Path, places: Places
) -> None:
    for weights in (VGG16, MOBILENET):
        local = [
            WeightsFile(file.name, published=Published(f"{NOWHERE}/{file.name}", None, 1))
            for file in weights.files
        ]
        error = refusal(Pretrained(weights.title, tuple(local)))
        assert "is not on this machine" in error.problem
        assert "ConnectionError" in error.problem
        for file in weights.files:
            assert file.name in error.advice
        assert "CNN_COURSE_DATA" in error.advice
        assert str(places.cache / weights.files[0].name) in error.advice
    assert files_in(tmp_path) == []


def test_the_weights_of_imagenet_are_known_by_what_keras_and_the_data_say() -> None:
    (vgg16,) = VGG16.files
    assert vgg16.name == "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5"
    assert vgg16.digest == "md5:6d6bbae143d832006294945121d1f1fc"
    assert vgg16.published
    assert vgg16.published.size == 58_889_256
    official = sys.modules[keras.applications.VGG16.__module__]
    assert vgg16.published.url == official.WEIGHTS_PATH_NO_TOP
    official = sys.modules[keras.applications.MobileNet.__module__]
    addresses = [file.published.url for file in MOBILENET.files if file.published]
    assert addresses == [official.BASE_WEIGHT_PATH + "mobilenet_7_5_224_tf_no_top.h5"]


def test_where_no_digest_is_published_the_values_are_compared_and_the_source_says_so(
    places: Places, legacy: bytes, trained: Any
) -> None:
    put(places.own, legacy, OTHER)
    right = base(unknown(values=values_digest(trained)))
    assert_same_weights(right, trained)
    assert "its values are right" in right.source
    assert "nothing could be compared" in base(unknown(values="0" * 64)).source
    assert "nothing could be compared" in base(unknown()).source


def test_two_who_download_at_once_both_get_whole_weights(
    server: Server, places: Places, content: bytes, trained: Any
) -> None:
    found: list[transfer.Base] = []
    weights = known(content, server.address)
    both = [threading.Thread(target=lambda: found.append(base(weights))) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join(60)
    assert len(found) == 2
    for each in found:
        assert_same_weights(each, trained)
    assert (places.cache / NAME).read_bytes() == content
    assert files_in(places.cache) == [NAME]


def test_a_cache_that_cannot_be_written_is_told_with_its_variable(
    server: Server, tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "cache").write_bytes(b"in the way")
    message = str(refusal(known(content, server.address)))
    assert "Set CNN_COURSE_CACHE to a folder that you can write to" in message
    assert (tmp_path / "cache").read_bytes() == b"in the way"


def test_random_weights_need_no_file_and_no_network(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for name in ("vgg16", "mobilenet", "mini_vgg16"):
            found = transfer.base(name, side=32, weights=None)
            assert "Random weights" in found.source
    assert files_in(tmp_path) == []
