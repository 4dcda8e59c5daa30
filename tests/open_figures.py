"""A figure of `plots`, while it is still open: what stands where in it can be measured."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import matplotlib.pyplot as plt
import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from matplotlib.figure import Figure

ALT = "A message of more than three words."


@contextmanager
def drawn(function: Callable[..., None], *arguments: Any, **named: Any) -> Iterator[Figure]:
    """Give the figure that a plotting function makes, and close it afterwards."""
    alone = not InteractiveShell.initialized()
    InteractiveShell.instance()
    with pytest.MonkeyPatch.context() as patch, capture_output():
        patch.setattr(plt, "close", lambda *_: None)
        function(*arguments, alt=ALT, **named)
        figure = plt.gcf()
    figure.draw_without_rendering()
    try:
        yield figure
    finally:
        plt.close(figure)
        if alone:
            InteractiveShell.clear_instance()
