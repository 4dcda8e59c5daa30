"""The figure of an architecture says what Keras says, and nothing in it hides anything else."""

import re
from collections.abc import Callable, Iterator
from itertools import combinations, pairwise
from typing import Any

import keras
import pytest
from frameworks import without_weights
from keras import layers
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch
from matplotlib.text import Text
from matplotlib.transforms import Bbox
from open_figures import ALT, drawn

from cnn_course import models, plots

pytestmark = [pytest.mark.tensorflow, pytest.mark.usefixtures("without_weights")]


def network(block: Callable[[Any], Any], shape: tuple[int, ...] = (28, 28, 64)) -> Any:
    inputs = keras.Input(shape)
    return keras.Model(inputs, block(inputs))


def same(filters: int, side: int | tuple[int, int] = 3) -> Any:
    return layers.Conv2D(filters, side, padding="same")


def inception(x: Any) -> Any:
    return models.inception_module(
        x, ones=64, before_threes=96, threes=128, before_fives=16, fives=32, pooled=32
    )


def unet(x: Any) -> Any:
    one = same(4)(x)
    two = same(8)(layers.MaxPooling2D()(one))
    three = same(8)(layers.MaxPooling2D()(two))
    up = layers.Concatenate()([layers.UpSampling2D()(three), two])
    return layers.Concatenate()([layers.UpSampling2D()(up), one])


def dense_block(x: Any) -> Any:
    for _ in range(3):
        x = layers.Concatenate()([x, same(4)(x)])
    return x


def uneven(x: Any) -> Any:
    """Branches inside a branch, and a shortcut out of the middle of a row."""
    left, middle, right = (same(4, side)(x) for side in (1, 3, 5))
    deeper = [same(4, side)(middle) for side in ((1, 3), (3, 1))]
    return layers.Concatenate()([left, *deeper, right, layers.ReLU()(left), middle])


NETWORKS = {
    "identity": lambda: network(lambda x: models.residual_block(x, 64)),
    "projection": lambda: network(lambda x: models.residual_block(x, 128, 2)),
    "naive": lambda: network(lambda x: models.naive_inception_module(x, 64, 128, 32)),
    "inception": lambda: network(inception),
    "unet": lambda: network(unet),
    "dense": lambda: network(dense_block),
    "uneven": lambda: network(uneven),
    "lenet": models.lenet,
}
Drawn = tuple[Any, Figure]


@pytest.fixture(scope="module", params=NETWORKS)
def drawing(request: pytest.FixtureRequest) -> Iterator[Drawn]:
    """A network and its figure, drawn once for all tests."""
    with without_weights():
        model = NETWORKS[request.param]()
    with drawn(plots.architecture, model) as figure:
        yield model, figure


def frames(figure: Figure) -> list[FancyBboxPatch]:
    return figure.axes[0].findobj(FancyBboxPatch)


def arrows(figure: Figure) -> list[FancyArrowPatch]:
    return figure.axes[0].findobj(FancyArrowPatch)


def boxes(figure: Figure) -> list[list[str]]:
    """Return for each box the lines of text whose middle is in it, from top to bottom."""
    texts = sorted(figure.axes[0].texts, key=lambda text: text.get_position()[1])
    areas = [frame.get_window_extent() for frame in frames(figure)]
    return [[text.get_text() for text in texts if is_in(area, text)] for area in areas]


def is_in(area: Bbox, text: Text) -> bool:
    extent = text.get_window_extent()
    return bool(area.contains(*(extent.min + extent.max) / 2))


def parameters(lines: list[str]) -> int:
    """Return the parameters that a box says it has."""
    found = re.fullmatch(r"([\d,]+) parameters?", lines[-1])
    return int(found[1].replace(",", "")) if found else 0


def shape(layer: Any) -> str:
    return " × ".join(f"{number:,}" for number in layer.output.shape[1:])


def test_each_layer_has_a_box_with_its_shape_and_parameters_and_each_tensor_an_arrow(
    drawing: Drawn,
) -> None:
    model, figure = drawing
    tensors = str(model.get_config()["layers"]).count("'keras_history'")
    assert len(arrows(figure)) == tensors
    expected = sorted((layer.count_params(), shape(layer)) for layer in model.layers)
    shapes = {size for _, size in expected}
    said = [(parameters(lines), *(set(lines) & shapes)) for lines in boxes(figure)]
    assert sorted(said) == expected


