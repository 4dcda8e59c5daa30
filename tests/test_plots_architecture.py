"""The figure of an architecture says what Keras says, and nothing in it hides anything else."""

import re
from collections.abc import Callable
from itertools import combinations, pairwise
from typing import Any

import keras
import pytest
from keras import layers
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch
from matplotlib.transforms import Bbox
from open_figures import drawn

from cnn_course import models, plots

pytestmark = [pytest.mark.tensorflow, pytest.mark.usefixtures("without_weights")]

ALT = "A network, drawn from the model itself."
VGG_BLOCKS = {f"Block {number}": f"block{number}_" for number in range(1, 6)}
STAGES = {"Stem": ("conv1_", "pool1_")} | {f"Stage {n}": f"conv{n}_" for n in range(2, 6)}


def network(block: Callable[[Any], Any], shape: tuple[int, ...] = (28, 28, 64)) -> Any:
    inputs = keras.Input(shape)
    return keras.Model(inputs, block(inputs))


def inception(x: Any) -> Any:
    return models.inception_module(
        x, ones=64, before_threes=96, threes=128, before_fives=16, fives=32, pooled=32
    )


def unet(x: Any) -> Any:
    one = layers.Conv2D(4, 3, padding="same")(x)
    two = layers.Conv2D(8, 3, padding="same")(layers.MaxPooling2D()(one))
    three = layers.Conv2D(8, 3, padding="same")(layers.MaxPooling2D()(two))
    up = layers.Concatenate()([layers.UpSampling2D()(three), two])
    return layers.Concatenate()([layers.UpSampling2D()(up), one])


def dense_block(x: Any) -> Any:
    for _ in range(3):
        x = layers.Concatenate()([x, layers.Conv2D(4, 3, padding="same")(x)])
    return x


def uneven(x: Any) -> Any:
    """Branches inside a branch, and a shortcut out of the middle of a row."""
    left, middle, right = (layers.Conv2D(4, side, padding="same")(x) for side in (1, 3, 5))
    deeper = [layers.Conv2D(4, side, padding="same")(middle) for side in ((1, 3), (3, 1))]
    return layers.Concatenate()([left, *deeper, right, layers.ReLU()(left), middle])


BLOCKS = {
    "identity": lambda x: models.residual_block(x, 64),
    "projection": lambda x: models.residual_block(x, 128, 2),
    "bottleneck": lambda x: models.bottleneck_block(x, 16, projection=True),
    "naive": lambda x: models.naive_inception_module(x, 64, 128, 32),
    "inception": inception,
    "separable": lambda x: models.separable_block(x, 128),
    "unet": unet,
    "dense": dense_block,
    "uneven": uneven,
}


def frames(figure: Figure) -> list[FancyBboxPatch]:
    return [patch for patch in figure.axes[0].patches if isinstance(patch, FancyBboxPatch)]


def arrows(figure: Figure) -> list[FancyArrowPatch]:
    return [patch for patch in figure.axes[0].patches if isinstance(patch, FancyArrowPatch)]


def inside(figure: Figure, frame: FancyBboxPatch) -> list[str]:
    """Return the lines of text whose middle is in a box, from top to bottom."""
    area = frame.get_window_extent()
    texts = [t for t in figure.axes[0].texts if area.contains(*_middle(t.get_window_extent()))]
    return [text.get_text() for text in sorted(texts, key=lambda text: text.get_position()[1])]


