"""MNIST is read from one `.npz` or four IDX files, and from nothing that only resembles them."""

import errno
import gzip
import hashlib
import io
import os
import socket
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import skimage.transform
from data_fakes import (
    IDX_NAMES,
    NPZ,
    TRAIN,
    assert_loads,
    digest_of,
    fake_arrays,
    fake_mnist,
    idx_bytes,
    npz_bytes,
    refusal,
    write_idx,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import datasets, neighbors
from surroundings import refusing, use_own_folder

from cnn_course.data import Finding, check, get, load_digits
from cnn_course.data.digits import Mnist

pytestmark = pytest.mark.usefixtures("cache")

REAL = os.environ.get("CNN_COURSE_DATA", "")
Digits = tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return use_own_folder(tmp_path, monkeypatch, "mnist")


@pytest.fixture
def cached(cache: Path) -> Path:
    return cache / "mnist" / "mnist.npz"


@pytest.fixture(autouse=True)
def connections(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Every attempt to reach another machine, all of which fail."""
    attempts: list[object] = []

    def connect(_: socket.socket, address: object) -> None:
        attempts.append(address)
        raise OSError("no network")

    monkeypatch.setattr(socket.socket, "connect", connect)
    return attempts


def npz_of(members: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return stream.getvalue()


def npy_bytes(array: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.lib.format.write_array(stream, array)
    return stream.getvalue()


def good_members() -> dict[str, bytes]:
    return {f"{name}.npy": npy_bytes(array) for name, array in fake_arrays().items()}


def finding() -> Finding:
    (only,) = check([fake_mnist()])
    assert only.name == "mnist"
    return only


def test_an_npz_file_is_known_by_its_content_whatever_its_name(own: Path) -> None:
    (own / "digits from the memory stick").write_bytes(NPZ)
    (own / "README.md").write_text("Not data.")
    (own / "SHA256SUMS").write_bytes(b"")
    (own / "._digits").write_bytes(b"PK")  # macOS leaves such files on memory sticks
    (own / "backup").mkdir()
    assert_loads()
    (own / "digits from the memory stick").write_bytes(npz_of(good_members(), zipfile.ZIP_STORED))
    assert_loads()


@pytest.mark.fault(
    "Beside MNIST's files: other archives, documents, packed texts, arrays",
    "They are passed over",
    "All of them, as they were",
)
def test_what_only_lies_beside_mnist_does_no_harm(own: Path) -> None:
    write_idx(own)
    for name, content in {
        "archive.zip": npz_of({"photographs/1.jpg": b"meow"}),
        "notes.docx": npz_of({"word/document.xml": b"<w/>"}),
        "cut.zip": npz_of({"a": b"b"})[:-9],
        "notes.txt.gz": gzip.compress(b"notes"),
        "my results.npz": npz_bytes({"accuracy": np.ones(3)}),
    }.items():
        (own / name).write_bytes(content)
    assert_loads()
    size = sum((own / name).stat().st_size for name in IDX_NAMES.values())
    assert (finding().state, finding().size) == ("whole", size)
    (own / IDX_NAMES["y_test"]).unlink()
    assert "no IDX file of y_test" in refusal()


def test_idx_files_are_read_from_a_zip_file_however_they_lie_in_it(own: Path) -> None:
    members = {IDX_NAMES[name]: idx_bytes(array) for name, array in fake_arrays().items()}
    twice = members | {f"{name}/{name}": content for name, content in members.items()}
    (own / "archive.zip").write_bytes(npz_of(twice))
    assert_loads()


def test_mnist_in_kerass_cache_is_used_and_a_broken_one_passed_over(
    cached: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, connections: list[object]
) -> None:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    file = tmp_path / "keras" / "datasets" / "mnist.npz"
    file.parent.mkdir(parents=True)
    file.write_bytes(NPZ)
    assert_loads()
    assert finding() == Finding("mnist", "whole", file, len(NPZ), digest_of(fake_arrays()))
    assert not cached.parent.exists()
    file.write_bytes(NPZ[:-1])
    assert (finding().state, finding().path) == ("missing", cached)
    with pytest.warns(UserWarning, match="It is passed over"):
        assert str(file) in refusal()
    cached.parent.mkdir(parents=True, exist_ok=True)
    cached.write_bytes(NPZ)
    with pytest.warns(UserWarning, match="It is passed over"):
        assert_loads()


def test_a_file_that_another_program_has_open_is_told_as_such(
    own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (own / "mnist.npz").write_bytes(NPZ)

    monkeypatch.setattr(Path, "open", refusing(errno.EACCES))
    message = refusal()
    assert "Close the program that has it open" in message
    assert "whole copy" not in message


@pytest.mark.fault(
    "MNIST's files that unpack to gigabytes",
    "They are refused, and no more is read than MNIST has",
    "The files, as they were",
)
def test_no_more_is_unpacked_than_mnist_has(own: Path) -> None:
    bomb = gzip.compress(idx_bytes(fake_arrays()["x_train"]) + bytes(50_000_000))
    (own / IDX_NAMES["x_train"]).write_bytes(bomb)
    tracemalloc.start()
    message, peak = refusal(), tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert "cannot be used" in message
    assert peak < 20_000_000
    huge = npy_bytes(np.zeros(1, np.uint8)).replace(b"(1,), }", b"(10000000000000,), }")
    (own / "mnist.npz").write_bytes(npz_of({"x_train.npy": huge}))
    assert "mnist.npz cannot be used" in refusal()


@pytest.mark.parametrize("forms", [(False,), (True,), (False, True)])
def test_four_idx_files_are_read_gzipped_or_not(own: Path, forms: tuple[bool, ...]) -> None:
    for zipped in forms:
        write_idx(own, zipped=zipped)
    assert_loads()


def test_idx_files_are_told_apart_by_their_headers_and_the_first_by_name_is_taken(
    own: Path,
) -> None:
    for number, name in enumerate(reversed(IDX_NAMES)):
        content = idx_bytes(fake_arrays()[name])
        misleading = IDX_NAMES["x_train"] + str(number)
        (own / misleading).write_bytes(gzip.compress(content) if number % 2 else content)
    other = idx_bytes(fake_arrays()["y_test"][::-1])
    (own / "zzz").write_bytes(other)
    assert_loads()
    (own / "aaa").write_bytes(other)
    assert "sha256" in refusal()


@pytest.mark.parametrize("kept", [2, 100, 0.5, 0.999])
def test_an_npz_file_that_is_cut_off_is_refused_and_kept(own: Path, kept: float) -> None:
    write_idx(own)  # which do not take its place in silence
    content = NPZ[: int(kept if kept > 1 else kept * len(NPZ))]
    (own / "mnist.npz").write_bytes(content)
    message = refusal()
    assert str(own / "mnist.npz") in message
    assert "cut off" in message
    assert (own / "mnist.npz").read_bytes() == content


def test_wrong_values_are_refused(own: Path) -> None:
    arrays = fake_arrays()
    arrays["x_test"][7, 14, 14] ^= 1
    (own / "mnist.npz").write_bytes(npz_bytes(arrays))
    message = refusal()
    assert digest_of(arrays) in message
    assert digest_of(fake_arrays()) in message


SPRUNG: list[str] = []


class Poison:
    """Leaves a trace when it is unpickled."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return SPRUNG.append, ("sprung",)


def test_a_pickled_object_array_is_refused_and_never_opened(own: Path) -> None:
    objects = np.empty(TRAIN, object)
    objects[:] = Poison()
    poisoned = npz_of(good_members() | {"y_train.npy": npy_bytes(objects)})
    (own / "mnist.npz").write_bytes(poisoned)
    assert "in it cannot be read: Object arrays cannot be loaded" in refusal()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"x_train.npy": npy_bytes(np.zeros((59, 28, 28), np.uint8))}, "uint8, (59, 28, 28)"),
        ({"x_train.npy": npy_bytes(np.zeros((TRAIN, 28, 28), np.float32))}, "float32"),
        ({"x_train.npy": b"\x80\x04K\x01."}, "cannot be used"),
        ({"x_test.npy": npy_bytes(fake_arrays()["x_test"])[:-1]}, "cannot be read"),
        ({"y_test.npy": None}, "no IDX file of y_test"),
        (dict.fromkeys(good_members()) | {"cat.0.jpg": b"meow"}, "no IDX file of x_train"),
    ],
)
def test_an_npz_file_of_something_else_is_refused_with_what_it_is(
    own: Path, changes: dict[str, bytes | None], said: str
) -> None:
    members = good_members() | changes
    content = npz_of({name: content for name, content in members.items() if content})
    (own / "mnist.npz").write_bytes(content)
    message = refusal()
    assert str(own) in message
    assert "mnist.npz" in message
    assert said in message


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda whole: whole[:-1], "bytes of data"),
        (lambda whole: whole + b"\0", "bytes of data"),
        (lambda whole: gzip.compress(whole[:-1]), "bytes of data"),
        (lambda whole: gzip.compress(whole)[:-9], "cut off"),
        (lambda whole: gzip.compress(whole) + b"junk", "cannot be used"),
        (lambda whole: gzip.compress(whole)[:-6] + bytes(6), "cannot be used"),  # the checksum
        (lambda whole: whole[:2] + b"\x0d" + whole[3:], "type 0x0D"),
        (lambda whole: whole[:8], "cannot be used"),
        (lambda whole: whole[:4] + b"\xff" * 4 + whole[8:], "4294967295"),
        (lambda whole: whole[:4] + whole[8:16] + whole[4:8] + whole[16:], f"(28, 28, {TRAIN})"),
    ],
)
def test_an_idx_file_of_another_type_size_or_length_is_refused(
    own: Path, change: Callable[[bytes], bytes], said: str
) -> None:
    write_idx(own)
    path = own / IDX_NAMES["x_train"]
    path.write_bytes(change(path.read_bytes()))
    message = refusal()
    assert str(path) in message
    assert said in message