def test_no_box_overlaps_another_and_no_text_is_wider_than_its_box(drawing: Drawn) -> None:
    figure = drawing[1]
    areas = [frame.get_window_extent() for frame in frames(figure)]
    assert not any(one.overlaps(other) for one, other in combinations(areas, 2))
    for text in figure.axes[0].texts:
        extent = text.get_window_extent()
        (area,) = (area for area in areas if is_in(area, text))
        assert area.x0 < extent.x0 < extent.x1 < area.x1, text.get_text()
        assert area.y0 < extent.y0 < extent.y1 < area.y1, text.get_text()
    assert all(figure.bbox.x0 <= area.x0 and area.x1 <= figure.bbox.x1 for area in areas)


def test_no_arrow_crosses_a_box_and_each_stays_in_the_figure(drawing: Drawn) -> None:
    figure = drawing[1]
    inner = [frame.get_bbox().padded(-0.01) for frame in frames(figure)]
    (left, right), (low, high) = figure.axes[0].get_xlim(), figure.axes[0].get_ylim()
    for arrow in arrows(figure):
        points = arrow._path_original.vertices  # without the head
        for (x, y), (to, down) in pairwise(points):
            assert x == pytest.approx(to) or y == pytest.approx(down), "lines run straight"
            line = Bbox.from_extents(min(x, to), min(y, down), max(x, to), max(y, down))
            assert not any(line.overlaps(box) for box in inner)
            assert left < line.x0 <= line.x1 < right
            assert high < line.y0 <= line.y1 < low


@pytest.mark.parametrize("drawing", ["naive"], indirect=True)
def test_branches_stand_side_by_side_in_the_order_in_which_they_are_joined(drawing: Drawn) -> None:
    figure = drawing[1]
    places = zip(boxes(figure), frames(figure), strict=True)
    row = {lines[0]: frame.get_bbox() for lines, frame in places}
    branches = ["Conv 1×1, 64", "Conv 3×3, 128", "Conv 5×5, 32", "Max pool 3×3"]
    assert sorted(branches, key=lambda name: row[name].x0) == branches
    assert len({round(row[name].y0, 6) for name in branches}) == 1


@pytest.mark.parametrize("drawing", ["identity"], indirect=True)
def test_what_has_learned_is_orange_and_what_learns_nothing_is_grey(drawing: Drawn) -> None:
    figure = drawing[1]
    edges = [to_hex(frame.get_edgecolor()) for frame in frames(figure)]
    colours = {lines[0]: edge for lines, edge in zip(boxes(figure), edges, strict=True)}
    assert (colours["Input"], edges[-1]) == (plots.INPUT.lower(), plots.OUTPUT.lower())
    assert colours["Conv 3×3, 64"] == colours["BN"] == plots.KERNEL.lower()
    assert len({*to_rgb(colours["Add"])}) == 1, "grey"
    darkest = min(_light(frame.get_facecolor()) for frame in frames(figure))
    text = max(_light(text.get_color()) for text in figure.axes[0].texts)
    assert (darkest + 0.05) / (text + 0.05) > 4.5


def _light(colour: Any) -> float:
    """Return the relative luminance of a colour as WCAG 2 defines it."""
    parts = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in to_rgb(colour)]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def test_a_layer_is_called_what_it_is_with_what_is_unusual() -> None:
    expected = [
        (layers.Conv2D(8, 3, strides=2, use_bias=False), ["Conv 3×3, 8", "stride 2"]),
        (layers.Conv2D(8, (1, 3), groups=2), ["Conv 1×3, 8", "2 groups"]),
        (layers.Conv2D(8, 3, dilation_rate=2), ["Conv 3×3, 8", "dilation 2"]),
        (layers.DepthwiseConv2D(3), ["Depthwise conv 3×3"]),
        (layers.MaxPooling2D(3, strides=1), ["Max pool 3×3", "stride 1"]),
        (layers.Dropout(0.25), ["Dropout 0.25"]),
        (layers.BatchNormalization(), ["BN"]),
        (layers.Activation("relu"), ["ReLU"]),
        (layers.GlobalAveragePooling2D(), ["Global average pool"]),
        (layers.LayerNormalization(), ["Layer normalization"]),
        (layers.Dense(3, activation="sigmoid", name="last"), ["last", "Dense 3, sigmoid"]),
    ]
    model = network(lambda x: [layer(x) for layer, _ in expected])
    with drawn(plots.architecture, model) as figure:
        found = boxes(figure)
    for layer, lines in expected:
        whole = [*lines, shape(layer)]
        assert whole in [box[: len(whole)] for box in found]


