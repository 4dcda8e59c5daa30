"""The explorer of shapes counts what the package counts, and says why a stack cannot be."""

import re

import pytest
from explorer_pages import opened
from hypothesis import given, settings
from hypothesis import strategies as st

from cnn_course import classtest, counting, explorers, models
from cnn_course.explorers.shapes import NETWORKS

pytestmark = pytest.mark.browser

size, stride, some = st.integers(1, 5), st.integers(1, 3), st.integers(1, 12)
padding, bias = st.sampled_from(["valid", "same"]), st.booleans()
LAYER = st.one_of(
    st.fixed_dictionaries(
        {
            "kind": st.just("conv"),
            "filters": some,
            "size": size,
            "stride": stride,
            "padding": padding,
            "bias": bias,
        }
    ),
    st.fixed_dictionaries(
        {
            "kind": st.just("depthwise"),
            "size": size,
            "stride": stride,
            "padding": padding,
            "bias": bias,
            "multiplier": st.integers(1, 3),
        }
    ),
    st.fixed_dictionaries(
        {
            "kind": st.sampled_from(["max", "average"]),
            "size": size,
            "stride": stride,
            "padding": padding,
        }
    ),
    st.fixed_dictionaries({"kind": st.sampled_from(["norm", "relu", "dropout"])}),
    st.fixed_dictionaries({"kind": st.just("dense"), "units": some, "bias": bias}),
)
MERGE = st.fixed_dictionaries({"kind": st.sampled_from(["add", "concatenate"])})
END = st.sampled_from(["", "flatten", "global"])


@pytest.fixture(scope="module")
def stack(page):
    page = page.context.new_page()  # the other one goes elsewhere
    code = str(explorers.Shapes()._esm).replace("export default", "const it =")
    code = re.sub(r"(?m)^export ", "", code)
    code += "\nObject.assign(globalThis, { stack, moved, removed, added, accepts });"
    page.add_script_tag(type="module", content=code)
    page.wait_for_function("() => globalThis.stack")

    def call(state):
        return page.evaluate("state => stack(state)", state)

    call.run = page.evaluate
    return call


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_the_module_counts_as_counting_does(stack, data) -> None:
    state = {"input": [data.draw(st.integers(1, 40)) for _ in range(2)] + [data.draw(some)]}
    state["layers"] = data.draw(st.lists(LAYER, max_size=5))
    if end := data.draw(END):
        state["layers"] += [{"kind": end}, {"kind": "dense", "units": 7, "bias": data.draw(bias)}]
        state["layers"] += [{"kind": "norm"}, {"kind": "dense", "units": 3, "bias": True}]
    try:
        expected = explorers.Shapes(shape=state["input"], layers=state["layers"]).table
    except ValueError:
        with pytest.raises(Exception, match=r"Layer \d+, "):
            stack(state)
        return
    equal(stack(state), expected)


def equal(found: dict, expected: counting.Table) -> None:
    assert found["parameters"] == expected.parameters
    assert found["multiplications"] == expected.multiplications
    for row, right in zip(found["rows"], expected, strict=True):
        assert tuple(row["shape"]) == right.output_shape
        assert row["parameters"] == right.parameters
        assert row["multiplications"] == right.multiplications
        assert tuple(row["sees"]) == right.receptive_field


#: layers that branches can be made of, most of them with shapes that fit together again
KEEPS = st.one_of(
    st.fixed_dictionaries(
        {
            "kind": st.just("conv"),
            "filters": st.sampled_from([1, 4]),
            "size": st.sampled_from([1, 2, 3, 5]),
            "stride": st.sampled_from([1, 1, 1, 2]),
            "padding": st.sampled_from(["same", "same", "valid"]),
            "bias": bias,
        }
    ),
    st.fixed_dictionaries({"kind": st.sampled_from(["norm", "relu", "flatten", "global"])}),
    st.fixed_dictionaries({"kind": st.just("dense"), "units": st.just(4), "bias": bias}),
)


