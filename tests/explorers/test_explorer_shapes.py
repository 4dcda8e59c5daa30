"""The explorer of shapes counts what the package counts, and says why a stack cannot be."""

import re
from collections import Counter
from functools import cache
from random import Random

import pytest
from explorer_pages import Shown, load, outcomes, show
from playwright.sync_api import Page

from cnn_course import classtest, counting, explorers, models
from cnn_course.explorers.shapes import NETWORKS

pytestmark = pytest.mark.browser


def one_layer(random: Random) -> dict:
    """Return a layer of any kind, but those that merge, flatten or average all places."""
    window = {"size": random.randint(1, 5), "stride": random.randint(1, 3)}
    window["padding"] = random.choice(["valid", "same"])
    few, bias = random.randint(1, 12), {"bias": random.random() < 0.5}
    return random.choice(
        [
            {"kind": "conv", "filters": few, **window, **bias},
            {"kind": "depthwise", **window, **bias, "multiplier": random.randint(1, 3)},
            {"kind": random.choice(["max", "average"]), **window},
            {"kind": random.choice(["norm", "relu", "dropout"])},
            {"kind": "dense", "units": few, **bias},
        ]
    )


def in_a_row(seed: int) -> dict:
    """Return a network without branches, which may be one that cannot be."""
    random = Random(seed)
    shape = [random.randint(1, 40), random.randint(1, 40), random.randint(1, 12)]
    layers = [one_layer(random) for _ in range(random.randint(0, 5))]
    if end := random.choice(["", "flatten", "global"]):
        layers += [{"kind": end}, {"kind": "dense", "units": 7, "bias": random.random() < 0.5}]
        layers += [{"kind": "norm"}, {"kind": "dense", "units": 3, "bias": True}]
    return {"input": shape, "layers": layers}


def keeping(random: Random) -> dict:
    """Return a layer of a branch, most of them with shapes that fit together again."""
    bias = {"bias": random.random() < 0.5}
    window = {"size": random.choice([1, 2, 3, 5]), "stride": random.choice([1, 1, 1, 2])}
    window["padding"] = random.choice(["same", "valid"])
    return random.choice(
        [
            {"kind": "conv", "filters": random.choice([1, 4]), **window, **bias},
            {"kind": random.choice(["norm", "relu", "flatten", "global"])},
            {"kind": "dense", "units": 4, **bias},
        ]
    )


@cache
def branched(seed: int) -> dict:
    """Return a network with branches; each layer takes what fits, or now and then what does not."""
    random = Random(seed)
    state = {"input": [random.randint(5, 12), random.randint(5, 12), 4], "layers": []}
    for place in range(random.randint(2, 9)):
        if random.random() < 1 / 3:
            after = [random.randint(0, place) for _ in range(random.randint(2, 3))]
            layer = {"kind": random.choice(["add", "concatenate"]), "after": after}
        else:
            layer = keeping(random)
            if random.random() < 0.5:
                layer["after"] = [random.randint(0, place)]
        longer = {**state, "layers": [*state["layers"], layer]}
        try:
            explorers.Shapes.result(longer)
        except ValueError:
            if random.random() < 0.9:
                continue
        state = longer
    return state


@pytest.fixture
def module(page: Page) -> Page:
    load(page, explorers.Shapes(), "stack", "moved", "removed", "accepts")
    return page


def equal(found: dict, expected: counting.Table) -> None:
    assert found["parameters"] == expected.parameters
    assert found["multiplications"] == expected.multiplications
    for row, right in zip(found["rows"], expected, strict=True):
        assert tuple(row["shape"]) == right.output_shape
        assert row["parameters"] == right.parameters
        assert row["multiplications"] == right.multiplications
        assert tuple(row["sees"]) == right.receptive_field


