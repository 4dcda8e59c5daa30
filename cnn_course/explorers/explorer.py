"""What all explorers share: one state in two hosts, and a still picture where no script runs.

The same ES module serves JupyterLab, as a widget whose state Python reads and sets, and a page
without a kernel, as an inline script that works from a folder, too.
"""

import base64
import io
import itertools
import json
import re
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import anywidget
import numpy as np
import traitlets

from cnn_course import examples, kept
from cnn_course.arguments import one_of
from cnn_course.javascript import one_piece, shortened, without_exports

_FOLDER = Path(__file__).parent
# Without what only its makers read: every explorer brings it along.
_STYLE = re.sub(
    r"/\*.*?\*/|(?<=[{};])\s+|\s+(?=[{}])",
    "",
    (_FOLDER / "explorers.css").read_text(encoding="utf-8"),
    flags=re.S,
)
_MOUNT = shortened((_FOLDER / "mount.js").read_text(encoding="utf-8"))
_NUMBERS = itertools.count(1)  # one after the other on a page: its address names them
_TASK = re.compile("task-[a-z0-9-]{1,40}")
_CAT_SIDE = 64
_CELL, _ROW, _GAP = 30, 18, 24  # units of the SVG: a number, a line of text, between panels
_WIDTH = 720  # then the next panel begins below
_CLASS = r"\.(explorer-[\w-]+)"
_POSITIVE, _NEGATIVE = "230,140,40", "110,90,180"  # as in explorers.css


class Panel(NamedTuple):
    """A part of a still picture: SVG with its size, and a title above it."""

    title: str
    width: float
    height: float
    content: str


class Explorer(anywidget.AnyWidget):
    """An explorer: its state as JSON, and how it stands in JupyterLab and on a page.

    Attributes:
        module: the name of the ES module beside this file, in each explorer.
        state: everything that the reader can change, as JSON.
        choices: what there is to choose from, as JSON.
        done: names of the tasks that the reader has done, in any notebook on this machine.
    """

    module: ClassVar[str] = ""
    state = traitlets.Dict().tag(sync=True)
    choices = traitlets.Dict().tag(sync=True)
    done = traitlets.List(traitlets.Unicode()).tag(sync=True)

    def __init_subclass__(cls, **named: Any) -> None:
        super().__init_subclass__(**named)
        if "module" in cls.__dict__:  # not in the class that anywidget makes of it
            cls._esm = one_piece(_FOLDER / cls.module)
            cls._css = _style_for(cls._esm)

    def __init__(self, choices: dict[str, Any], **values: Any) -> None:
        # Says what is wrong before anything is shown.
        super().__init__(state=self._changed({}, values, choices), choices=choices)

    @traitlets.default("done")
    def _known(self) -> list[str]:
        return [name for name in kept.names() if _TASK.fullmatch(name)]

    @traitlets.observe("done")
    def _keep(self, change: Any) -> None:
        """Keep tasks of which the screen says that the reader has done them."""
        for name in filter(_TASK.fullmatch, change["new"]):
            kept.add(name)

    def describe(self) -> str:
        """Return what the explorer shows, for those who cannot see or run it."""
        raise NotImplementedError

    def panels(self) -> list[Panel]:
        """Return what the still picture shows that stands where scripts do not run."""
        raise NotImplementedError

    @staticmethod
    def result(state: dict[str, Any]) -> np.ndarray:
        """Return what comes out of a state, or raise a ValueError that says why nothing does."""
        raise NotImplementedError

    @property
    def output(self) -> np.ndarray:
        """What comes out now; `result` says in which shape."""
        return self.result(self.state)

    def set(self, **changes: Any) -> None:
        """Change the state from Python; the arguments are those of the class.

        Raises:
            TypeError, ValueError: a value that cannot be; the state is as it was.
        """
        known = [name for name in self.state if not name.endswith("_name")]
        for name in changes:
            one_of("What is set", name, known)
        self.state = self._changed(self.state, changes, self.choices)

    def _changed(
        self, state: dict[str, Any], changes: dict[str, Any], choices: dict[str, Any]
    ) -> dict[str, Any]:
        for name, value in changes.items():
            state = state | self._part(name, value, choices.get(f"{name}s"))
        self._check(state)
        return state

    def _part(self, name: str, value: Any, known: dict[str, Any] | None) -> dict[str, Any]:
        """Return the part of a state that an argument makes; `known` has what it may name."""
        if known is None:
            return {name: value}
        if not isinstance(value, str):
            return {f"{name}_name": "own", name: self._own(name, value)}
        return {f"{name}_name": value, name: known[one_of(name, value, known)]}

    def _own(self, name: str, value: Any) -> Any:
        """Return an image or a kernel of the reader's as JSON."""
        array = np.asarray(value, dtype=float)
        if array.ndim != 2 or not array.size or not np.isfinite(array).all():
            raise ValueError(f"The {name} must be rows and columns of numbers, not {array.shape}.")
        return array.tolist()

    def _check(self, state: dict[str, Any]) -> None:
        """Raise an error that says why, if a state cannot be."""
        self.result(state)

    def _repr_mimebundle_(self, **named: Any) -> Any:
        bundle = super()._repr_mimebundle_(**named)
        data, about = bundle if isinstance(bundle, tuple) else (bundle, {})
        return {**(data or {}), "text/plain": self.describe(), "text/html": self.page()}, about

    def page(self) -> str:
        """Return the explorer as HTML that needs no kernel, no network and no other file."""
        name = f"explorer-{next(_NUMBERS)}"
        values = json.dumps({"state": self.state, "choices": self.choices})
        values = values.replace("</", "<\\/").replace("<!--", "<\\!--")  # cannot end its script
        start = _MOUNT.replace("NAME", json.dumps(name)).replace("VALUES", values)
        code = without_exports(str(self._esm), "explorer")
        return (
            f"<style>{self._css}</style>\n"
            # Without styles, as in a notebook that is not trusted, only what is not hidden is seen.
            '<p class="explorer-unrun">Run this cell to use it.</p>\n'
            f'<div id="{name}" class="explorer-host" hidden>'
            f"{_still(self.panels(), self.describe())}</div>\n"
            f'<script type="module">\n{code}\n{start}</script>'
        )


