"""Find the same picture twice: pixel for pixel, or nearly."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from cnn_course.data.folders.pictures import Look

Pair: TypeAlias = tuple[int, int]

# Measured on 5,000 photographs of cats and dogs. The two pairs that a person calls the same differ
# in 1 and 2 of 64 bits and by 2 levels of 255; no other pair within 12 bits by less than 21 levels.
_MOST_BITS: Final = 8
_MOST_LEVELS: Final = 10.0
_MOST_PAIRS: Final = 1_000
_BLOCK: Final = 512


def same_pictures(looks: Sequence[Look]) -> list[list[int]]:
    """Return groups of two or more looks whose pixels are the same, in order."""
    groups = defaultdict(list)
    for index, look in enumerate(looks):
        groups[look.digest].append(index)
    return [group for group in groups.values() if len(group) > 1]


def similar_pictures(looks: Sequence[Look], parts: Sequence[str]) -> tuple[list[Pair], int]:
    """Return pairs of looks that differ little: saved again, resized, slightly lighter.

    Two pictures are similar if at most 8 of the 64 bits of their gradients differ (the difference
    hash of N. Krawetz, "Kind of Like That", 2013), and their thumbnails by at most 10 levels of 255
    on average. Of pictures whose pixels are the same, only the first is compared.

    Args:
        looks: what was seen of each picture.
        parts: the part that each picture is in.

    Returns:
        Pairs of indices, the smaller one first, in order, those in different parts before all
        others; 1,000 at most. And how many there are in all.
    """
    first: dict[bytes, int] = {}
    for index, look in enumerate(looks):
        first.setdefault(look.digest, index)
    kept = list(first.values())
    across: list[Pair] = []
    within: list[Pair] = []
    count = 0
    for one, other in _similar([looks[index] for index in kept]):
        count += 1
        pairs = within if parts[kept[one]] == parts[kept[other]] else across
        if len(pairs) < _MOST_PAIRS:
            pairs.append((kept[one], kept[other]))
    return (across + within)[:_MOST_PAIRS], count


def _similar(looks: Sequence[Look]) -> Iterator[Pair]:
    if len(looks) < 2:
        return
    bits = np.unpackbits(_rows([look.gradients for look in looks]), axis=1)
    signs = 2 * bits.astype(np.float32) - 1
    thumbnails = _rows([look.thumbnail for look in looks]).astype(np.int16)
    for start in range(0, len(looks), _BLOCK):
        # Equal bits add 1 and different ones take 1 away.
        differing = (64 - signs[start : start + _BLOCK] @ signs[start:].T) / 2
        for row, bits_apart in enumerate(differing):
            one = start + row
            others = start + row + 1 + np.flatnonzero(bits_apart[row + 1 :] <= _MOST_BITS)
            if len(others):
                levels = np.abs(thumbnails[others] - thumbnails[one]).mean(axis=1)
                yield from ((one, int(other)) for other in others[levels <= _MOST_LEVELS])


def _rows(values: Sequence[bytes]) -> NDArray[np.uint8]:
    return np.frombuffer(b"".join(values), np.uint8).reshape(len(values), -1)
