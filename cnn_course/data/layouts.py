"""In which folders and archives pictures of cats and dogs lie, and what is said of others."""

import re
import zipfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cnn_course.data.errors import DataError, Fault, faults_of, printable, unwritable
from cnn_course.data.images import LARGEST_FILE, ImageInfo, UnusableError, read_file
from cnn_course.data.storage import (
    cache_folder,
    check_room,
    entries_below,
    entries_of,
    is_folder,
    is_ignored,
    scratch,
)

PARTS: Final = ("train", "validation", "test")
CLASSES: Final = ("cats", "dogs")
_ALIASES: Final = {
    "train": ("train", "training"),
    "validation": ("validation", "valid", "val"),
    "test": ("test",),
    "cats": ("cats", "cat"),
    "dogs": ("dogs", "dog"),
}
_JPEG_NAMES: Final = (".jpg", ".jpeg")
_PICTURE_NAMES: Final = (*_JPEG_NAMES, ".png", ".gif", ".bmp")
_NUMBER: Final = r"(0|[1-9]\d{0,5})\.jpe?g"
# Kaggle's and Microsoft's folders and files, and both without the folder around them.
_FORMS: Final = (
    ("train/", rf"(cat|dog)\.{_NUMBER}"),
    ("", rf"(cat|dog)\.{_NUMBER}"),
    ("petimages/(cat|dog)/", _NUMBER),
    ("(cat|dog)/", _NUMBER),
)
_INNER: Final = "train.zip"
_ARCHIVES: Final = (_INNER, "dogs-vs-cats.zip", "kagglecatsanddogs_5340.zip")
_EXPECTED: Final = """
    ├── train/
    │   ├── cats/  cat.0.jpg ...
    │   └── dogs/  dog.0.jpg ...
    ├── validation/
    │   ├── cats/  cat.1000.jpg ...
    │   └── dogs/  dog.1000.jpg ...
    └── test/
        ├── cats/  cat.1500.jpg ...
        └── dogs/  dog.1500.jpg ...
"""
_SHOWN: Final = 12  # folders


@dataclass(frozen=True)
class Source:
    """Files that may be pictures, in a folder or in an archive.

    Attributes:
        pictures: the files; they have a part where somebody has split them already, and an index
            otherwise.
        faults: what lies there and is no picture by its name.
        read: returns the content of a file; raises `UnusableError`.
        is_split: whether the files are in parts and classes already.
        is_tidy: whether the folders have the names of `PARTS` and `CLASSES`.
    """

    pictures: Sequence[ImageInfo]
    faults: Sequence[Fault]
    read: Callable[[str], bytes]
    is_split: bool = False
    is_tidy: bool = False


@contextmanager
def opened(place: Path) -> Iterator[Source]:
    """Give the pictures that a folder holds; they can be read while the context lasts.

    A broken archive is no error where another one holds them.

    Raises:
        DataError: the folder holds no pictures that are understood.
    """
    source = _split_in(place)
    if source is None:
        names = [name for name, _ in entries_below(place, 3)]
        source = _numbered(names, lambda name: read_file(place / name))
    if source:
        yield source
        return
    files = sorted(file for file in place.glob("*.[zZ][iI][pP]") if file.is_file())
    archives, errors = sorted(files, key=lambda file: file.name not in _ARCHIVES), []
    with ExitStack() as stack:
        for archive in archives:
            try:
                found = stack.enter_context(opened_archive(archive))
            except DataError as error:
                errors.append(error)
                continue
            if found:
                yield found
                return
    if errors:
        raise errors[0]
    names = [printable(archive.name) for archive in archives[:3]]
    raise layout_error(
        place,
        f"There are no pictures of cats and dogs in {place}"
        + (f", and none that are understood in {', '.join(names)}." if names else "."),
    )


