"""Read the pictures of cats and dogs from a zip file that need not be trusted.

Nothing is extracted under a path that stands in the archive: members whose names are
those that Kaggle and Microsoft use are read into memory, and every file is written under a name
that is made here.
"""

import io
import os
import re
import stat
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import BinaryIO, Final

from cnn_course.data.errors import DataError
from cnn_course.data.folders.faults import Fault, TooFewError, printable
from cnn_course.data.folders.layouts import Numbered, by_number, number_of
from cnn_course.data.folders.pictures import LARGEST_FILE, Entry, UnusableError
from cnn_course.data.reading import faults_of
from cnn_course.data.writing import scratch, unwritable

_INNER: Final = "train.zip"
_LARGEST_INNER: Final = 2_000_000_000
_LARGEST_TOTAL: Final = 4_000_000_000  # the official archives hold less than 1 GB
_LARGEST_DIRECTORY: Final = 20_000_000  # bytes of the table of contents; the official ones: 2 MB
_END_RECORD: Final = 22
_LONGEST_COMMENT: Final = 65_535
_CHUNK: Final = 1 << 20


@contextmanager
def pictures_in_archive(path: Path, scratch_beside: Path) -> Iterator[Numbered | None]:
    """Open Kaggle's `train.zip`, the zip file around it, or Microsoft's archive.

    Args:
        path: the zip file.
        scratch_beside: where there is room for the `train.zip` inside another zip file.

    Yields:
        The pictures by class and index, to be read while the context lasts, and the members that
        are left out; None where the archive holds none.

    Raises:
        DataError: the file is not a zip file, is cut off or damaged, is absurdly large, or holds
            nothing but paths that lead out of it.
    """
    said = path.with_name(printable(path.name))
    with _opened(path, said) as archive:
        inner = [info for info in archive.infolist() if info.orig_filename == _INNER]
        if len(inner) != 1:
            yield _pictures(archive, said)
            return
        with scratch(scratch_beside) as folder:
            with faults_of(said):
                _unpack(archive, inner[0], folder / _INNER)
            with _opened(folder / _INNER, said) as within:
                yield _pictures(within, said)


class _Bounded(io.BufferedReader):
    """A file of which only so much is read at once.

    zipfile reads the table of contents at once, as long as the archive says it is.
    """

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > _LARGEST_DIRECTORY:
            raise ValueError("its table of contents is far longer than such an archive's")
        return super().read(size)


@contextmanager
def _opened(path: Path, said: Path) -> Iterator[zipfile.ZipFile]:
    """Open an archive, and call it `said` where it cannot be opened."""
    with ExitStack() as stack:
        with faults_of(said):
            stream = stack.enter_context(_Bounded(io.FileIO(path)))
            _check_ends(stream)
            archive = stack.enter_context(zipfile.ZipFile(stream))
        yield archive


def _check_ends(stream: BinaryIO) -> None:
    """Say of what is no zip file why that is, more plainly than zipfile does."""
    size = stream.seek(0, os.SEEK_END)
    stream.seek(0)
    if not stream.read(4).startswith(b"PK"):
        raise ValueError("it is not a zip file")
    stream.seek(max(0, size - _END_RECORD - _LONGEST_COMMENT))
    if b"PK\5\6" not in stream.read():
        raise ValueError("it does not end as a zip file does, so it is cut off")


def _unpack(archive: zipfile.ZipFile, info: zipfile.ZipInfo, target: Path) -> None:
    fault = _fault_of(info, _LARGEST_INNER)
    if fault:
        raise ValueError(f"{_INNER} in it cannot be used: {fault}")
    # A member is never read beyond the size that was just compared with the bound.
    with archive.open(info) as source, target.open("wb") as unpacked:
        while chunk := source.read(_CHUNK):
            try:
                unpacked.write(chunk)
            except OSError as error:
                raise unwritable(target, error) from error


def _pictures(archive: zipfile.ZipFile, path: Path) -> Numbered | None:
    infos, astray = [], []
    for info in archive.infolist():
        name = info.orig_filename
        if _leads_astray(name):
            astray.append(Fault(printable(name), "its path leads out of the archive"))
        else:
            infos.append(info)
    found = by_number((info.orig_filename, _entry(archive, info)) for info in infos)
    total = sum(
        info.file_size
        for info in infos
        if number_of(info.orig_filename) and not _fault_of(info, LARGEST_FILE)
    )
    if total > _LARGEST_TOTAL:
        raise DataError(
            f"{path} cannot be used: its pictures would take {total:,} bytes; "
            f"{_LARGEST_TOTAL:,} are allowed."
        )
    if any(found.pictures.values()):
        return Numbered(found.pictures, [*astray, *found.faults])
    if astray:
        raise TooFewError(f"{path} has no pictures that can be used.", "", astray)
    return None


def _fault_of(info: zipfile.ZipInfo, largest: int) -> str:
    """Return why a member is not read; nothing where it may be."""
    mode = info.external_attr >> 16
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG):
        return "it is a link or a device"
    if info.flag_bits & 1:
        return "it is encrypted"
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return "it is compressed in a way that such archives do not use"
    if info.file_size > largest:
        return f"it would be {info.file_size:,} bytes long; {largest:,} are allowed"
    return ""


def _leads_astray(name: str) -> bool:
    folders = re.split(r"[/\\]", name)
    return ".." in folders or folders[0] == "" or "\\" in name or ":" in name or "\0" in name


def _entry(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Entry:
    def read() -> bytes:
        fault = _fault_of(info, LARGEST_FILE)
        if fault:
            raise UnusableError(fault)
        try:
            with faults_of(Path(info.orig_filename)), archive.open(info) as member:
                # zipfile stops at the size that the archive declares, and compares the checksum.
                return b"".join(iter(partial(member.read, _CHUNK), b""))
        except DataError as error:
            raise UnusableError("it is damaged in the archive") from error

    return Entry(printable(info.orig_filename), read)


def archives_in(place: Path) -> Sequence[Path]:
    """Return the zip files of a folder: those with the names that are known first."""
    known = (_INNER, "dogs-vs-cats.zip", "kagglecatsanddogs_5340.zip")
    files = sorted(file for file in place.glob("*.[zZ][iI][pP]") if file.is_file())
    return sorted(files, key=lambda file: file.name not in known)
