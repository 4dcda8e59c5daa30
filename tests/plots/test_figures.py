"""Figures carry their message as text, and the stepped picture works without a script."""

import base64
import re
from functools import partial
from io import BytesIO

import matplotlib.pyplot as plt
import numpy as np
import pytest
from bs4 import BeautifulSoup
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from matplotlib.colors import to_hex
from open_figures import ALT, drawn
from PIL import Image

from cnn_course import plots
from cnn_course.conv import correlate2d

NINE_NUMBERS = np.arange(9).reshape(3, 3)
CURVES = {"accuracy": [0.5, 0.9], "val_accuracy": [0.4, 0.8]}
# row -> column -> strategy -> an accuracy for each seed
GRID = {
    "near": {
        "100": {"last": [0.88, 0.9, 0.92], "scratch": [0.5, 0.52, 0.6]},
        "400": {"last": [0.9, 0.9, 0.9], "scratch": [0.93, 0.95, 0.97]},
    },
    "far": {"100": {"last": [0.4, 0.5, 0.6], "scratch": [0.1, 0.1, 0.2]}},
}
RULED = {("near", "100"): ("last",), ("far", "100"): ("last", "early")}  # "early": not measured


@pytest.fixture(autouse=True, scope="module")
def shell():
    """Displays are published by a running IPython only, as in a notebook."""
    yield InteractiveShell.instance()
    InteractiveShell.clear_instance()


def displayed(function, *arguments):
    """Call a plotting function as a notebook does, and return what it displayed."""
    with capture_output() as captured:
        function(*arguments, alt=ALT)
    (output,) = captured.outputs
    return output


FIGURES = [
    (plots.number_grids, [("a", NINE_NUMBERS), ("b", NINE_NUMBERS / 7)]),
    (plots.pictures, [[NINE_NUMBERS, np.zeros((4, 5, 3))], ["one", "two"]]),
    (plots.pictures, [np.zeros((7, 28, 28, 1))]),
    (plots.filters, [np.random.default_rng(0).normal(size=(3, 3, 10))]),
    (plots.feature_maps, [np.zeros((5, 5, 3))]),
    (
        partial(plots.pictures_and_maps, rows=["one", "two"]),
        [np.zeros((2, 9, 9, 3)), {"first": np.zeros((2, 9, 9)), "last": np.ones((2, 3, 3))}],
    ),
    (plots.histories, [{"one": CURVES, "two": CURVES}]),
    (plots.confusion_matrix, [np.eye(3, dtype=int) * 4, ["0", "1", "2"]]),
    (plots.points_by_shift, [[0, 1], {"a": [1, 0.5], "b": [0.9, 0.1], "c": [1, 1], "d": [0, 0]}]),
    (plots.scores, [{"a": 0.9, "b": 1.0}, 500]),
    (plots.scores, [{"a": 0.9, "b": 1.0}, [500, 2_000]]),
    (
        partial(plots.evidence, window=10, stride=8),
        [np.zeros((5, 20, 30, 3)), np.ones((5, 2, 3)), ["cat", "dog"]],
    ),
    (plots.sizes, [{"in": (28, 28, 1), "maps": (5, 5, 64), "flat": (1600,), "out": (1,)}]),
    (partial(plots.lines, x="epoch", y="loss"), [{"a": [2.0, 1.0], "b": [1.0, 1e-9, 3.0]}]),
    (
        partial(plots.averaged_over, rows="pictures", columns="channels"),
        [{f"grid {n}": np.eye(4, 6, dtype=bool) for n in range(5)}],
    ),
    (plots.maps_by_layer, [{"a": np.ones((5, 5, 9)), "b": np.zeros((2, 2, 3))}]),
    (plots.strategies, [GRID, RULED]),
]


@pytest.mark.parametrize(
    ("function", "arguments"), FIGURES, ids=lambda value: getattr(value, "__name__", "")
)
def test_every_figure_is_a_picture_with_its_alt_text_and_is_closed_afterwards(function, arguments):
    output = displayed(function, *arguments)
    shown = output.metadata["image/png"]
    assert output.data["text/plain"] == f"Figure: {ALT}"
    assert shown["alt"] == ALT
    assert shown["class"].split()[0] in {"figure-diagram", "figure-picture"}
    width, height = Image.open(BytesIO(base64.b64decode(output.data["image/png"]))).size
    assert width > 1.5 * shown["width"], "not sharp on a phone"
    assert width / height == pytest.approx(shown["width"] / shown["height"], rel=0.02)
    assert not plt.get_fignums()


def test_a_figure_with_words_says_so_that_a_phone_does_not_shrink_them():
    cat = [np.zeros((4, 4, 3))]
    for titles, read in ((["a cat"], True), (None, False)):
        output = displayed(plots.pictures, cat, titles)
        assert ("figure-read" in output.metadata["image/png"]["class"].split()) is read
    output = displayed(plots.number_grids, ("a", NINE_NUMBERS))
    assert "figure-read" in output.metadata["image/png"]["class"].split()


def test_the_same_figure_has_the_same_bytes():
    first, second = (displayed(plots.number_grids, ("a", NINE_NUMBERS)) for _ in range(2))
    assert first.data["image/png"] == second.data["image/png"]


SEVEN = {f"run {n}": [1.0] for n in range(7)}


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda: plots.show(plt.figure(), alt="Figure 1"), "'Figure 1'"),
        (lambda: plots.lines(SEVEN, x="", y="", alt=ALT), "7 series are too many"),
        (lambda: plots.strategies({}, {}, alt=ALT), "nothing to show"),
        (lambda: plots.strategies({"near": {"100": {}}}, {}, alt=ALT), "nothing to show"),
        (
            lambda: plots.evidence(
                np.zeros((2, 9, 9, 3)), np.zeros((1, 3, 3)), "ab", window=3, stride=3, alt=ALT
            ),
            "One map of places for each picture",
        ),
    ],
)
def test_what_cannot_be_shown_is_refused(draw, message):
    with pytest.raises(ValueError, match=message):
        draw()
    plt.close("all")


