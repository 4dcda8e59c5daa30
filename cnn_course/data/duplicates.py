"""Find pictures that are there twice, or nearly the same."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

import numpy as np

from cnn_course.data.errors import printable
from cnn_course.data.images import ImageInfo

# Measured on 5,000 photographs of cats and dogs. The two pairs that a person calls the same differ
# in 1 and 2 of 64 bits and by 2 levels of 255; no other pair within 12 bits by less than 21 levels.
_MOST_BITS: Final = 8
_MOST_LEVELS: Final = 10.0


def duplicates(pictures: Sequence[ImageInfo]) -> list[str]:
    """Return a line for each group of pictures whose pixels are the same.

    A picture in two parts, which is a leak, comes first.
    """
    groups = defaultdict(list)
    for picture in pictures:
        groups[picture.digest].append(picture)
    return _lines([group for group in groups.values() if len(group) > 1], " = ")


def near_duplicates(pictures: Sequence[ImageInfo]) -> list[str]:
    """Return a line for each pair that differs little: saved again, resized, slightly lighter.

    Two pictures are similar if at most 8 of the 64 bits of their gradients differ (the difference
    hash of N. Krawetz, "Kind of Like That", 2013), and their thumbnails by at most 10 levels of 255
    on average. Of pictures whose pixels are the same, only the first is compared. A picture in two
    parts comes first; 1,000 pairs are listed.
    """
    by_digest: dict[bytes, ImageInfo] = {}
    for picture in pictures:
        by_digest.setdefault(picture.digest, picture)
    first = list(by_digest.values())
    gradients = np.frombuffer(b"".join(one.gradients for one in first), np.uint8)
    signs = 2 * np.unpackbits(gradients).reshape(-1, 64).astype(np.float32) - 1
    thumbnails = np.frombuffer(b"".join(one.thumbnail for one in first), np.uint8)
    thumbnails = thumbnails.reshape(len(first), -1).astype(np.int16)
    pairs = []
    for index, one in enumerate(first):
        # Equal bits add 1 and different ones take 1 away.
        differing = (64 - signs[index + 1 :] @ signs[index]) / 2
        others = index + 1 + np.flatnonzero(differing <= _MOST_BITS)
        levels = np.abs(thumbnails[others] - thumbnails[index]).mean(axis=1)
        pairs += [(one, first[other]) for other in others[levels <= _MOST_LEVELS]]
    return _lines(pairs, " ~ ")


def _lines(groups: Sequence[Sequence[ImageInfo]], sign: str, shown: int = 4) -> list[str]:
    most = 1_000
    ordered = sorted(groups, key=lambda group: len({one.part for one in group}) == 1)
    lines = [
        sign.join(printable(one.path) for one in group[:shown])
        + (f" and {len(group) - shown:,} more" if len(group) > shown else "")
        for group in ordered[:most]
    ]
    if len(groups) > most:
        lines.append(f"{len(groups) - most:,} more pairs are not listed")
    return lines
