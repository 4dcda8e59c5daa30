"""Any two folders of pictures, made ready for the chapters on cats and dogs."""

import hashlib
import os
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from cnn_course.arguments import whole_number
from cnn_course.data import storage
from cnn_course.data.errors import CACHE_VARIABLE, DataError, Fault, printable, told
from cnn_course.data.images import (
    UnusableError,
    decoded,
    map_in_threads,
    read_file,
    rgb_jpeg,
)
from cnn_course.data.layouts import PARTS

if TYPE_CHECKING:
    from PIL import Image

_SINGULARS: Final = {"cats": "cat", "dogs": "dog"}
_FEWEST: Final = 10
_LONGEST_SIDE: Final = 512
_LARGEST_PICTURE: Final = 120_000_000  # pixels; telephones take 108 million
_LONGEST_NAME: Final = 200  # bytes of a class's name; most disks allow 255 for a file's
_THREADS: Final = 2  # large pictures take memory: 40 million pixels of 4 bytes, a few times
_DEPTH: Final = 10
_POOL: Final = ".pool"  # no class is called so: their names do not start with a dot
_NOT_READ: Final = ("EPS", "WMF")  # for these, Pillow starts other programs


def own_pictures(first: str | Path, second: str | Path, seed: int = 0) -> Path:
    """Return two folders of your own pictures in the layout of `cats_and_dogs`.

    To run a chapter on cats and dogs with your own pictures, replace one line in it:

        folder = data.cats_and_dogs(profile)  # by
        folder = data.own_pictures("apples", "pears")

    The folders and those inside them are searched for pictures of any format that Pillow reads;
    links to folders are not followed. Of a film, the first frame is taken. Pictures are turned as
    the camera was held, laid on white where they are transparent, and written as JPEG files in RGB,
    512 pixels at most on the longer side, into the course's cache. Of each folder, 40 of 100 are
    for training, 20 for validation and 40 for testing. A picture that is there twice, in either
    folder, is used once: a test picture must not be known from training. A warning lists what was
    left out, and why. Your folders are only read; when a file in them changes, the next call
    prepares them again.

    Args:
        first: a folder; its name becomes the name of the class. `~` is your home.
        second: another one.
        seed: which pictures are for training and which for testing; a whole number from 0.

    Returns:
        A folder with `train/`, `validation/` and `test/`, each with a folder for each class.

    Raises:
        TypeError: a folder is no text and no path, or the seed is no whole number.
        ValueError: the seed is negative.
        DataError: a folder is missing, both are the same, one lies in the other or has the cache in
            it, one has fewer than 10 usable pictures, or the cache cannot be written.
    """
    seed = whole_number("seed", seed)
    folders = [_folder(first), _folder(second)]
    _check_apart(*folders)
    names = _class_names(*folders)
    key, _ = storage.fingerprint(folders, _DEPTH, (names, seed), follow=False)
    target = storage.cache_folder("own_pictures") / key
    remembered = storage.recall(key)
    try:
        if not storage.has_files(target, remembered["files"]):
            raise LookupError
        left_out = [Fault(*each) for each in remembered["left_out"]]
    except (LookupError, TypeError):
        files, left_out = _prepare(target, folders, names, seed)
        if not any(fault.may_pass for fault in left_out):
            storage.remember(key, {"files": files, "left_out": left_out})
    if left_out:
        warnings.warn("\n".join(told(left_out)), stacklevel=2)
    return target


def singular(name: str) -> str:
    """Return what one picture of a class shows: "cat" of "cats"; of your own classes, the name."""
    return _SINGULARS.get(name, name)


def _folder(given: str | Path) -> Path:
    if not isinstance(given, str | os.PathLike):
        raise TypeError(f"A folder is {given!r}. Give its path, as a text.")
    if not os.fspath(given).strip():
        raise DataError("A folder is an empty text.", "Give the folder with one class's pictures.")
    folder = Path(os.path.abspath(os.path.expanduser(given)))
    if not folder.is_dir():
        what = "is not a folder" if folder.exists() else "does not exist"
        raise DataError(
            f"{printable(str(folder), 1_000)} {what}.",
            f"Give the folder with the pictures of one class. You are in {Path.cwd()}.",
        )
    return folder


def _check_apart(first: Path, second: Path) -> None:
    one, other = first.resolve(), second.resolve()
    if one == other:
        raise DataError(
            f"{first} and {second} are the same folder.", "Give a folder for each of two classes."
        )
    for inner, outer in ((one, other), (other, one)):
        if inner.is_relative_to(outer):
            raise DataError(
                f"{inner} lies in {outer}, so its pictures would belong to both classes.",
                "Put the two classes into two folders side by side.",
            )
    cache = storage.cache_folder("own_pictures").resolve()
    for folder in (one, other):
        if cache.is_relative_to(folder):
            raise DataError(
                f"The course's cache {cache} lies in {folder}, so prepared pictures would be taken "
                "for yours.",
                f"Put your pictures elsewhere, or set {CACHE_VARIABLE} to another folder.",
            )


def _class_names(first: Path, second: Path) -> tuple[str, str]:
    """Return names for the classes: the folders' own, with those above until they differ."""
    for levels in range(1, max(len(first.parts), len(second.parts))):
        one, other = _class_name(first, levels), _class_name(second, levels)
        # Some systems do not tell capitals from small letters.
        if one and other and one.casefold() != other.casefold():
            return one, other
    raise DataError(
        f"The classes are named after the folders, and the names of {first} and {second} cannot be "
        "told apart.",
        "Rename one of the folders.",
    )


