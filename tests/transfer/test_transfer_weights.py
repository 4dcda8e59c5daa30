"""Weights are found where they are said to be, or the reader is told; nothing of his is changed."""

import errno
import hashlib
import os
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import pytest
from patience import HANGS
from surroundings import Server, refusing, use_own_folder

from cnn_course import transfer
from cnn_course.data import DataError
from cnn_course.data.download import Published
from cnn_course.transfer.weights import (
    MOBILENET,
    MOBILENET_CLASSIFIER,
    VGG16,
    Packaged,
    Pretrained,
    WeightsFile,
    values_digest,
)

pytestmark = pytest.mark.tensorflow

NAME = "tiny.weights.h5"
OTHER = "tiny_tf_no_top.h5"
NOWHERE = "http://127.0.0.1:9"  # port 9 answers nobody
REAL = os.environ.get("CNN_COURSE_DATA", "")


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


@pytest.fixture
def server(server: Server, content: bytes) -> Server:
    server.content = content
    return server


def known(content: bytes, address: str = NOWHERE, algorithm: str = "md5") -> Pretrained:
    """Weights whose publisher gives the digest of their file."""
    digest = f"{algorithm}:{hashlib.new(algorithm, content).hexdigest()}"
    published = Published(f"{address}/{NAME}", sha256=None)
    return Pretrained("The tiny one", (WeightsFile(NAME, digest, published=published),))


def unknown(values: str = "") -> Pretrained:
    """Weights that are published without a digest."""
    published = Published(f"{NOWHERE}/{OTHER}", sha256=None)
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


