"""Cats and dogs: drawings that need no download, or the photographs of "Dogs vs. Cats".

The photographs are those of Asirra: J. Elson, J. Douceur, J. Howell and J. Saul, "Asirra: a CAPTCHA
that exploits interest-aligned manual image categorization", 2007. Kaggle used 25,000 of them for
its competition of 2013. They have no open licence: do not publish any.
"""

import contextlib
import itertools
import os
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, ClassVar, Final, TypeAlias

from cnn_course.data import drawings, storage
from cnn_course.data.download import Published, fetch
from cnn_course.data.duplicates import duplicates, near_duplicates
from cnn_course.data.errors import (
    ANOTHER_ANSWER,
    DataError,
    Fault,
    Finding,
    State,
    printable,
    told,
)
from cnn_course.data.images import (
    ImageInfo,
    UnusableError,
    decoded,
    inspected,
    map_in_threads,
    rgb_jpeg,
)
from cnn_course.data.layouts import CLASSES, PARTS, Source, layout_error, opened, opened_archive
from cnn_course.profiles import check_profile

Sizes: TypeAlias = tuple[int, int, int]

# Microsoft publishes no digest: its pictures are all decoded.
MICROSOFT_ARCHIVE: Final = Published(
    "https://download.microsoft.com/download/3/E/1/3E1C3F21-ECDB-4869-8368-6DEBA77B919F/"
    "kagglecatsanddogs_5340.zip",
    None,
)
DRAWN: Final = {"train": 100, "validation": 100, "test": 300}
_DEPTH: Final = 3  # part, class, file
_FEWEST: Final = 5  # of a class, with 2, 1 and 2 in the parts


@dataclass(frozen=True)
class Selection:
    """Which pictures of a folder or an archive are used, and what was found out about them.

    Attributes:
        in_place: whether the folder can be used as it is, where it is.
        pictures: the pictures that are used, each with its part.
        left_out: the files that are not, and why.
        same: groups of pictures with the same pixels, a line for each.
        similar: pairs of pictures that are nearly the same, in the same way.
        notes: what else a reader has to know, as sentences.
    """

    in_place: bool
    pictures: Sequence[ImageInfo]
    left_out: Sequence[Fault]
    same: Sequence[str]
    similar: Sequence[str]
    notes: Sequence[str]

    @property
    def converted(self) -> list[Fault]:
        """The pictures that are converted to RGB, and what from."""
        return [Fault(printable(one.path), one.colours) for one in self.pictures if one.colours]


