"""The grid of strategies: the best dot is large and has its value, the rule's bands lie below."""

import base64
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from PIL import Image

from cnn_course import plots

ALT = "What is near to the source does best on its last features."
GRID = {
    "near": {
        "100 pictures": {"last": [0.88, 0.9, 0.92], "scratch": [0.5, 0.52, 0.6]},
        "400 pictures": {"last": [0.9, 0.9, 0.9], "scratch": [0.93, 0.95, 0.97]},
    },
    "far": {"100 pictures": {"last": [0.4, 0.5, 0.6], "scratch": [0.1, 0.1, 0.2]}},
}
RULED = {("near", "100 pictures"): ("last",), ("far", "100 pictures"): ("last", "early")}


@pytest.fixture(autouse=True)
def shell() -> Iterator[InteractiveShell]:
    """Displays are published by a running IPython only, as in a notebook."""
    yield InteractiveShell.instance()
    InteractiveShell.clear_instance()


@pytest.fixture
def figure(monkeypatch: pytest.MonkeyPatch) -> Figure:
    """Return the figure of the grid, still open."""
    with monkeypatch.context() as patch, capture_output():
        patch.setattr(plt, "close", lambda *_: None)
        plots.strategies(GRID, RULED, alt=ALT)
        opened = plt.gcf()
    yield opened
    plt.close(opened)


def cell(figure: Figure, title: str) -> Axes:
    (axis,) = (axis for axis in figure.axes if axis.get_title() == title)
    return axis


def dots(axis: Axes) -> list[tuple[float, float, float]]:
    """Return place, value and size of each dot."""
    found = (line for line in axis.lines if line.get_marker() == "o")
    return [(float(d.get_ydata()[0]), float(d.get_xdata()[0]), d.get_markersize()) for d in found]


def test_it_is_a_picture_with_its_message_and_is_closed_afterwards():
    plt.close("all")  # what other tests left open is not at stake here
    with capture_output() as captured:
        plots.strategies(GRID, RULED, alt=ALT)
    (output,) = captured.outputs
    assert output.data["text/plain"] == f"Figure: {ALT}"
    about = output.metadata["image/png"]
    assert (about["alt"], about["class"]) == (ALT, "figure-diagram")
    width, _ = Image.open(BytesIO(base64.b64decode(output.data["image/png"]))).size
    assert width > 1.5 * about["width"], "not sharp on a phone"
    assert not plt.get_fignums()


def test_each_strategy_has_its_mean_and_a_bar_over_its_seeds(figure: Figure):
    axis = cell(figure, "near, 100 pictures")
    assert [dot[:2] for dot in dots(axis)] == [(0, pytest.approx(0.9)), (1, pytest.approx(0.54))]
    bars = [line.get_xdata() for line in axis.lines if line.get_marker() != "o"]
    np.testing.assert_allclose(bars, [[0.88, 0.92], [0.5, 0.6]])
    assert [label.get_text() for label in axis.get_yticklabels()] == ["last", "scratch"]


@pytest.mark.parametrize(
    ("title", "best", "value"),
    [
        ("near, 100 pictures", 0, "0.90"),
        ("near, 400 pictures", 1, "0.95"),
        ("far, 100 pictures", 0, "0.50"),
    ],
)
def test_the_best_dot_is_the_largest_and_the_only_one_with_a_value(
    figure: Figure, title: str, best: int, value: str
):
    axis = cell(figure, title)
    largest = max(dots(axis), key=lambda dot: dot[2])
    assert largest[0] == best
    assert [text.get_text() for text in axis.texts] == [value]
    others = [size for place, _, size in dots(axis) if place != best]
    assert all(size < largest[2] for size in others)


def test_the_band_of_the_rule_lies_where_the_rule_says_and_nowhere_else(figure: Figure):
    bands = {
        axis.get_title(): [
            round(patch.get_y() + patch.get_height() / 2, 6)
            for patch in axis.patches
            if isinstance(patch, Rectangle)
        ]
        for axis in figure.axes
        if axis.get_title()
    }
    assert bands == {  # "early" was not measured
        "near, 100 pictures": [0],
        "near, 400 pictures": [],
        "far, 100 pictures": [0],
    }


def test_a_cell_that_was_not_measured_stays_empty(figure: Figure):
    empty = [axis for axis in figure.axes if not axis.axison]
    assert len(empty) == 1
    assert not empty[0].lines


def test_values_stay_within_the_figure_wherever_the_best_one_lies(figure: Figure):
    figure.draw_without_rendering()
    for axis in figure.axes:
        for text in axis.texts:
            inside = axis.get_window_extent()
            assert inside.x0 <= text.get_window_extent().x0
            assert text.get_window_extent().x1 <= inside.x1


@pytest.mark.parametrize("grid", [{}, {"near": {}}, {"near": {"100": {}}}])
def test_an_empty_grid_is_refused(grid: dict[str, Any]):
    with pytest.raises(ValueError, match="nothing to show"):
        plots.strategies(grid, {}, alt=ALT)
