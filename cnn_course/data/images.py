"""Look at pictures before they are used: does each decode, and in which colours."""

import hashlib
import io
import os
import re
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar

import numpy as np

from cnn_course.data.errors import cannot_be_read

if TYPE_CHECKING:
    from PIL import Image

Item = TypeVar("Item")
Result = TypeVar("Result")

JPEG: Final = ("JPEG",)
LARGEST_PICTURE: Final = 25_000_000  # pixels; the largest of these photographs has 0.8 million
LARGEST_FILE: Final = 50_000_000  # bytes
_NEARLY_GREY: Final = 3  # levels, as colours are rounded
_DRAFTED: Final = ("JPEG", "MPO")  # only these can be decoded at a smaller size
_MOST_SCANS: Final = 200  # of a JPEG file, each over the whole picture; ten are usual
_LARGEST_IN_FULL: Final = 40_000_000  # pixels, of which each may take 4 bytes
_THREADS: Final = 8
_QUALITY: Final = 92
# What stands before the end of a JPEG file's picture that has no data more to read there.
_MORE: Final = bytes(range(255)) * 8
# A marker that a segment follows, or the image's end; 0 and restarts stand within the scans.
_MARKER: Final = re.compile(rb"\xff([\x02-\xcf\xd8-\xfe])")
_START_OF_IMAGE: Final = b"\xd8"
_END_OF_IMAGE: Final = b"\xd9"
_STARTS: Final = {
    b"\x89PNG": "a PNG file",
    b"GIF8": "a GIF file",
    b"BM": "a BMP file",
    b"\xff\xd8": "a JPEG file with a broken header",
    b"RIFF": "a WebP file",
    b"II*\0": "a TIFF file",
    b"MM\0*": "a TIFF file",
    b"PK": "a zip file",
    b"%PDF": "a PDF file",
    b"<": "a page of HTML or XML",
}


class UnusableError(ValueError):
    """A file is no picture that can be used; the message says why, as "it is empty"."""


class ImageInfo(NamedTuple):
    """What is known of a file that may be a picture; the first five are remembered.

    Attributes:
        file: its path within the folder or archive that it comes from.
        part: of the split that it belongs to: "train", "validation" or "test".
        kind: its class.
        name: of the file in its class, in the split.
        colours: "greyscale", "CMYK" and so on, where they are not RGB; empty where they are.
        number: in its class, where its name says one.
        fault: why it cannot be used; empty where it can.
        digest: over its size and its pixels in RGB.
        gradients: 64 bits: is each of 8 x 8 fields darker than its neighbour on the right?
        thumbnail: 16 x 16 pixels in RGB.
    """

    file: str
    part: str
    kind: str
    name: str
    colours: str = ""
    number: int = 0
    fault: str = ""
    digest: bytes = b""
    gradients: bytes = b""
    thumbnail: bytes = b""

    @property
    def path(self) -> str:
        """The picture's place in the split."""
        return f"{self.part}/{self.kind}/{self.name}"


def read_file(path: Path) -> bytes:
    """Return the content of a file that may be a picture.

    Raises:
        UnusableError: it is a folder, too long, or cannot be read.
    """
    if path.is_dir():
        raise UnusableError("it is a folder")
    if not path.is_file():
        raise UnusableError("it is not a file" if os.path.lexists(path) else "it is not there")
    try:
        size = path.stat().st_size
        if size > LARGEST_FILE:
            raise UnusableError(f"it is {size:,} bytes long; {LARGEST_FILE:,} are allowed")
        return path.read_bytes()
    except OSError as error:
        raise UnusableError(cannot_be_read(error)) from error


def inspected(info: ImageInfo, read: Callable[[str], bytes]) -> ImageInfo:
    """Decode a JPEG file and note what is needed to judge it and to compare it with others."""
    from PIL import Image  # noqa: PLC0415

    if info.fault:
        return info
    try:
        picture = decoded(read(info.file))
    except UnusableError as reason:
        return info._replace(fault=str(reason))
    rgb = picture.convert("RGB")
    digest = hashlib.blake2b(rgb.tobytes(), digest_size=16)
    digest.update(repr(rgb.size).encode())
    fields = np.asarray(rgb.convert("L").resize((9, 8), Image.Resampling.BOX))
    greys = dict.fromkeys(("L", "1", "LA"), "greyscale")
    return info._replace(
        colours="" if picture.mode == "RGB" else greys.get(picture.mode, picture.mode),
        digest=digest.digest(),
        gradients=np.packbits(fields[:, 1:] > fields[:, :-1]).tobytes(),
        thumbnail=rgb.resize((16, 16), Image.Resampling.BOX).tobytes(),
    )


