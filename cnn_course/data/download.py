"""Download one published file: bounded, compared with its digest, whole or not at all."""

import hashlib
import os
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from cnn_course.data.errors import DataError
from cnn_course.data.writing import scratch, unwritable

_CHUNK: Final = 1 << 16


@dataclass(frozen=True)
class Published:
    """A file as its publisher offers it.

    Attributes:
        url: its address.
        sha256: its digest, 64 hexadecimal digits; None where it is published without one.
        size: its length in bytes, or a bound on it where there is no digest; a server that sends
            more is not listened to.
        timeout: seconds of silence after which a download is given up.
    """

    url: str
    sha256: str | None
    size: int
    timeout: float = 30.0


def fetch(published: Published, target: Path) -> str:
    """Download a file to `target`, with a progress bar.

    It is received in a folder of its own beside `target` and gets its final name only when its
    digest is right, so an interrupted download leaves what was there before.

    Returns:
        The file's sha256; the caller remembers it where none is published.

    Raises:
        DataError: no network, an error of the server, other bytes than the published ones, or a
            folder that cannot be written.
    """
    try:
        with scratch(target) as folder:
            part = folder / target.name
            with part.open("wb") as file:
                digest = _receive(published, _Part(file, published.size))
            part.chmod(0o644)  # the data is public, and a class may share one cache
            os.replace(part, target)
            return digest
    except OSError as error:
        raise unwritable(target, error) from error


class _Part:
    """A growing file that keeps its digest and refuses to grow beyond its published size."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file = file
        self._left = size
        self.sha256 = hashlib.sha256()
        self.disk_error: OSError | None = None

    def write(self, chunk: bytes) -> None:
        self._left -= len(chunk)
        if self._left < 0:
            raise ValueError("the server sends more than the file that was asked for")
        self.sha256.update(chunk)
        try:
            self._file.write(chunk)
        except OSError as error:
            self.disk_error = error
            raise

    def flush(self) -> None:
        """Do nothing: pooch flushes after every chunk, and closing the file is enough."""


def _receive(published: Published, part: _Part) -> str:
    # Importing both takes a while; nobody should pay for it who does not download.
    import pooch  # noqa: PLC0415
    from tqdm.auto import tqdm  # noqa: PLC0415

    try:
        with tqdm(total=published.size, unit="B", unit_scale=True) as bar:
            receive = pooch.HTTPDownloader(bar, _CHUNK, timeout=published.timeout)
            receive(published.url, part, None)
    except (OSError, ValueError) as error:  # every error of requests is an OSError too
        if error is part.disk_error:
            raise
        cause = textwrap.shorten(f"{type(error).__name__}: {error}", 300)
        raise DataError(
            f"{published.url} could not be downloaded. Cause: {cause}",
            "Look at the network connection, then try again.",
        ) from error
    found = part.sha256.hexdigest()
    if published.sha256 not in (None, found):
        raise DataError(
            f"{published.url} gave another file than the published one: its sha256 is {found}, "
            f"expected was {published.sha256}. It was not kept.",
            "Try again, or from another network: a login page or a proxy may have answered.",
        )
    return found