@contextmanager
def opened_archive(path: Path) -> Iterator[Source | None]:
    """Open Kaggle's `train.zip`, the zip file around it, or Microsoft's archive.

    Nothing is extracted under a path that stands in the archive: members with the names that Kaggle
    and Microsoft use are read into memory, and written under names that are made here.

    Yields:
        The pictures, to be read while the context lasts; None where the archive holds none.

    Raises:
        DataError: the file is not a zip file, or is cut off or damaged.
    """
    with ExitStack() as stack:
        with faults_of(path.with_name(printable(path.name))):
            archive = stack.enter_context(zipfile.ZipFile(path))
            if archive.namelist().count(_INNER) == 1:
                folder = stack.enter_context(scratch(cache_folder("archive")))
                check_room(folder / _INNER, archive.getinfo(_INNER).file_size)
                try:
                    inner = archive.extract(_INNER, folder)
                except OSError as error:
                    raise unwritable(folder, error) from error
                archive = stack.enter_context(zipfile.ZipFile(inner))
        yield _numbered(archive.namelist(), lambda name: _read_member(archive, name))


def _read_member(archive: zipfile.ZipFile, name: str) -> bytes:
    member = archive.getinfo(name)
    if member.flag_bits & 1:
        raise UnusableError("it is encrypted")
    if member.file_size > LARGEST_FILE:
        raise UnusableError(f"it is {member.file_size:,} bytes long; {LARGEST_FILE:,} are allowed")
    try:
        with faults_of(Path(name)):
            return archive.read(member)
    except DataError as error:
        raise UnusableError("it is damaged in the archive") from error


def _numbered(names: Iterable[str], read: Callable[[str], bytes]) -> Source | None:
    """Return the pictures that are known by class and index, or None; capitals do not matter."""
    for folder, file in _FORMS:
        picture = re.compile(folder + file, re.IGNORECASE | re.ASCII)
        beside = re.compile(f"{folder}[^/]+", re.IGNORECASE | re.ASCII)
        found, faults = defaultdict(list), []
        for name in names:
            if match := picture.fullmatch(name):
                found[f"{match[1].lower()}s", int(match[2])].append(name)
            elif beside.fullmatch(name) and name.lower().endswith(_PICTURE_NAMES):
                faults.append(Fault(printable(name), "its name does not say which picture it is"))
        if found:
            twice = "its number is there more than once"
            pictures = [
                ImageInfo(
                    " and ".join(dict.fromkeys(files)),
                    "",
                    kind,
                    f"{kind[:-1]}.{index}.jpg",
                    number=index,
                    fault=twice if len(files) > 1 else "",
                )
                for (kind, index), files in sorted(found.items())
            ]
            return Source(pictures, faults, read)
    return None


def _split_in(place: Path) -> Source | None:
    """Return what lies in the parts and classes of a folder; None where no part has a class.

    The folder's parts may also be called `Train` or `val`, its classes `Cat` or `dog`.
    """
    parts = _folders(place, PARTS)
    found = {part: _folders(folder, CLASSES) for part, folder in parts.items()}
    if not any(found.values()):
        return None
    pictures: list[ImageInfo] = []
    faults: list[Fault] = []
    tidy = True
    for part in PARTS:
        if part not in parts:
            raise layout_error(place, f"There is no folder {part} in {place}.")
        for kind in CLASSES:
            if kind not in found[part]:
                raise layout_error(place, f"There is no folder {kind} in {parts[part]}.")
            folder = found[part][kind]
            tidy &= (parts[part].name, folder.name) == (part, kind)
            files = list(_pictures_of(folder, part, kind, faults))
            if not files:
                raise layout_error(place, f"There is no picture in {folder}.")
            pictures += files
        for entry in entries_of(parts[part]):
            known = entry.name.startswith(".") or Path(entry) in found[part].values()
            if is_folder(entry) and not known:
                name = f"{parts[part].name}/{printable(entry.name)}"
                faults.append(Fault(name, "it is a folder, and no class"))
    return Source(pictures, faults, lambda name: read_file(place / name), True, tidy)


def _folders(place: Path, names: Sequence[str]) -> dict[str, Path]:
    """Return the subfolders that go by one of the names, or by another spelling of it."""
    found: dict[str, Path] = {}
    for entry in entries_of(place):
        for name in names:
            if entry.name.lower() in _ALIASES[name] and is_folder(entry):
                if name in found:
                    raise layout_error(
                        place, f"{place} has two folders {found[name].name} and {entry.name}."
                    )
                found[name] = Path(entry)
    return found


