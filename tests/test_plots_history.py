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
from open_figures import drawn

from cnn_course import plots

ALT = "Deeper networks became better and cheaper."
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


def dots(figure: Figure) -> list[Line2D]:
    return [line for line in figure.axes[0].lines if line.get_marker() == "o"]


def texts(figure: Figure) -> list[Text]:
    return [text for text in figure.axes[0].texts if text.get_text()]


def overlapping(figure: Figure) -> list[tuple[str, str]]:
    found = [(text.get_text(), text.get_window_extent()) for text in texts(figure)]
    return [(a, b) for (a, one), (b, other) in combinations(found, 2) if one.overlaps(other)]


def within(outer: Bbox, inner: Bbox) -> bool:
    return bool(
        outer.x0 <= inner.x0
        and inner.x1 <= outer.x1
        and outer.y0 <= inner.y0 <= inner.y1 <= outer.y1
    )


def test_each_event_has_a_dot_and_the_dots_are_true_to_scale():
    with drawn(plots.timeline, EVENTS) as figure:
        heights = [float(dot.get_ydata()[0]) for dot in dots(figure)]
        words = " ".join(text.get_text() for text in texts(figure))
    years = sorted(year for year, _ in EVENTS)
    slope, start = np.polyfit(years, heights, 1)
    assert slope > 0  # downwards: the axis is upside down
    np.testing.assert_allclose(heights, [start + slope * year for year in years])
    for year, text in EVENTS:
        assert str(year) in words
        assert text in words


CROWDED = [(2012 + place // 4, f"Event number {place} of many") for place in range(16)]


@pytest.mark.parametrize("events", [EVENTS, CROWDED, EVENTS[:1], {1998: "LeNet-5", 2012: "A" * 30}])
def test_labels_of_a_timeline_do_not_overlap_and_stay_in_the_figure(events: Any):
    with drawn(plots.timeline, events) as figure:
        assert not overlapping(figure)
        assert all(within(figure.bbox, text.get_window_extent()) for text in texts(figure))
        assert figure.get_size_inches()[0] <= 7.7


def test_events_of_a_mapping_are_put_in_order():
    with drawn(plots.timeline, {2012: "AlexNet", 1998: "LeNet-5"}) as figure:
        place = {text.get_text(): text.get_position()[1] for text in texts(figure)}
    assert place["1998"] == place["LeNet-5"] < place["2012"] == place["AlexNet"]


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


def test_each_network_is_at_its_cost_and_accuracy_with_an_area_like_its_parameters():
    with drawn(plots.cost_and_accuracy, NETWORKS) as figure:
        found = {
            (float(dot.get_xdata()[0]), float(dot.get_ydata()[0])): dot.get_markersize() ** 2
            for dot in dots(figure)
        }
        said = {text.get_text() for text in texts(figure)}
        assert figure.axes[0].get_xscale() == "log"
    areas = [found[work, accuracy] for work, _, accuracy in NETWORKS.values()]
    shares = [area / costs[1] for area, costs in zip(areas, NETWORKS.values(), strict=True)]
    np.testing.assert_allclose(shares, shares[0])
    assert "ResNet-50\n25.6 million" in said
    assert len(said) == len(NETWORKS)


def test_the_legend_of_areas_has_the_areas_of_the_dots():
    with drawn(plots.cost_and_accuracy, NETWORKS) as figure:
        (legend,) = figure.legends
        entries = {
            text.get_text(): line.get_markersize() ** 2
            for text, line in zip(legend.get_texts(), legend.get_lines(), strict=True)
        }
        largest = max(dot.get_markersize() for dot in dots(figure)) ** 2
        assert within(figure.bbox, legend.get_window_extent())
    assert entries["100 million"] == pytest.approx(largest * 100e6 / 143_667_240)
    assert entries["10 million"] == pytest.approx(entries["100 million"] / 10)


ALIKE = {f"network {n}": (1e9 * (1 + n / 50), 10**7, 70 + n / 50) for n in range(10)}
SMALL = {"LeNet-5": (416_520, 61_706, 99.05)}


@pytest.mark.parametrize("networks", [NETWORKS, ALIKE, SMALL], ids=["history", "alike", "one"])
def test_labels_of_networks_hide_no_other_label_and_no_dot_and_stay_within_the_axes(networks: Any):
    with drawn(plots.cost_and_accuracy, networks) as figure:
        axis = figure.axes[0]
        assert not overlapping(figure)
        for text in texts(figure):
            extent = Text.get_window_extent(text)  # the words without the line to the dot
            assert within(axis.get_window_extent(), extent)
            assert not any(
                extent.contains(*axis.transData.transform(d.get_xydata()[0])) for d in dots(figure)
            )


@pytest.mark.parametrize("work", [3e9, 416_520])
def test_the_axis_of_costs_has_numbers_even_when_it_is_short(work: float):
    with drawn(plots.cost_and_accuracy, {"one": (work, 10**6, 70)}) as figure:
        axis = figure.axes[0]
        (low, high), ticks = axis.get_xlim(), axis.get_xticks()
    assert sum(low < tick < high for tick in ticks) >= 2


def test_a_small_network_has_its_parameters_in_full():
    with drawn(plots.cost_and_accuracy, SMALL, measure="accuracy on MNIST (%)") as figure:
        assert [text.get_text() for text in texts(figure)] == ["LeNet-5\n61,706"]
        assert figure.axes[0].get_ylabel() == "accuracy on MNIST (%)"


@pytest.mark.parametrize(
    ("networks", "message"),
    [
        ({}, "networks is empty"),
        ({"VGG16": (0, 138e6, 71.5)}, "'VGG16' needs three numbers"),
        ({"VGG16": (15e9, -1, 71.5)}, "'VGG16' needs three numbers"),
        ({"VGG16": (15e9, 138e6, nan)}, "'VGG16' needs three numbers"),
        ({"VGG16": (15e9, 138e6)}, "'VGG16' needs three numbers"),
    ],
)
def test_costs_that_cannot_be_drawn_are_refused(networks: Any, message: str):
    with pytest.raises(ValueError, match=message):
        plots.cost_and_accuracy(networks, alt=ALT)