def decoded(
    content: bytes,
    formats: tuple[str, ...] = JPEG,
    largest: int = LARGEST_PICTURE,
    side: int | None = None,
) -> "Image.Image":
    """Decode a picture completely; what a chapter would stumble on raises here.

    Args:
        content: the file.
        formats: the formats that are allowed, as Pillow names them.
        largest: the pixels that are allowed; of other formats than JPEG, 40 million at most.
        side: where a JPEG file is only needed with so many pixels a side, it is decoded faster.

    Raises:
        UnusableError: it is empty, of another format, truncated, too large, or not a picture.
    """
    from PIL import Image, UnidentifiedImageError  # noqa: PLC0415

    if not content:
        raise UnusableError("it is empty")
    if formats == JPEG and content[:2] != b"\xff\xd8":
        raise UnusableError(f"it is not a JPEG file but {_format_of(content)}")
    # Pillow forgives a missing end-of-image marker now and then; TensorFlow does not.
    if formats == JPEG and _end_of(content) is None:
        raise UnusableError("it does not decode: truncated (its end is missing)")
    if content[:2] == b"\xff\xd8":
        scans = content.count(b"\xff\xda", 0, _end_of(content))
        if scans > _MOST_SCANS:
            raise UnusableError(f"it brings its picture {scans:,} times; {_MOST_SCANS} are allowed")
    try:
        picture = _loaded(content, formats, largest, side)
        if picture.format in _DRAFTED and _ends_early(picture, content, side):
            raise UnusableError("it does not decode: truncated (its lower part is missing)")
    except UnidentifiedImageError:
        kind = _format_of(content)
        raise UnusableError(f"it is no picture that can be read, but {kind}") from None
    except Image.DecompressionBombError:
        raise UnusableError(f"it has more than the {largest:,} pixels allowed") from None
    except UnusableError:
        raise
    # Decoders meet arbitrary bytes here, and Pillow's raise whatever comes.
    except Exception as error:
        cause = str(error).removeprefix("image file is ") or type(error).__name__
        raise UnusableError(f"it does not decode: {cause[:100]}") from error
    return picture


def _loaded(
    content: bytes, formats: tuple[str, ...], largest: int, side: int | None
) -> "Image.Image":
    from PIL import Image  # noqa: PLC0415

    picture = Image.open(io.BytesIO(content), formats=formats)
    width, height = picture.size
    if picture.format not in _DRAFTED:
        largest = min(largest, _LARGEST_IN_FULL)
    if width * height > largest:
        raise UnusableError(f"it has {width:,} x {height:,} pixels; {largest:,} are allowed")
    if side:
        picture.draft(None, (side, side))
    picture.load()
    return picture


def _ends_early(picture: "Image.Image", content: bytes, side: int | None) -> bool:
    """Tell whether a JPEG file with an end has no data for its last pixels.

    libjpeg makes them grey and says nothing to Pillow. If a picture has all of its data, more of
    it before the end changes nothing; that is tried where the last pixel is grey, or where the
    file brings the picture several times, more and more exactly.
    """
    if (end := _end_of(content)) is None:
        return False
    last = np.array(picture.getpixel((picture.width - 1, picture.height - 1)), dtype=float)
    if np.abs(last - 128).max() > _NEARLY_GREY and "progressive" not in picture.info:
        return False
    longer = content[:end] + _MORE + content[end:]
    more = _loaded(longer, _DRAFTED, picture.width * picture.height * 64, side)
    return picture.tobytes() != more.tobytes()


def _end_of(content: bytes) -> int | None:
    """Return where a JPEG file's picture ends; None where it does not.

    What telephones append does not matter. Segments are stepped over by their lengths, scans up to
    the next marker (ITU-T T.81, annex B).
    """
    place = 2
    while found := _MARKER.search(content, place):
        if found[1] in (_START_OF_IMAGE, _END_OF_IMAGE):
            return found.start() if found[1] == _END_OF_IMAGE else None
        place = found.end() + int.from_bytes(content[found.end() : found.end() + 2], "big")
    return None


def _format_of(content: bytes) -> str:
    if content[4:8] == b"ftyp":
        return "a HEIC file or a film; save it as JPEG"
    start = content[:64].lstrip()
    return next(
        (kind for mark, kind in _STARTS.items() if start.startswith(mark)), "something else"
    )


def rgb_jpeg(picture: "Image.Image") -> bytes:
    """Encode a picture as a JPEG file in RGB."""
    stream = io.BytesIO()
    picture.convert("RGB").save(stream, "JPEG", quality=_QUALITY)
    return stream.getvalue()


def map_in_threads(
    function: Callable[[Item], Result], items: Sequence[Item], what: str, threads: int = _THREADS
) -> Iterator[Result]:
    """Yield `function` of each item, in order, from several threads.

    Pillow decodes outside Python's lock, so threads use all cores. On a terminal, a progress bar
    with the words `what` shows how far it is. `threads` bounds the memory, too. Pillow's warnings,
    of odd EXIF data say, are kept away from the reader.
    """
    from tqdm import tqdm  # noqa: PLC0415

    workers = min(threads, os.cpu_count() or 1)
    with warnings.catch_warnings(), ThreadPoolExecutor(workers) as pool:
        warnings.simplefilter("ignore")
        results = pool.map(function, items)
        try:
            # `disable=None`: a bar on a terminal only.
            yield from tqdm(results, what, len(items), leave=False, disable=None)
        finally:
            pool.shutdown(cancel_futures=True)