def test_lines_are_told_apart_without_colours():
    series = {f"run {n}": [3.0, 2.0, 1.0] for n in range(6)}
    with drawn(plots.lines, series, x="epoch", y="loss") as figure:
        (axis,) = figure.axes
        assert len({(line.get_linestyle(), line.get_marker()) for line in axis.lines}) == 6
        assert axis.get_yscale() == "log"
        assert [list(line.get_xdata()) for line in axis.lines] == [[1, 2, 3]] * 6


def test_a_square_is_coloured_where_it_takes_part_and_the_first_one_is_framed():
    taking_part = np.array([[True, False, True], [False, False, True]])
    named = {"rows": "pictures", "columns": "channels", "other_axes": {"b": ("filters", "weights")}}
    with drawn(plots.averaged_over, {"a": taking_part, "b": ~taking_part}, **named) as figure:
        first, second = figure.axes
        for axis, expected in ((first, taking_part), (second, ~taking_part)):
            *squares, frame = axis.patches
            blue = [to_hex(square.get_facecolor()) == plots.INPUT.lower() for square in squares]
            assert np.array_equal(np.reshape(blue, (2, 3)), expected)
            assert frame.get_xy() == squares[0].get_xy()
            assert not frame.get_fill()
        assert (first.get_ylabel(), first.get_xlabel()) == ("pictures", "channels")
        assert (second.get_ylabel(), second.get_xlabel()) == ("filters", "weights")


@pytest.mark.parametrize(
    ("title", "dots", "bars", "best", "bands"),
    [
        ("near, 100", [0.9, 0.54], [[0.88, 0.92], [0.5, 0.6]], 0, [0]),
        ("near, 400", [0.9, 0.95], [[0.9, 0.9], [0.93, 0.97]], 1, []),
        ("far, 100", [0.5, 0.4 / 3], [[0.4, 0.6], [0.1, 0.2]], 0, [0]),
    ],
)
def test_strategies_have_means_and_bars_the_best_a_value_and_those_of_the_rule_a_band(
    title, dots, bars, best, bands
):
    with drawn(plots.strategies, GRID, RULED) as figure:
        (axis,) = (axis for axis in figure.axes if axis.get_title() == title)
        found = [line for line in axis.lines if line.get_marker() == "o"]
        assert [dot.get_ydata()[0] for dot in found] == [0, 1]
        np.testing.assert_allclose([dot.get_xdata()[0] for dot in found], dots)
        drawn_bars = [line.get_xdata() for line in axis.lines if line.get_marker() != "o"]
        np.testing.assert_allclose(drawn_bars, bars)
        assert found[best].get_markersize() > found[1 - best].get_markersize()
        (value,) = axis.texts
        assert value.get_text() == f"{dots[best]:.2f}"
        inside, text = axis.get_window_extent(), value.get_window_extent()
        assert inside.x0 <= text.x0 < text.x1 <= inside.x1
        middles = [patch.get_y() + patch.get_height() / 2 for patch in axis.patches]
        assert middles == pytest.approx(bands)
        assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == [
            "last",
            "scratch",
        ]
        (empty,) = (axis for axis in figure.axes if not axis.axison)  # far, 400: not measured
        assert not empty.lines


def test_the_stepper_has_a_step_for_every_place_and_its_map_is_the_cross_correlation():
    image = np.array([[1, 0, 2, 1], [0, 3, 1, 0], [2, 2, 0, 1]])
    kernel = np.array([[1, -1], [0, 2]])
    html = plots.sliding_window(image, kernel, title="Try")._repr_html_()
    page = BeautifulSoup(html, "html.parser")
    frames = page.select(".frame")
    assert len(frames) == len(page.select("input[type=radio]")) == 6
    rows = frames[-1].select("table")[2].select("tr")
    last_map = [[cell.text.replace("−", "-") for cell in row.select("td")] for row in rows]
    assert last_map == [[f"{v:g}" for v in row] for row in correlate2d(image, kernel)]
    assert frames[0].select_one("td.now").text == "7"
    assert "1 + 0 + 0 + 6 = 7" in frames[0].select_one(".sum").text


def test_the_stepper_needs_no_script_and_two_on_a_page_do_not_share_their_buttons():
    kernels = np.ones((2, 2)), np.eye(2)
    pages = [plots.sliding_window(NINE_NUMBERS, k, title="one")._repr_html_() for k in kernels]
    assert "<script" not in pages[0]
    (first,), (second,) = (set(re.findall(r'name="([^"]+)"', page)) for page in pages)
    assert first != second


def test_the_stepper_reads_as_plain_text():
    text = repr(plots.sliding_window(NINE_NUMBERS, np.ones((2, 2)), title="Sums", divide=True))
    assert text.splitlines()[0] == "Sums"
    assert "step 1: 0 + 1 + 3 + 4 = 8; 8 / 4 = 2" in text


def test_a_bar_of_scores_reaches_two_standard_errors_to_each_side() -> None:
    """Of 400 pictures, 0.8 right: a binomial's error is sqrt(0.8 x 0.2 / 400) = 0.02."""
    with drawn(plots.scores, {"a": 0.8, "b": 0.5}, [400, 2_500]) as figure:
        (axis,) = figure.axes
        bars = [segment for one in axis.collections for segment in one.get_segments()]
    ends = [tuple(bar[:, 0]) for bar in bars]
    np.testing.assert_allclose(ends, [(0.76, 0.84), (0.48, 0.52)])