def _pictures_of(folder: Path, part: str, kind: str, faults: list[Fault]) -> Iterator[ImageInfo]:
    """Yield the files of a class that may be pictures; note the others in `faults`."""
    other = next(each for each in CLASSES if each != kind)[:-1]
    for entry in entries_of(folder):
        file = f"{folder.parent.name}/{folder.name}/{entry.name}"
        reason = ""
        if is_folder(entry):
            reason = "it is a folder; pictures lie directly in their class"
        elif is_ignored(entry.name):
            continue
        elif entry.name.startswith("."):
            reason = "it is a hidden file"
        elif not entry.name.lower().endswith(_JPEG_NAMES):
            reason = "its name does not end in .jpg"
        elif any("\udc80" <= letter <= "\udcff" for letter in entry.name):
            reason = "its name is not in UTF-8, and TensorFlow does not take it"
        elif re.match(rf"{other}\.\d+\.", entry.name):
            reason = f"its name says {other}, and it lies in {kind}"
        if reason:
            faults.append(Fault(printable(file), reason))
        else:
            yield ImageInfo(file, part, kind, entry.name)


def layout_error(place: Path, problem: str) -> DataError:
    """Return the error that shows the layout that is expected beside the one that was found."""
    return DataError(
        f"{problem}\nExpected is:\n\n    {place.name}/{_EXPECTED}\n"
        f"Found was:\n\n{_found_in(place)}\n",
        f"{_hint(place)}Kaggle's folder train or its train.zip, and Microsoft's folder PetImages "
        f"or its kagglecatsanddogs_5340.zip, are understood as well: put them into {place}.",
    )


def _found_in(place: Path) -> str:
    """Return a line for each folder, in zip files too, with the number of its files by endings."""
    endings: defaultdict[str, Counter[str]] = defaultdict(Counter, {"": Counter()})
    for name, entry in entries_below(place, 4):
        folder, _, file = name.rpartition("/")
        if is_folder(entry):
            endings[name] = Counter()
            continue
        endings[folder][Path(file).suffix or "no ending"] += 1
        for member in _members_of(Path(entry)):
            inner, _, file = member.rpartition("/")
            endings[f"{name}/{inner}".rstrip("/")][Path(file).suffix or "no ending"] += 1
    lines = []
    for folder, counts in endings.items():
        files = [f"{count:,} x {printable(ending)}" for ending, count in counts.most_common(3)]
        lines.append(f"    ── {place.name}/{printable(folder)}: {', '.join(files) or 'no file'}")
    more = [f"    ... {len(lines) - _SHOWN:,} more folders"] if len(lines) > _SHOWN else []
    return "\n".join([*lines[:_SHOWN], *more])


def _members_of(file: Path) -> list[str]:
    """Return the names of the files in a zip file; none where it is no whole one."""
    if file.suffix.lower() != ".zip":
        return []
    try:
        with faults_of(file), zipfile.ZipFile(file) as archive:
            return [name for name in archive.namelist() if not name.endswith("/")]
    except DataError:
        return []


def _hint(place: Path) -> str:
    """Return the first move to make, where one is obvious; otherwise nothing."""
    archives = [file for file in sorted(place.glob("*.[zZ][iI][pP]")) if _members_of(file)]
    if archives:
        return f"Unpack {printable(archives[0].name)}, and make its folders agree. "
    folders = [Path(entry) for entry in entries_of(place) if is_folder(entry)]
    for folder in folders:
        inner = {entry.name.lower() for entry in entries_of(folder) if is_folder(entry)}
        if {"train", "petimages"} & inner:
            return f"The folders lie one level too deep: move what is in {folder} up to {place}. "
    if {folder.name.lower() for folder in folders} & {"cat", "cats", "dog", "dogs"}:
        return (
            f"The classes lie one level too high: make the folders {', '.join(PARTS)} in {place}, "
            "each with some of the cats and dogs. "
        )
    return "Fill, move or rename the folders so that they agree. "