@st.composite
def branched(draw) -> dict:
    """A network with branches; each layer takes what fits, or now and then what does not."""
    state: dict = {"input": [draw(st.integers(5, 12)), draw(st.integers(5, 12)), 4], "layers": []}
    for place in range(draw(st.integers(2, 9))):
        layer = dict(draw(st.one_of(KEEPS, KEEPS, MERGE)))
        number = st.integers(0, place)
        if layer["kind"] in {"add", "concatenate"}:
            layer["after"] = draw(st.lists(number, min_size=2, max_size=3))
        elif draw(st.booleans()):
            layer["after"] = [draw(number)]
        longer = {**state, "layers": [*state["layers"], layer]}
        try:
            explorers.Shapes.result(longer)
        except ValueError:
            if draw(st.integers(0, 9)):
                continue
        state = longer
    return state


@settings(max_examples=300, deadline=None)
@given(state=branched())
def test_branches_are_counted_as_counting_does(stack, state) -> None:
    try:
        expected = explorers.Shapes(shape=state["input"], layers=state["layers"]).table
    except ValueError:
        with pytest.raises(Exception, match=r"Layer \d+, "):
            stack(state)
        return
    equal(stack(state), expected)


@settings(max_examples=150, deadline=None)
@given(state=branched(), data=st.data())
def test_a_layer_beside_another_changes_places_without_changing_the_network(
    stack, state, data
) -> None:
    layers = state["layers"]
    try:
        before = stack(state)
    except Exception:
        return
    if len(layers) < 2:
        return
    place = data.draw(st.integers(0, len(layers) - 2))
    in_a_row = place + 1 in layers[place + 1].get("after", [place + 1])
    pair = [layers[place]["kind"], layers[place + 1]["kind"]]
    move = "state => moved(state.layers, state.place, state.by)"
    if in_a_row and {*pair} & {"add", "concatenate"}:
        with pytest.raises(Exception, match="stays behind it"):
            stack.run(move, {"layers": layers, "place": place, "by": 1})
        return
    other = stack.run(move, {"layers": layers, "place": place, "by": 1})
    if in_a_row:  # they change places in it
        assert [other[place]["kind"], other[place + 1]["kind"]] == pair[::-1]
        return
    after = stack({**state, "layers": other})
    rows = before["rows"]
    rows[place : place + 2] = rows[place + 1], rows[place]
    assert after["rows"] == rows
    back = stack.run(move, {"layers": other, "place": place + 1, "by": -1})
    assert stack({**state, "layers": back})["rows"] == stack(state)["rows"]


def test_the_networks_to_choose_are_those_of_the_course() -> None:
    assert explorers.Shapes("chapter 2").table.parameters == 104_202
    assert explorers.Shapes("LeNet-5").table.parameters == models.lenet().count_params()
    assert explorers.Shapes("the class test").table.parameters == 248
    assert classtest.generate(seed=1, level="first").layers
    assert all(explorers.Shapes(name).table.rows for name in NETWORKS)


@pytest.mark.parametrize("level", ["first", "exam", "hard"])
@pytest.mark.parametrize("seed", range(1, 21))
def test_a_class_test_opens_in_it_with_the_numbers_of_its_key(stack, level: str, seed: int) -> None:
    test = classtest.generate(seed=seed, level=level)
    explorer = explorers.Shapes.of(test.layers)
    equal(stack(explorer.state), counting.table(list(test.layers)))
    for layer, row in zip(test.layers[1:], explorer.table.rows, strict=True):
        numbers = {
            "parameters": row.parameters,
            "shape": row.output_shape,
            "multiplications": row.multiplications,
            "receptive field": row.receptive_field[0],
        }
        for what, value in numbers.items():
            assert test.key.get(f"{layer.name} {what}", value) == value
    assert test.key.get("total parameters", explorer.table.parameters) == explorer.table.parameters


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


