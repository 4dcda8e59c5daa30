"""Still pictures of explorers, where no script runs: what one would see, as SVG.

A picture in it is an uncompressed bitmap: compressed ones differ with the version of the library
that made them, and tests compare pages to the last letter.
"""

import base64
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

_CELL, _ROW, _GAP = 30, 18, 24  # units of the SVG: a number, a line of text, between panels
_WIDTH = 720  # then the next panel begins below
_POSITIVE, _NEGATIVE = "230,140,40", "110,90,180"  # as in explorers.css


@dataclass(frozen=True)
class Panel:
    """A part of a still picture: SVG with its size, and a title above it."""

    title: str
    width: float
    height: float
    content: str


def table(title: str, values: np.ndarray) -> Panel:
    """Return numbers in cells, (rows, columns), the larger the darker."""
    limit = max(float(np.abs(values).max()), 1e-9)
    cells = []
    for (row, column), value in np.ndenumerate(values):
        colour = _NEGATIVE if value < 0 else _POSITIVE
        x, y, share = column * _CELL, row * _CELL, 0.45 * abs(value) / limit
        cells.append(
            f'<rect x="{x}" y="{y}" width="{_CELL}" height="{_CELL}" stroke="#888" '
            f'fill="rgba({colour},{share:.2f})"/>'
            f'<text x="{x + _CELL / 2}" y="{y + 20}" text-anchor="middle">{_number(value)}</text>'
        )
    rows, columns = values.shape
    return Panel(title, columns * _CELL, rows * _CELL, "".join(cells))


def picture(title: str, values: np.ndarray, side: float = 200) -> Panel:
    """Return a picture, grey (rows, columns) from dark to bright or colours (rows, columns, 3)."""
    from PIL import Image  # noqa: PLC0415 - not for `import cnn_course.explorers`

    if values.ndim == 2:
        low, high = float(values.min()), float(values.max())
        values = (values - low) * (255 / max(high - low, 1e-9))
    bitmap = io.BytesIO()
    Image.fromarray(np.clip(values, 0, 255).astype(np.uint8)).save(bitmap, format="bmp")
    data = base64.b64encode(bitmap.getvalue()).decode()
    width, height = side, side * values.shape[0] / values.shape[1]
    return Panel(
        title,
        width,
        height,
        f'<image width="{width:g}" height="{height:g}" style="image-rendering:pixelated" '
        f'href="data:image/bmp;base64,{data}"/>',
    )


def array(title: str, values: np.ndarray) -> Panel:
    """Return an array as numbers where they fit, else as a picture."""
    return table(title, values) if max(values.shape) <= 12 else picture(title, values)


def bars(title: str, values: Mapping[str, float]) -> Panel:
    """Return one bar for each value from 0 to 1, with its name and three digits."""
    left = 10 + 7 * max(map(len, values))
    lines = [
        f'<text y="{row * _ROW + 13}">{escape(name)}</text>'
        f'<rect x="{left}" y="{row * _ROW + 3}" width="{max(value, 0) * 100:.0f}" height="12" '
        f'fill="#4477aa"/><text x="{left + 110}" y="{row * _ROW + 13}">{value:.3f}</text>'
        for row, (name, value) in enumerate(values.items())
    ]
    return Panel(title, left + 150, len(lines) * _ROW, "".join(lines))


def words(title: str, lines: Sequence[str]) -> Panel:
    """Return lines of text."""
    content = "".join(
        f'<text y="{row * _ROW + 13}">{escape(line)}</text>' for row, line in enumerate(lines)
    )
    return Panel(title, max(7.2 * len(line) for line in lines), len(lines) * _ROW, content)


def drawn(panels: Sequence[Panel], says: str) -> str:
    """Return panels beside and below one another as one SVG whose text alternative is `says`."""
    x = y = tallest = widest = 0.0
    content = []
    for panel in panels:
        if x and x + panel.width > _WIDTH:
            x, y, tallest = 0.0, y + tallest + _GAP, 0.0
        content.append(
            f'<g transform="translate({x:g},{y + _ROW:g})"><text y="-5" font-weight="bold">'
            f"{escape(panel.title)}</text>{panel.content}</g>"
        )
        x, tallest = x + panel.width + _GAP, max(tallest, panel.height + _ROW)
        widest = max(widest, x - _GAP)
    return (
        f'<svg class="explorer-still" role="img" aria-label="{escape(says)}" '
        f'viewBox="0 0 {widest:.0f} {y + tallest + 2:.0f}" width="{widest:.0f}" font-size="12" '
        f'font-family="sans-serif" fill="currentColor">{"".join(content)}</svg>'
    )


def _number(value: float) -> str:
    return f"{float(value):z.2f}".rstrip("0").rstrip(".").replace("-", "−")
