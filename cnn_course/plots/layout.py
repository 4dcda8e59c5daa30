"""Where the boxes of a network stand, and the ways of the arrows between them.

Lengths are in inches, from the upper left corner. All boxes of a figure have one width.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Final

from matplotlib.transforms import Bbox

from cnn_course.plots.graph import Graph

Point = tuple[float, float]
Arrow = tuple[int, int]

_BESIDE: Final = 0.2  # between two boxes of a row
_BELOW: Final = 0.26  # between two rows
_TRACK: Final = 0.1  # more, for each further line that runs across between two rows
_LANE: Final = 0.22  # from a box to the line that passes by, and between two such lines
_AHEAD: Final = 0.3  # between two boxes of a chain, for the arrow


@dataclass(frozen=True)
class Layout:
    """A frame for each box and a way for each arrow of a graph, and the size of all of them.

    `y0` is the top of a frame, `y1` its bottom.
    """

    frames: list[Bbox]
    ways: list[list[Point]]
    width: float
    height: float


def middle(frame: Bbox) -> Point:
    """Return the point in the middle of a frame."""
    return frame.x0 + frame.width / 2, frame.y0 + frame.height / 2


def is_chain(graph: Graph) -> bool:
    """Return whether nothing branches, so that the boxes can stand in lines like words."""
    ends = Counter(source for source, _ in graph.arrows), Counter(to for _, to in graph.arrows)
    branches = any(count > 1 for counts in ends for count in counts.values())
    return not branches and len(graph.arrows) == len(graph.boxes) - 1


def in_lines(
    graph: Graph, width: float, heights: Sequence[float], columns: int | None, space: float
) -> Layout:
    """Return the layout of a chain: from left to right, then on in the next line.

    Args:
        graph: a chain.
        width: of every box.
        heights: of each box.
        columns: boxes in a line; without it, as many as fit into `space`, but no line is much
            shorter than the others.
        space: inches of a line.
    """
    if columns is None:
        fitting = max(1, int((space + _AHEAD) // (width + _AHEAD)))
        lines = -(-len(heights) // fitting)
        columns = -(-len(heights) // lines)
    order = list(graph.sources())
    frames: dict[int, Bbox] = {}
    top = 0.0
    for start in range(0, len(order), columns):
        line = order[start : start + columns]
        height = max(heights[box] for box in line)
        for column, box in enumerate(line):
            frames[box] = Bbox.from_bounds(column * (width + _AHEAD), top, width, height)
        top += height + _BELOW + _TRACK
    ways = [_step(frames[source], frames[target]) for source, target in graph.arrows]
    placed = [frames[box] for box in range(len(order))]
    return Layout(placed, ways, max(frame.x1 for frame in placed), top - _BELOW - _TRACK)


def _step(source: Bbox, target: Bbox) -> list[Point]:
    """Return the way to the next box of a chain."""
    (x, y), (to, down) = middle(source), middle(target)
    if source.y0 == target.y0:
        return [(source.x1, y), (target.x0, down)]
    across = (source.y1 + target.y0) / 2
    bends = [(x, across), (to, across)] if x != to else []
    return [(x, source.y1), *bends, (to, target.y0)]


def downwards(graph: Graph, width: float, heights: Sequence[float]) -> Layout:
    """Return the layout of any graph: from top to bottom, branches side by side.

    A box stands one row below the lowest of its sources. Where an arrow passes a row, it has a
    slot of its own there, as wide as a box, so that it crosses none. An arrow around everything,
    such as the shortcut of a residual block, passes on the right.

    Args:
        graph: without cycles.
        width: of every box.
        heights: of each box.
    """
    rows = _Rows(graph, width, heights)
    left = -max(rows.half(row) for row in range(len(rows.slots)))
    right = max([-left, *rows.lanes.values()])
    frames = []
    for box in range(len(graph.boxes)):
        row = rows.row[box]
        x = rows.x(row, (box, box)) - width / 2
        frames.append(Bbox.from_bounds(x, rows.tops[row], width, rows.heights[row]))
    ways = [[(x - left, y) for x, y in rows.way(arrow, frames)] for arrow in graph.arrows]
    moved = [frame.translated(-left, 0) for frame in frames]
    return Layout(moved, ways, right - left, max(frame.y1 for frame in frames))


class _Rows:
    """The rows of a graph. A slot of a row is a box, written (box, box), or a passing arrow."""

    def __init__(self, graph: Graph, width: float, heights: Sequence[float]) -> None:
        self.width, self.sources = width, graph.sources()
        self.row: dict[int, int] = {}  # of each box
        for box, sources in self.sources.items():
            self.row[box] = 1 + max((self.row[source] for source in sources), default=-1)
        outs = Counter(source for source, _ in graph.arrows)
        self.around = {
            (source, target)
            for source, target in graph.arrows
            if outs[source] > 1 and self.row[target] > self.row[source] + 1
        }
        self.slots = self._slots(graph, [box for box in self.sources if not outs[box]])
        self.lanes = self._lanes()
        self.crossings = {arrow: self._crossing(arrow) for arrow in graph.arrows}
        # For each space below a row, the boxes whose lines run across it, one track for each.
        tracks: list[dict[int, None]] = [{} for _ in self.slots]
        for arrow, crossing in self.crossings.items():
            for row in crossing:
                tracks[row][self._owner(arrow, row)] = None
        self.tracks = [list(owners) for owners in tracks]
        self.heights = [max(heights[a] for a, b in slots if a == b) for slots in self.slots]
        spaces = [_BELOW + _TRACK * len(owners) for owners in self.tracks]
        steps = [height + space for height, space in zip(self.heights, spaces, strict=True)]
        self.tops = list(accumulate(steps, initial=0.0))  # of each row, and of one more

    def _slots(self, graph: Graph, ends: list[int]) -> list[list[Arrow]]:
        """Return the slots of each row from left to right, in the order of what joins them."""
        order: dict[int, int] = {}
        waiting = list(ends)
        while waiting:
            box = waiting.pop()
            if box in order:
                continue
            order[box] = len(order)
            before = self.sources[box]
            if len(before) == 2:  # the longer of two paths is the main one, and on the left
                before = sorted(before, key=self.row.__getitem__, reverse=True)
            waiting.extend(reversed(before))
        rows: list[list[Arrow]] = [[] for _ in range(max(self.row.values()) + 1)]
        for box in self.sources:
            rows[self.row[box]].append((box, box))
        for source, target in graph.arrows:
            if (source, target) not in self.around:
                for row in range(self.row[source] + 1, self.row[target]):
                    rows[row].append((source, target))
        return [sorted(row, key=lambda slot: order[slot[0]]) for row in rows]

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
        taken: list[list[Arrow]] = []  # first and last rows in each lane
        found = {}
        spans = {(s, target): (self.row[s], self.row[target]) for s, target in self.around}
        for arrow in sorted(spans, key=lambda a: (spans[a][1] - spans[a][0], a)):
            first, last = spans[arrow]
            free = (
                lane
                for lane, others in enumerate(taken)
                if all(last <= start or end <= first for start, end in others)
            )
            lane = next(free, len(taken))
            if lane == len(taken):
                taken.append([])
            taken[lane].append((first, last))
            widest = max(self.half(row) for row in range(first, last + 1))
            found[arrow] = widest + _LANE * (lane + 1)
        return found

    def _crossing(self, arrow: Arrow) -> dict[int, Point]:
        """Return, for each space below a row where an arrow runs across, from and to which x."""
        source, target = arrow
        first, last = self.row[source], self.row[target]
        if arrow in self.around:
            lane, found = self.lanes[arrow], {}
            if not self._is_rightmost(source):
                found[first] = (self.x(first, (source, source)), lane)
            if not self._is_rightmost(target):
                found[last - 1] = (lane, self.x(last, (target, target)))
            return found
        slots = [(source, source), *[arrow] * (last - first - 1), (target, target)]
        xs = [self.x(row, slot) for row, slot in enumerate(slots, start=first)]
        steps = enumerate(pairwise(xs), start=first)
        return {row: step for row, step in steps if abs(step[0] - step[1]) > 1e-9}

    def _owner(self, arrow: Arrow, row: int) -> int:
        """Return the box with which lines may run together: what joins, or else what splits."""
        source, target = arrow
        joins = len(self.sources[target]) > 1 and row == self.row[target] - 1
        return target if joins else source

    def way(self, arrow: Arrow, frames: Sequence[Bbox]) -> list[Point]:
        """Return the corners of an arrow, from frame to frame."""
        source, target = (frames[box] for box in arrow)
        way = [(middle(source)[0], source.y1)]
        for row, step in self.crossings[arrow].items():
            owners = self.tracks[row]
            share = (owners.index(self._owner(arrow, row)) + 1) / (len(owners) + 1)
            space = _BELOW + _TRACK * len(owners)
            way += [(x, self.tops[row + 1] - space * (1 - share)) for x in step]
        way.append((middle(target)[0], target.y0))
        if arrow in self.around:
            lane = self.lanes[arrow]
            if self._is_rightmost(arrow[0]):
                way[:1] = [(x, middle(source)[1] + source.height / 6) for x in (source.x1, lane)]
            if self._is_rightmost(arrow[1]):
                way[-1:] = [(x, middle(target)[1] - target.height / 6) for x in (lane, target.x1)]
        return way
