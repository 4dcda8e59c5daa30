"""A timeline is true to scale, costs are where they belong, and no label hides another."""

from itertools import combinations
from math import nan
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Text
from matplotlib.transforms import Bbox
from open_figures import ALT, drawn

from cnn_course import plots

EVENTS = [
    (2014, "VGG"),
    (1959, "Cells in the visual cortex of cats answer to edges, as Hubel and Wiesel find out"),
    (1998, "LeNet-5"),
    (2012, "AlexNet wins ImageNet with ReLU, dropout and two graphics cards, far ahead of all"),
    (2014, "GoogLeNet"),
    (2015, "Batch normalization"),
    (2015, "ResNet"),
    (2017, "MobileNet"),
]
CROWDED = [(2012 + place // 4, f"Event number {place} of many") for place in range(16)]
NETWORKS = {
    "AlexNet": (714e6, 60_965_224, 57.2),
    "VGG16": (15.5e9, 138_357_544, 71.5),
    "VGG19": (19.6e9, 143_667_240, 71.3),
    "GoogLeNet": (1.5e9, 6_998_552, 69.8),
    "ResNet-50": (3.9e9, 25_636_712, 76.0),
    "ResNet-101": (7.6e9, 44_707_176, 77.4),
    "ResNet-152": (11.3e9, 60_419_944, 78.0),
    "MobileNet": (569e6, 4_253_864, 70.6),
    "Xception": (8.4e9, 22_910_480, 79.0),
}
ALIKE = {f"network {n}": (1e9 * (1 + n / 50), 10**7, 70 + n / 50) for n in range(10)}
SMALL = {"LeNet-5": (416_520, 61_706, 99.05)}


def dots(figure: Figure) -> list[Line2D]:
    return [line for line in figure.axes[0].lines if line.get_marker() == "o"]


def texts(figure: Figure) -> list[Text]:
    return [text for text in figure.axes[0].texts if text.get_text()]


def overlap(figure: Figure) -> bool:
    extents = [text.get_window_extent() for text in texts(figure)]
    return any(one.overlaps(other) for one, other in combinations(extents, 2))


def within(outer: Bbox, inner: Bbox) -> bool:
    return bool(outer.contains(*inner.min) and outer.contains(*inner.max))


def test_each_event_has_a_dot_and_the_dots_are_true_to_scale():
    with drawn(plots.timeline, EVENTS) as figure:
        heights = [float(dot.get_ydata()[0]) for dot in dots(figure)]
        words = " ".join(text.get_text() for text in texts(figure))
    years = sorted(year for year, _ in EVENTS)
    slope, start = np.polyfit(years, heights, 1)
    assert slope > 0  # downwards: the axis is upside down
    np.testing.assert_allclose(heights, [start + slope * year for year in years])
    assert all(str(year) in words and text in words for year, text in EVENTS)


@pytest.mark.parametrize("events", [EVENTS, CROWDED, EVENTS[:1], {2012: "AlexNet", 1998: "LeNet"}])
def test_labels_of_a_timeline_are_in_order_without_overlap_and_within_the_figure(events: Any):
    with drawn(plots.timeline, events) as figure:
        assert not overlap(figure)
        assert all(within(figure.bbox, text.get_window_extent()) for text in texts(figure))
        assert figure.get_size_inches()[0] <= 7.7
        bold = [text for text in texts(figure) if text.get_fontweight() == "bold"]
        assert [text.get_text() for text in bold] == sorted(text.get_text() for text in bold)
        places = [text.get_position()[1] for text in bold]
        assert places == sorted(places)
        assert len(places) == len(events)


def test_labels_that_have_enough_space_stand_at_their_dots():
    with drawn(plots.timeline, {1962: "Neurons", 1989: "LeNet-1", 2020: "ViT"}) as figure:
        places = [text.get_position()[1] for text in texts(figure) if text.get_text()[0].isalpha()]
        assert places == pytest.approx([dot.get_ydata()[0] for dot in dots(figure)])


@pytest.mark.parametrize(
    ("events", "message"),
    [
        ({}, "events is empty"),
        ({"1998": "LeNet-5"}, "whole number such as 1998, but it is '1998'"),
        ({1998: " "}, "event of 1998 needs a text"),
    ],
)
def test_a_timeline_that_cannot_be_drawn_is_refused(events: Any, message: str):
    with pytest.raises(ValueError, match=message):
        plots.timeline(events, alt=ALT)


@pytest.mark.parametrize("networks", [NETWORKS, ALIKE, SMALL], ids=["history", "alike", "one"])
def test_networks_are_at_their_costs_and_no_label_hides_another_or_a_dot(networks: Any):
    with drawn(plots.cost_and_accuracy, networks, measure="accuracy (%)") as figure:
        axis = figure.axes[0]
        places = {tuple(dot.get_xydata()[0]) for dot in dots(figure)}
        assert places == {(work, accuracy) for work, _, accuracy in networks.values()}
        assert (axis.get_xscale(), axis.get_ylabel()) == ("log", "accuracy (%)")
        low, high = axis.get_xlim()
        assert sum(low < tick < high for tick in axis.get_xticks()) >= 2
        assert not overlap(figure)
        for text in texts(figure):
            extent = Text.get_window_extent(text)  # the words without the line to the dot
            assert within(axis.get_window_extent(), extent)
            assert not any(extent.contains(*axis.transData.transform(place)) for place in places)
        said = [text.get_text() for text in texts(figure)]
    assert [label.split("\n")[0] for label in said] == list(networks)
    assert {"ResNet-50\n25.6 million", "network 1\n10 million", "LeNet-5\n61,706"} & set(said)


def test_dots_and_those_of_the_legend_have_areas_like_their_parameters():
    with drawn(plots.cost_and_accuracy, NETWORKS) as figure:
        areas = {dot.get_xdata()[0]: dot.get_markersize() ** 2 for dot in dots(figure)}
        (legend,) = figure.legends
        entries = zip(legend.get_texts(), legend.get_lines(), strict=True)
        explained = {text.get_text(): line.get_markersize() ** 2 for text, line in entries}
        assert within(figure.bbox, legend.get_window_extent())
    shares = [areas[work] / parameters for work, parameters, _ in NETWORKS.values()]
    np.testing.assert_allclose(shares, shares[0])
    assert explained["100 million"] == pytest.approx(shares[0] * 100e6)
    assert explained["10 million"] == pytest.approx(shares[0] * 10e6)


@pytest.mark.parametrize("wrong", [(0, 138e6, 71.5), (15e9, -1, 71.5), (15e9, 138e6, nan), (1, 1)])
def test_costs_that_cannot_be_drawn_are_refused(wrong: Any):
    with pytest.raises(ValueError, match="'VGG16' needs three numbers"):
        plots.cost_and_accuracy({"VGG16": wrong}, alt=ALT)
    with pytest.raises(ValueError, match="networks is empty"):
        plots.cost_and_accuracy({}, alt=ALT)