def _class_name(folder: Path, levels: int) -> str:
    parts = [printable(part, 255).replace("?", "_").strip(". ") for part in folder.parts[1:]]
    name = "-".join(part for part in parts[-levels:] if part)
    return name.encode()[:_LONGEST_NAME].decode(errors="ignore").rstrip(". ")


def _prepare(
    target: Path, folders: Sequence[Path], names: Sequence[str], seed: int
) -> tuple[list[str], list[Fault]]:
    """Write the pictures of both folders; return their names, and the files left out."""
    files: list[str] = []
    left_out: list[Fault] = []

    def fill(made: Path) -> None:
        seen: dict[str, str] = {}
        for folder, name in zip(folders, names, strict=True):
            pool = made / _POOL
            pool.mkdir()
            good = _convert(folder, name, pool, seen, left_out)
            total = len(good)
            if total < _FEWEST:
                raise DataError(
                    f"{folder} has {total} picture{'s' * (total != 1)} that can be used; at least "
                    f"{_FEWEST} are needed.",
                    "Put more pictures into it, or give another folder.",
                    [fault for fault in left_out if fault.name.startswith(f"{name}/")],
                )
            parts = np.repeat(PARTS, np.diff([0, total * 40 // 100, total * 60 // 100, total]))
            order = np.random.default_rng(seed).permutation(total)
            for part, index in zip(parts, order, strict=True):
                file = f"{part}/{name}/{name}.{index}.jpg"
                (made / file).parent.mkdir(parents=True, exist_ok=True)
                files.append(file)
                os.replace(good[index], made / file)
            pool.rmdir()

    storage.make_folder(target, fill, lambda: storage.has_files(target, files))
    return files, left_out


def _files_in(folder: Path, name: str, left_out: list[Fault]) -> dict[str, Path]:
    """Return the files of a folder that may be pictures, each called after its class."""
    found = {}
    for path, entry in storage.entries_below(folder, _DEPTH, follow=False):
        said = f"{name}/{printable(path)}"
        if storage.is_ignored(entry.name) or any(part[0] == "." for part in path.split("/")):
            continue
        if not storage.is_folder(entry):
            found[path] = Path(entry)
        elif entry.is_symlink():
            left_out.append(Fault(said, "it is a link to a folder, which is not followed"))
    return found


def _convert(
    folder: Path, name: str, pool: Path, seen: dict[str, str], left_out: list[Fault]
) -> list[Path]:
    """Write each usable picture of a folder into `pool`; note the others in `left_out`."""
    from PIL import Image  # noqa: PLC0415

    Image.init()
    formats = tuple(each for each in Image.ID if each not in _NOT_READ)
    files = _files_in(folder, name, left_out)

    def convert(numbered: tuple[int, Path]) -> tuple[str, str]:
        number, file = numbered
        try:
            content = read_file(file)
            picture = _ready(decoded(content, formats, _LARGEST_PICTURE, 2 * _LONGEST_SIDE))
        except UnusableError as reason:
            return "", str(reason)
        (pool / f"{number}.jpg").write_bytes(rgb_jpeg(picture))
        return hashlib.sha256(repr(picture.size).encode() + picture.tobytes()).hexdigest(), ""

    good = []
    numbered = list(enumerate(files.values()))
    results = map_in_threads(convert, numbered, f"Pictures of {name}", _THREADS)
    for number, (path, (digest, fault)) in enumerate(zip(files, results, strict=True)):
        said, written = f"{name}/{printable(path)}", pool / f"{number}.jpg"
        if fault:
            left_out.append(Fault(said, fault))
        elif digest in seen:
            written.unlink()
            left_out.append(Fault(said, f"it is the same picture as {seen[digest]}"))
        else:
            seen[digest] = said
            good.append(written)
    return good


def _ready(picture: "Image.Image") -> "Image.Image":
    """Turn a picture as the camera was held, lay it on white, and make it RGB and small."""
    from PIL import Image, ImageOps  # noqa: PLC0415

    try:
        # A quick step first: what follows takes memory for each pixel. Palettes do not mix.
        if picture.mode not in ("1", "P", "PA"):
            picture.thumbnail((4 * _LONGEST_SIDE, 4 * _LONGEST_SIDE), Image.Resampling.BOX)
        picture = ImageOps.exif_transpose(picture)
        if picture.mode[0] in "IF":
            picture = _in_8_bits(picture)
        if picture.has_transparency_data:
            picture = picture.convert("RGBA")
            white = Image.new("RGBA", picture.size, "white")
            picture = Image.alpha_composite(white, picture)
        picture = picture.convert("RGB")
        picture.thumbnail((_LONGEST_SIDE, _LONGEST_SIDE), Image.Resampling.LANCZOS)
    except Exception as error:  # EXIF data is read here, which may be anything
        raise UnusableError(f"it cannot be converted: {str(error)[:100]}") from error
    return picture


def _in_8_bits(picture: "Image.Image") -> "Image.Image":
    """Return a picture of 16 or 32 bits a pixel in 8; Pillow would cut all above 255 off."""
    from PIL import Image  # noqa: PLC0415

    values = np.nan_to_num(np.asarray(picture, dtype=np.float64))
    low, high = (0, 65_535) if picture.mode.startswith("I;16") else (values.min(), values.max())
    scaled = (values - low) / max(high - low, 1e-9) * 255
    return Image.fromarray(np.rint(scaled).astype(np.uint8))
