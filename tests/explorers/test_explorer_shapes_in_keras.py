"""The explorer of shapes and Keras: its code runs, its blocks are the chapters', models open."""

import re
from math import floor

import keras
import pytest
from explorer_pages import load, outcomes, show
from keras import layers
from playwright.sync_api import Page

from cnn_course import counting, explorers, models
from cnn_course.explorers.known_networks import KNOWN_NETWORKS
from cnn_course.explorers.shapes import NETWORKS

pytestmark = [pytest.mark.browser, pytest.mark.tensorflow]
ODD = {
    "input": [17, 23, 3],
    "layers": [
        {"kind": "conv", "filters": 6, "size": 4, "stride": 3, "padding": "same", "bias": False},
        {"kind": "depthwise", "size": 2, "stride": 2, "padding": "valid", "multiplier": 3}
        | {"bias": True},
        {"kind": "average", "size": 3, "stride": 1, "padding": "same"},
        {"kind": "dropout"},
        {"kind": "dense", "units": 5, "bias": False, "after": [1]},  # two outputs
    ],
}
STATES = {**NETWORKS, "odd": ODD, "empty": {"input": [4, 5, 6], "layers": []}}


def without_weights(code: str) -> keras.Model:
    names: dict = {}
    with keras.StatelessScope(initialize_variables=False):
        exec(code, names)
    return names["model"]


def numbers(table: counting.Table) -> list[tuple]:
    return sorted((row.output_shape, row.parameters, row.multiplications) for row in table)


def test_the_code_that_is_shown_makes_a_model_with_the_same_shapes_and_counts(page: Page) -> None:
    load(page, explorers.Shapes(), "kerasCode", "stack")
    call = "(state) => kerasCode(state, stack(state).rows)"
    for state, found in zip(
        STATES.values(), outcomes(page, call, list(STATES.values())), strict=True
    ):
        code = found["value"]
        assert all(len(line) < 100 for line in code.splitlines())
        model = without_weights(code)
        mine = explorers.Shapes(shape=state["input"], layers=state["layers"])
        assert numbers(counting.table(model)) == numbers(mine.table)
        assert model.count_params() == mine.table.parameters
        for row, line in zip(mine.table, code.splitlines()[4:], strict=False):
            assert f"# {' x '.join(map(str, row.output_shape))}" in line


def on(shape: tuple[int, ...], made: object, *given: object, **named: object) -> keras.Model:
    maps = keras.Input(shape)
    return keras.Model(maps, made(maps, *given, **named))


def test_the_networks_to_choose_are_the_chapters() -> None:
    third = {"ones": 64, "before_threes": 96, "threes": 128}
    third |= {"before_fives": 16, "fives": 32, "pooled": 32}
    with keras.StatelessScope(initialize_variables=False):
        made = {
            "LeNet-5": models.lenet(),
            "VGG16": models.vgg(16),
            "VGG19": models.vgg(19),
            "Inception module, naive": on(
                (28, 28, 192), models.naive_inception_module, 64, 128, 32
            ),
            "Inception module, GoogLeNet": on((28, 28, 192), models.inception_module, **third),
            "residual block, ResNet-18": on((56, 56, 64), models.residual_block, 64),
            "residual block, ResNet-50": on(
                (56, 56, 64), models.bottleneck_block, 64, projection=True
            ),
            "MobileNet block": on((14, 14, 512), models.separable_block, 512),
        }
    for name, model in made.items():
        mine = explorers.Shapes(name).table
        assert numbers(mine) == numbers(counting.table(model)), name
    assert explorers.Shapes("Xception block").table.parameters == 1_618_344
    # Its paper's two halves share nothing; on one card the three convolutions see all maps.
    halves = (5 * 5 * 48) * 256 + (3 * 3 * 192) * (384 + 256)
    assert explorers.Shapes("AlexNet, on one card").table.parameters == 60_965_224 + halves
    assert set(KNOWN_NETWORKS) == set(NETWORKS)


def test_a_keras_model_opens_in_it_layer_by_layer() -> None:
    for name, layers_of_it in KNOWN_NETWORKS.items():
        if name not in {"VGG19", "AlexNet, on one card"}:  # nothing that the others have not
            expected = counting.table(layers_of_it)
            assert numbers(explorers.Shapes(name).table) == numbers(expected)
    model = keras.Sequential(
        [
            keras.Input((9, 9, 2)),
            layers.Conv2D(3, 3, activation="relu"),
            layers.Flatten(),
            layers.Dense(4),
        ]
    )
    opened = explorers.Shapes.from_model(model)
    assert [layer["kind"] for layer in opened.state["layers"]] == ["conv", "flatten", "dense"]
    assert opened.table.parameters == model.count_params()
    block = on((8, 8, 16), models.bottleneck_block, 4)
    opened = explorers.Shapes.from_model(block)
    assert opened.table.parameters == block.count_params()
    [add] = [layer for layer in opened.state["layers"] if layer["kind"] == "add"]
    assert 0 in add["after"]  # the shortcut comes from the input