@dataclass(frozen=True)
class DogsVsCats:
    """The photographs and how to get hold of them; the defaults are the real ones'.

    Attributes:
        sizes: pictures of each class for training, validation and testing, in order of index.
        published: the archive to download.
    """

    name: ClassVar[str] = "cats_and_dogs"

    sizes: Sizes = (1_000, 500, 1_000)
    published: Published = MICROSOFT_ARCHIVE

    def get(self) -> Path:
        """Return a folder of photographs that all decode, as `cats_and_dogs("full")` describes.

        Raises:
            DataError: what was found is broken, or nothing was found and nothing could be
                downloaded.
        """
        place = self._place()
        if place is None:
            self._download()
            place = storage.cache_folder(self.name)
        elif place == storage.cache_folder(self.name):
            with contextlib.suppress(OSError):  # of a run that was killed when they were unpacked
                self._archive().unlink(missing_ok=True)
        with self._advising(place):
            key, _ = storage.fingerprint([place], _DEPTH, self.sizes)
            selection = self._selection(place, key)
            said = [*selection.notes, *told(selection.left_out)]
            said += told(selection.converted, "converted to RGB")
            if said:
                warnings.warn("\n".join([f"{place}:", *said]), stacklevel=3)
            return place if selection.in_place else self._prepared(place, key, selection)

    def check(self) -> Finding:
        """Decode every photograph on this machine and report. Downloads nothing, raises nothing."""
        place, size = None, 0
        try:
            place = self._place()
            if place is None:
                cached = storage.cache_folder(self.name)
                return storage.missing(self.name, cached, self._ways())
            with self._advising(place):
                key, size = storage.fingerprint([place], _DEPTH, self.sizes)
                return _finding(self.name, place, size, self._selection(place, key))
        except DataError as error:
            problem, advice = error.problem, error.advice
            lists = {"left out": [str(fault) for fault in error.left_out]} if error.left_out else {}
            return Finding(self.name, "broken", place, size, "", problem, advice, lists)

    def _place(self) -> Path | None:
        """Return the folder that is looked at; None where the photographs are not here."""
        own = storage.own_folder(self.name)
        if own:
            return own
        cached = storage.cache_folder(self.name)
        empty = os.path.isdir(cached) and not storage.entries_of(cached)
        return cached if os.path.lexists(cached) and not empty else None

    def _selection(self, place: Path, key: str) -> Selection:
        """Return what is used of a folder, from memory if it has not changed since."""
        selection = _recalled(storage.recall(key))
        if selection is None:
            with opened(place) as source:
                selection = select(place, source, self.sizes)
            if not any(fault.may_pass for fault in selection.left_out):
                stored = asdict(selection) | {"pictures": [one[:5] for one in selection.pictures]}
                storage.remember(key, stored)
        return selection

    def _prepared(self, place: Path, key: str, selection: Selection) -> Path:
        """Return a cleaned copy of what is used of a folder, in the cache."""
        target = storage.cache_folder(f"{self.name}_prepared") / key
        if not storage.has_files(target, [one.path for one in selection.pictures]):
            with opened(place) as source:
                _write(target, source, selection)
        return target

    def _download(self) -> None:
        """Make the folder in the cache from the official archive, downloaded if need be."""
        archive = self._archive()
        try:
            left = archive.is_file()  # by a run that was interrupted
            if not left:
                fetch(self.published, archive)
            try:
                self._unpack(archive)
            except DataError:
                if not left or archive.is_file():
                    raise
                fetch(self.published, archive)
                self._unpack(archive)
        except DataError as error:
            raise DataError(
                f"The photographs of cats and dogs are not on this machine. {error.problem}",
                f"{error.advice}\n{self._ways()}".strip(),
                error.left_out,
            ) from error
        archive.unlink(missing_ok=True)

    def _archive(self) -> Path:
        return storage.cache_folder("downloads") / self.published.url.rsplit("/", 1)[-1]

    def _unpack(self, archive: Path) -> None:
        """Fill the folder in the cache from the official archive; remove one that is not whole."""
        try:
            with opened_archive(archive) as source:
                selection = select(archive, source, self.sizes) if source else None
                if source is None or selection is None or selection.notes:
                    raise DataError(f"{archive} is not the archive of cats and dogs.")
                target = storage.cache_folder(self.name)
                _write(target, source, selection, replace=False)
        except DataError as error:
            if isinstance(error.__cause__, OSError):  # a full disk is no fault of the archive
                raise
            archive.unlink(missing_ok=True)
            problem = error.problem.replace(str(archive), f"What {self.published.url} gave")
            problem = f"{problem} It was not kept."
            raise DataError(problem, ANOTHER_ANSWER, error.left_out) from error

    @contextlib.contextmanager
    def _advising(self, place: Path) -> Iterator[None]:
        """Add to each error of the place itself where else the photographs may come from."""
        try:
            if not os.path.isdir(place):
                raise DataError(f"{place} is not a folder.")
            yield
        except DataError as error:
            if isinstance(error.__cause__, OSError):  # no room or no right, and it says where
                readable = "See to it that you may read it and everything in it."
                error.advice = error.advice or readable
                raise
            ways = f"Or take {place} away"
            if place == storage.cache_folder(self.name):
                ways += ": then the photographs are downloaded."
            else:
                ways += " to use the course's cache and the network."
            error.advice = f"{error.advice or 'Put a whole copy there.'}\n{ways}"
            raise

    def _ways(self) -> str:
        content = "the photographs: Kaggle's or Microsoft's, as a zip file or as folders"
        cached = storage.cache_folder(self.name)
        return storage.ways(self.name, content, "such a folder", cached, self.published.url)


PHOTOGRAPHS: Final = DogsVsCats()


