"""MathJax for the site: one script and its fonts, out of a package, so that no page asks others.

As a Sphinx extension the package would add all 24 MB that it holds. A page loads 1.6 MB of them.
"""

import importlib.util
import shutil
from pathlib import Path

from cnn_course.press.project import PressError

_PACKAGE = "sphinx-mathjax-offline"
_LOADED = ("tex-chtml.js", "output/chtml/fonts/woff-v2")


def add_mathjax(folder: Path) -> None:
    """Copy into `folder` what a page with formulas loads.

    Raises:
        PressError: the package is not installed.
    """
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or spec.origin is None:
        raise PressError(f"{_PACKAGE} is not installed. Install it: pip install {_PACKAGE}")
    source = Path(spec.origin).parent / "static" / "mathjax"
    for name in _LOADED:
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if (source / name).is_dir():
            shutil.copytree(source / name, target)
        else:
            shutil.copyfile(source / name, target)
