"""MNIST is read from four IDX files, and from nothing that only resembles them."""

import gzip
import struct
from pathlib import Path

import pytest
from data_fakes import (
    IDX_NAMES,
    TRAIN,
    assert_loads,
    fake_arrays,
    idx_bytes,
    refusal,
    refusal_and_peak,
    write_idx,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from surroundings import use_own_folder

from cnn_course.data import DataError
from cnn_course.data.digits.idx import read_idx


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return use_own_folder(tmp_path, monkeypatch, "mnist")


@pytest.mark.parametrize("zipped", [False, True])
def test_four_idx_files_are_read_gzipped_or_not(own: Path, zipped: bool) -> None:
    write_idx(own, zipped=zipped)
    assert_loads()


def test_idx_files_may_lie_beside_their_gzipped_originals(own: Path) -> None:
    write_idx(own)
    write_idx(own, zipped=True)
    assert_loads()


def test_of_two_idx_files_for_one_array_the_first_by_name_is_taken(own: Path) -> None:
    write_idx(own)
    other = idx_bytes(fake_arrays()["y_test"][::-1])
    (own / "zzz").write_bytes(other)
    assert_loads()
    (own / "aaa").write_bytes(other)
    assert "sha256" in refusal()


def test_idx_files_are_told_apart_by_their_headers_and_not_by_their_names(own: Path) -> None:
    for number, name in enumerate(reversed(IDX_NAMES)):
        content = idx_bytes(fake_arrays()[name])
        misleading = IDX_NAMES["x_train"] + str(number)
        (own / misleading).write_bytes(gzip.compress(content) if number % 2 else content)
    assert_loads()


@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize("name", IDX_NAMES)
def test_an_idx_file_that_is_too_short_or_too_long_is_refused(
    own: Path, name: str, zipped: bool
) -> None:
    write_idx(own)
    path = own / IDX_NAMES[name]
    whole = path.read_bytes()
    for content, said in ((whole[:-1], "it ends after"), (whole + b"\0", "it goes on after")):
        path.write_bytes(gzip.compress(content) if zipped else content)
        message = refusal()
        assert str(path) in message
        assert said in message


def test_a_gzip_stream_that_is_cut_off_or_damaged_is_refused(own: Path) -> None:
    write_idx(own, zipped=True)
    path = own / f"{IDX_NAMES['x_train']}.gz"
    whole = path.read_bytes()
    damaged = bytearray(whole)
    damaged[-6] ^= 0xFF  # in the checksum
    for content in (whole[:-9], whole[: len(whole) // 2], whole + b"junk", bytes(damaged)):
        path.write_bytes(content)
        assert str(path) in refusal()


def test_a_gzip_bomb_is_refused_without_unpacking_it(own: Path) -> None:
    write_idx(own, zipped=True)
    bomb = idx_bytes(fake_arrays()["x_test"]) + bytes(64 << 20)
    (own / f"{IDX_NAMES['x_test']}.gz").write_bytes(gzip.compress(bomb))
    message, peak = refusal_and_peak()
    assert "goes on after" in message
    assert peak < 2 << 20


@pytest.mark.parametrize(
    ("header", "said"),
    [
        (bytes([0, 0, 0x0D, 3]) + struct.pack(">3I", TRAIN, 28, 28), "type 0x0D"),
        (bytes([0, 0, 0, 0]), "type 0x00"),
        (bytes([0, 0, 8, 255]) + bytes(4 * 255), "255 dimensions"),
        (bytes([0, 0, 8, 3]) + struct.pack(">I", TRAIN), "ends inside its header"),
        (bytes([0, 0, 8, 3]) + struct.pack(">3I", 2**32 - 1, 2**16, 2**16), "4,294,967,295"),
        (bytes([0, 0, 8, 3]) + struct.pack("<3I", TRAIN, 28, 28), "469,762,048"),
        (bytes([0, 0, 8, 3]) + struct.pack(">3I", TRAIN, 28, 27), f"{TRAIN} x 28 x 27"),
    ],
)
def test_an_idx_header_of_another_type_or_size_is_refused(
    own: Path, header: bytes, said: str
) -> None:
    write_idx(own)
    path = own / IDX_NAMES["x_train"]
    path.write_bytes(header + path.read_bytes()[16:] if len(header) > 8 else header)
    message = refusal()
    assert str(path) in message
    assert said in message


def test_a_missing_idx_file_is_named_and_so_is_the_file_nobody_knows(own: Path) -> None:
    write_idx(own)
    (own / IDX_NAMES["y_test"]).write_bytes(b"")
    message = refusal()
    assert "no IDX file of y_test" in message
    assert IDX_NAMES["y_test"] in message


def test_an_empty_folder_is_an_error_and_not_silence(own: Path) -> None:
    assert str(own) in refusal()


def test_reading_another_array_than_the_file_holds_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "labels"
    path.write_bytes(idx_bytes(fake_arrays()["y_test"]))
    with pytest.raises(DataError, match="not an IDX file of 60 x 28 x 28"):
        read_idx(path, (60, 28, 28))


@settings(max_examples=100)
@given(
    start=st.sampled_from([b"", b"\0\0\x08\x03", b"\x1f\x8b\x08", gzip.compress(b"\0\0\x08")]),
    rest=st.binary(),
)
def test_any_other_bytes_are_refused_with_the_name_of_the_file(
    tmp_path_factory: pytest.TempPathFactory, start: bytes, rest: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "anything-ubyte"
    path.write_bytes(start + rest)
    with pytest.raises(DataError, match="anything-ubyte cannot be used: "):
        read_idx(path, (TRAIN, 28, 28))
