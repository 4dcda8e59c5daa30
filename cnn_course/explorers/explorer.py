"""An explorer: interactive in JupyterLab with a kernel, and on a page without one.

The same ES module serves both. JupyterLab gets it as a widget (anywidget), whose state Python reads
and sets. A page gets it as an inline script, which works from a folder, too, together with a still
picture in words for those who have no scripts.
"""

import itertools
import json
from html import escape
from pathlib import Path
from typing import Any, ClassVar

import anywidget
import traitlets

_FOLDER = Path(__file__).parent
_STYLE = (_FOLDER / "explorers.css").read_text(encoding="utf-8")
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
            cls._esm = (_FOLDER / cls.module).read_text(encoding="utf-8")

    def describe(self) -> str:
        """Return what the explorer shows, for those who cannot see or run it."""
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
        code = str(self._esm).replace("export default", "const explorer =").replace("export ", "")
        return (
            f"<style>{_STYLE}</style>\n"
            f'<div id="{name}"><p class="explorer-still">{escape(self.describe())}</p></div>\n'
            f'<script type="module">\n{code}\n{start}</script>'
        )


def _inside_script(values: Any) -> str:
    """Return JSON that cannot end the script that it stands in."""
    return json.dumps(values).replace("</", "<\\/").replace("<!--", "<\\!--")
