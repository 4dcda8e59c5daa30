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
from open_figures import drawn
from PIL import Image

from cnn_course import plots
from cnn_course.conv import correlate2d

NINE_NUMBERS = np.arange(9).reshape(3, 3)
CURVES = {"accuracy": [0.5, 0.9], "val_accuracy": [0.4, 0.8]}
ALT = "A message of more than three words."


@pytest.fixture(autouse=True, scope="module")
def shell():
    """Displays are published by a running IPython only, as in a notebook."""
    yield InteractiveShell.instance()
    InteractiveShell.clear_instance()


def draw(function, *arguments, **named):
    """Call a plotting function as a notebook does, and return what it displayed."""
    with capture_output() as captured:
        function(*arguments, **named)
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
    (plots.points_by_shift, [[0, 1], {"a": [1, 0.5], "b": [0.9, 0.1], "c": [1, 1]}]),
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
]


@pytest.mark.parametrize(
    ("function", "arguments"), FIGURES, ids=lambda value: getattr(value, "__name__", "")
)
def test_every_figure_is_a_picture_with_its_alt_text_and_is_closed_afterwards(function, arguments):
    output = draw(function, *arguments, alt=ALT)
    assert output.data["text/plain"] == f"Figure: {ALT}"
    assert output.metadata["image/png"]["alt"] == ALT
    assert output.metadata["image/png"]["class"] in {"figure-diagram", "figure-picture"}
    width, height = Image.open(BytesIO(base64.b64decode(output.data["image/png"]))).size
    shown = output.metadata["image/png"]
    assert width > 1.5 * shown["width"], "not sharp on a phone"
    assert width / height == pytest.approx(shown["width"] / shown["height"], rel=0.02)
    assert not plt.get_fignums()


def test_a_figure_without_a_message_is_refused():
    figure = plt.figure()
    with pytest.raises(ValueError, match="'Figure 1'"):
        plots.show(figure, alt="Figure 1")
    plt.close(figure)


def test_the_same_figure_has_the_same_bytes():
    first, second = (draw(plots.number_grids, ("a", NINE_NUMBERS), alt=ALT) for _ in range(2))
    assert first.data["image/png"] == second.data["image/png"]


def test_lines_are_told_apart_without_colours_and_no_more_are_taken_than_can_be():
    series = {f"run {n}": [3.0, 2.0, 1.0] for n in range(6)}
    with drawn(plots.lines, series, x="epoch", y="loss") as figure:
        (axis,) = figure.axes
        kinds = {(line.get_linestyle(), line.get_marker()) for line in axis.lines}
        assert len(kinds) == 6
        assert axis.get_yscale() == "log"
        assert [list(line.get_xdata()) for line in axis.lines] == [[1, 2, 3]] * 6
    with pytest.raises(ValueError, match="7 series are too many"):
        plots.lines(series | {"run 6": [1.0]}, x="epoch", y="loss", alt=ALT)


def test_a_square_is_coloured_where_it_takes_part_and_the_first_one_is_framed():
    taking_part = np.array([[True, False, True], [False, False, True]])
    other = {"b": ("filters", "weights")}
    grids = {"a": taking_part, "b": ~taking_part}
    with drawn(
        plots.averaged_over, grids, rows="pictures", columns="channels", other_axes=other
    ) as figure:
        first, second = figure.axes
        for axis, expected in ((first, taking_part), (second, ~taking_part)):
            *squares, frame = axis.patches
            blue = [to_hex(square.get_facecolor()) == plots.INPUT.lower() for square in squares]
            assert np.array_equal(np.reshape(blue, (2, 3)), expected)
            assert frame.get_xy() == squares[0].get_xy()
            assert not frame.get_fill()
        assert (first.get_ylabel(), first.get_xlabel()) == ("pictures", "channels")
        assert (second.get_ylabel(), second.get_xlabel()) == ("filters", "weights")


def test_the_stepper_has_a_step_for_every_place_and_its_map_is_the_cross_correlation():
    image = np.array([[1, 0, 2, 1], [0, 3, 1, 0], [2, 2, 0, 1]])
    kernel = np.array([[1, -1], [0, 2]])
    page = BeautifulSoup(
        plots.sliding_window(image, kernel, title="Try")._repr_html_(), "html.parser"
    )
    frames = page.select(".frame")
    assert len(frames) == len(page.select("input[type=radio]")) == 6
    last_map = [
        [cell.text for cell in row.select("td")]
        for row in frames[-1].select("table")[2].select("tr")
    ]
    assert last_map == [
        [f"{v:g}".replace("-", "−") for v in row] for row in correlate2d(image, kernel)
    ]
    assert frames[0].select_one("td.now").text == "7"
    assert "1 + 0 + 0 + 6 = 7" in frames[0].select_one(".sum").text


def test_the_stepper_needs_no_script_and_two_on_a_page_do_not_share_their_buttons():
    first = plots.sliding_window(NINE_NUMBERS, np.ones((2, 2)), title="one")._repr_html_()
    second = plots.sliding_window(NINE_NUMBERS, np.eye(2), title="two")._repr_html_()
    assert "<script" not in first
    names = [set(re.findall(r'name="([^"]+)"', html)) for html in (first, second)]
    assert all(len(found) == 1 for found in names)
    assert names[0] != names[1]


def test_the_stepper_reads_as_plain_text():
    text = repr(plots.sliding_window(NINE_NUMBERS, np.ones((2, 2)), title="Sums", divide=True))
    assert text.splitlines()[0] == "Sums"
    assert "step 1: 0 + 1 + 3 + 4 = 8; 8 / 4 = 2" in text
