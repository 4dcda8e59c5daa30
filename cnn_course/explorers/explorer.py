"""An explorer: interactive in JupyterLab with a kernel, and on a page without one.

The same ES module serves both. JupyterLab gets it as a widget (anywidget), whose state Python reads
and sets. A page gets it as an inline script, which works from a folder, too, together with a still
picture for those who have no scripts.
"""

import itertools
import json
import re
from pathlib import Path
from typing import Any, ClassVar

import anywidget
import numpy as np
import traitlets

from cnn_course import examples
from cnn_course.explorers import stills

_FOLDER = Path(__file__).parent
_STYLE = (_FOLDER / "explorers.css").read_text(encoding="utf-8")
_CAT_SIDE = 64
_IMPORT = re.compile(r'(?m)^import .* from "\./(\w+\.mjs)";\n')
_NUMBERS = itertools.count(1)  # one after the other on a page: its address names them
_MOUNT = (_FOLDER / "mount.js").read_text(encoding="utf-8")


class Explorer(anywidget.AnyWidget):
    """What all explorers share.

    Attributes:
        module: the name of the ES module beside this file, in each explorer.
        state: everything that the reader can change, as JSON.
        choices: what there is to choose from, as JSON.
    """

    module: ClassVar[str] = ""
    _css = _STYLE

    state = traitlets.Dict().tag(sync=True)
    choices = traitlets.Dict().tag(sync=True)

    def __init_subclass__(cls, **named: Any) -> None:
        super().__init_subclass__(**named)
        if "module" in cls.__dict__:  # not in the class that anywidget makes of it
            cls._esm = "\n".join(_pieces(cls.module, []))

    def describe(self) -> str:
        """Return what the explorer shows, for those who cannot see or run it."""
        raise NotImplementedError

    def panels(self) -> list[stills.Panel]:
        """Return what the still picture shows that stands where scripts do not run."""
        raise NotImplementedError

    def _repr_mimebundle_(self, **named: Any) -> Any:
        bundle = super()._repr_mimebundle_(**named)
        data, about = bundle if isinstance(bundle, tuple) else (bundle, {})
        return {**(data or {}), "text/plain": self.describe(), "text/html": self.page()}, about

    def page(self) -> str:
        """Return the explorer as HTML that needs no kernel, no network and no other file."""
        name = f"explorer-{next(_NUMBERS)}"
        values = {"state": self.state, "choices": self.choices}
        start = _MOUNT.replace("NAME", json.dumps(name)).replace("VALUES", _inside_script(values))
        code = str(self._esm).replace("export default", "const explorer =")
        code = re.sub(r"(?m)^export ", "", code)
        still = stills.drawn(self.panels(), self.describe())
        return (
            f"<style>{_STYLE}</style>\n"
            f'<div id="{name}">{still}</div>\n'
            f'<script type="module">\n{code}\n{start}</script>'
        )

    def set(self, **changes: Any) -> None:
        """Change the state from Python; the arguments are those of the class.

        Raises:
            ValueError: a value that cannot be; the state is as it was.
        """
        state = dict(self.state)
        for name, value in changes.items():
            if name not in state or name.endswith("_name"):
                known = ", ".join(key for key in state if not key.endswith("_name"))
                raise ValueError(f"There is no {name!r} to set. There are: {known}.")
            state |= self._part(name, value)
        self._check(state)
        self.state = state

    def _part(self, name: str, value: Any) -> dict[str, Any]:
        """Return the part of a state that a change makes."""
        named = self.choices.get(f"{name}s")
        return {name: value} if named is None else chosen(name, value, named)

    def _check(self, state: dict[str, Any]) -> None:
        """Raise a ValueError that says why, if a state cannot be."""
        self.result(state)

    @staticmethod
    def result(state: dict[str, Any]) -> np.ndarray:
        """Return what comes out of a state.

        Raises:
            ValueError: nothing does; the message says why.
        """
        raise NotImplementedError

    @property
    def output(self) -> np.ndarray:
        """What comes out now; `result` says in which shape."""
        return self.result(self.state)


def _pieces(module: str, before: list[str]) -> list[str]:
    """Return a module and those that it imports, in the order in which they can stand together.

    One piece: neither a widget nor a page that is a file can load a second module.
    """
    code = (_FOLDER / module).read_text(encoding="utf-8")
    pieces: list[str] = []
    for other in _IMPORT.findall(code):
        if other not in before:
            pieces += _pieces(other, before)
    before.append(module)
    return [*pieces, _IMPORT.sub("", code)]


def images() -> dict[str, list[list[float]]]:
    """Return the images that every explorer offers, by name."""
    small = {"9": examples.NINE, "shifted 9": examples.SHIFTED_NINE}
    return {**{name: array.tolist() for name, array in small.items()}, "cat": _cat()}


def chosen(what: str, value: Any, known: dict[str, Any]) -> dict[str, Any]:
    """Return the part of a state that says which image or kernel it is.

    Args:
        what: `"image"` or `"kernel"`.
        value: a name, or rows of numbers.
        known: name -> rows of numbers.

    Raises:
        ValueError: no such name, or no rows of numbers.
    """
    if isinstance(value, str):
        if value not in known:
            raise ValueError(f"There is no {what} {value!r}. There are: {', '.join(known)}.")
        return {f"{what}_name": value, what: known[value]}
    array = np.asarray(value, dtype=float)
    if array.ndim != 2 or not array.size or not np.isfinite(array).all():
        raise ValueError(f"The {what} must be rows and columns of numbers, not {array.shape}.")
    return {f"{what}_name": "own", what: array.tolist()}


def _cat() -> list[list[float]]:
    """Return the face of scikit-image's cat, grey, 0 to 1."""
    from skimage import color, data, transform  # noqa: PLC0415 - takes a moment

    face = color.rgb2gray(data.chelsea()[15:285, 95:365])
    return transform.resize(face, (_CAT_SIDE, _CAT_SIDE), anti_aliasing=True).round(2).tolist()


def _inside_script(values: Any) -> str:
    """Return JSON that cannot end the script that it stands in."""
    return json.dumps(values).replace("</", "<\\/").replace("<!--", "<\\!--")