def test_the_users_own_folder_comes_first_then_kerass_cache_then_the_courses_then_the_network(
    server: Server, places: Places, content: bytes, trained: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    weights = known(content, server.url("whole"), "sha256")
    downloaded = base(weights)
    assert "downloaded from" in downloaded.source
    assert_same_weights(downloaded, trained)
    assert "100%" in capsys.readouterr().err, "a progress bar"
    assert (places.cache / NAME).read_bytes() == content
    assert "from the course's cache" in base(weights).source
    put(places.keras, content)
    assert "from Keras's cache" in base(weights).source
    put(places.own, content)
    found = base(weights)
    assert "in CNN_COURSE_DATA" in found.source
    assert "its sha256 is right" in found.source
    assert str(places.own) not in found.source, "a page must not show a path of this machine"
    assert_same_weights(found, trained)
    assert server.requests == [f"/whole/{NAME}"]
    assert files_in(places.cache) == [NAME]


def flipped(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


BROKEN: dict[str, Callable[[bytes], bytes]] = {
    "truncated": lambda content: content[:-1],
    "empty": lambda _: b"",
    "one bit": flipped,
    "a page": lambda _: b"<html>Please log in</html>",
    "too much": lambda content: content + b"more",
}


@pytest.mark.parametrize("how", BROKEN)
def test_a_broken_file_of_the_users_own_is_an_error_and_stays_as_it_is(
    server: Server, places: Places, content: bytes, how: str
) -> None:
    broken = BROKEN[how](content)
    file = put(places.own, broken)
    put(places.keras, content)
    error = refusal(known(content, server.url("whole")))
    assert f"{file} cannot be used: it has {len(broken):,} bytes" in error.problem
    assert hashlib.md5(content).hexdigest() in error.problem, "what was expected"
    assert f"Put a whole copy there, or take {file} away." in error.advice
    assert file.read_bytes() == broken
    assert server.requests == []
    assert not places.cache.exists()


def test_a_broken_file_is_noticed_where_no_digest_is_published(
    places: Places, legacy: bytes, tmp_path: Path
) -> None:
    transfer.mini_vgg16(32, width=4).save(tmp_path / OTHER)  # the weights of another network
    broken = [BROKEN[how](legacy) for how in ("truncated", "empty", "a page")]
    for content in (*broken, (tmp_path / OTHER).read_bytes()):
        file = put(places.own, content, OTHER)
        assert f"{file} cannot be used" in refusal(unknown()).problem
    file.unlink()
    file.mkdir()
    assert f"{file} cannot be used" in refusal(unknown()).problem


@pytest.mark.parametrize("where", ["keras", "cache"])
def test_a_broken_file_in_a_cache_is_told_passed_over_and_only_the_courses_own_is_replaced(
    server: Server, places: Places, content: bytes, trained: Any, where: str
) -> None:
    file = put(getattr(places, where), content[:-1])
    with pytest.warns(UserWarning, match="passed over") as told:
        found = transfer.base("mini_vgg16", side=32, weights=known(content, server.url("whole")))
    assert str(file) in str(told[0].message)
    assert told[0].filename == __file__, "the warning points at who asked for the base"
    assert_same_weights(found, trained)
    assert (file.read_bytes() == content) is (where == "cache")
    assert (places.cache / NAME).read_bytes() == content


@pytest.mark.parametrize(
    ("how", "offered", "said"),
    [
        ("truncated", "all of it", "could not be downloaded"),
        ("whole", "one bit", "cannot be used"),
        ("whole", "a page", "cannot be used"),
        ("whole", "too much", "cannot be used"),
    ],
)
def test_a_bad_download_is_told_and_a_broken_file_in_the_cache_stays(
    server: Server, places: Places, content: bytes, *, how: str, offered: str, said: str
) -> None:
    file = put(places.cache, content[:-1])
    server.content = BROKEN.get(offered, lambda whole: whole)(content)
    with pytest.warns(UserWarning, match="passed over"):
        error = refusal(known(content, server.url(how)))
    assert str(file) in error.problem, "what is wrong with the file that is there"
    assert said in error.problem, "and why there is no better one"
    assert file.read_bytes() == content[:-1]
    assert files_in(places.cache) == [NAME]


def test_without_a_network_the_reader_is_told_what_to_put_where(
    tmp_path: Path, places: Places
) -> None:
    for weights in (VGG16, MOBILENET, MOBILENET_CLASSIFIER):
        local = [
            WeightsFile(file.name, published=Published(f"{NOWHERE}/{file.name}", None))
            for file in weights.files
        ]
        error = refusal(Pretrained(weights.title, tuple(local)))
        assert "is not on this machine" in error.problem
        assert "ConnectionError" in error.problem
        for file in weights.files:
            assert file.name in error.advice
        assert "CNN_COURSE_DATA" in error.advice
        assert str(places.cache / weights.files[0].name) in error.advice
    assert "Random weights" in base(None).source
    assert files_in(tmp_path) == []


def test_the_weights_of_imagenet_are_known_by_what_keras_says() -> None:
    official = sys.modules[keras.applications.VGG16.__module__]
    assert [file.published.url for file in VGG16.files if file.published] == [
        official.WEIGHTS_PATH_NO_TOP
    ]
    assert {file.digest for file in VGG16.files} == {"md5:6d6bbae143d832006294945121d1f1fc"}
    official = sys.modules[keras.applications.MobileNet.__module__]
    for weights, name in (
        (MOBILENET, "mobilenet_7_5_224_tf_no_top.h5"),
        (MOBILENET_CLASSIFIER, "mobilenet_7_5_224_tf.h5"),
    ):
        addresses = [file.published.url for file in weights.files if file.published]
        assert addresses == [official.BASE_WEIGHT_PATH + name]


def test_the_values_of_vgg16_are_the_published_ones_whatever_the_file_is_called(
    monkeypatch: pytest.MonkeyPatch, places: Places
) -> None:
    keras_name, other_name = (file.name for file in VGG16.files)
    assert keras_name == "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5"
    file = Path(REAL) / "weights" / other_name
    if not (REAL and file.exists()):
        pytest.skip(f"CNN_COURSE_DATA has no {other_name}")
    (places.own / keras_name).symlink_to(file)
    for own, name in ((places.own.parent, keras_name), (REAL, other_name)):
        monkeypatch.setenv("CNN_COURSE_DATA", str(own))
        found = transfer.base("vgg16", side=32)
        assert f"{name}, from the folder weights in CNN_COURSE_DATA; it is not" in found.source
        assert found.source.endswith("and its values are right.")
        first, last = (found.model.get_layer(f"block{n}") for n in ("1_conv1", "5_conv3"))
        # As others have published them of Keras's file and of the authors' own.
        assert first.kernel.numpy()[0, 0, 0, 0] == np.float32(0.42947057)
        assert first.bias.numpy()[25] == np.float32(0.7446502)
        assert last.kernel.numpy()[0, 2, 0, 400] == np.float32(-0.008714244)


def either(legacy: bytes, trained: Any) -> Pretrained:
    """Weights that are known by the digest of one file and by their values, as VGG16's are."""
    values = hashlib.sha256(b"".join(each.tobytes() for each in trained.get_weights()))
    (file,) = known(legacy).files
    file = replace(file, values=values.hexdigest())
    return Pretrained("The tiny one", (replace(file, name=OTHER), file))


@pytest.mark.parametrize("kind", ["content", "legacy"])
def test_a_file_is_right_by_its_digest_or_by_its_values_whatever_its_format_and_its_name(
    request: pytest.FixtureRequest, places: Places, legacy: bytes, trained: Any, kind: str
) -> None:
    right = {
        "legacy": "its md5 is right",
        "content": "it is not the published file, and its values are right",
    }[kind]
    for name in (NAME, OTHER):
        file = put(places.own, request.getfixturevalue(kind), name)
        found = base(either(legacy, trained))
        assert_same_weights(found, trained)
        place = "from the folder weights in CNN_COURSE_DATA"
        assert found.source == f"The tiny one: {name}, {place}; {right}."
        file.unlink()


Arrays = dict[str, list[np.ndarray]]


def as_published(arrays: Arrays, file: Path) -> None:
    """Write a file as `keras.applications` does since 2016: a group and two names a layer."""
    with h5py.File(file, "w") as content:
        content.attrs["layer_names"] = list(arrays)
        for layer, weights in arrays.items():
            names = [f"{layer}_W_1:0", f"{layer}_b_1:0"]
            content.create_group(layer).attrs["weight_names"] = names
            for name, weight in zip(names, weights, strict=True):
                content[layer][name] = weight


def theano(arrays: Arrays) -> Arrays:
    return {layer: [kernel.transpose(3, 2, 0, 1), bias] for layer, (kernel, bias) in arrays.items()}


ONE, ZEROS = np.ones((3, 3, 3, 12), "float32"), np.zeros(12, "float32")
DENSE = [np.ones((4, 12), "float32"), ZEROS]
MISTAKEN: dict[str, tuple[Callable[[Arrays], Arrays], str]] = {
    "with its classifier": (
        lambda right: right | {"fc1": DENSE, "predictions": DENSE},
        r"it has a classifier \(fc1, predictions\): take the file with notop in its name",
    ),
    "of Theano": (
        theano,
        r"block1_conv1 has the shape \(12, 3, 3, 3\), Theano's order, .* with tf_kernels in",
    ),
    "another one": (
        lambda right: {"conv1": [ONE, ZEROS]},
        r"of another network, without a kernel \(3, 3, 3, 12\) in block1_conv1",
    ),
    "of other channels": (
        lambda right: right | {"block1_conv1": [ONE[..., :4], ZEROS[:4]]},
        r"of another network, without a kernel \(3, 3, 3, 12\) in block1_conv1",
    ),
    "deeper": (
        lambda right: right | {"block3_conv4": [ONE, ZEROS]},
        "of another network, with a layer block3_conv4",
    ),
    "of other values": (
        lambda right: right | {"block1_conv1": [ONE, ZEROS]},
        "its values have the sha256 [0-9a-f]{64}, expected was [0-9a-f]{64}",
    ),
}


@pytest.mark.parametrize("kind", MISTAKEN)
def test_a_file_of_the_wrong_kind_is_named_with_what_to_take_instead(
    places: Places, legacy: bytes, trained: Any, kind: str
) -> None:
    arrays = {layer.name: layer.get_weights() for layer in trained.layers if layer.weights}
    change, words = MISTAKEN[kind]
    as_published(arrays, places.own / OTHER)
    assert "its values are right" in base(either(legacy, trained)).source, "before the change"
    as_published(change(arrays), places.own / OTHER)
    problem = refusal(either(legacy, trained)).problem
    assert re.search(f"{OTHER} cannot be used: .*{words}", problem), problem


def test_a_broken_file_that_could_be_right_by_its_values_is_named_with_its_size(
    places: Places, legacy: bytes, trained: Any
) -> None:
    size = f"{len(legacy) - 1:,}"
    for how, words in {
        "truncated": f"it is cut off after {size} bytes: download it again",
        "a page": "its 26 bytes are no weights (HDF5): a login page",
        "empty": "its 0 bytes are no weights",
    }.items():
        put(places.own, BROKEN[how](legacy), OTHER)
        assert words in refusal(either(legacy, trained)).problem


def test_a_file_under_another_name_is_told_before_the_network_is_asked(
    places: Places, legacy: bytes, trained: Any
) -> None:
    second = put(places.own, legacy, "tiny_tf_no_top (1).h5")
    with_classifier = places.keras / "tiny_tf.h5"
    with_classifier.parent.mkdir(parents=True)
    arrays = {layer.name: layer.get_weights() for layer in trained.layers if layer.weights}
    as_published(arrays | {"fc1": DENSE}, with_classifier)
    put(places.own, b"", "other.h5")
    with pytest.warns(UserWarning, match="is not used") as told:
        problem = refusal(either(legacy, trained)).problem
    assert [str(each.message) in problem for each in told] == [True, True]
    assert f"{second} is not used: it is the right file, so name it {OTHER}." in problem
    assert f"{with_classifier} is not used: it has a classifier (fc1)" in problem


def test_where_no_digest_is_published_the_values_are_compared_and_the_source_says_so(
    places: Places, legacy: bytes, trained: Any
) -> None:
    put(places.own, legacy, OTHER)
    weights = unknown(values=values_digest(trained))
    right = base(Pretrained("Two names", (*known(b"").files, *weights.files)))
    assert_same_weights(right, trained)
    assert "its values are right" in right.source
    assert "nothing could be compared" in base(unknown()).source
    assert "its values have the sha256" in refusal(unknown(values="0" * 64)).problem


@pytest.mark.fault(
    "Weights that are no numbers",
    "They are refused, also where nothing is known of them",
    "The file, as it was",
)
def test_weights_that_are_no_numbers_are_refused(places: Places, trained: Any) -> None:
    arrays = {layer.name: layer.get_weights() for layer in trained.layers if layer.weights}
    arrays["block3_conv2"][0][0, 0, 0, 0] = np.nan
    as_published(arrays, places.own / OTHER)
    for weights in (unknown(), unknown(values=values_digest(trained))):
        assert "it has values that are no numbers" in refusal(weights).problem


# With one byte changed, HDF5 reads for ever, or ends the process: which byte, its version decides.
@pytest.mark.fault(
    "A file of weights that HDF5 reads for ever, or that ends the process",
    "It is refused: another process tries before",
    "The file, as it was",
)
@pytest.mark.parametrize(
    ("program", "patience", "said"),
    [
        ("while True: pass", 0.1, "reading it did not end within"),
        ("import os; os.kill(os.getpid(), 9)", HANGS, "reading it ends the process"),
    ],
)
def test_a_file_that_harms_who_reads_it_is_read_by_another_process_first(
    places: Places,
    legacy: bytes,
    monkeypatch: pytest.MonkeyPatch,
    *,
    program: str,
    patience: float,
    said: str,
) -> None:
    put(places.own, legacy, OTHER)
    monkeypatch.setattr("cnn_course.transfer.weights._PATIENCE", patience)
    monkeypatch.setattr("cnn_course.transfer.weights._READ_ALL", program)
    assert said in refusal(unknown()).problem


@pytest.mark.fault(
    "Weights whose names are numbers, or with arrays of terabytes",
    "They are refused",
    "The file, as it was",
)
def test_odd_names_and_huge_arrays_are_refused(places: Places) -> None:
    with h5py.File(places.own / OTHER, "w") as content:
        content.attrs["layer_names"] = [1, 2]
    assert "it is of another network" in refusal(unknown()).problem
    with h5py.File(places.own / OTHER, "w") as content:
        content.create_dataset("a/b", (10**6, 10**6, 9), "f4", chunks=(1_000, 1_000, 1))
    assert "an array of the shape (1000000, 1000000, 9)" in refusal(unknown()).problem


@pytest.mark.fault(
    "Weights that another program has open",
    "The reader is told to close it",
    "The file, as it was",
)
def test_weights_that_another_program_has_open_are_told_as_such(
    places: Places, legacy: bytes, content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = put(places.own, legacy, OTHER)
    packaged = put(tmp_path, content)

    taken = refusing(errno.EACCES)  # Windows says the same of a file that is locked
    packaged.with_suffix(".sha256").write_text(hashlib.sha256(content).hexdigest())
    for file, weights in (
        (own, unknown()),
        (packaged, Packaged("The small VGG16", packaged, "a command")),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(Path, "open", taken)
            error = refusal(weights)
        assert f"{file} cannot be used: it is open in another program" in error.problem
        assert error.advice.startswith("Close the program that has it open")


def test_two_who_download_at_once_both_get_whole_weights(
    server: Server, places: Places, content: bytes, trained: Any
) -> None:
    found: list[transfer.Base] = []
    weights = known(content, server.url("whole"))
    server.before = lambda: found.append(base(weights))  # while the first one waits
    found.append(base(weights))
    assert len(server.requests) == 2
    for each in found:
        assert_same_weights(each, trained)
    assert files_in(places.cache) == [NAME]


def test_a_cache_that_cannot_be_written_is_told_with_its_variable(
    server: Server, tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "cache").write_bytes(b"in the way")
    message = str(refusal(known(content, server.url("whole"))))
    assert "Set CNN_COURSE_CACHE to a folder that you can write to" in message
    assert (tmp_path / "cache").read_bytes() == b"in the way"


def test_packaged_weights_are_half_as_large_and_the_same_to_a_2000th(
    tmp_path: Path, trained: Any
) -> None:
    file = tmp_path / NAME
    transfer.store_mini_vgg16(trained, file)
    assert file.stat().st_size < 2_000_000
    found = base(Packaged("The small VGG16", file, "a command"))
    assert "brings along" in found.source
    for ours, theirs in zip(found.model.get_weights(), trained.get_weights(), strict=True):
        assert ours.dtype == np.float32
        np.testing.assert_allclose(ours, theirs, rtol=1 / 2_000, atol=1e-7)


def test_packaged_weights_that_are_missing_or_broken_are_told_with_the_command(
    tmp_path: Path, content: bytes
) -> None:
    weights = Packaged("The small VGG16", tmp_path / NAME, "cnn-course pretrain")
    (tmp_path / NAME).with_suffix(".sha256").write_text(hashlib.sha256(content).hexdigest())
    for fault in (None, content[:-1_000], flipped(content)):
        if fault:
            put(tmp_path, fault)
        error = refusal(weights)
        assert f"{tmp_path / NAME} cannot be used: " in error.problem
        assert ("No such file" in error.problem) is (fault is None)
        assert "`cnn-course pretrain`" in error.advice


def test_weights_that_cannot_be_stored_leave_those_that_were_there(tmp_path: Path) -> None:
    file = put(tmp_path / "package", b"before")
    with pytest.raises(ValueError, match="shape"):
        transfer.store_mini_vgg16(transfer.mini_vgg16(32, width=4), file)
    assert file.read_bytes() == b"before"
    assert list(file.parent.iterdir()) == [file]