def test_what_a_missing_idx_file_should_hold_is_named(own: Path) -> None:
    assert str(own) in refusal(), "an empty folder is no silence"
    write_idx(own)
    (own / IDX_NAMES["y_test"]).write_bytes(b"")
    assert "no IDX file of y_test" in refusal()


@settings(max_examples=150)
@given(
    at=st.integers(0, len(NPZ) - 1),
    flipped=st.integers(0, 255),
    start=st.sampled_from([b"", b"PK\3\4", NPZ[:60], b"\0\0\x08\x03", b"\x1f\x8b\x08"]),
    rest=st.binary(),
)
def test_damaged_and_other_bytes_are_refused_with_the_name_of_the_file(
    tmp_path_factory: pytest.TempPathFactory, *, at: int, flipped: int, start: bytes, rest: bytes
) -> None:
    root = tmp_path_factory.mktemp("any")
    # Most bytes are pixels; the structure sits at both ends, so look there half of the time.
    damaged = bytearray(NPZ)
    damaged[at if at % 2 else -1 - at % 500] ^= flipped
    with pytest.MonkeyPatch.context() as monkeypatch:
        path = use_own_folder(root, monkeypatch, "mnist") / "anything"
        for content in (bytes(damaged), start + rest):
            path.write_bytes(content)
            found = finding()
            assert found.state == ("whole" if content == NPZ else found.state)
            assert found.state != "broken" or "anything" in found.problem


