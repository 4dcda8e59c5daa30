"""The map of the chapters on the start page: which one needs which, drawn as SVG with links."""

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

_WIDTH, _HEIGHT = 210, 74
_ACROSS, _DOWN = 236, 108
_LETTERS = 21
_LINE = 17


@dataclass(frozen=True)
class Place:
    """A chapter on the map.

    Attributes:
        name: the file's name without its ending.
        title: its heading.
        needs: names of the chapters that it builds on.
        note: how long it takes.
    """

    name: str
    title: str
    needs: tuple[str, ...]
    note: str


def draw(places: Sequence[Place]) -> str:
    """Return the map as HTML: one box for each chapter, below everything that it needs.

    A line that follows from others is left out: who needs chapter 3 needs what chapter 3 needs.
    """
    at = _corners(places)
    width = max(x for x, _ in at.values()) + _WIDTH + 2
    height = max(y for _, y in at.values()) + _HEIGHT + 2
    lines = [
        _line(at[source], at[place.name])
        for place in places
        for source in direct_needs(place, places)
    ]
    boxes = [_box(place, at[place.name]) for place in places]
    return "\n".join(
        [
            "```{raw} html",
            '<nav class="chapter-map" aria-label="Map of the chapters">',
            f'<svg viewBox="-1 -1 {width} {height}" width="{width}" height="{height}">',
            *lines,
            *boxes,
            "</svg>",
            "</nav>",
            "```",
        ]
    )


def direct_needs(place: Place, places: Sequence[Place]) -> list[str]:
    """Return what a chapter needs without what its other needs need already."""
    by_name = {one.name: one for one in places}
    return [
        need
        for need in place.needs
        if not any(need in _all_needs(other, by_name) for other in place.needs if other != need)
    ]


def _all_needs(name: str, by_name: Mapping[str, Place]) -> set[str]:
    needed = set(by_name[name].needs)
    return needed.union(*(_all_needs(one, by_name) for one in needed)) if needed else needed


def _corners(places: Sequence[Place]) -> dict[str, tuple[int, int]]:
    """Return where each box is: as far down as its longest way, then in a column of its own."""
    rank: dict[str, int] = {}
    for place in places:  # a chapter needs earlier ones only
        rank[place.name] = 1 + max((rank[need] for need in place.needs), default=-1)
    columns: dict[int, int] = {}
    corners: dict[str, tuple[int, int]] = {}
    for place in places:
        row = rank[place.name]
        above = [corners[need][0] // _ACROSS for need in direct_needs(place, places)]
        column = max(columns.get(row, 0), min(above, default=0))
        columns[row] = column + 1
        corners[place.name] = (column * _ACROSS, row * _DOWN)
    return corners


def _line(source: tuple[int, int], target: tuple[int, int]) -> str:
    x, y = source[0] + _WIDTH // 2, source[1] + _HEIGHT
    to_x, to_y = target[0] + _WIDTH // 2, target[1]
    middle = (y + to_y) // 2
    return f'<path d="M{x},{y} C{x},{middle} {to_x},{middle} {to_x},{to_y}"/>'


def _box(place: Place, corner: tuple[int, int]) -> str:
    x, y = corner
    words = textwrap.wrap(place.title, _LETTERS)
    texts = [f'<text x="{x + 12}" y="{y + 22 + _LINE * n}">{escape(w)}</text>'
             for n, w in enumerate(words)]  # fmt: skip
    note = f'<text class="note" x="{x + 12}" y="{y + _HEIGHT - 10}">{escape(place.note)}</text>'
    box = f'<rect x="{x}" y="{y}" width="{_WIDTH}" height="{_HEIGHT}" rx="6"/>'
    return f'<a href="../notebooks/{place.name}.html">{box}{"".join(texts)}{note}</a>'