def test_a_layer_that_is_removed_leaves_its_source_to_who_took_it(stack) -> None:
    conv = {"kind": "conv", "filters": 4, "size": 3, "stride": 1, "padding": "same", "bias": True}
    layers = [
        conv,
        conv,
        {**conv, "after": [1]},
        {"kind": "add", "after": [2, 3]},
        {"kind": "relu"},
    ]

    def removed(place: int) -> list:
        return stack.run("state => removed(...state)", [layers, place])

    assert removed(1) == [conv, conv, {"kind": "add", "after": [1, 2]}, {"kind": "relu"}]
    assert removed(2) == [conv, conv, {"kind": "add", "after": [2, 1]}, {"kind": "relu"}]
    assert removed(3) == [conv, conv, {**conv, "after": [1]}, {"kind": "relu", "after": [2]}]
    assert removed(0) == [conv, {**conv, "after": [0]}, {"kind": "add", "after": [1, 2]}, layers[4]]


def test_a_dense_layer_on_maps_is_counted_and_a_hint_says_what_is_usually_meant(
    page,
    tmp_path,
) -> None:
    (name,) = opened(page, tmp_path, explorers.Shapes())
    page.click(f'#{name} [data-cell="remove layer 6"]')
    row = page.locator(f"#{name} tbody tr").last
    assert "3 × 3 × 10" in row.inner_text()
    assert "Usually flatten comes before it." in row.inner_text()
    import keras  # noqa: PLC0415

    model = keras.Sequential([keras.Input((3, 3, 128)), keras.layers.Dense(10)])
    assert model.output_shape == (None, 3, 3, 10)
    assert f"{model.count_params():,}" in row.inner_text()


def test_branches_are_built_on_the_page(page, tmp_path) -> None:
    (name,) = opened(page, tmp_path, explorers.Shapes(shape=[8, 8, 4], layers=[]))

    def add(kind: str) -> None:
        page.select_option(f"#{name} [data-cell=new]", kind)
        page.click(f"#{name} >> text=add at the end")

    def message() -> str:
        return page.inner_text(f"#{name} .explorer-message")

    add("add")
    assert "none before fits the last, 8 × 8 × 4" in message()
    for _ in range(2):
        add("depthwise")  # keeps the shape
    page.select_option(f'#{name} [data-cell="layer 2 takes"]', "0")
    assert (
        "No layer takes what comes out of it."
        in page.locator(f"#{name} tbody tr").nth(1).inner_text()
    )
    assert page.locator(f'#{name} [data-cell="layer 1 takes"]').count() == 0
    add("add")
    assert page.input_value(f'#{name} [data-cell="layer 3 takes 1"]') == "1"
    assert page.input_value(f'#{name} [data-cell="layer 3 takes 2"]') == "2"
    page.select_option(f'#{name} [data-cell="layer 3 takes 1"]', "0")
    add("concatenate")
    add("dense")
    assert "8 × 8 × 10" in page.locator(f"#{name} tbody tr").last.inner_text()
    state = page.evaluate(
        "name => JSON.parse(new URLSearchParams(location.hash.slice(1)).get(name))", name
    )
    explorer = explorers.Shapes(shape=state["input"], layers=state["layers"])
    assert [layer.get("after") for layer in state["layers"]] == [None, [0], [0, 2], [2, 3], None]
    said = page.inner_text(f"#{name} .explorer-sum")
    assert said.startswith(f"{explorer.table.parameters:,} parameters")
    page.click(f'#{name} [data-cell="layer 3 earlier"]')
    assert "Layer 3, add, takes layer 2, depthwise convolution, and stays behind it" in message()
    address = page.url
    page.goto("about:blank")
    page.goto(address)
    page.wait_for_selector(".explorer table")
    assert page.inner_text(f"#{name} .explorer-sum") == said
    assert page.complaints == []


