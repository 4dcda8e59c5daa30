"""A figure of `plots`, while it is still open: what stands where in it can be measured."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import matplotlib.pyplot as plt
import pytest
from matplotlib.figure import Figure

ALT = "A message of more than three words."


@contextmanager
def drawn(function: Callable[..., None], *arguments: Any, **named: Any) -> Iterator[Figure]:
    """Give the figure that a plotting function makes, and close it afterwards."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plt, "close", lambda *_: None)
        patch.setattr(Figure, "savefig", lambda *_, **__: None)  # its pixels are not at stake
        function(*arguments, alt=ALT, **named)
    figure = plt.gcf()
    figure.draw_without_rendering()
    yield figure
    plt.close(figure)
