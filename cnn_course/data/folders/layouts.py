"""In which folders pictures of two classes lie, and what is said when they lie elsewhere."""

import os
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from cnn_course.data.errors import DataError
from cnn_course.data.folders.faults import Fault, printable
from cnn_course.data.folders.pictures import Entry, UnusableError, file_entry
from cnn_course.data.reading import faults_of

PARTS: Final = ("train", "validation", "test")
CLASSES: Final = ("cats", "dogs")
_DEPTH: Final = 4  # one more than part, class, file: folders may lie too deep
_ALIASES: Final = {
    "train": ("train", "training"),
    "validation": ("validation", "valid", "val"),
    "test": ("test",),
    "cats": ("cats", "cat"),
    "dogs": ("dogs", "dog"),
}
_SYSTEM_FILES: Final = ("thumbs.db", "desktop.ini", "icon\r")
_PICTURE_NAMES: Final = (".jpg", ".jpeg")
_LOOKS_LIKE_PICTURE: Final = (*_PICTURE_NAMES, ".png", ".gif", ".bmp")
_NUMBERED: Final = re.compile(
    r"(?:(?:train/)?(cat|dog)\.|(?:petimages/)?(cat|dog)/)(0|[1-9]\d{0,5})\.jpe?g",
    re.IGNORECASE | re.ASCII,
)
_AMONG_NUMBERED: Final = re.compile(
    r"(?:train/|(?:petimages/)?(?:cat|dog)/)?[^/]+", re.IGNORECASE | re.ASCII
)


@dataclass(frozen=True)
class Numbered:
    """Pictures that are known by class and index.

    Attributes:
        pictures: for each class, the files that may be pictures, by index.
        faults: what lies there and is no picture by its name.
    """

    pictures: Mapping[str, Mapping[int, Entry]]
    faults: Sequence[Fault]


@dataclass
class Split:
    """Pictures that somebody has put into parts and classes already.

    Attributes:
        files: for each part and class, the files that may be pictures, by their own names.
        faults: what lies there and is no picture by its name.
        tidy: whether the folders have the names of `PARTS` and `CLASSES`.
    """

    files: dict[tuple[str, str], dict[str, Entry]] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    tidy: bool = True


def expected_tree(name: str = "cats_and_dogs") -> str:
    """Return the layout that is expected, as a small tree."""
    lines = [f"{name}/"]
    for part, numbers in zip(PARTS, ("0", "1000", "1500"), strict=True):
        last = part == PARTS[-1]
        lines.append(f"{'└' if last else '├'}── {part}/")
        for kind in CLASSES:
            stem, branch = " " if last else "│", "└" if kind == CLASSES[-1] else "├"
            lines.append(f"{stem}   {branch}── {kind}/  {kind[:-1]}.{numbers}.jpg ...")
    return "\n".join(lines)


def found_tree(folder: Path, depth: int = _DEPTH, most: int = 6) -> str:
    """Return what is in a folder as a small tree; of each folder, the files are only counted."""
    return "\n".join([f"{printable(folder.name)}/", *_branches(folder, depth, most)])


def _branches(folder: Path, depth: int, most: int) -> Iterator[str]:
    entries = entries_of(folder)
    folders = [entry for entry in entries if is_folder(entry)]
    rows: list[tuple[str, os.DirEntry[str] | None]] = [
        (f"{printable(each.name)}/", each) for each in folders[:most]
    ]
    if len(folders) > most:
        rows.append((f"... {len(folders) - most:,} more folders", None))
    endings = Counter(
        os.path.splitext(each.name)[1] or "no ending" for each in entries if not is_folder(each)
    )
    for ending, count in endings.most_common(3):
        rows.append((f"{count:,} file{'s' * (count != 1)} ({printable(ending)})", None))
    for index, (text, child) in enumerate(rows or [("nothing", None)]):
        last = index >= len(rows) - 1
        yield f"{'└' if last else '├'}── {text}"
        if child and depth > 1:
            stem = " " if last else "│"
            yield from (f"{stem}   {line}" for line in _branches(Path(child), depth - 1, most))


def entries_of(folder: Path) -> list["os.DirEntry[str]"]:
    """Return what is in a folder, by name.

    Raises:
        DataError: the folder cannot be read.
    """
    with faults_of(folder), os.scandir(folder) as entries:
        return sorted(entries, key=lambda entry: entry.name)


def is_folder(entry: "os.DirEntry[str]") -> bool:
    """Tell whether an entry is a folder or a link to one; a link in a circle is none."""
    try:
        return entry.is_dir()
    except OSError:
        return False


def is_ignored(name: str) -> bool:
    """Tell whether a file is one that systems leave in folders and nobody reads as picture."""
    hidden = name.startswith(".") and not name.lower().endswith(_LOOKS_LIKE_PICTURE)
    return hidden or name.lower() in _SYSTEM_FILES