def test_without_arguments_the_check_is_of_all_data_sets(cache: Path, cached: Path) -> None:
    assert [(each.name, each.state, each.path) for each in check()] == [
        ("mnist", "missing", cached),
        ("cats_and_dogs", "missing", cache / "cats_and_dogs"),
    ]


def test_what_is_missing_is_told_with_all_three_ways_and_not_downloaded(
    cache: Path, cached: Path, connections: list[object]
) -> None:
    missing = finding()
    assert (missing.state, missing.path, missing.size) == ("missing", cached, 0)
    assert "CNN_COURSE_DATA is not set" in missing.problem
    for way in ("CNN_COURSE_DATA", str(cached), "network"):
        assert way in missing.advice
    assert not connections
    assert not cache.exists()


def test_what_is_whole_is_told_with_its_size_and_digest(
    cached: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cached.parent.mkdir(parents=True)
    cached.write_bytes(NPZ)
    digest = digest_of(fake_arrays())
    assert finding() == Finding("mnist", "whole", cached, len(NPZ), digest)
    own = use_own_folder(tmp_path, monkeypatch, "mnist")
    write_idx(own, zipped=True)
    (own / "README.md").write_text("Does not count.")
    size = sum((own / f"{name}.gz").stat().st_size for name in IDX_NAMES.values())
    assert finding() == Finding("mnist", "whole", own, size, digest)
    assert get("mnist", [fake_mnist()]) == own


@pytest.mark.parametrize("content", [b"PK", NPZ[:-1]])
def test_a_broken_file_is_told_and_kept_wherever_it_is(
    cache: Path, cached: Path, content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    cached.parent.mkdir(parents=True)
    cached.write_bytes(content)
    in_cache = finding()
    assert (in_cache.state, in_cache.path) == ("broken", cached)
    assert (in_cache.size, in_cache.digest) == (len(content), "")
    assert str(cached) in in_cache.problem
    assert "a new download replaces it" in in_cache.advice

    monkeypatch.setenv("CNN_COURSE_DATA", str(cache))
    of_the_user = finding()
    assert (of_the_user.state, of_the_user.path) == ("broken", cached.parent)
    assert str(cached) in of_the_user.problem
    assert "Put a whole copy there" in of_the_user.advice
    assert cached.read_bytes() == content


def test_a_wrong_variable_or_a_folder_in_the_files_place_is_told_and_not_raised(
    cached: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cached.mkdir(parents=True)
    assert finding().state == "broken"
    monkeypatch.setenv("CNN_COURSE_DATA", str(tmp_path / "nowhere"))
    broken = finding()
    assert (broken.state, broken.path) == ("broken", None)
    assert str(tmp_path / "nowhere") in broken.problem
    assert "Correct CNN_COURSE_DATA" in broken.advice


def test_unknown_names_are_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"'mnist', 'cats_and_dogs', not 'minst'. Did you mean"):
        get("minst")
    with pytest.raises(ValueError, match="'tiny', 'full', not 'huge'"):
        load_digits("huge")


@pytest.fixture(scope="module")
def tiny() -> Digits:
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv("CNN_COURSE_DATA", "/no/such/folder")  # which does not matter
        return load_digits("tiny")


def test_the_small_digits_are_those_of_scikit_learn_in_the_order_of_the_file(tiny: Digits) -> None:
    (x_train, y_train), (x_test, y_test) = tiny
    assert (x_train.shape, x_test.shape) == ((1_297, 28, 28), (500, 28, 28))
    assert {a.dtype for a in (x_train, y_train, x_test, y_test)} == {np.dtype(np.uint8)}
    # Neighbours were written by the same hand, so the order keeps hands apart.
    np.testing.assert_array_equal(np.concatenate([y_train, y_test]), datasets.load_digits().target)
    for labels in (y_train, y_test):
        assert np.ptp(np.bincount(labels, minlength=10)) <= 5
    (again, _), _ = load_digits("tiny")
    np.testing.assert_array_equal(x_train, again)
    again[:] = 0  # nobody else sees it
    assert load_digits("tiny")[0][0].any()


def test_the_small_digits_look_like_mnists(tiny: Digits) -> None:
    (x_train, _), (x_test, _) = tiny
    x = np.concatenate([x_train, x_test]).astype(float)
    assert (x.min(axis=(1, 2)) == 0).all(), "black background"
    assert (x.max(axis=(1, 2)) == 255).all(), "white strokes"
    # MNIST: mean 33, 13 of 100 pixels brighter than half, 19 of 100 neither black nor white.
    assert x.mean() == pytest.approx(33, abs=8)
    assert (x > 127).mean() == pytest.approx(0.13, abs=0.04)
    assert ((x > 0) & (x < 255)).mean() == pytest.approx(0.19, abs=0.02)
    for axis in (1, 2):
        mass = x.sum(axis=3 - axis)
        centres = (mass * np.arange(28)).sum(axis=1) / mass.sum(axis=1)
        assert np.abs(centres - 13.5).max() <= 0.51, "centred, as far as whole pixels go"


def test_each_small_digit_is_its_original_enlarged_and_shifted(tiny: Digits) -> None:
    (x_train, y_train), (x_test, y_test) = tiny
    shifts = [(rows, columns) for rows in range(-4, 5) for columns in range(-4, 5)]
    originals = datasets.load_digits().images[:1297]
    for picture, original in zip(x_train[::50], originals[::50], strict=True):
        enlarged = np.pad(skimage.transform.resize(original / 16, (20, 20), order=1), 4)
        likeness = max(
            np.corrcoef(np.roll(enlarged, shift, (0, 1)).ravel(), picture.ravel())[0, 1]
            for shift in shifts
        )
        assert likeness > 0.95
    nearest = neighbors.KNeighborsClassifier(3).fit(x_train.reshape(len(x_train), -1), y_train)
    assert nearest.score(x_test.reshape(len(x_test), -1), y_test) > 0.95


def test_the_pinned_identity_is_the_published_one(monkeypatch: pytest.MonkeyPatch) -> None:
    published = Mnist().published
    assert published.url == "https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz"
    assert published.sha256.startswith("731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2c")
    assert Mnist().shapes["x_train"] == (60_000, 28, 28)
    assert Mnist().shapes["y_test"] == (10_000,)
    if not REAL:
        pytest.skip("CNN_COURSE_DATA is not set")
    monkeypatch.setenv("CNN_COURSE_DATA", REAL)
    (x_train, y_train), (x_test, y_test) = load_digits("full")
    digests = {  # md5 of the four uncompressed IDX files
        "6bbc9ace898e44ae57da46a324031adb": x_train,
        "a25bea736e30d166cdddb491f175f624": y_train,
        "2646ac647ad5339dbf082846283269ea": x_test,
        "27ae3e4e09519cfbb04c329615203637": y_test,
    }
    for digest, array in digests.items():
        assert hashlib.md5(idx_bytes(array)).hexdigest() == digest