@pytest.mark.parametrize("made", [in_a_row, branched])
def test_the_module_counts_as_counting_does_and_refuses_what_it_refuses(module, made) -> None:
    states = [made(seed) for seed in range(300)]
    refused = 0
    for state, found in zip(states, outcomes(module, "stack", states), strict=True):
        try:
            expected = explorers.Shapes(shape=state["input"], layers=state["layers"]).table
        except ValueError:
            assert re.search(r"Layer \d+, ", found["refused"]), state
            refused += 1
        else:
            equal(found["value"], expected)
    assert 10 < refused < 200


# What is done with a network and the place of a layer: it and the next one, and back again.
EXCHANGE = """({ input, layers, place }) => {
    const rows = (these) => stack({ input, layers: these }).rows;
    const other = moved(layers, place, 1), kinds = other.map(({ kind }) => kind);
    if ((layers[place + 1].after ?? [place + 1]).includes(place + 1)) return { kinds };
    return { before: rows(layers), after: rows(other), back: rows(moved(other, place + 1, -1)) };
}"""


def test_a_layer_beside_another_changes_places_without_changing_the_network(module) -> None:
    networks = [state for state in map(branched, range(300)) if len(state["layers"]) > 1]
    whole = outcomes(module, "stack", networks)
    states = [
        {**state, "place": Random(place).randint(0, len(state["layers"]) - 2)}
        for place, (state, found) in enumerate(zip(networks, whole, strict=True))
        if "value" in found
    ]
    seen = Counter()
    for state, found in zip(states, outcomes(module, EXCHANGE, states), strict=True):
        layers, place = state["layers"], state["place"]
        pair = [layers[place]["kind"], layers[place + 1]["kind"]]
        follows = place + 1 in layers[place + 1].get("after", [place + 1])
        if follows and {*pair} & {"add", "concatenate"}:
            assert "stays behind it" in found["refused"], state
            seen["refused"] += 1
        elif follows:  # they change places in it
            assert found["value"]["kinds"][place : place + 2] == pair[::-1], state
            seen["in a row"] += 1
        else:
            rows, value = found["value"]["before"], found["value"]
            assert value["back"] == rows, state
            rows = [*rows[:place], rows[place + 1], rows[place], *rows[place + 2 :]]
            assert value["after"] == rows, state
            seen["beside"] += 1
    assert min(seen[kind] for kind in ("refused", "in a row", "beside")) > 10, seen


def test_the_networks_to_choose_are_those_of_the_course() -> None:
    assert explorers.Shapes("chapter 2").table.parameters == 104_202
    assert explorers.Shapes("LeNet-5").table.parameters == models.lenet().count_params()
    assert explorers.Shapes("the class test").table.parameters == 248
    assert classtest.generate(seed=1, level="first").layers
    assert all(explorers.Shapes(name).table.rows for name in NETWORKS)


@pytest.mark.parametrize("level", ["first", "exam", "hard"])
def test_a_class_test_opens_in_it_with_the_numbers_of_its_key(module, level: str) -> None:
    tests = [classtest.generate(seed=seed, level=level) for seed in range(1, 16)]
    shown = [explorers.Shapes.of(test.layers) for test in tests]
    found = outcomes(module, "stack", [explorer.state for explorer in shown])
    for test, explorer, one in zip(tests, shown, found, strict=True):
        table, key = explorer.table, test.key
        equal(one["value"], counting.table(list(test.layers)))
        assert key.get("total parameters", table.parameters) == table.parameters
        for layer, row in zip(test.layers[1:], table.rows, strict=True):
            numbers = {
                "parameters": row.parameters,
                "shape": row.output_shape,
                "multiplications": row.multiplications,
                "receptive field": row.receptive_field[0],
            }
            for what, value in numbers.items():  # where the test asks for it
                assert key.get(f"{layer.name} {what}", value) == value