def cats_and_dogs(profile: str, photographs: DogsVsCats = PHOTOGRAPHS) -> Path:
    """Return a folder with `train/`, `validation/` and `test/`, each with `cats/` and `dogs/`.

    In these are JPEG files, all in RGB, that all decode, and nothing else that Keras would read.

    `"tiny"` are drawings: 100, 100 and 300 of each class, written into the course's cache.

    `"full"` are the photographs of "Dogs vs. Cats": 1,000, 500 and 1,000 of each class. They are
    looked for in `$CNN_COURSE_DATA/cats_and_dogs`, which is only read, then in
    `cats_and_dogs` of the course's cache; otherwise Microsoft's archive is downloaded. Both folders
    may hold:

    - the layout above, with any number of pictures; it is used where it lies if it is flawless;
    - Kaggle's files `cat.0.jpg` to `dog.12499.jpg`, directly or in `train/`;
    - Microsoft's folder `PetImages` with `Cat/0.jpg` and so on;
    - Kaggle's `train.zip`, the `dogs-vs-cats.zip` around it, or Microsoft's
      `kagglecatsanddogs_5340.zip`.

    From all but the first, pictures are chosen by index: 0 to 999 for training, 1000 to 1499 for
    validation, 1500 to 2499 for testing. One that is missing, empty, truncated, too large, or no
    JPEG file whatever its name says, is left out; the next good one from 2500 on takes its place,
    so that all others stay in their parts. Greyscale and CMYK are converted to RGB. A
    warning lists what was left out and converted, and a clean copy is made in the cache. What was
    found out is remembered until a file's name, size, time or rights change.

    Args:
        profile: `"tiny"` or `"full"`.
        photographs: which data set `"full"` means; for tests.

    Raises:
        ValueError: there is no such profile.
        DataError: the photographs lie in other folders than expected, are broken, or are not here
            and cannot be downloaded.
    """
    if check_profile(profile) == "full":
        return photographs.get()
    folder = storage.cache_folder("drawings") / "cats_and_dogs"
    drawings.write(folder, {"cats": "cat", "dogs": "dog"}, DRAWN)
    return folder


def select(place: Path, source: Source, sizes: Sizes) -> Selection:
    """Look at the pictures of a folder or an archive and choose those that are used.

    Of pictures that are in parts already, all good ones are used; others are chosen by their index
    as `cats_and_dogs` describes. Where there are too few, the good ones are shared out in order of
    index, as many cats as dogs, in the same proportions, and a note says so.

    Raises:
        DataError: no picture of a class in a part, or fewer than 5 of a class, can be used.
    """
    choose = _choose_split if source.is_split else _choose_numbered
    pictures, left_out = choose(place, source, sizes)
    notes = []
    for kind in CLASSES:
        parts = [one.part for one in pictures if one.kind == kind]
        counts = tuple(parts.count(part) for part in PARTS)
        if counts != sizes:
            found, wanted = ("/".join(f"{count:,}" for count in each) for each in (counts, sizes))
            notes.append(
                f"There are {found} {kind} for {', '.join(PARTS)}; "
                f"what the course tells was measured with {wanted}."
            )
    flawless = source.is_tidy and not left_out and not any(one.colours for one in pictures)
    same, similar = duplicates(pictures), near_duplicates(pictures)
    return Selection(flawless, pictures, left_out, same, similar, notes)


def _choose_split(place: Path, source: Source, sizes: Sizes) -> tuple[list[ImageInfo], list[Fault]]:
    seen = _inspected(source, source.pictures)
    good = [one for one in seen if not one.fault]
    left_out = [Fault(printable(one.file), one.fault) for one in seen if one.fault]
    for part, kind in itertools.product(PARTS, CLASSES):
        here = [one for one in seen if (one.part, one.kind) == (part, kind)]
        if all(one.fault for one in here):
            raise layout_error(
                place,
                f"No picture of {part}/{kind} in {place} can be used. "
                f"The first is {printable(here[0].file)}: {here[0].fault}.",
            )
    return good, [*source.faults, *left_out]


