"""Cats and dogs: drawings that need no download, or the photographs of "Dogs vs. Cats".

The photographs are those of Asirra: J. Elson, J. Douceur, J. Howell and J. Saul, "Asirra: a CAPTCHA
that exploits interest-aligned manual image categorization", 2007. Kaggle used 25,000 of them for
its competition of 2013. They have no open licence: do not publish any.
"""

import contextlib
import hashlib
import os
import sys
import warnings
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import ClassVar, Final

from cnn_course.data import drawings, places
from cnn_course.data.download import Published, fetch
from cnn_course.data.errors import DataError
from cnn_course.data.finding import Finding
from cnn_course.data.folders.archives import pictures_in_archive
from cnn_course.data.folders.faults import TooFewError, told
from cnn_course.data.folders.layouts import CLASSES, Numbered, Split, entries_of
from cnn_course.data.folders.preparing import Source, is_whole, opened, write_split
from cnn_course.data.folders.remembered import fingerprint, recall, remember
from cnn_course.data.folders.selection import (
    Sizes,
    Verdict,
    judge_numbered,
    judge_split,
    verdict_from,
)
from cnn_course.data.reading import faults_of
from cnn_course.data.writing import unwritable, write_whole
from cnn_course.profiles import check_profile

# Microsoft publishes no digest, and about 787 MB (units of 2^20 bytes) is all that is known of it.
MICROSOFT_ARCHIVE: Final = Published(
    url="https://download.microsoft.com/download/3/E/1/3E1C3F21-ECDB-4869-8368-6DEBA77B919F/"
    "kagglecatsanddogs_5340.zip",
    sha256=None,
    size=900_000_000,
)
DRAWN: Final = {"train": 100, "validation": 100, "test": 300}
_DEPTH: Final = 3  # part, class, file
_WHOLE_COPY: Final = "Put a whole copy there."
_READABLE: Final = "See to it that you may read it and everything in it."
_LEFT_OUT: Final = "left out"


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
            place = places.cache_folder(self.name)
        with self._advising(place):
            key, _ = fingerprint([place], _DEPTH, self.sizes)
            verdict = self._judged(place, key)
            self._warn(place, verdict)
            return place if verdict.in_place else self._prepared(place, key, verdict)

    def check(self) -> Finding:
        """Decode every photograph on this machine and report. Downloads nothing, raises nothing."""
        place, size = None, 0
        try:
            place = self._place()
            if place is None:
                return self._missing()
            with self._advising(place):
                key, size = fingerprint([place], _DEPTH, self.sizes)
                verdict = self._judged(place, key)
        except TooFewError as error:
            lists = {_LEFT_OUT: [str(fault) for fault in error.left_out]}
            return Finding(
                self.name,
                "broken",
                place,
                size,
                problem=error.summary,
                advice=error.advice,
                lists=lists,
            )
        except DataError as error:
            return Finding(
                self.name, "broken", place, size, problem=error.problem, advice=error.advice
            )
        return _finding(self.name, place, size, verdict)

    def _place(self) -> Path | None:
        """Return the folder that is looked at; None where the photographs are not here."""
        own = places.own_folder(self.name)
        if own:
            return own
        cached = places.cache_folder(self.name)
        if not os.path.lexists(cached):
            return None
        return cached if not os.path.isdir(cached) or entries_of(cached) else None

    def _judged(self, place: Path, key: str) -> Verdict:
        """Return the verdict on a folder, from memory if the folder has not changed since."""
        verdict = verdict_from(recall(key))
        if verdict is None:
            with opened(place) as source:
                verdict = self._judge(place, source)
            if not any(fault.may_pass for fault in verdict.left_out):
                remember(key, asdict(verdict))
        return verdict

    def _judge(self, place: Path, source: Source) -> Verdict:
        if isinstance(source, Split):
            return judge_split(place, source, self.sizes)
        return judge_numbered(place, source, self.sizes)

    def _prepared(self, place: Path, key: str, verdict: Verdict) -> Path:
        """Return a cleaned copy of what was chosen from a folder, in the cache."""
        target = places.cache_folder(f"{self.name}_prepared") / key
        sizes = recall(f"{key}-copy")
        same = isinstance(sizes, dict) and sizes.keys() == {each.path for each in verdict.chosen}
        if not same or not is_whole(target, sizes):
            with opened(place) as source:
                sizes = write_split(target, source, verdict.chosen)
            remember(f"{key}-copy", sizes)
        return target

    def _warn(self, place: Path, verdict: Verdict) -> None:
        said = [
            *verdict.notes,
            *told(verdict.left_out),
            *told(verdict.converted, "converted to RGB"),
        ]
        if said:
            warnings.warn("\n".join([f"{place}:", *said]), stacklevel=4)

    def _download(self) -> None:
        """Make the folder in the cache from the official archive, downloaded if need be."""
        target = places.cache_folder(self.name)
        archive = places.cache_folder("downloads") / self.published.url.rsplit("/", 1)[-1]
        try:
            digest, verdict = self._fetched(archive)
            with pictures_in_archive(archive, archive) as found:
                pictures = _whole(archive, found, self.sizes)
                write_split(target, pictures, verdict.chosen, replace=False)
        except DataError as error:
            raise DataError(
                f"The photographs of cats and dogs are not on this machine. {error.problem}",
                f"{error.advice}\n{self._ways()}".strip(),
            ) from error
        self._pin(archive, digest)
        archive.unlink(missing_ok=True)

    def _fetched(self, archive: Path) -> tuple[str, Verdict]:
        """Download the archive unless it is here and whole; return its sha256 and the verdict."""
        pin = _pin_of(archive)
        pinned = pin.read_text().strip() if pin.is_file() else self.published.sha256
        if archive.is_file():
            with faults_of(archive), archive.open("rb") as stream:
                digest = hashlib.file_digest(stream, "sha256").hexdigest()
            if pinned in (None, digest):
                with contextlib.suppress(DataError):  # what a kill left there, perhaps
                    return digest, self._judged_archive(archive)
        try:
            digest = fetch(replace(self.published, sha256=pinned), archive)
        except DataError as error:
            hint = f"\nIf a new archive was published, remove {pin}." if pin.is_file() else ""
            raise DataError(error.problem, error.advice + hint) from error
        return digest, self._judged_archive(archive)

    def _judged_archive(self, archive: Path) -> Verdict:
        """Return the verdict on the official archive; remove one that is not whole."""
        try:
            with pictures_in_archive(archive, archive) as found:
                pictures = _whole(archive, found, self.sizes)
                verdict = judge_numbered(archive, pictures, self.sizes)
            if verdict.notes:
                raise _not_whole(archive)
        except DataError as error:
            if not isinstance(error.__cause__, OSError):
                archive.unlink(missing_ok=True)
            raise
        return verdict

    def _pin(self, archive: Path, digest: str) -> None:
        """Remember the digest of the first archive that was used, and say so."""
        pin = _pin_of(archive)
        if self.published.sha256 is None and not pin.is_file():
            write_whole(pin, f"{digest}\n".encode())
            print(
                f"The sha256 of {self.published.url} is {digest}. Its publisher gives none to "
                f"compare with; later downloads are compared with this one, kept in {pin}.",
                file=sys.stderr,
            )

    def _missing(self) -> Finding:
        cached = places.cache_folder(self.name)
        problem = (
            f"There is no folder {self.name} in {places.OWN_VARIABLE} and no {cached}."
            if os.environ.get(places.OWN_VARIABLE)
            else f"{places.OWN_VARIABLE} is not set, and there is no {cached}."
        )
        return Finding(self.name, "missing", cached, problem=problem, advice=self._ways())

    @contextlib.contextmanager
    def _advising(self, place: Path) -> Iterator[None]:
        """Add to each error of the place itself where else the photographs may come from."""
        try:
            if not os.path.isdir(place):
                raise DataError(f"{place} is not a folder.")
            yield
        except DataError as error:
            if isinstance(error.__cause__, OSError):  # no room or no right, and it says where
                error.advice = error.advice or _READABLE
                raise
            ways = f"Or take {place} away"
            if place == places.cache_folder(self.name):
                ways += ": then the photographs are downloaded."
            else:
                ways += " to use the course's cache and the network."
            error.advice = f"{error.advice or _WHOLE_COPY}\n{ways}"
            raise

    def _ways(self) -> str:
        return (
            "Do one of these:\n"
            f"1. Set {places.OWN_VARIABLE} to a folder with a folder {self.name} in it that has "
            "the photographs: Kaggle's or Microsoft's, as a zip file or as folders.\n"
            f"2. Put them here: {places.cache_folder(self.name)}\n"
            "3. Connect to the network and load them again: they are downloaded from "
            f"{self.published.url}"
        )


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
      `kagglecatsanddogs_5340.zip`. No path in an archive is trusted.

    From all but the first, pictures are chosen by index: 0 to 999 for training, 1000 to 1499 for
    validation, 1500 to 2499 for testing. One that is missing, empty, truncated, too large, or no
    JPEG file whatever its name says, is left out; the next good one from 2500 on takes its place,
    so that all others stay in their parts. Greyscale and CMYK are converted to RGB. A
    warning lists what was left out and converted, and a clean copy is made in the cache. The
    verdict is remembered until a file's name, size, time or rights change.

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
    folder = places.cache_folder("drawings") / "cats_and_dogs"
    try:
        drawings.write(folder, {"cats": "cat", "dogs": "dog"}, DRAWN)
    except DataError as error:
        if isinstance(error.__cause__, OSError):
            raise unwritable(folder, error.__cause__) from error
        raise
    return folder


