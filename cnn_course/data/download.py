"""Download one published file: compared with its digest, whole or not at all."""

import os
import textwrap
from dataclasses import dataclass
from pathlib import Path

from cnn_course.data.errors import DataError, unwritable
from cnn_course.data.storage import scratch


@dataclass(frozen=True)
class Published:
    """A file as its publisher offers it.

    Attributes:
        url: its address.
        sha256: its digest, 64 hexadecimal digits; None where it is published without one.
        timeout: seconds of silence after which a download is given up.
    """

    url: str
    sha256: str | None
    timeout: float = 30.0


def fetch(published: Published, target: Path) -> None:
    """Download a file to `target`, with a progress bar.

    It gets its final name only when its digest is right, so an interrupted download leaves what
    was there before.

    Raises:
        DataError: no network, an error of the server, other bytes than the published ones, or a
            folder that cannot be written.
    """
    # Importing these takes a while; nobody should pay for it who does not download.
    import pooch  # noqa: PLC0415
    import requests  # noqa: PLC0415
    from tqdm.auto import tqdm  # noqa: PLC0415

    pooch.get_logger().setLevel("WARNING")
    try:
        with scratch(target) as folder:
            with tqdm(total=1, unit="B", unit_scale=True) as bar:  # pooch sets the total
                receive = pooch.HTTPDownloader(bar, 1 << 16, timeout=published.timeout)
                pooch.retrieve(published.url, None, target.name, folder, downloader=receive)
            part = folder / target.name
            found = str(pooch.file_hash(part))
            if published.sha256 not in (None, found):
                raise DataError(
                    f"{published.url} gave another file than the published one: its sha256 is "
                    f"{found}, expected was {published.sha256}. It was not kept.",
                    "Try again, or from another network: a login page or a proxy may have "
                    "answered.",
                )
            part.chmod(0o644)  # the data is public, and a class may share one cache
            os.replace(part, target)
    except requests.RequestException as error:
        cause = textwrap.shorten(f"{type(error).__name__}: {error}", 300)
        raise DataError(
            f"{published.url} could not be downloaded. Cause: {cause}",
            "Look at the network connection, then try again.",
        ) from error
    except OSError as error:
        raise unwritable(target, error) from error