def test_a_layer_that_is_called_twice_is_counted_once() -> None:
    shared = same(64)
    model = network(lambda x: shared(shared(x)))
    with drawn(plots.architecture, model) as figure:
        found = boxes(figure)
    assert [parameters(lines) for lines in found] == [0, model.count_params(), 0]
    assert "again" in found[-1]


VGG_BLOCKS = {f"Block {number}": f"block{number}_" for number in range(1, 6)}
STAGES = {"Stem": ("conv1_", "pool1_")} | {f"Stage {n}": f"conv{n}_" for n in range(2, 6)}


@pytest.mark.parametrize(
    ("make", "groups", "number", "says"),
    [
        (models.vgg, VGG_BLOCKS, 10, {"Block 5": "3 convolutions"}),
        (models.resnet50, STAGES, 8, {"Stem": "1 convolution", "Stage 4": "19 convolutions"}),
        (models.alexnet, {"Dense": ("dense_", "dropout")}, 14, {"Dense": "2 dense layers"}),
    ],
    ids=["vgg16", "resnet50", "alexnet"],
)
def test_a_group_is_one_box_and_the_sums_are_those_of_the_model(
    make: Any, groups: Any, number: int, says: dict[str, str]
) -> None:
    model = make()
    with drawn(plots.architecture, model, groups=groups) as figure:
        found = {lines[0]: lines for lines in boxes(figure)}
        assert figure.get_size_inches()[0] <= 7.7
        assert len(arrows(figure)) == number - 1
    assert len(found) == number
    assert sum(map(parameters, found.values())) == model.count_params()
    for title, prefixes in groups.items():
        own = [layer for layer in model.layers if layer.name.startswith(prefixes)]
        assert parameters(found[title]) == sum(layer.count_params() for layer in own)
        assert found[title][2] == shape(own[-1])
    assert {title: found[title][1] for title in says} == says


def test_two_small_networks_stand_side_by_side_and_two_wide_ones_one_below_the_other() -> None:
    plain = network(lambda x: models.residual_block(x, 64, shortcut=False))
    small = {"first": plain, "second": NETWORKS["identity"]()}
    wide = {"first": NETWORKS["naive"](), "second": network(inception)}
    for two, beside in ((small, True), (wide, False)):
        with drawn(plots.architectures, two) as figure:
            titles = {text.get_text(): text.get_position() for text in figure.axes[0].texts}
            assert len(frames(figure)) == sum(len(model.layers) for model in two.values())
            assert figure.get_size_inches()[0] <= 7.7
        (x, y), (other_x, other_y) = titles["first"], titles["second"]
        assert (x < other_x and y == other_y) if beside else (x == other_x and y < other_y)


def test_a_network_without_branches_is_read_line_by_line() -> None:
    with drawn(plots.architecture, models.lenet(), columns=4) as figure:
        corners = [(f.get_bbox().y0, f.get_bbox().x0) for f in frames(figure)]
        found = boxes(figure)
    assert corners == sorted(corners)
    assert len({y for y, _ in corners}) == 3
    assert found[1] == ["C1", "Conv 5×5, 6, tanh", "28 × 28 × 6", "156 parameters"]
    assert found[2] == ["S2", "Average pool 2×2,", "stride 2", "14 × 14 × 6"]
    assert found[5] == ["Flatten", "400"]


class Subclassed(keras.Model):
    def call(self, x: Any) -> Any:
        return x


@pytest.mark.parametrize("model", [Subclassed(), keras.Sequential([layers.Dense(1)]), "vgg"])
def test_a_model_without_a_graph_is_refused_with_what_to_do(model: Any) -> None:
    with pytest.raises(ValueError, match=r"keras\.(Model\(inputs, outputs|Input\(\(height)"):
        plots.architecture(model, alt=ALT)


def test_groups_and_columns_that_cannot_be_drawn_are_refused() -> None:
    lenet = models.lenet()
    for wrong, message in [
        ({"groups": {"first": "C9"}}, "'first' has no layer"),
        ({"groups": {"C": "C", "three": "C3"}}, "'C3' is in the groups 'C' and 'three'"),
        ({"groups": {"both": ("C1", "C3")}}, "S2"),
        ({"columns": 0}, "columns must be at least 1"),
    ]:
        with pytest.raises(ValueError, match=message):
            plots.architecture(lenet, alt=ALT, **wrong)
    with pytest.raises(ValueError, match="models is empty"):
        plots.architectures({}, alt=ALT)
    with pytest.raises(ValueError, match="'VGG'"):
        plots.architectures({"LeNet": lenet}, alt=ALT, groups={"VGG": VGG_BLOCKS})
