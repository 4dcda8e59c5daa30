"""How much room texts take, before they are drawn."""

from collections.abc import Sequence
from itertools import accumulate, pairwise

from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextPath


def width(text: str, font: FontProperties) -> float:
    """Return the inches that a line of text is wide."""
    return float(TextPath((0, 0), text, prop=font).get_extents().width) / 72 if text else 0.0


def wrapped(text: str, font: FontProperties, room: float) -> list[str]:
    """Return a text in lines that are at most `room` inches wide, if its words allow it."""
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and width(longer, font) <= room:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def apart(wanted: Sequence[float], sizes: Sequence[float], gap: float, room: float) -> list[float]:
    """Return places near the wanted ones at which things in a line do not overlap.

    Things that would overlap stand side by side, together as near as can be (least squares) to
    where they should be. The algorithm pools neighbours that are in the wrong order, as isotonic
    regression does.

    Args:
        wanted: the middle of each thing, from the smallest to the largest.
        sizes: of each thing.
        gap: between two of them, and before the first and behind the last.
        room: the things stand between 0 and this. It must be enough for all.
    """
    steps = [(one + other) / 2 + gap for one, other in pairwise(sizes)]
    offsets = list(accumulate(steps, initial=0.0))  # places when all stand side by side
    pools: list[tuple[float, int]] = []  # mean distance from there, of how many things
    for place, offset in zip(wanted, offsets, strict=True):
        mean, number = place - offset, 1
        while pools and pools[-1][0] > mean:
            before, more = pools.pop()
            mean = (mean * number + before * more) / (number + more)
            number += more
        pools.append((mean, number))
    least, most = gap + sizes[0] / 2, room - gap - sizes[-1] / 2 - offsets[-1]
    moves = [max(least, min(mean, most)) for mean, number in pools for _ in range(number)]
    return [offset + move for offset, move in zip(offsets, moves, strict=True)]