def _choose_numbered(
    place: Path, source: Source, sizes: Sizes
) -> tuple[list[ImageInfo], list[Fault]]:
    total = sum(sizes)
    seen = {kind: _look_for(source, kind, total) for kind in CLASSES}
    good = {kind: [one for one in seen[kind] if not one.fault] for kind in CLASSES}
    fewest = min(map(len, good.values()))
    chosen: list[ImageInfo] = []
    left_out = list(source.faults)
    for kind in CLASSES:
        used = {one.number: one for one in good[kind]}
        taken: dict[int, int] = {}  # the index of the picture that is missing: what takes its place
        if fewest >= total:
            holes = sorted(set(range(total)) - used.keys())
            taken = dict(zip(holes, (index for index in used if index >= total), strict=True))
            order = [used[taken.get(index, index)] for index in range(total)]
        else:
            order = good[kind][:fewest]
        left_out += _left_out(kind, seen[kind], taken)
        first = max(1, len(order) * sizes[0] // total)
        second = first + max(1, len(order) * sizes[1] // total)
        for part, within in zip(
            PARTS, (order[:first], order[first:second], order[second:]), strict=True
        ):
            within.sort(key=lambda one: one.number)
            chosen += [one._replace(part=part) for one in within]
    if fewest < _FEWEST:
        counts = " and ".join(f"{len(good[kind])} {kind}" for kind in CLASSES)
        problem = f"{place} has {counts} that can be used; at least {_FEWEST} of each are needed."
        raise DataError(problem, "", left_out)
    return chosen, left_out


def _left_out(kind: str, seen: Sequence[ImageInfo], taken: dict[int, int]) -> Iterator[Fault]:
    """Yield what is left out or not there, with the picture that takes its place."""
    missing = {index: (f"{kind[:-1]}.{index}.jpg", "it is not there") for index in taken}
    bad = {one.number: (printable(one.file), one.fault) for one in seen if one.fault}
    for index, (name, fault) in sorted((missing | bad).items()):
        place = f"; {kind[:-1]}.{taken[index]}.jpg takes its place" if index in taken else ""
        yield Fault(name, fault + place)


def _look_for(source: Source, kind: str, wanted: int) -> list[ImageInfo]:
    """Look at pictures in order of index, until there are enough good ones or no more."""
    seen: list[ImageInfo] = []
    left = iter(one for one in source.pictures if one.kind == kind)
    while (lacking := wanted - sum(not one.fault for one in seen)) > 0:
        new = list(itertools.islice(left, lacking))
        if not new:
            break
        seen += _inspected(source, new)
    return seen


def _inspected(source: Source, pictures: Sequence[ImageInfo]) -> list[ImageInfo]:
    def inspect(one: ImageInfo) -> ImageInfo:
        return inspected(one, source.read)

    return list(map_in_threads(inspect, pictures, "Looking at pictures"))


def _write(target: Path, source: Source, selection: Selection, *, replace: bool = True) -> None:
    """Write the pictures that are used, whole or not at all; keep the same ones if there."""

    def fill(folder: Path) -> None:
        for part, kind in itertools.product(PARTS, CLASSES):
            (folder / part / kind).mkdir(parents=True)

        def write(one: ImageInfo) -> None:
            try:
                content = source.read(one.file)
                content = rgb_jpeg(decoded(content)) if one.colours else content
            except UnusableError as error:
                raise DataError(
                    f"{printable(one.file)} cannot be used any more: {error}.",
                    "Try again when nothing changes it.",
                ) from error
            (folder / one.path).write_bytes(content)

        for _ in map_in_threads(write, selection.pictures, "Writing pictures"):
            pass

    def is_whole() -> bool:
        return storage.has_files(target, [one.path for one in selection.pictures])

    storage.make_folder(target, fill, is_whole, replace=replace)


def _recalled(stored: Any) -> Selection | None:
    """Return the selection that was remembered; None where this is none."""
    try:
        selection = Selection(
            bool(stored["in_place"]),
            [ImageInfo(*each) for each in stored["pictures"]],
            [Fault(*each) for each in stored["left_out"]],
            *(list(stored[name]) for name in ("same", "similar", "notes")),
        )
    except (KeyError, TypeError, ValueError):
        return None
    return selection if selection.pictures else None


def _finding(name: str, place: Path, size: int, selection: Selection) -> Finding:
    faults: dict[str, Sequence[str]] = {
        "left out": [str(fault) for fault in selection.left_out],
        "converted to RGB": [str(fault) for fault in selection.converted],
    }
    said = [f"{len(lines):,} {what}" for what, lines in faults.items() if lines]
    problem = f"{len(selection.pictures):,} pictures are used; {', '.join(said)}." if said else ""
    problem = " ".join([problem, *selection.notes]).strip()
    advice = "The files in the folder stay as they are: a clean copy is used." if said else ""
    twice = {"identical pictures": selection.same, "nearly identical pictures": selection.similar}
    lists = {heading: lines for heading, lines in (faults | twice).items() if lines}
    state: State = "mended" if problem else "whole"
    return Finding(name, state, place, size, "", problem, advice, lists)