def test_what_it_does_not_have_is_refused() -> None:
    maps = counting.Input((9, 9, 4))
    for layer in (
        counting.Conv2D(2, (3, 1)),
        counting.Conv2D(2, 3, dilation_rate=2),
        counting.Conv2D(2, 3, groups=2),
        counting.MaxPooling2D(2, (1, 2)),
        counting.BatchNormalization(scale=False),
        counting.GlobalAveragePooling2D(keepdims=True),
        counting.Concatenate(1, after=("input", "input")),
        counting.Softmax(),
    ):
        with pytest.raises(ValueError, match="This explorer has no"):
            explorers.Shapes.of([maps, layer])
    for layer, parameters in (
        (counting.Conv2D(2, (3, 3), dilation_rate=(1, 1)), 74),
        (counting.DepthwiseConv2D(3, depth_multiplier=2), 80),
        (counting.Concatenate(after=("input", "input")), 0),
        (counting.Dense(5), 25),
    ):
        assert explorers.Shapes.of([maps, layer]).table.parameters == parameters
    with pytest.raises(ValueError, match="starts with its input"):
        explorers.Shapes.of([counting.Flatten()])
    with pytest.raises(ValueError, match="comes after 'conv_9'"):
        explorers.Shapes.of([maps, counting.ReLU(after="conv_9")])


def test_a_layer_that_is_removed_leaves_its_source_to_who_took_it(module) -> None:
    conv = {"kind": "conv", "filters": 4, "size": 3, "stride": 1, "padding": "same", "bias": True}
    add, relu = {"kind": "add", "after": [2, 3]}, {"kind": "relu"}
    first, branch = add | {"after": [1, 2]}, conv | {"after": [1]}
    states = [[[conv, conv, branch, add, relu], place] for place in (1, 2, 3, 0)]
    assert [one["value"] for one in outcomes(module, "(state) => removed(...state)", states)] == [
        [conv, conv, first, relu],
        [conv, conv, add | {"after": [2, 1]}, relu],
        [conv, conv, branch, relu | {"after": [2]}],
        [conv, conv | {"after": [0]}, first, relu],
    ]


def test_what_a_layer_takes_must_stand_before_it(module) -> None:
    afters = ([], [2], [-1], 0, "0", ["0"], [1.5], {"0": 1}, [0, 0])
    states = [
        {"input": [5, 5, 1], "layers": [{"kind": "relu"}, {"kind": "relu", "after": after}]}
        for after in afters
    ]
    assert outcomes(module, "accepts", states) == [{"value": False}] * len(afters)
    for state in states:
        with pytest.raises((TypeError, ValueError), match=r"[Ll]ayer 2 takes|takes one input"):
            explorers.Shapes(shape=state["input"], layers=state["layers"])


def added(shown: Shown, *kinds: str) -> None:
    for kind in kinds:
        shown.cell("new").select_option(kind)
        shown.at(">> text=add at the end").click()


def last_row(shown: Shown) -> str:
    return shown.at("tbody tr").last.inner_text()


def test_branches_are_built_on_the_page(page, tmp_path) -> None:
    shown = show(page, tmp_path, explorers.Shapes(shape=[8, 8, 4], layers=[]))
    added(shown, "add")
    assert "none before fits the last, 8 × 8 × 4" in shown.text("message")
    added(shown, "depthwise", "depthwise")  # they keep the shape
    shown.cell("layer 2 takes").select_option("0")
    second = shown.at("tbody tr").nth(1).inner_text()
    assert "No layer takes what comes out of it." in second
    assert shown.cell("layer 1 takes").count() == 0
    added(shown, "add")
    assert shown.cell("layer 3 takes 1").input_value() == "1"
    assert shown.cell("layer 3 takes 2").input_value() == "2"
    shown.cell("layer 3 takes 1").select_option("0")
    added(shown, "concatenate", "dense")
    assert "8 × 8 × 10" in last_row(shown)
    state = shown.state
    explorer = explorers.Shapes(shape=state["input"], layers=state["layers"])
    assert [layer.get("after") for layer in state["layers"]] == [None, [0], [0, 2], [2, 3], None]
    said = shown.text("sum")
    assert said.startswith(f"{explorer.table.parameters:,} parameters")
    shown.cell("layer 3 earlier").click()
    refused = "Layer 3, add, takes layer 2, depthwise convolution, and stays behind it"
    assert refused in shown.text("message")
    shown.come_back()
    assert shown.text("sum") == said


