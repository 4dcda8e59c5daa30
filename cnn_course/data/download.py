"""Download one published file: compared with its digest, whole or not at all."""

import hashlib
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from cnn_course.data.errors import ANOTHER_ANSWER, DataError, amount, printable, unwritable
from cnn_course.data.storage import begun, check_room
from cnn_course.files import digest

if TYPE_CHECKING:
    import requests

_LARGEST: Final = 2_000_000_000  # bytes; the largest file of the course has 787 MB
_SLOWEST: Final = 1_000  # bytes a second, on average over the time-out
_PIECE: Final = 1 << 16
_PARTIAL: Final = 206  # the status of an answer that begins where it was asked to


@dataclass(frozen=True)
class Published:
    """A file as its publisher offers it.

    Attributes:
        url: its address.
        sha256: its digest, 64 hexadecimal digits; None where it is published without one.
        timeout: seconds of silence, or of a trickle, after which a download is given up.
    """

    url: str
    sha256: str | None
    timeout: float = 30.0


def fetch(
    published: Published, target: Path, check: Callable[[Path], object] = lambda _: None
) -> None:
    """Download a file to `target`, with a progress bar.

    It gets its final name only when its digest is right, so an interrupted download leaves what
    was there before. If the server can, the next call goes on with what has come of it; that is
    kept for a day, under a hidden name.

    Args:
        published: what to download.
        target: what it will be called.
        check: looks at the whole file before it is called so; what it raises is passed on, and
            the file is not kept.

    Raises:
        DataError: no network, an error of the server, other bytes than the published ones, or a
            folder that cannot be written.
    """
    # Importing this takes a while; nobody should pay for it who does not download.
    import requests  # noqa: PLC0415

    try:
        with requests.Session() as session, begun(target) as folder:
            part = _received(session, published, folder, target)
            try:
                _check_digest(published, part)
                check(part)
                part.chmod(0o644)  # the data is public, and a class may share one cache
                os.replace(part, target)
            finally:
                part.unlink(missing_ok=True)
    except requests.RequestException as error:
        cause = printable(f"{type(error).__name__}: {error}", 300)
        raise DataError(
            f"{published.url} could not be downloaded. Cause: {cause}",
            "Look at the network connection, then try again.",
        ) from error
    except OSError as error:
        raise unwritable(target, error) from error


def _check_digest(published: Published, file: Path) -> None:
    with file.open("rb") as stream:
        found = hashlib.file_digest(stream, "sha256").hexdigest()
    if published.sha256 not in (None, found):
        raise DataError(
            f"{published.url} gave another file than the published one: its sha256 is "
            f"{found}, expected was {published.sha256}. It was not kept.",
            ANOTHER_ANSWER,
        )


def _received(
    session: "requests.Session", published: Published, folder: Path, target: Path
) -> Path:
    """Return a file in `folder` with all that the server sends; what has come before is kept."""
    from requests import RequestException  # noqa: PLC0415
    from tqdm.auto import tqdm  # noqa: PLC0415

    answer = _asked(session, published)
    answer.raise_for_status()
    length = answer.headers.get("Content-Length", "")
    total = int(length) if length.isdecimal() else None
    # Only the same edition of a file can be gone on with, and only if the server can do that.
    edition = [answer.headers.get(each) for each in ("ETag", "Last-Modified")]
    goes_on = any(edition) and total is not None and answer.headers.get("Accept-Ranges") == "bytes"
    part = folder / f"{digest(repr((published.url, edition, total)))[:16]}-{target.name}"
    for other in {*folder.glob("*-*")} - {part}:
        other.unlink()
    have = part.stat().st_size if goes_on and part.exists() else 0
    if have and have == total:
        return part
    if have:
        rest = _asked(session, published, have)
        answer, have = (rest, have) if rest.status_code == _PARTIAL else (answer, 0)
    check_room(target, (total or 0) - have)
    try:
        with (
            part.open("ab" if have else "wb") as stream,
            tqdm(total=total, initial=have, unit="B", unit_scale=True) as bar,
        ):
            for piece in _pieces(answer, published):
                stream.write(piece)
                bar.update(len(piece))
    except BaseException as error:
        is_full = isinstance(error, OSError) and not isinstance(error, RequestException)
        if is_full or not goes_on:
            part.unlink(missing_ok=True)
        raise
    return part


def _asked(session: "requests.Session", published: Published, start: int = 0) -> Any:
    """Return the answer of the server, of which nothing is read yet, from a byte on."""
    from requests.exceptions import InvalidURL  # noqa: PLC0415

    headers = {"Accept-Encoding": "identity"}  # nothing is unpacked on the way
    if start:
        headers["Range"] = f"bytes={start}-"
    try:
        return session.get(published.url, headers=headers, stream=True, timeout=published.timeout)
    except ValueError as error:  # of an address that the server leads on to
        raise InvalidURL(error) from error


def _pieces(answer: Any, published: Published) -> Iterator[bytes]:
    """Yield what the server sends, as it comes, while it comes fast enough and is not too much."""
    from requests import ConnectionError, ReadTimeout  # noqa: PLC0415
    from urllib3.exceptions import HTTPError  # noqa: PLC0415

    total, recent, since = 0, 0, time.monotonic()
    while True:
        try:
            piece = answer.raw.read1(_PIECE, decode_content=False)
        except HTTPError as error:
            raise ConnectionError(error) from error
        if not piece:
            return
        yield piece
        total, recent = total + len(piece), recent + len(piece)
        if total > _LARGEST:
            raise DataError(f"{published.url} sends more than {amount(_LARGEST)}.", ANOTHER_ANSWER)
        if (seconds := time.monotonic() - since) > published.timeout:
            if recent < _SLOWEST * seconds:
                raise ReadTimeout(f"only {recent:,} bytes came in {seconds:.0f} seconds")
            recent, since = 0, time.monotonic()