def _middle(box: Bbox) -> tuple[float, float]:
    return (box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2


def boxes(figure: Figure) -> list[list[str]]:
    return [inside(figure, frame) for frame in frames(figure)]


def parameters(lines: list[str]) -> int:
    """Return the parameters that a box says it has."""
    found = re.fullmatch(r"([\d,]+) parameters?", lines[-1])
    return int(found[1].replace(",", "")) if found else 0


def edges(model: Any) -> int:
    """Return how many tensors go from layer to layer, as Keras stores it."""
    return str(model.get_config()["layers"]).count("'keras_history'")


def shown(size: tuple[int, ...]) -> str:
    return " × ".join(f"{number:,}" for number in size)


@pytest.mark.parametrize("block", BLOCKS.values(), ids=BLOCKS)
def test_each_layer_has_a_box_with_its_shape_and_parameters_and_each_tensor_an_arrow(block):
    model = network(block)
    with drawn(plots.architecture, model) as figure:
        found = boxes(figure)
        assert len(arrows(figure)) == edges(model)
    said = sorted(
        (parameters(lines), *(set(lines) & {shown(shape(o)) for o in model.layers}))
        for lines in found
    )
    assert said == sorted((layer.count_params(), shown(shape(layer))) for layer in model.layers)


def shape(layer: Any) -> tuple[int, ...]:
    return tuple(layer.output.shape[1:])


def test_lenet_is_described_layer_by_layer():
    with drawn(plots.architecture, models.lenet()) as figure:
        found = boxes(figure)
    assert found[:3] == [
        ["Input", "28 × 28 × 1"],
        ["C1", "Conv 5×5, 6, tanh", "28 × 28 × 6", "156 parameters"],
        ["S2", "Average pool 2×2,", "stride 2", "14 × 14 × 6"],
    ]
    assert found[5] == ["Flatten", "400"]
    assert found[-1] == ["output", "Dense 10, softmax", "10", "850 parameters"]


@pytest.mark.parametrize(
    ("layer", "lines"),
    [
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
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_a_layer_is_called_what_it_is_with_what_is_unusual(layer: Any, lines: list[str]):
    with drawn(plots.architecture, network(layer)) as figure:
        assert boxes(figure)[-1][: len(lines)] == lines
        assert boxes(figure)[-1][len(lines)] == shown(shape(layer))


def test_a_layer_that_is_called_twice_is_counted_once():
    shared = layers.Conv2D(64, 3, padding="same")
    model = network(lambda x: shared(shared(x)))
    with drawn(plots.architecture, model) as figure:
        found = boxes(figure)
    assert [parameters(lines) for lines in found] == [0, model.count_params(), 0]
    assert "again" in found[-1]


@pytest.mark.parametrize(
    ("make", "groups", "number"),
    [
        (models.vgg, VGG_BLOCKS, 10),
        (lambda: models.vgg(19), VGG_BLOCKS, 10),
        (models.resnet50, STAGES, 8),
        (models.alexnet, {"Dense 6 and 7": ("dense_", "dropout")}, 14),
    ],
    ids=["vgg16", "vgg19", "resnet50", "alexnet"],
)
def test_a_group_is_one_box_and_the_sums_are_those_of_the_model(make, groups, number):
    model = make()
    with drawn(plots.architecture, model, groups=groups) as figure:
        found = {lines[0]: lines for lines in boxes(figure)}
        assert figure.get_size_inches()[0] <= 7.7
        assert len(arrows(figure)) == number - 1
    assert len(found) == number
    assert sum(map(parameters, found.values())) == model.count_params()
    for title, prefixes in groups.items():
        start = prefixes if isinstance(prefixes, tuple) else (prefixes,)
        own = [layer for layer in model.layers if layer.name.startswith(start)]
        assert parameters(found[title]) == sum(layer.count_params() for layer in own)
        assert found[title][2] == shown(shape(own[-1]))


def test_a_group_says_how_many_of_its_layers_have_a_kernel():
    with drawn(plots.architecture, models.resnet50(), groups=STAGES) as figure:
        said = {lines[0]: lines[1] for lines in boxes(figure)}
    assert said["Stem"] == "1 convolution"
    assert said["Stage 4"] == f"{6 * 3 + 1} convolutions"  # and the projection


@pytest.mark.parametrize("block", BLOCKS.values(), ids=BLOCKS)
def test_no_box_overlaps_another_and_no_text_is_wider_than_its_box(block):
    _nothing_hides_anything(network(block))


@pytest.mark.parametrize("make", [models.lenet, models.alexnet, models.vgg])
def test_no_box_of_a_whole_network_overlaps_another(make):
    _nothing_hides_anything(make())


def _nothing_hides_anything(model: Any) -> None:
    with drawn(plots.architecture, model) as figure:
        areas = [frame.get_window_extent() for frame in frames(figure)]
        assert not any(one.overlaps(other) for one, other in combinations(areas, 2))
        for text in figure.axes[0].texts:
            extent = text.get_window_extent()
            (area,) = (area for area in areas if area.contains(*_middle(extent)))
            assert area.x0 < extent.x0 < extent.x1 < area.x1, text.get_text()
            assert area.y0 < extent.y0 < extent.y1 < area.y1, text.get_text()
        whole = figure.bbox
        assert all(whole.x0 <= a.x0 and a.x1 <= whole.x1 for a in areas)


@pytest.mark.parametrize("block", BLOCKS.values(), ids=BLOCKS)
def test_no_arrow_crosses_a_box_and_each_stays_in_the_figure(block):
    with drawn(plots.architecture, network(block)) as figure:
        inner = [_shrunk(frame.get_bbox()) for frame in frames(figure)]
        (left, right), (low, high) = figure.axes[0].get_xlim(), figure.axes[0].get_ylim()
        for arrow in arrows(figure):
            points = arrow._path_original.vertices  # without the head
            for (x, y), (to, down) in pairwise(points):
                assert x == pytest.approx(to) or y == pytest.approx(down), "lines run straight"
                line = Bbox.from_extents(min(x, to), min(y, down), max(x, to), max(y, down))
                assert not any(line.overlaps(box) for box in inner)
                assert left < line.x0 <= line.x1 < right
                assert high < line.y0 <= line.y1 < low


def _shrunk(box: Bbox) -> Bbox:
    return Bbox.from_extents(box.x0 + 0.01, box.y0 + 0.01, box.x1 - 0.01, box.y1 - 0.01)


def test_branches_stand_side_by_side_in_the_order_in_which_they_are_joined():
    with drawn(plots.architecture, network(BLOCKS["naive"])) as figure:
        row = {inside(figure, f)[0]: f.get_bbox() for f in frames(figure)}
    branches = ["Conv 1×1, 64", "Conv 3×3, 128", "Conv 5×5, 32", "Max pool 3×3"]
    assert sorted(branches, key=lambda name: row[name].x0) == branches
    assert len({round(row[name].y0, 6) for name in branches}) == 1


def test_what_has_learned_is_orange_and_what_learns_nothing_is_grey():
    with drawn(plots.architecture, network(BLOCKS["identity"])) as figure:
        colours = {inside(figure, f)[0]: to_hex(f.get_edgecolor()) for f in frames(figure)}
        last = to_hex(frames(figure)[-1].get_edgecolor())
        contrasts = [_contrast(f.get_facecolor(), "#222222") for f in frames(figure)]
    assert colours["Input"] == plots.INPUT.lower()
    assert colours["Conv 3×3, 64"] == colours["BN"] == plots.KERNEL.lower()
    assert colours["Add"] not in {plots.INPUT.lower(), plots.KERNEL.lower(), plots.OUTPUT.lower()}
    assert last == plots.OUTPUT.lower()
    assert min(contrasts) > 4.5


def _contrast(one: Any, other: Any) -> float:
    """Return the contrast of two colours as WCAG 2 defines it."""

    def light(colour: Any) -> float:
        parts = [
            p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in to_rgb(colour)
        ]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    low, high = sorted((light(one), light(other)))
    return (high + 0.05) / (low + 0.05)


def test_two_small_networks_stand_side_by_side_and_two_wide_ones_one_below_the_other():
    plain = network(lambda x: models.residual_block(x, 64, shortcut=False))
    residual = network(BLOCKS["identity"])
    with drawn(plots.architectures, {"plain": plain, "residual": residual}) as figure:
        titles = {text.get_text(): text.get_position() for text in figure.axes[0].texts}
        assert len(frames(figure)) == len(plain.layers) + len(residual.layers)
        assert titles["plain"][0] < titles["residual"][0]
        assert titles["plain"][1] == titles["residual"][1]
    wide = {"naive": network(BLOCKS["naive"]), "bottlenecks": network(inception)}
    with drawn(plots.architectures, wide) as figure:
        titles = {text.get_text(): text.get_position() for text in figure.axes[0].texts}
        assert titles["naive"][1] < titles["bottlenecks"][1]
        assert figure.get_size_inches()[0] <= 7.7


def test_a_network_without_branches_is_read_line_by_line():
    with drawn(plots.architecture, models.lenet(), columns=4) as figure:
        corners = [(f.get_bbox().y0, f.get_bbox().x0) for f in frames(figure)]
    assert corners == sorted(corners)
    assert len({y for y, _ in corners}) == 3


class Subclassed(keras.Model):
    def call(self, x: Any) -> Any:
        return x


@pytest.mark.parametrize("model", [Subclassed(), keras.Sequential([layers.Dense(1)]), "vgg"])
def test_a_model_without_a_graph_is_refused_with_what_to_do(model: Any):
    with pytest.raises(ValueError, match=r"keras\.Model\(inputs, outputs\)"):
        plots.architecture(model, alt=ALT)


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        ({"first": "C9"}, "'first' has no layer"),
        ({"C": "C", "three": "C3"}, "'C3' is in the groups 'C' and 'three'"),
        ({"both": ("C1", "C3")}, "S2"),
    ],
)
def test_groups_that_cannot_be_drawn_are_refused(groups: Any, message: str):
    with pytest.raises(ValueError, match=message):
        plots.architecture(models.lenet(), alt=ALT, groups=groups)


def test_other_wrong_arguments_are_refused():
    with pytest.raises(ValueError, match="columns must be 1 or more"):
        plots.architecture(models.lenet(), alt=ALT, columns=0)
    with pytest.raises(ValueError, match="models is empty"):
        plots.architectures({}, alt=ALT)
    with pytest.raises(ValueError, match="'VGG'"):
        plots.architectures({"LeNet": models.lenet()}, alt=ALT, groups={"VGG": VGG_BLOCKS})