def _finding(name: str, place: Path, size: int, verdict: Verdict) -> Finding:
    counts = {
        _LEFT_OUT: [str(fault) for fault in verdict.left_out],
        "converted to RGB": [str(fault) for fault in verdict.converted],
    }
    faults = [f"{len(lines):,} {what}" for what, lines in counts.items() if lines]
    problem = f"{len(verdict.chosen):,} pictures are used; {', '.join(faults)}." if faults else ""
    lists = {
        **counts,
        "identical pictures": verdict.same,
        "nearly identical pictures": verdict.similar,
    }
    return Finding(
        name,
        "mended" if faults or verdict.notes else "whole",
        place,
        size,
        problem=" ".join([problem, *verdict.notes]).strip(),
        advice="The files in the folder stay as they are: a clean copy is used." if faults else "",
        lists={heading: lines for heading, lines in lists.items() if lines},
    )


def _whole(archive: Path, found: Numbered | None, sizes: Sizes) -> Numbered:
    """Return what was found in the official archive, if that is as much as it should be."""
    if found is None or min(len(found.pictures[kind]) for kind in CLASSES) < sum(sizes):
        raise _not_whole(archive)
    return found


def _not_whole(archive: Path) -> DataError:
    return DataError(
        f"{archive} was downloaded and is not the archive of cats and dogs. It was not kept.",
        "Try again, or from another network: a login page or a proxy may have answered.",
    )


def _pin_of(archive: Path) -> Path:
    return archive.with_name(f"{archive.name}.sha256")