def test_a_stack_is_built_changed_and_counted_on_the_page(page, tmp_path) -> None:
    explorer = explorers.Shapes("LeNet-5")
    shown = show(page, tmp_path, explorer)
    assert shown.text("sum").startswith("61,706 parameters")
    assert "(5 × 5 × 6 + 1) × 16 = 2,416" in shown.at("table").inner_text()
    filters = shown.cell("layer 1 filters")
    filters.fill("7")
    page.keyboard.press("Tab")
    changed = [dict(layer) for layer in explorer.state["layers"]]
    changed[0]["filters"] = 7
    explorer.set(layers=changed)
    right = f"{explorer.table.parameters:,} parameters"
    assert shown.text("sum").startswith(right)
    for text in ("", "0", "2.5", "three", "1000000"):
        filters.fill(text)
        page.keyboard.press("Tab")
        assert "7 is kept" in shown.text("message"), text
        assert filters.input_value() == "7"
    for network, parameters in (("the class test", 248), ("LeNet-5", 61_706)) * 2:  # and again
        shown.cell("network").select_option(network)
        assert shown.text("sum").startswith(f"{parameters:,} parameters")
        shown.cell("remove layer 2").click()
    assert shown.at("tbody tr").count() == 8
    filters.click()  # what is typed counts, and the click after it acts on the layer meant
    page.keyboard.press("Control+A")
    page.keyboard.type("11")
    shown.cell("remove layer 7").click()
    assert filters.input_value() == "11"
    assert shown.at("tbody tr").count() == 7
    added(shown, "norm")
    assert "4 × 84 = 336, half of them trained" in last_row(shown)


CHOSEN = (
    "() => [...document.querySelectorAll('.explorer-layers :is(select, input)')].map(e => e.value)"
)


def test_layers_are_removed_by_keyboard_until_none_is_left_and_the_fields_are_as_on_a_new_page(
    page, tmp_path
) -> None:
    shown = show(page, tmp_path, explorers.Shapes("LeNet-5"))
    for layer in (3, 1):
        shown.cell(f"remove layer {layer}").click()
        chosen = page.evaluate(CHOSEN)
        shown.come_back()
        assert page.evaluate(CHOSEN) == chosen
    shown.cell("remove layer 6").focus()
    for left in range(5, 0, -1):
        page.keyboard.press("Enter")
        focused = page.evaluate("document.activeElement.dataset.cell")
        assert focused == f"remove layer {left}"


def test_a_stack_that_cannot_be_says_why_and_dense_on_maps_what_is_usually_meant(
    page, tmp_path
) -> None:
    shown = show(page, tmp_path, explorers.Shapes())
    shown.cell("layer 6 earlier").click()
    said = "Layer 6, max pooling|Layer 6, convolution|values in a row come in"
    assert re.search(said, shown.text("message"))
    assert shown.text("sum").startswith("104,202 parameters")
    shown.cell("remove layer 6").click()
    for words in ("3 × 3 × 10", "Usually flatten comes before it.", f"{(128 + 1) * 10:,}"):
        assert words in last_row(shown)


def test_python_refuses_what_cannot_be_counted() -> None:
    explorer = explorers.Shapes()
    before = dict(explorer.state)
    for changes, said in (
        ({"layers": [{"kind": "conv"}]}, "A layer has no"),
        ({"layers": [{"kind": "pool"}]}, "no such kind"),
        ({"input": [2, 2, 1]}, "."),
        ({"shape": [2, 2, 1]}, "must be one of 'input', 'layers', not 'shape'"),
    ):
        with pytest.raises(ValueError, match=said):
            explorer.set(**changes)
        assert explorer.state == before
    assert isinstance(explorer.table, counting.Table)
    with pytest.raises(ValueError, match=r"network must be one of 'chapter 2', .*, not 'VGG'\."):
        explorers.Shapes("VGG")
