"""Open whatever holds pictures of cats and dogs, and write those that were chosen."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TypeAlias

from cnn_course.data.errors import DataError
from cnn_course.data.folders.archives import archives_in, pictures_in_archive
from cnn_course.data.folders.layouts import (
    CLASSES,
    PARTS,
    Numbered,
    Split,
    layout_error,
    numbered_in,
    split_in,
)
from cnn_course.data.folders.pictures import Entry, UnusableError, decoded, map_in_threads, rgb_jpeg
from cnn_course.data.folders.selection import Choice
from cnn_course.data.places import cache_folder
from cnn_course.data.writing import make_folder

Source: TypeAlias = Split | Numbered

_FOLDERS: Final = [(part, kind) for part in PARTS for kind in CLASSES]


@contextmanager
def opened(place: Path) -> Iterator[Source]:
    """Give the pictures that a folder holds; they can be read while the context lasts.

    Raises:
        DataError: the folder holds no pictures that are understood.
    """
    source = split_in(place) or numbered_in(place)
    if source:
        yield source
        return
    archives = archives_in(place)
    for archive in archives:
        with pictures_in_archive(archive, cache_folder("archive")) as found:
            if found:
                yield found
                return
    names = ", ".join(archive.name for archive in archives[:3])
    raise layout_error(
        place,
        f"There are no pictures of cats and dogs in {place}"
        + (f", and none that are understood in {names}." if names else "."),
    )


def write_split(
    target: Path, source: Source, chosen: Sequence[Choice], *, replace: bool = True
) -> None:
    """Write the pictures that were chosen, whole or not at all; do nothing if they are there.

    Args:
        target: the folder to make.
        source: where the pictures come from.
        chosen: which of them.
        replace: whether what is there in their place is ours and may be replaced.

    Raises:
        DataError: there is no room, no right to write, or a picture has changed in between.
    """
    paths = [choice.path for choice in chosen]

    def fill(folder: Path) -> None:
        for part, kind in _FOLDERS:
            (folder / part / kind).mkdir(parents=True)

        def write(choice: Choice) -> None:
            content = _content_of(source, choice)
            (folder / choice.path).write_bytes(content)

        for _ in map_in_threads(write, chosen, "Writing pictures"):
            pass

    make_folder(target, fill, lambda: is_whole(target, paths), replace=replace)


def is_whole(target: Path, paths: Iterable[str]) -> bool:
    """Tell whether the class folders of a split have the files `part/class/name`, and no others."""
    expected = defaultdict(set)
    for path in paths:
        file = target / path
        expected[file.parent].add(file.name)
    return all(
        folder.is_dir() and {file.name for file in folder.iterdir()} == names
        for folder, names in expected.items()
    )


def _content_of(source: Source, choice: Choice) -> bytes:
    """Return a picture as it is to be written: as it is, or encoded anew in RGB."""
    entry = _entry(source, choice)
    try:
        content = entry.content()
        return rgb_jpeg(decoded(content)) if choice.colours else content
    except UnusableError as error:
        raise DataError(
            f"{entry.name} cannot be used any more: {error}.", "Try again when nothing changes it."
        ) from error


def _entry(source: Source, choice: Choice) -> Entry:
    if isinstance(source, Split):
        return source.files[choice.part, choice.kind][str(choice.source)]
    return source.pictures[choice.kind][int(choice.source)]
