"""Where the boxes of a network stand, and the ways of the arrows between them.

Lengths are in inches, from the upper left corner. All boxes of a figure have one width.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, count, pairwise
from typing import Final

from matplotlib.transforms import Bbox

Point = tuple[float, float]
Arrow = tuple[int, int]

_BESIDE: Final = 0.2  # between two boxes of a row
_BELOW: Final = 0.26  # between two rows
_TRACK: Final = 0.1  # more, for each further line that runs across between two rows
_LANE: Final = 0.22  # from a box to the line that passes by, and between two such lines
_AHEAD: Final = 0.3  # between two boxes of a chain, for the arrow


@dataclass(frozen=True)
class Layout:
    """A frame for each box and a way for each arrow of a graph, and the size of all of them."""

    frames: list[Bbox]  # y0 is the top of a frame, y1 its bottom
    ways: list[list[Point]]  # corners
    width: float
    height: float


def middle(frame: Bbox) -> Point:
    """Return the point in the middle of a frame."""
    return frame.x0 + frame.width / 2, frame.y0 + frame.height / 2


def in_lines(width: float, heights: Sequence[float], columns: int | None, space: float) -> Layout:
    """Return the layout of a chain: from left to right, then on in the next line.

    Without `columns`, a line has as many boxes as fit into `space`, but none is much shorter than
    the others.
    """
    if columns is None:
        fitting = max(1, int((space + _AHEAD) // (width + _AHEAD)))
        lines = -(-len(heights) // fitting)
        columns = -(-len(heights) // lines)
    frames = []
    top = 0.0
    for start in range(0, len(heights), columns):
        line = heights[start : start + columns]
        lefts = [column * (width + _AHEAD) for column in range(len(line))]
        frames += [Bbox.from_bounds(left, top, width, max(line)) for left in lefts]
        top += max(line) + _BELOW + _TRACK
    ways = [_step(source, target) for source, target in pairwise(frames)]
    return Layout(frames, ways, max(frame.x1 for frame in frames), top - _BELOW - _TRACK)


def _step(source: Bbox, target: Bbox) -> list[Point]:
    """Return the way to the next box of a chain."""
    (x, y), (to, down) = middle(source), middle(target)
    if source.y0 == target.y0:
        return [(source.x1, y), (target.x0, down)]
    across = (source.y1 + target.y0) / 2
    bends = [(x, across), (to, across)] if x != to else []
    return [(x, source.y1), *bends, (to, target.y0)]


def downwards(sources: Sequence[Sequence[int]], width: float, heights: Sequence[float]) -> Layout:
    """Return the layout of any graph: from top to bottom, branches side by side.

    A box stands one row below the lowest of its sources. Where an arrow passes a row, it has a
    slot of its own there, as wide as a box, so that it crosses none. An arrow around everything,
    such as the shortcut of a residual block, passes on the right. `sources` are, for each box,
    the boxes before it whose output goes into it.
    """
    rows = _Rows(sources, width, heights)
    left = -max(rows.half(row) for row in range(len(rows.slots)))
    frames = []
    for box, row in enumerate(rows.row):
        x = rows.x(row, (box, box)) - width / 2 - left
        frames.append(Bbox.from_bounds(x, rows.tops[row], width, rows.heights[row]))
    ways = [[(x - left, y) for x, y in rows.way(arrow)] for arrow in rows.arrows]
    right = max([-left, *rows.lanes.values()])
    return Layout(frames, ways, right - left, max(frame.y1 for frame in frames))


class _Rows:
    """The rows of a graph. A slot of a row is a box, written (box, box), or a passing arrow."""

    def __init__(
        self, sources: Sequence[Sequence[int]], width: float, heights: Sequence[float]
    ) -> None:
        self.width, self.sources = width, sources
        self.arrows = [(source, box) for box, own in enumerate(sources) for source in own]
        self.row: list[int] = []  # of each box
        for own in sources:
            self.row.append(1 + max((self.row[source] for source in own), default=-1))
        self.outs = Counter(source for source, _ in self.arrows)
        self.slots = self._slots()
        self.lanes = self._lanes()
        self.crossings = {arrow: self._crossing(arrow) for arrow in self.arrows}
        # For each space below a row, the boxes whose lines run across it, one track for each.
        tracks: list[dict[int, None]] = [{} for _ in self.slots]
        for arrow, crossing in self.crossings.items():
            for row in crossing:
                tracks[row][self._owner(arrow, row)] = None
        self.tracks = [list(owners) for owners in tracks]
        self.heights = [max(heights[a] for a, b in slots if a == b) for slots in self.slots]
        self.spaces = [_BELOW + _TRACK * len(owners) for owners in tracks]
        steps = map(sum, zip(self.heights, self.spaces, strict=True))
        self.tops = list(accumulate(steps, initial=0.0))  # of each row, and of one more

    def _passes_outside(self, arrow: Arrow) -> bool:
        """Return whether an arrow splits off and goes around everything, as a shortcut does."""
        return self.outs[arrow[0]] > 1 and self.row[arrow[1]] > self.row[arrow[0]] + 1

    def _slots(self) -> list[list[Arrow]]:
        """Return the slots of each row from left to right, in the order of what joins them."""
        order: dict[int, int] = {}
        waiting = [box for box in range(len(self.row)) if not self.outs[box]]
        while waiting:
            box = waiting.pop()
            if box not in order:
                order[box] = len(order)
                own = self.sources[box]
                if len(own) == 2:  # the longer of two paths is the main one, and on the left
                    own = sorted(own, key=self.row.__getitem__, reverse=True)
                waiting.extend(reversed(own))
        slots: list[list[Arrow]] = [[] for _ in range(max(self.row) + 1)]
        for box, row in enumerate(self.row):
            slots[row].append((box, box))
        for source, target in self.arrows:
            if not self._passes_outside((source, target)):
                for row in range(self.row[source] + 1, self.row[target]):
                    slots[row].append((source, target))
        return [sorted(row, key=lambda slot: order[slot[0]]) for row in slots]

    def x(self, row: int, slot: Arrow) -> float:
        """Return the middle of a slot; every row has its middle at 0."""
        slots = self.slots[row]
        return (slots.index(slot) - (len(slots) - 1) / 2) * (self.width + _BESIDE)

    def half(self, row: int) -> float:
        """Return how far a row reaches to each side of its middle."""
        return (len(self.slots[row]) * (self.width + _BESIDE) - _BESIDE) / 2

    def _is_rightmost(self, box: int) -> bool:
        return self.slots[self.row[box]][-1] == (box, box)

    def _lanes(self) -> dict[Arrow, float]:
        """Return where arrows around everything go down: short ones inside, long ones outside."""
        numbers: dict[Arrow, int] = {}
        found = {}
        spans = {a: (self.row[a[0]], self.row[a[1]]) for a in self.arrows}
        outside = filter(self._passes_outside, self.arrows)
        for arrow in sorted(outside, key=lambda a: (spans[a][1] - spans[a][0], a)):
            first, last = spans[arrow]
            beside = [a for a in numbers if first < spans[a][1] and spans[a][0] < last]
            taken = {numbers[other] for other in beside}
            numbers[arrow] = next(number for number in count() if number not in taken)
            widest = max(self.half(row) for row in range(first, last + 1))
            found[arrow] = widest + _LANE * (numbers[arrow] + 1)
        return found

    def _crossing(self, arrow: Arrow) -> dict[int, Point]:
        """Return, for each space below a row where an arrow runs across, from and to which x."""
        source, target = arrow
        first, last = self.row[source], self.row[target]
        slots = [(source, source), *[arrow] * (last - first - 1), (target, target)]
        if arrow in self.lanes:
            xs = [self.lanes[arrow]] * len(slots)
            for place, box in ((0, source), (-1, target)):
                if not self._is_rightmost(box):
                    xs[place] = self.x(self.row[box], (box, box))
        else:
            xs = [self.x(row, slot) for row, slot in enumerate(slots, start=first)]
        steps = enumerate(pairwise(xs), start=first)
        return {row: step for row, step in steps if abs(step[0] - step[1]) > 1e-9}

    def _owner(self, arrow: Arrow, row: int) -> int:
        """Return the box with which lines may run together: what joins, or else what splits."""
        source, target = arrow
        joins = len(self.sources[target]) > 1 and row == self.row[target] - 1
        return target if joins else source

    def way(self, arrow: Arrow) -> list[Point]:
        """Return the corners of an arrow, from box to box."""
        (start, end), (first, last) = arrow, (self.row[box] for box in arrow)
        way = [(self.x(first, (start, start)), self.tops[first] + self.heights[first])]
        for row, step in self.crossings[arrow].items():
            owners = self.tracks[row]
            share = (owners.index(self._owner(arrow, row)) + 1) / (len(owners) + 1)
            way += [(x, self.tops[row + 1] - self.spaces[row] * (1 - share)) for x in step]
        way.append((self.x(last, (end, end)), self.tops[last]))
        if arrow in self.lanes:  # it leaves and enters at the side where nothing is in between
            lane, side = self.lanes[arrow], self.width / 2
            if self._is_rightmost(start):
                y = self.tops[first] + self.heights[first] * 2 / 3
                way[:1] = [(way[0][0] + side, y), (lane, y)]
            if self._is_rightmost(end):
                y = self.tops[last] + self.heights[last] / 3
                way[-1:] = [(lane, y), (way[-1][0] + side, y)]
        return way