def test_a_keras_model_that_it_cannot_show_says_why() -> None:
    one, other = keras.Input((8, 8, 1)), keras.Input((8, 8, 1))
    conv, inner = layers.Conv2D(1, 3, name="mine"), keras.Sequential([keras.Input((8, 8, 1))])
    inner.add(layers.ReLU())
    for model, said in (
        (keras.Model([one, other], layers.Add()([one, other])), "has 2 inputs"),
        (keras.Model(one, layers.Add()([conv(one), conv(one)])), "'mine' is called twice"),
        (keras.Model(one, inner(one)), "is no single layer"),
        (keras.Model(one, one + 1), "is no single layer|cannot be counted"),
        (keras.Model(one, layers.Softmax()(one)), "has no layer Softmax"),
        (keras.Model(one, layers.Conv2D(2, (3, 1))(one)), "has no"),
        (keras.Sequential([layers.Dense(2)]), "is not built"),
    ):
        with pytest.raises(ValueError, match=said):
            explorers.Shapes.from_model(model)


SLID = re.compile(
    r"⌊\((\d+) \+ (\d+) − (\d+)\) / (\d+)⌋ \+ 1 = [\d,]*\d(?:, rounded down; (\d+) left)?"
)
SUM = re.compile(r"([⌊(]*\d[\d,()⌊⌋ +−×/]*) = ([\d,]+)")


def test_the_derivations_say_the_numbers_of_the_layer_and_are_true(page: Page) -> None:
    load(page, explorers.Shapes(), "derivation", "stack", "sources", "PICTURE")
    call = """(state) => {
        const { rows } = stack(state), of = (what, none, place) =>
            sources(state.layers, place).map((one) => (one ? rows[one - 1][what] : none));
        return state.layers.map((layer, place) => derivation(layer, of("shape", state.input, place),
            of("field", PICTURE, place), rows[place]));
    }"""
    sums = 0
    states = list(STATES.values())
    for state, found in zip(states, outcomes(page, call, states), strict=True):
        table = explorers.Shapes(shape=state["input"], layers=state["layers"]).table
        for row, lines in zip(table, found["value"], strict=True):
            said = " ".join(lines)
            for left, right in SUM.findall(said):
                python = left.replace("⌊", "floor(").replace("⌋", ")").replace(",", "")
                python = python.replace("×", "*").replace("−", "-")
                assert eval(python, {"floor": floor}) == int(right.replace(",", "")), said
                sums += 1
            for *sizes, left_over in SLID.findall(said):
                pixels, added, window, stride = map(int, sizes)
                assert (pixels + added - window) % stride == int(left_over or 0), said
            for number in (*row.output_shape, row.parameters, row.multiplications):
                assert not number or f"{number:,}" in said, (number, said)
            if "/" in said:  # something slides, and says what it sees
                assert all(f"{size:,}" in lines[-1] + lines[-2] for size in row.receptive_field)
    assert sums > 200


def test_a_chosen_layer_is_derived_and_what_changed_is_marked(page: Page, tmp_path) -> None:
    shown = show(page, tmp_path, explorers.Shapes("LeNet-5"))
    derived = shown.at(".explorer-derived")
    assert "(28 + 4 − 5) / 1⌋ + 1 = 28" in derived.inner_text()
    shown.at("th button").nth(2).click()
    assert "(5 × 5 × 6 + 1) × 16 = 2,416 parameters" in derived.inner_text()
    assert "6 + (5 − 1) × 2 = 14" in derived.inner_text()
    assert shown.at(".changed").count() == 0
    shown.cell("layer 3 filters").fill("17")
    page.keyboard.press("Tab")
    marked = shown.at(".changed").all_inner_texts()
    assert "was 2,416" in marked
    assert "was 10 × 10 × 16" in marked
    assert "layers.Conv2D(17, 5)(x2)" in shown.at(".explorer-code").inner_text()
    shown.cell("network").select_option("MobileNet block")
    assert shown.at(".changed").count() == 0