def _style_for(code: str) -> str:
    """Return the styles without rules of which all classes belong to other explorers.

    Another explorer on the page brings what all share once more, behind the rules of this one. So
    a class that not every explorer has is written twice: its rules go before what all share.
    """
    named = f"{code} explorer-unrun explorer-host explorer-still"
    panel = (_FOLDER / "panel.mjs").read_text(encoding="utf-8") + named.removeprefix(code)

    def own(found: re.Match[str]) -> str:
        return found[0] if found[1] in panel else found[0] * 2

    def rule(found: re.Match[str]) -> str:
        selector, brace, rest = found[0].partition("{")
        names = re.findall(_CLASS, selector)
        if names and not any(name in named for name in names):
            return ""
        return re.sub(_CLASS, own, selector) + brace + rest

    return re.sub(r"[^{}]+\{[^{}]*\}", rule, _STYLE)


def images() -> dict[str, list[list[float]]]:
    """Return the images that explorers offer, by name; the cat is scikit-image's, grey, 0 to 1."""
    from skimage import color, data, transform  # noqa: PLC0415 - takes a moment

    face = color.rgb2gray(data.chelsea()[15:285, 95:365])
    cat = transform.resize(face, (_CAT_SIDE, _CAT_SIDE), anti_aliasing=True).round(2)
    named = {"9": examples.NINE, "shifted 9": examples.SHIFTED_NINE, "cat": cat}
    return {name: array.tolist() for name, array in named.items()}


def array_panel(title: str, values: np.ndarray) -> Panel:
    """Return an array as numbers in cells where they fit, else as a picture."""
    if max(values.shape) > 12:
        return picture_panel(title, values)
    limit = max(float(np.abs(values).max()), 1e-9)
    cells = []
    for (row, column), value in np.ndenumerate(values):
        colour = _NEGATIVE if value < 0 else _POSITIVE
        x, y, share = column * _CELL, row * _CELL, 0.45 * abs(value) / limit
        number = f"{float(value):z.2f}".rstrip("0").rstrip(".").replace("-", "−")
        size = ' font-size="10"' if len(number) > 4 else ""  # its neighbours keep a distance
        cells.append(
            f'<rect x="{x}" y="{y}" width="{_CELL}" height="{_CELL}" stroke="#888" '
            f'fill="rgba({colour},{share:.2f})"/>'
            f'<text x="{x + _CELL / 2}" y="{y + 20}" text-anchor="middle"{size}>{number}</text>'
        )
    rows, columns = values.shape
    return Panel(title, columns * _CELL, rows * _CELL, "".join(cells))


def picture_panel(title: str, values: np.ndarray, side: float = 200) -> Panel:
    """Return a picture, grey (rows, columns) from dark to bright or colours (rows, columns, 3).

    Its bitmap is not compressed: that would differ with the version of the library.
    """
    from PIL import Image  # noqa: PLC0415 - not for `import cnn_course.explorers`

    if values.ndim == 2:
        low, high = float(values.min()), float(values.max())
        values = (values - low) * (255 / max(high - low, 1e-9))
    bitmap = io.BytesIO()
    Image.fromarray(np.clip(values, 0, 255).astype(np.uint8)).save(bitmap, format="bmp")
    data = base64.b64encode(bitmap.getvalue()).decode()
    height = side * values.shape[0] / values.shape[1]
    content = (
        f'<image width="{side:g}" height="{height:g}" style="image-rendering:pixelated" '
        f'href="data:image/bmp;base64,{data}"/>'
    )
    return Panel(title, side, height, content)


def bars_panel(title: str, values: Mapping[str, float]) -> Panel:
    """Return one bar for each value from 0 to 1, with its name and three digits."""
    left = 10 + 7 * max(map(len, values))
    lines = [
        f'<text y="{row * _ROW + 13}">{escape(name)}</text>'
        f'<rect x="{left}" y="{row * _ROW + 3}" width="{max(value, 0) * 100:.0f}" height="12" '
        f'fill="#4477aa"/><text x="{left + 110}" y="{row * _ROW + 13}">{value:.3f}</text>'
        for row, (name, value) in enumerate(values.items())
    ]
    return Panel(title, left + 150, len(lines) * _ROW, "".join(lines))


def text_panel(title: str, lines: Sequence[str]) -> Panel:
    """Return lines of text."""
    content = "".join(
        f'<text y="{row * _ROW + 13}">{escape(line)}</text>' for row, line in enumerate(lines)
    )
    return Panel(title, max(7.2 * len(line) for line in lines), len(lines) * _ROW, content)


def _still(panels: Sequence[Panel], says: str) -> str:
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
