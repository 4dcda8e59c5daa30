"""Where the boxes of a network stand, and the ways of the arrows between them.

Lengths are in inches, from the upper left corner. All boxes of a figure have one width.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import Final

from cnn_course.plots.graphs import Graph

Point = tuple[float, float]

_BESIDE: Final = 0.2  # between two boxes of a row
_BELOW: Final = 0.26  # between two rows
_TRACK: Final = 0.1  # more, for each further line that runs across between two rows
_LANE: Final = 0.22  # from a box to the line that passes by, and between two such lines
_AHEAD: Final = 0.3  # between two boxes of a chain, for the arrow


@dataclass(frozen=True)
class Frame:
    """A box in its place."""

    left: float
    top: float
    width: float
    height: float

    @property
    def middle(self) -> Point:
        """The point in its middle."""
        return self.left + self.width / 2, self.top + self.height / 2

    @property
    def right(self) -> float:
        """Where its right side is."""
        return self.left + self.width

    @property
    def bottom(self) -> float:
        """Where its lower side is."""
        return self.top + self.height


@dataclass(frozen=True)
class Plan:
    """A frame for each box and a way for each arrow of a graph, and the room they take."""

    frames: list[Frame]
    ways: list[list[Point]]
    width: float
    height: float


def is_chain(graph: Graph) -> bool:
    """Return whether nothing branches, so that the boxes can stand in lines like words."""
    ins = Counter(target for _, target in graph.arrows)
    outs = Counter(source for source, _ in graph.arrows)
    return max([*ins.values(), *outs.values()], default=0) < 2 and (
        len(graph.arrows) == len(graph.boxes) - 1
    )


def fitting(width: float, room: float) -> int:
    """Return how many boxes of a width fit into a line of a chain; one at least."""
    return max(1, int((room + _AHEAD) // (width + _AHEAD)))


def in_lines(graph: Graph, width: float, heights: Sequence[float], columns: int) -> Plan:
    """Return the plan of a chain: from left to right, then on in the next line.

    Args:
        graph: a chain.
        width: of every box.
        heights: of each box.
        columns: boxes in a line.
    """
    order = list(graph.sources())
    lines = [order[start : start + columns] for start in range(0, len(order), columns)]
    frames: dict[int, Frame] = {}
    top = 0.0
    for line in lines:
        height = max(heights[place] for place in line)
        for column, place in enumerate(line):
            frames[place] = Frame(column * (width + _AHEAD), top, width, height)
        top += height + _BELOW + _TRACK
    ways = [_step(frames[source], frames[target]) for source, target in graph.arrows]
    widest = max(frame.right for frame in frames.values())
    placed = [frames[place] for place in range(len(order))]
    return Plan(placed, ways, widest, top - _BELOW - _TRACK)


def _step(source: Frame, target: Frame) -> list[Point]:
    """Return the way to the next box of a chain."""
    if source.top == target.top:
        return [(source.right, source.middle[1]), (target.left, target.middle[1])]
    across = (source.bottom + target.top) / 2
    (x, _), (to, _) = source.middle, target.middle
    bends = [(x, across), (to, across)] if x != to else []
    return [(x, source.bottom), *bends, (to, target.top)]


def downwards(graph: Graph, width: float, heights: Sequence[float]) -> Plan:
    """Return the plan of any graph: from top to bottom, branches side by side.

    A box stands one row below the lowest of its sources. Where an arrow passes a row, it has a
    slot of its own there, as wide as a box, so that it crosses none. An arrow around everything,
    such as the shortcut of a residual block, passes on the right.

    Args:
        graph: without cycles.
        width: of every box.
        heights: of each box.
    """
    return _Downwards(graph, width, heights).plan


class _Downwards:
    """The rows of a graph from top to bottom. A slot is (box, box) or an arrow that passes."""

    def __init__(self, graph: Graph, width: float, heights: Sequence[float]) -> None:
        self.graph, self.width, self.heights = graph, width, heights
        self.sources = graph.sources()
        self.rank: dict[int, int] = {}
        for place, sources in self.sources.items():
            self.rank[place] = 1 + max((self.rank[source] for source in sources), default=-1)
        outs = Counter(source for source, _ in graph.arrows)
        self.around = {
            (source, target)
            for source, target in graph.arrows
            if outs[source] > 1 and self.rank[target] > self.rank[source] + 1
        }

    @cached_property
    def order(self) -> dict[int, int]:
        """Which box is more to the left: as the layer that joins them names them."""
        found: dict[int, int] = {}
        waiting = [place for place in self.sources if self._is_last(place)]
        while waiting:
            place = waiting.pop()
            if place in found:
                continue
            found[place] = len(found)
            before = self.sources[place]
            if len(before) == 2:  # the longer of two paths is the main one, and on the left
                before = sorted(before, key=self.rank.__getitem__, reverse=True)
            waiting.extend(reversed(before))
        return found

    def _is_last(self, place: int) -> bool:
        return all(source != place for source, _ in self.graph.arrows)

    @cached_property
    def rows(self) -> list[list[tuple[int, int]]]:
        """The slots of each row from left to right."""
        rows: list[list[tuple[int, int]]] = [[] for _ in range(max(self.rank.values()) + 1)]
        for place in self.sources:
            rows[self.rank[place]].append((place, place))
        for source, target in self.graph.arrows:
            if (source, target) not in self.around:
                for row in range(self.rank[source] + 1, self.rank[target]):
                    rows[row].append((source, target))
        return [sorted(row, key=lambda slot: self.order[slot[0]]) for row in rows]

    def x(self, row: int, slot: tuple[int, int]) -> float:
        """Return the middle of a slot; every row has its middle at 0."""
        slots = self.rows[row]
        return (slots.index(slot) - (len(slots) - 1) / 2) * (self.width + _BESIDE)

    def half(self, row: int) -> float:
        """Return how far a row reaches to each side of its middle."""
        return (len(self.rows[row]) * (self.width + _BESIDE) - _BESIDE) / 2

    @cached_property
    def lanes(self) -> dict[tuple[int, int], float]:
        """Where each arrow around everything goes down: short ones inside, long ones outside."""
        taken: list[list[range]] = []
        found = {}
        for arrow in sorted(self.around, key=lambda a: (self.rank[a[1]] - self.rank[a[0]], a)):
            first, last = self.rank[arrow[0]], self.rank[arrow[1]]
            fits = (n for n, t in enumerate(taken) if all(_apart(first, last, o) for o in t))
            lane = next(fits, len(taken))
            taken[lane:lane] = [[]] if lane == len(taken) else []
            taken[lane].append(range(first, last))
            widest = max(self.half(row) for row in range(first, last + 1))
            found[arrow] = widest + _LANE * (lane + 1)
        return found

    def crossing(self, arrow: tuple[int, int]) -> dict[int, tuple[float, float]]:
        """Return, for each space below a row where an arrow runs across, from and to which x."""
        source, target = arrow
        first, last = self.rank[source], self.rank[target]
        if arrow in self.around:
            lane, found = self.lanes[arrow], {}
            if not self._at_the_end(source):
                found[first] = (self.x(first, (source, source)), lane)
            if not self._at_the_end(target):
                found[last - 1] = (lane, self.x(last, (target, target)))
            return found
        slots = [(source, source), *[arrow] * (last - first - 1), (target, target)]
        xs = [self.x(row, slot) for row, slot in enumerate(slots, start=first)]
        steps = enumerate(pairwise(xs), start=first)
        return {row: step for row, step in steps if abs(step[0] - step[1]) > 1e-9}

    def _at_the_end(self, place: int) -> bool:
        return self.rows[self.rank[place]][-1] == (place, place)

    @cached_property
    def tracks(self) -> list[list[int]]:
        """For each space below a row, the boxes whose lines run across it, one track for each."""
        found: list[dict[int, None]] = [{} for _ in self.rows]
        for arrow in self.graph.arrows:
            for row in self.crossing(arrow):
                found[row][self._owner(arrow, row)] = None
        return [list(owners) for owners in found]

    def _owner(self, arrow: tuple[int, int], row: int) -> int:
        """Return the box with which lines may run together: what joins, or else what splits."""
        source, target = arrow
        joins = len(self.sources[target]) > 1 and row == self.rank[target] - 1
        return target if joins else source

    @cached_property
    def tops(self) -> list[float]:
        """Where each row begins, and where one more would."""
        tops = [0.0]
        for row, slots in enumerate(self.rows):
            height = max(self.heights[place] for place, other in slots if place == other)
            tops.append(tops[-1] + height + _BELOW + _TRACK * len(self.tracks[row]))
        return tops

    def _across(self, arrow: tuple[int, int], row: int) -> float:
        """Return the height at which an arrow runs across the space below a row."""
        owners = self.tracks[row]
        space = _BELOW + _TRACK * len(owners)
        share = (owners.index(self._owner(arrow, row)) + 1) / (len(owners) + 1)
        return self.tops[row + 1] - space * (1 - share)

    def _way(self, arrow: tuple[int, int], frames: list[Frame]) -> list[Point]:
        source, target = (frames[place] for place in arrow)
        bends = [
            (x, self._across(arrow, row))
            for row, step in self.crossing(arrow).items()
            for x in step
        ]
        way = [(source.middle[0], source.bottom), *bends, (target.middle[0], target.top)]
        if arrow in self.around:
            lane = self.lanes[arrow]
            if self._at_the_end(arrow[0]):
                way[:1] = [(x, source.middle[1] + source.height / 6) for x in (source.right, lane)]
            if self._at_the_end(arrow[1]):
                way[-1:] = [(x, target.middle[1] - target.height / 6) for x in (lane, target.right)]
        return way

    @property
    def plan(self) -> Plan:
        """Everything in its place, moved so that the upper left corner is at (0, 0)."""
        left = -max(self.half(row) for row in range(len(self.rows)))
        right = max([-left, *self.lanes.values()])
        frames = []
        for place in range(len(self.graph.boxes)):
            row = self.rank[place]
            x = self.x(row, (place, place)) - self.width / 2
            height = max(self.heights[a] for a, b in self.rows[row] if a == b)
            frames.append(Frame(x, self.tops[row], self.width, height))
        ways = [[(x - left, y) for x, y in self._way(arrow, frames)] for arrow in self.graph.arrows]
        moved = [replace(frame, left=frame.left - left) for frame in frames]
        return Plan(moved, ways, right - left, max(frame.bottom for frame in frames))


def _apart(first: int, last: int, other: range) -> bool:
    return last <= other.start or other.stop <= first