@pytest.mark.parametrize("after", [[], [2], [-1], 0, "0", ["0"], [1.5], {"0": 1}, [0, 0]])
def test_what_a_layer_takes_must_stand_before_it(stack, after) -> None:
    state = {"input": [5, 5, 1], "layers": [{"kind": "relu"}, {"kind": "relu", "after": after}]}
    assert stack.run("state => accepts(state)", state) is False
    with pytest.raises(ValueError, match=r"Layer 2 takes|takes one input"):
        explorers.Shapes(shape=state["input"], layers=state["layers"])


def test_a_stack_is_built_changed_and_counted_on_the_page(page, tmp_path) -> None:
    explorer = explorers.Shapes("LeNet-5")
    (name,) = opened(page, tmp_path, explorer)
    assert "61,706 parameters" in page.inner_text(f"#{name} .explorer-sum")
    assert "(5 × 5 × 6 + 1) × 16 = 2,416" in page.inner_text(f"#{name} table")
    page.fill(f'#{name} [data-cell="layer 1 filters"]', "7")
    page.keyboard.press("Tab")
    changed = [dict(layer) for layer in explorer.state["layers"]]
    changed[0]["filters"] = 7
    explorer.set(layers=changed)
    assert f"{explorer.table.parameters:,} parameters" in page.inner_text(f"#{name} .explorer-sum")
    page.select_option(f"#{name} [data-cell=network]", "the class test")
    assert page.inner_text(f"#{name} .explorer-sum").startswith("248 parameters")
    page.click(f'#{name} [data-cell="remove layer 2"]')
    assert page.locator(f"#{name} tbody tr").count() == 7
    page.select_option(f"#{name} [data-cell=new]", "norm")
    page.click(f"#{name} >> text=add at the end")
    assert "4 × 3 = 12, half of them trained" in page.inner_text(f"#{name} table")
    assert page.complaints == []


@pytest.mark.parametrize(
    ("act", "said"),
    [
        ("layer 6 earlier", "Layer 6, max pooling|Layer 6, convolution|values in a row come in"),
    ],
)
def test_a_stack_that_cannot_be_says_why_and_the_one_before_is_kept(
    page,
    tmp_path,
    act: str,
    said: str,
) -> None:
    (name,) = opened(page, tmp_path, explorers.Shapes())
    page.click(f'#{name} [data-cell="{act}"]')
    assert re.search(said, page.inner_text(f"#{name} .explorer-message"))
    assert page.inner_text(f"#{name} .explorer-sum").startswith("104,202 parameters")


@pytest.mark.parametrize("text", ["", "0", "2.5", "three", "1000000"])
def test_a_field_takes_whole_numbers_only(page, tmp_path, text: str) -> None:
    (name,) = opened(page, tmp_path, explorers.Shapes())
    page.fill(f'#{name} [data-cell="layer 1 filters"]', text)
    page.keyboard.press("Tab")
    assert "32 is kept" in page.inner_text(f"#{name} .explorer-message")
    assert page.input_value(f'#{name} [data-cell="layer 1 filters"]') == "32"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"layers": [{"kind": "conv"}]}, "A layer has no"),
        ({"layers": [{"kind": "pool"}]}, "no such kind"),
        ({"input": [2, 2, 1]}, "."),
        ({"shape": [2, 2, 1]}, "no 'shape' to set. There are: input, layers"),
    ],
)
def test_python_refuses_what_cannot_be_counted(changes: dict, said: str) -> None:
    explorer = explorers.Shapes()
    before = dict(explorer.state)
    with pytest.raises(ValueError, match=said):
        explorer.set(**changes)
    assert explorer.state == before
    assert isinstance(explorer.table, counting.Table)


@pytest.mark.parametrize("kind", ['["conv"]', "null", '"__proto__"', '"toString"'])
def test_an_address_with_a_kind_that_is_none_is_refused(page, tmp_path, kind: str) -> None:
    layer = f'{{"kind":{kind},"filters":1,"size":3,"stride":1,"padding":"valid","bias":true}}'
    opened(page, tmp_path, explorers.Shapes(), address=f'#NAME={{"layers":[{layer}]}}')
    assert "104,202 parameters" in page.inner_text(".explorer-sum")
    assert page.complaints == []
