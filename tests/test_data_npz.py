"""MNIST is read from an `.npz` file, and from nothing that only resembles one."""

import io
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest
from data_fakes import (
    TRAIN,
    assert_loads,
    digest_of,
    fake_arrays,
    npz_bytes,
    refusal,
    refusal_and_peak,
    write_idx,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from surroundings import use_own_folder

from cnn_course.data import DataError
from cnn_course.data.digits.mnist import Mnist, arrays_digest
from cnn_course.data.digits.npz import read_npz

NPZ = npz_bytes(fake_arrays())
SHAPES = {name: array.shape for name, array in fake_arrays().items()}


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return use_own_folder(tmp_path, monkeypatch, "mnist")


def npz_of(members: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return stream.getvalue()


def npy_bytes(array: np.ndarray, version: tuple[int, int] = (1, 0)) -> bytes:
    stream = io.BytesIO()
    np.lib.format.write_array(stream, array, version)
    return stream.getvalue()


def good_members() -> dict[str, bytes]:
    return {f"{name}.npy": npy_bytes(array) for name, array in fake_arrays().items()}


def test_an_npz_file_is_known_by_its_content_whatever_its_name(own: Path) -> None:
    (own / "digits from the memory stick").write_bytes(NPZ)
    (own / "README.md").write_text("Not data.")
    (own / "SHA256SUMS").write_bytes(b"")
    (own / "._digits").write_bytes(b"PK")  # macOS leaves such files on memory sticks
    (own / "backup").mkdir()
    assert_loads()


def test_an_npz_file_without_compression_is_read(own: Path) -> None:
    (own / "mnist.npz").write_bytes(npz_of(good_members(), zipfile.ZIP_STORED))
    assert_loads()


def test_the_digest_covers_name_type_shape_and_bytes_of_each_array() -> None:
    assert arrays_digest(fake_arrays()) == digest_of(fake_arrays())
    assert arrays_digest({"x": np.zeros((2, 3), np.uint8)}) != arrays_digest(
        {"x": np.zeros((3, 2), np.uint8)}
    )


def test_the_pinned_identity_has_the_published_numbers_of_pictures() -> None:
    assert Mnist().shapes == {
        "x_train": (60_000, 28, 28),
        "y_train": (60_000,),
        "x_test": (10_000, 28, 28),
        "y_test": (10_000,),
    }


@pytest.mark.parametrize("kept", [2, 100, 0.5, 0.999])
def test_an_npz_file_that_is_cut_off_is_refused_and_kept(own: Path, kept: float) -> None:
    content = NPZ[: int(kept if kept > 1 else kept * len(NPZ))]
    (own / "mnist.npz").write_bytes(content)
    message = refusal()
    assert str(own / "mnist.npz") in message
    assert "cut off" in message
    assert (own / "mnist.npz").read_bytes() == content


def test_a_broken_npz_file_does_not_give_way_to_whole_idx_files_in_silence(own: Path) -> None:
    write_idx(own)
    (own / "mnist.npz").write_bytes(NPZ[:-1])
    assert "mnist.npz" in refusal()


def test_right_shapes_with_one_wrong_pixel_are_refused_by_the_digest(own: Path) -> None:
    arrays = fake_arrays()
    arrays["x_test"][7, 14, 14] ^= 1
    (own / "mnist.npz").write_bytes(npz_bytes(arrays))
    message = refusal()
    assert digest_of(arrays) in message
    assert digest_of(fake_arrays()) in message


def test_a_label_above_nine_is_refused_with_its_value(own: Path) -> None:
    arrays = fake_arrays()
    arrays["y_test"][3] = 12
    (own / "mnist.npz").write_bytes(npz_bytes(arrays))
    assert "y_test has a label 12" in refusal()


SPRUNG: list[str] = []


def spring(how: str) -> None:
    SPRUNG.append(how)


class Poison:
    """Leaves a trace when it is unpickled."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return spring, ("sprung",)


def test_a_pickled_object_array_is_refused_and_never_opened(own: Path) -> None:
    objects = np.empty(TRAIN, object)
    objects[:] = Poison()
    poisoned = npz_of(good_members() | {"y_train.npy": npy_bytes(objects)})
    (own / "mnist.npz").write_bytes(poisoned)
    SPRUNG.clear()
    assert "y_train.npy holds Python objects" in refusal()
    assert not SPRUNG
    np.load(io.BytesIO(poisoned), allow_pickle=True)["y_train"]
    assert SPRUNG, "this is what would have happened"


@pytest.mark.parametrize(
    ("name", "array", "said"),
    [
        ("x_train.npy", np.zeros((TRAIN - 1, 28, 28), np.uint8), f"({TRAIN - 1}, 28, 28)"),
        ("x_train.npy", np.zeros((TRAIN, 28, 28), np.float32), "float32"),
        ("x_test.npy", np.zeros((10**7, 0, 28), np.uint8), "(10000000, 0, 28)"),
        ("y_train.npy", np.zeros((TRAIN, 1), np.uint8), f"({TRAIN}, 1)"),
        ("x_train.npy", np.zeros((28, 28, TRAIN), np.uint8).T, "by columns"),
    ],
)
def test_a_member_of_another_shape_or_type_is_refused_with_what_it_is(
    own: Path, name: str, array: np.ndarray, said: str
) -> None:
    (own / "mnist.npz").write_bytes(npz_of(good_members() | {name: npy_bytes(array)}))
    message = refusal()
    assert name in message
    assert said in message


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x80\x04K\x01.",
        b"\x93NUMPY\x01\x00\xff\xff{",
        b"\x93NUMPY\x01\x00\xff\x03" + b"(" * 1023,
        b"\x93NUMPY\x02\x00\xff\xff\xff\xff{'descr': '|u1'",
        npy_bytes(np.zeros((TRAIN, 28, 28), np.uint8), (3, 0)),
    ],
    ids=["empty", "bare pickle", "no header", "nested", "endless header", "later version"],
)
def test_a_member_without_a_plain_numpy_header_is_refused(own: Path, content: bytes) -> None:
    (own / "mnist.npz").write_bytes(npz_of(good_members() | {"x_train.npy": content}))
    assert "x_train.npy" in refusal()


@pytest.mark.parametrize("change", [-1, 1])
def test_a_member_with_too_few_or_too_many_bytes_of_data_is_refused(own: Path, change: int) -> None:
    whole = good_members()["x_test.npy"]
    content = whole[:-1] if change < 0 else whole + b"\0"
    (own / "mnist.npz").write_bytes(npz_of(good_members() | {"x_test.npy": content}))
    message = refusal()
    assert "x_test.npy" in message
    assert "ends after" in message if change < 0 else "goes on after" in message


@pytest.mark.parametrize(
    "extra", ["z.npy", "../x_train.npy", "/etc/passwd", "C:\\x_train.npy", "x_train.npy/"]
)
def test_an_extra_or_path_like_member_is_refused_by_name(own: Path, extra: str) -> None:
    (own / "mnist.npz").write_bytes(npz_of(good_members() | {extra: b"1"}))
    assert repr(extra) in refusal()


def test_a_path_like_member_in_place_of_an_array_is_refused(own: Path, tmp_path: Path) -> None:
    members = good_members()
    members["../x_train.npy"] = members.pop("x_train.npy")
    (own / "mnist.npz").write_bytes(npz_of(members))
    assert "'../x_train.npy'" in refusal()
    assert not list(tmp_path.rglob("x_train.npy"))


def test_a_missing_array_is_refused(own: Path) -> None:
    members = good_members()
    del members["y_test.npy"]
    (own / "mnist.npz").write_bytes(npz_of(members))
    assert "expected were 'x_test.npy', 'x_train.npy', 'y_test.npy', 'y_train.npy'" in refusal()


def test_an_array_that_is_there_twice_is_refused(own: Path) -> None:
    stream = io.BytesIO(npz_of(good_members()))
    with zipfile.ZipFile(stream, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("x_test.npy", good_members()["x_test.npy"])
    (own / "mnist.npz").write_bytes(stream.getvalue())
    assert "'x_test.npy', 'x_test.npy'" in refusal()


def test_a_zip_file_of_something_else_is_refused(own: Path) -> None:
    (own / "archive.zip").write_bytes(npz_of({"cat.0.jpg": b"meow"}))
    assert "'cat.0.jpg'" in refusal()


def test_an_encrypted_zip_file_is_refused(own: Path) -> None:
    content = bytearray(npz_of(good_members()))
    start = content.index(b"PK\1\2")
    content[start + 8] |= 1  # the flag "encrypted" of the first member
    (own / "mnist.npz").write_bytes(content)
    assert "encrypted" in refusal()


def test_a_compression_that_numpy_does_not_use_is_refused(own: Path) -> None:
    (own / "mnist.npz").write_bytes(npz_of(good_members(), zipfile.ZIP_LZMA))
    assert "compressed in a way" in refusal()


def test_a_zip_bomb_is_refused_without_unpacking_it(own: Path) -> None:
    bomb = good_members()["x_test.npy"] + bytes(32 << 20)
    (own / "mnist.npz").write_bytes(npz_of(good_members() | {"x_test.npy": bomb}))
    message, peak = refusal_and_peak()
    assert "goes on after" in message
    assert peak < 2 << 20


def test_a_table_of_contents_of_many_members_is_refused_before_it_is_read(own: Path) -> None:
    whole = npz_of({f"{number}.npy": b"" for number in range(1_500)})
    (own / "mnist.npz").write_bytes(whole[whole.index(b"PK\1\2") :])  # nothing but the table
    message, peak = refusal_and_peak()
    assert "table of contents is far longer" in message
    assert peak < 1 << 20


def test_a_hidden_longer_table_of_contents_is_refused(own: Path) -> None:
    locator = b"PK\6\7" + struct.pack("<IQI", 0, 0, 1)
    (own / "mnist.npz").write_bytes(NPZ[:-22] + locator + NPZ[-22:])
    assert "table of contents" in refusal()


def test_a_file_far_larger_than_the_arrays_is_refused_before_it_is_read(own: Path) -> None:
    with (own / "mnist.npz").open("wb") as file:
        file.write(NPZ)
        file.truncate(10 << 30)  # sparse
    assert "bytes long" in refusal()


@settings(max_examples=150)
@given(at=st.integers(0, len(NPZ) - 1), flipped=st.integers(1, 255))
def test_one_damaged_byte_of_an_npz_file_is_noticed_or_does_no_harm(
    tmp_path_factory: pytest.TempPathFactory, at: int, flipped: int
) -> None:
    # Most bytes are pixels; the structure sits at both ends, so look there half of the time.
    at = at if at % 2 else -1 - at % 500
    content = bytearray(NPZ)
    content[at] ^= flipped
    path = tmp_path_factory.getbasetemp() / "damaged.npz"
    path.write_bytes(content)
    try:
        digest = digest_of(read_npz(path, SHAPES))
    except DataError:
        return
    assert digest == digest_of(fake_arrays())


@settings(max_examples=100)
@given(start=st.sampled_from([b"", b"PK", b"PK\3\4", NPZ[:60]]), rest=st.binary())
def test_any_other_bytes_are_refused_with_the_name_of_the_file(
    tmp_path_factory: pytest.TempPathFactory, start: bytes, rest: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "anything.npz"
    path.write_bytes(start + rest)
    with pytest.raises(DataError, match=r"anything\.npz cannot be used: "):
        read_npz(path, SHAPES)