def split_in(place: Path) -> Split | None:
    """Return what lies in the parts and classes of a folder.

    The folder's parts may also be called `Train` or `val`, its classes `Cat` or `dog`.

    Returns:
        The pictures; or None where no part has a folder of a class.

    Raises:
        DataError: a part or a class is missing, empty or there twice.
    """
    parts = _folders(place, PARTS)
    found = {part: _folders(folder, CLASSES) for part, folder in parts.items()}
    if not any(found.values()):
        return None
    split = Split()
    for part in PARTS:
        if part not in parts:
            raise layout_error(place, f"There is no folder {part} in {place}.")
        for kind in CLASSES:
            if kind not in found[part]:
                raise layout_error(place, f"There is no folder {kind} in {parts[part]}.")
            folder = found[part][kind]
            split.tidy &= (parts[part].name, folder.name) == (part, kind)
            files = _pictures_of(folder, f"{parts[part].name}/{folder.name}", kind, split.faults)
            if not files:
                raise layout_error(place, f"There is no picture in {folder}.")
            split.files[part, kind] = files
        for entry in entries_of(parts[part]):
            if (
                is_folder(entry)
                and not entry.name.startswith(".")
                and entry.name not in {folder.name for folder in found[part].values()}
            ):
                name = f"{parts[part].name}/{printable(entry.name)}"
                split.faults.append(Fault(name, "it is a folder, and no class"))
    return split


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


def _pictures_of(folder: Path, prefix: str, kind: str, faults: list[Fault]) -> dict[str, Entry]:
    """Return the files of a class that may be pictures; note the others in `faults`."""
    other = next(each for each in CLASSES if each != kind)[:-1]
    files: dict[str, Entry] = {}
    for entry in entries_of(folder):
        name = f"{prefix}/{printable(entry.name)}"
        if is_folder(entry):
            faults.append(Fault(name, "it is a folder; pictures lie directly in their class"))
        elif is_ignored(entry.name):
            continue
        elif entry.name.startswith("."):
            faults.append(Fault(name, "it is a hidden file"))
        elif not entry.name.lower().endswith(_PICTURE_NAMES):
            faults.append(Fault(name, "its name does not end in .jpg"))
        elif not _is_text(entry.name):
            faults.append(Fault(name, "its name is not in UTF-8, and TensorFlow does not take it"))
        elif re.match(rf"{other}\.\d+\.", entry.name):
            faults.append(Fault(name, f"its name says {other}, and it lies in {kind}"))
        else:
            files[entry.name] = file_entry(name, Path(entry))
    return files


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def numbered_in(place: Path) -> Numbered | None:
    """Return the pictures of Kaggle's or Microsoft's folder, by class and index.

    Kaggle's: `train/cat.0.jpg` and so on, or these files directly in the folder. Microsoft's:
    `PetImages/Cat/0.jpg` and so on, or `Cat` and `Dog` directly in the folder. Capitals do not
    matter.

    Returns:
        The pictures, and what lies among them and has another name; None where there are none.

    Raises:
        DataError: a folder cannot be read.
    """
    microsoft = [_called(above, "cat", "dog") for above in (*_called(place, "petimages"), place)]
    for folders in (_called(place, "train"), [place], *microsoft):
        files = [Path(entry) for folder in folders for entry in entries_of(folder)]
        names = [file.relative_to(place).as_posix() for file in files]
        found = by_number(
            (name, file_entry(printable(name), file))
            for name, file in zip(names, files, strict=True)
        )
        if any(found.pictures.values()):
            return found
    return None


def _called(place: Path, *names: str) -> list[Path]:
    """Return the subfolders that have one of the names, in capitals or not."""
    return [
        Path(each) for each in entries_of(place) if each.name.lower() in names and is_folder(each)
    ]


def number_of(name: str) -> tuple[str, int] | None:
    """Return the class and the index that a file's relative path says, if it says any."""
    match = _NUMBERED.fullmatch(name)
    return (f"{(match[1] or match[2]).lower()}s", int(match[3])) if match else None


def by_number(files: Iterable[tuple[str, Entry]]) -> Numbered:
    """Sort files by the class and the index that their relative paths say."""
    found = defaultdict(list)
    faults = []
    for name, entry in files:
        number = number_of(name)
        if number:
            found[number].append(entry)
        elif _AMONG_NUMBERED.fullmatch(name) and name.lower().endswith(_LOOKS_LIKE_PICTURE):
            faults.append(Fault(entry.name, "its name does not say which picture it is"))
    pictures: dict[str, dict[int, Entry]] = {kind: {} for kind in CLASSES}
    for (kind, index), entries in found.items():
        pictures[kind][index] = entries[0] if len(entries) == 1 else _clash(entries)
    return Numbered(pictures, faults)


def _clash(entries: Sequence[Entry]) -> Entry:
    def refuse() -> bytes:
        raise UnusableError("its number is there more than once")

    return Entry(" and ".join(dict.fromkeys(entry.name for entry in entries)), refuse)


def layout_error(place: Path, problem: str) -> DataError:
    """Return the error that shows the layout that is expected beside the one that was found."""
    return DataError(
        f"{problem}\nExpected is:\n\n{_indented(expected_tree(place.name))}\n\n"
        f"Found was:\n\n{_indented(found_tree(place))}\n",
        f"{_hint(place)}Kaggle's folder train or its train.zip, and Microsoft's folder PetImages "
        f"or its kagglecatsanddogs_5340.zip, are understood as well: put them into {place}.",
    )


def _hint(place: Path) -> str:
    """Return the first move to make, where one is obvious; otherwise nothing."""
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


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.splitlines())
