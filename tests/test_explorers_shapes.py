"""The explorer of shapes counts what the package counts, and says why a stack cannot be."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_explorers import opened, page  # noqa: F401 - a fixture

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
)
END = st.sampled_from(["", "flatten", "global"])


@pytest.fixture(scope="module")
def stack(page):  # noqa: F811
    page.goto("about:blank")
    code = str(explorers.Shapes()._esm).replace("export default", "const it =")
    code = re.sub(r"(?m)^export ", "", code) + "\nglobalThis.stack = stack;"
    page.add_script_tag(type="module", content=code)
    page.wait_for_function("() => globalThis.stack")
    return lambda state: page.evaluate("state => stack(state)", state)


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
    found = stack(state)
    assert found["parameters"] == expected.parameters
    assert found["multiplications"] == expected.multiplications
    for row, right in zip(found["rows"], expected, strict=True):
        assert tuple(row["shape"]) == right.output_shape
        assert row["parameters"] == right.parameters
        assert row["multiplications"] == right.multiplications
        assert tuple(row["field"]["sizes"]) == right.receptive_field


def test_the_networks_to_choose_are_those_of_the_course() -> None:
    assert explorers.Shapes("chapter 2").table.parameters == 104_202
    assert explorers.Shapes("LeNet-5").table.parameters == models.lenet().count_params()
    assert explorers.Shapes("the class test").table.parameters == 248
    assert classtest.generate(seed=1, level="first").layers
    assert all(explorers.Shapes(name).table.rows for name in NETWORKS)


@pytest.mark.parametrize("level", ["first", "exam"])
@pytest.mark.parametrize("seed", range(1, 21))
def test_a_class_test_opens_in_it_with_the_numbers_of_its_key(level: str, seed: int) -> None:
    test = classtest.generate(seed=seed, level=level)
    rows = explorers.Shapes.of(test.layers).table.rows
    for layer, row in zip(test.layers[1:], rows, strict=True):
        if f"{layer.name} parameters" in test.key:
            assert row.parameters == test.key[f"{layer.name} parameters"]
        if f"{layer.name} shape" in test.key:
            assert row.output_shape == test.key[f"{layer.name} shape"]


def test_what_is_no_stack_of_its_layers_is_refused() -> None:
    with pytest.raises(ValueError, match=r"a branch is no stack|has no layer"):
        explorers.Shapes.of(classtest.generate(seed=1, level="hard").layers)
    maps = counting.Input((9, 9, 1))
    for layer in (
        counting.Conv2D(2, (3, 1)),
        counting.Conv2D(2, 3, dilation_rate=2),
        counting.DepthwiseConv2D(3, depth_multiplier=2),
        counting.Softmax(),
    ):
        with pytest.raises(ValueError, match="This explorer has no"):
            explorers.Shapes.of([maps, layer])
    assert explorers.Shapes.of([maps, counting.Conv2D(2, (3, 3))]).table.parameters == 20
    with pytest.raises(ValueError, match="first layer must be the input"):
        explorers.Shapes.of([counting.Flatten()])


def test_a_stack_is_built_changed_and_counted_on_the_page(page, tmp_path) -> None:  # noqa: F811
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
        ("remove layer 6", "Layer 6, dense: it takes values in a row, and maps of 3 × 3 × 128"),
        ("layer 6 earlier", "Layer 6, max pooling|Layer 6, convolution|values in a row come in"),
    ],
)
def test_a_stack_that_cannot_be_says_why_and_the_one_before_is_kept(
    page,  # noqa: F811
    tmp_path,
    act: str,
    said: str,
) -> None:
    (name,) = opened(page, tmp_path, explorers.Shapes())
    page.click(f'#{name} [data-cell="{act}"]')
    assert re.search(said, page.inner_text(f"#{name} .explorer-message"))
    assert page.inner_text(f"#{name} .explorer-sum").startswith("104,202 parameters")


@pytest.mark.parametrize("text", ["", "0", "2.5", "three", "1000000"])
def test_a_field_takes_whole_numbers_only(page, tmp_path, text: str) -> None:  # noqa: F811
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
