"""Open whatever holds pictures of cats and dogs, and write those that were chosen."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final, TypeAlias

from cnn_course.data.errors import DataError
from cnn_course.data.folders.archives import archives_in, pictures_in_archive
from cnn_course.data.folders.faults import printable
from cnn_course.data.folders.layouts import (
    CLASSES,
    PARTS,
    Numbered,
    Split,
    is_folder,
    is_ignored,
    layout_error,
    numbered_in,
    split_in,
)
from cnn_course.data.folders.pictures import Entry, UnusableError, decoded, map_in_threads, rgb_jpeg
from cnn_course.data.folders.remembered import entries_below
from cnn_course.data.folders.selection import Choice
from cnn_course.data.places import cache_folder
from cnn_course.data.writing import make_folder

Source: TypeAlias = Split | Numbered

_FOLDER: Final = -1  # in the place of a file's size
_FOLDERS: Final = [(part, kind) for part in PARTS for kind in CLASSES]


@contextmanager
def opened(place: Path) -> Iterator[Source]:
    """Give the pictures that a folder holds; they can be read while the context lasts.

    Raises:
        DataError: the folder holds no pictures that are understood; a broken archive is no error
            where another one holds them.
    """
    source = split_in(place) or numbered_in(place)
    if source:
        yield source
        return
    archives, errors = archives_in(place), []
    with ExitStack() as stack:
        for archive in archives:
            try:
                found = stack.enter_context(pictures_in_archive(archive, cache_folder("archive")))
            except DataError as error:
                errors.append(error)
                continue
            if found:
                yield found
                return
    if errors:
        raise errors[0]
    names = ", ".join(printable(archive.name) for archive in archives[:3])
    raise layout_error(
        place,
        f"There are no pictures of cats and dogs in {place}"
        + (f", and none that are understood in {names}." if names else "."),
    )


def write_split(
    target: Path, source: Source, chosen: Sequence[Choice], *, replace: bool = True
) -> dict[str, int]:
    """Write the pictures that were chosen, whole or not at all; keep the same ones if there.

    Args:
        target: the folder to make.
        source: where the pictures come from.
        chosen: which of them.
        replace: whether what is there in their place is ours and may be replaced.

    Returns:
        The bytes of each file `part/class/name`, for `is_whole`.

    Raises:
        DataError: there is no room, no right to write, or a picture has changed in between.
    """
    sizes: dict[str, int] = {}

    def fill(folder: Path) -> None:
        for part, kind in _FOLDERS:
            (folder / part / kind).mkdir(parents=True)

        def write(choice: Choice) -> None:
            content = _content_of(source, choice)
            sizes[choice.path] = (folder / choice.path).write_bytes(content)

        for _ in map_in_threads(write, chosen, "Writing pictures"):
            pass

    make_folder(target, fill, lambda: is_whole(target, sizes), replace=replace)
    return sizes


def is_whole(target: Path, sizes: Mapping[str, int]) -> bool:
    """Tell whether a split is there, has files of these sizes, and no other folder or file.

    Args:
        target: the folder of the split.
        sizes: the bytes of each file `part/class/name`; a split without files is never whole.
    """
    if not sizes:
        return False
    expected = dict(sizes)
    for path in sizes:
        kind = path.rpartition("/")[0]
        expected |= {kind: _FOLDER, kind.rpartition("/")[0]: _FOLDER}
    try:
        found = {
            name: _FOLDER if is_folder(entry) else entry.stat().st_size
            for name, entry in entries_below(target, 3)
            if not is_ignored(entry.name)
        }
    except (DataError, OSError):
        return False
    return found == expected


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
