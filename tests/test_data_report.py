"""The report tells where each data set is and what to do; it downloads and raises nothing."""

import gzip
import socket
from pathlib import Path

import pytest
from data_fakes import (
    IDX_NAMES,
    digest_of,
    fake_arrays,
    fake_mnist,
    npz_bytes,
    write_idx,
)
from surroundings import use_own_folder

from cnn_course.data import Finding, check, get

NPZ = npz_bytes(fake_arrays())


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return use_own_folder(tmp_path, monkeypatch, "mnist")


@pytest.fixture
def cached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file in the cache, where nothing is yet; the user has no folder of his own."""
    monkeypatch.delenv("CNN_COURSE_DATA", raising=False)
    monkeypatch.setenv("CNN_COURSE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "mnist" / "mnist.npz"


@pytest.fixture(autouse=True)
def connections(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Every attempt to reach another machine, all of which fail."""
    attempts: list[object] = []

    def connect(_: socket.socket, address: object) -> None:
        attempts.append(address)
        raise OSError("no network")

    monkeypatch.setattr(socket.socket, "connect", connect)
    return attempts


def finding() -> Finding:
    (only,) = check([fake_mnist()])
    assert only.name == "mnist"
    return only


def test_without_arguments_it_reports_on_all_data_sets(cached: Path) -> None:
    assert [(each.name, each.state, each.path) for each in check()] == [
        ("mnist", "missing", cached),
        ("cats_and_dogs", "missing", cached.parent.parent / "cats_and_dogs"),
    ]


def test_what_is_missing_is_told_with_all_three_ways_and_not_downloaded(
    cached: Path, connections: list[object]
) -> None:
    missing = finding()
    assert (missing.state, missing.path, missing.size) == ("missing", cached, 0)
    assert "CNN_COURSE_DATA is not set" in missing.problem
    for way in ("CNN_COURSE_DATA", str(cached), "network"):
        assert way in missing.advice
    assert not connections
    assert not cached.parent.parent.exists()


def test_what_is_whole_is_told_with_its_size_and_digest(own: Path, cached: Path) -> None:
    cached.parent.mkdir(parents=True)
    cached.write_bytes(NPZ)
    digest = digest_of(fake_arrays())
    assert finding() == Finding("mnist", "whole", cached, len(NPZ), digest)


def test_four_idx_files_are_whole_together(own: Path) -> None:
    write_idx(own, zipped=True)
    (own / "README.md").write_text("Does not count.")
    size = sum((own / f"{name}.gz").stat().st_size for name in IDX_NAMES.values())
    assert finding() == Finding("mnist", "whole", own, size, digest_of(fake_arrays()))


@pytest.mark.parametrize("content", [b"PK", NPZ[:-1], NPZ + b"\0"])
def test_a_broken_file_is_told_and_kept_wherever_it_is(
    cached: Path, content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cached.parent.mkdir(parents=True)
    cached.write_bytes(content)
    in_cache = finding()
    assert (in_cache.state, in_cache.path) == ("broken", cached)
    assert (in_cache.size, in_cache.digest) == (len(content), "")
    assert str(cached) in in_cache.problem
    assert "a new download replaces it" in in_cache.advice

    monkeypatch.setenv("CNN_COURSE_DATA", str(tmp_path / "cache"))
    of_the_user = finding()
    assert (of_the_user.state, of_the_user.path) == ("broken", cached.parent)
    assert str(cached) in of_the_user.problem
    assert "Put a whole copy there" in of_the_user.advice
    assert cached.read_bytes() == content


def test_wrong_values_are_told_by_their_digest(own: Path) -> None:
    arrays = fake_arrays()
    arrays["x_train"][0] = 0
    (own / "mnist.npz").write_bytes(npz_bytes(arrays))
    broken = finding()
    assert broken.state == "broken"
    assert digest_of(arrays) in broken.problem


def test_a_damaged_idx_file_is_told(own: Path) -> None:
    write_idx(own)
    (own / IDX_NAMES["x_test"]).write_bytes(gzip.compress(bytes(8))[:-4])
    broken = finding()
    assert broken.state == "broken"
    assert IDX_NAMES["x_test"] in broken.problem


def test_a_wrong_variable_is_told_and_not_raised(
    cached: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CNN_COURSE_DATA", str(tmp_path / "nowhere"))
    broken = finding()
    assert (broken.state, broken.path) == ("broken", None)
    assert str(tmp_path / "nowhere") in broken.problem
    assert "Correct CNN_COURSE_DATA" in broken.advice


def test_a_folder_in_place_of_the_file_in_the_cache_is_told(cached: Path) -> None:
    cached.mkdir(parents=True)
    assert finding().state == "broken"


def test_get_returns_what_check_found(own: Path, connections: list[object]) -> None:
    (own / "mnist.npz").write_bytes(NPZ)
    assert get("mnist", [fake_mnist()]) == finding().path == own
    assert not connections


def test_an_unknown_data_set_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"no data set 'imagenet'.*: mnist, cats_and_dogs"):
        get("imagenet")
