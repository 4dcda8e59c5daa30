"""Read the pictures of cats and dogs from a zip file that need not be trusted.

Nothing is extracted under a path that stands in the archive: members whose names are exactly
those that Kaggle and Microsoft use are read into memory, and every file is written under a name
that is made here.
"""

import os
import re
import stat
import struct
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

from cnn_course.data.errors import DataError
from cnn_course.data.folders.faults import Fault, printable
from cnn_course.data.folders.layouts import CLASSES, Numbered
from cnn_course.data.folders.pictures import LARGEST_FILE, Entry, UnusableError
from cnn_course.data.reading import faults_of
from cnn_course.data.writing import scratch, unwritable

_KAGGLE: Final = re.compile(r"(?:train/)?(cat|dog)\.(0|[1-9]\d{0,5})\.jpg")
_MICROSOFT: Final = re.compile(r"(?:PetImages/)?(Cat|Dog)/(0|[1-9]\d{0,5})\.jpg")
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
        DataError: the file is not a zip file, is cut off or damaged, or is absurdly large.
    """
    with faults_of(path), path.open("rb") as stream:
        _check_directory(stream)
    with faults_of(path):
        archive = zipfile.ZipFile(path)
    with archive:
        inner = [info for info in archive.infolist() if info.orig_filename == _INNER]
        if len(inner) != 1:
            yield _pictures(archive, path)
            return
        with scratch(scratch_beside) as folder:
            with faults_of(path):
                _unpack(archive, inner[0], folder / _INNER)
            with faults_of(path), (folder / _INNER).open("rb") as stream:
                _check_directory(stream)
            with faults_of(path):
                within = zipfile.ZipFile(folder / _INNER)
            with within:
                yield _pictures(within, path)


def _check_directory(stream: BinaryIO) -> None:
    """Refuse what is no zip file, and a table of contents that would fill the memory."""
    size = stream.seek(0, os.SEEK_END)
    stream.seek(0)
    start = stream.read(4)
    stream.seek(max(0, size - _END_RECORD - _LONGEST_COMMENT))
    tail = stream.read()
    place = tail.rfind(b"PK\5\6")
    if not start.startswith(b"PK"):
        raise ValueError("it is not a zip file")
    if place < 0 or len(tail) - place < _END_RECORD:
        raise ValueError("it does not end as a zip file does, so it is cut off")
    (directory,) = struct.unpack_from("<I", tail, place + 12)
    if directory > _LARGEST_DIRECTORY:
        raise ValueError("its table of contents is far longer than such an archive's")


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
    pictures: dict[str, dict[int, Entry]] = {kind: {} for kind in CLASSES}
    faults, total = [], 0
    infos = [(info, _place_of(info.orig_filename)) for info in archive.infolist()]
    copies = Counter(place for _, place in infos)
    for info, place in infos:
        name = printable(info.orig_filename)
        if place is None:
            if _leads_astray(info.orig_filename):
                faults.append(Fault(name, "its path leads out of the archive"))
            continue
        fault = _fault_of(info, LARGEST_FILE)
        if copies[place] > 1:
            fault = "it stands in the archive more than once"
        if fault:
            faults.append(Fault(name, fault))
            continue
        total += info.file_size
        kind, index = place
        pictures[kind][index] = Entry(name, _reader(archive, info))
    if total > _LARGEST_TOTAL:
        raise DataError(
            f"{path} cannot be used: its pictures would take {total:,} bytes; "
            f"{_LARGEST_TOTAL:,} are allowed."
        )
    return Numbered(pictures, faults) if any(pictures.values()) else None


def _place_of(name: str) -> tuple[str, int] | None:
    """Return the class and the index that a member's name says, if it says any."""
    match = _KAGGLE.fullmatch(name) or _MICROSOFT.fullmatch(name)
    return (f"{match[1].lower()}s", int(match[2])) if match else None


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


def _reader(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Callable[[], bytes]:
    def read() -> bytes:
        try:
            with faults_of(Path(info.orig_filename)), archive.open(info) as member:
                # zipfile stops at the size that the archive declares, and compares the checksum.
                return member.read()
        except DataError as error:
            raise UnusableError("it is damaged in the archive") from error

    return read


def archives_in(place: Path) -> Sequence[Path]:
    """Return the zip files of a folder: those with the names that are known first."""
    known = (_INNER, "dogs-vs-cats.zip", "kagglecatsanddogs_5340.zip")
    files = sorted(file for file in place.glob("*.[zZ][iI][pP]") if file.is_file())
    return sorted(files, key=lambda file: file.name not in known)
