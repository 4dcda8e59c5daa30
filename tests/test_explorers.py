"""Explorers: the numbers of the package, without a kernel and with one, whatever is put in."""

import json
import re
from urllib.parse import quote

import numpy as np
import pytest
from explorer_pages import numbers, opened
from hypothesis import given, settings
from hypothesis import strategies as st
from playwright.sync_api import Page

from cnn_course import conv, explorers
from cnn_course.examples import LOOP, NINE

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def module(page: Page):
    """The arithmetic of a module, called from Python."""
    page.goto("about:blank")
    for explorer, function in (
        (explorers.Convolution(), "convolve"),
        (explorers.Pooling(), "pool"),
    ):
        code = re.sub(
            r"(?m)^export ", "", str(explorer._esm).replace("export default", "const it =")
        )
        code += f"\nglobalThis.{function} = {function};"
        page.add_script_tag(type="module", content=code)
        page.wait_for_function(f"() => globalThis.{function}")

    def call(function: str, **state):
        rows = "(values) => values.map(row => [...row])"
        return page.evaluate(
            f"""state => {{
                const rows = {rows}, {{ output, gradient }} = {function}(state);
                return {{ output: rows(output), gradient: gradient && rows(gradient) }};
            }}""",
            state,
        )

    return call


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_the_module_convolves_as_conv_does(module, data) -> None:
    side, reach = st.integers(1, 9), st.integers(1, 4)
    height, width, rows, columns = (data.draw(one) for one in (side, side, reach, reach))
    random = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    image, kernel = random.normal(size=(height, width)), random.normal(size=(rows, columns))
    state = {
        "stride": data.draw(st.integers(1, 4)),
        "padding": data.draw(st.one_of(st.sampled_from(["valid", "same"]), st.integers(0, 3))),
        "pad_mode": data.draw(st.sampled_from(["constant", "edge"])),
    }
    divide, relu = data.draw(st.booleans()), data.draw(st.booleans())
    arrays = {"image": image.tolist(), "kernel": kernel.tolist(), "divide": divide, "relu": relu}
    try:
        expected = conv.correlate2d(image, kernel, **state)
    except ValueError:
        with pytest.raises(Exception, match="smaller kernel or more padding"):
            module("convolve", **arrays, **state)
        return
    expected = expected / kernel.size if divide else expected
    found = np.array(module("convolve", **arrays, **state)["output"])
    np.testing.assert_allclose(found, np.maximum(expected, 0) if relu else expected, atol=1e-9)


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_the_module_pools_as_conv_does_and_sends_the_gradient_where_conv_does(module, data) -> None:
    height, width = data.draw(st.integers(1, 9)), data.draw(st.integers(1, 9))
    random = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    image = random.integers(0, 6, (height, width)).astype(float)  # with equal maxima
    state = {
        "size": data.draw(st.integers(1, 4)),
        "stride": data.draw(st.integers(1, 4)),
        "padding": data.draw(st.sampled_from(["valid", "same"])),
        "kind": data.draw(st.sampled_from(["max", "average"])),
    }
    try:
        expected = explorers.Pooling(image, **state)
    except ValueError:
        with pytest.raises(Exception, match="smaller window, or padding same"):
            module("pool", image=image.tolist(), **state)
        return
    found = module("pool", image=image.tolist(), **state)
    np.testing.assert_allclose(found["output"], expected.output, atol=1e-9)
    np.testing.assert_allclose(found["gradient"], expected.gradient, atol=1e-9)


def test_it_works_from_a_folder_and_shows_what_python_computes(page, tmp_path) -> None:
    explorer = explorers.Convolution(divide=True)
    (name,) = opened(page, tmp_path, explorer)
    np.testing.assert_allclose(numbers(page, name), explorer.output.round(2), atol=0.006)
    page.select_option(f"#{name} [data-name=stride]", "2")
    page.select_option(f"#{name} [data-name=padding]", "same")
    page.select_option(f"#{name} [data-name=pad_mode]", "edge")
    page.select_option(f"#{name} [data-name=relu]", "true")
    expected = conv.relu(
        conv.correlate2d(NINE, LOOP, stride=2, padding="same", pad_mode="edge") / 9
    )
    np.testing.assert_allclose(numbers(page, name), expected.round(2), atol=0.006)
    assert "= 4. Columns" in page.inner_text(f"#{name} .explorer-sizes")
    assert page.complaints == []


def test_every_product_of_a_place_is_written_out(page, tmp_path) -> None:
    (name,) = opened(page, tmp_path, explorers.Convolution(divide=True))
    page.click(f'#{name} [data-cell="output-0-1"]')
    text = page.inner_text(f"#{name} .explorer-sum")
    assert text.startswith("Row 0, column 1: 1\u00b71 + 1\u00b71")
    assert text.endswith("= 9; 9 / 9 = 1")
    assert text.count("\u00b7") == 9
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    assert page.inner_text(f"#{name} .explorer-sum").startswith("Row 0, column 2")


def test_the_address_brings_back_what_one_saw(page, tmp_path) -> None:
    (name,) = opened(page, tmp_path, explorers.Convolution())
    page.select_option(f"#{name} [data-name=image_name]", "shifted 9")
    page.fill(f'#{name} [data-cell="kernel-1-1"]', "5")
    page.keyboard.press("Tab")
    before, address = numbers(page, name), page.url
    page.goto("about:blank")
    page.goto(address)
    page.wait_for_selector(".explorer table")
    np.testing.assert_array_equal(numbers(page, name), before)
    assert page.input_value(f"#{name} [data-name=kernel_name]") == "own"


@pytest.mark.parametrize(
    "kept", ["{", '{"image_name": "nobody"}', "null", '{"kernel": 3}', '{"stride": -1}']
)
def test_an_address_that_somebody_broke_begins_as_usual(page, tmp_path, kept: str) -> None:
    explorer = explorers.Convolution()
    (name,) = opened(page, tmp_path, explorer, address=f"#NAME={quote(kept)}")
    np.testing.assert_allclose(numbers(page, name), explorer.output)
    assert page.complaints == []


def test_the_winner_of_a_window_is_marked_and_gets_the_gradient(page, tmp_path) -> None:
    explorer = explorers.Pooling()
    (name,) = opened(page, tmp_path, explorer)
    assert numbers(page, name).tolist() == explorer.output.tolist() == [[8, 9], [3, 2]]
    page.click(f'#{name} [data-cell="output-0-1"]')
    assert page.locator(f"#{name} td.marked input").input_value() == "9"
    assert "the largest of 3, 4, 9, 2 is 9" in page.inner_text(f"#{name} .explorer-sum")
    np.testing.assert_allclose(numbers(page, name, "gradient"), explorer.gradient)
    page.select_option(f"#{name} [data-name=kind]", "average")
    assert numbers(page, name).tolist() == [[4, 4.5], [2, 0.75]]
    assert "(3 + 4 + 9 + 2) / 4 = 4.5" in page.inner_text(f"#{name} .explorer-sum")
    assert (numbers(page, name, "gradient") == 0.25).all()
    page.select_option(f"#{name} [data-name=size]", "3")
    page.select_option(f"#{name} [data-name=padding]", "same")
    explorer.set(kind="average", size=3, padding="same")
    np.testing.assert_allclose(numbers(page, name), explorer.output, atol=0.006)
    assert page.complaints == []


def test_two_on_a_page_do_not_disturb_each_other(page, tmp_path) -> None:
    first, second = explorers.Convolution(), explorers.Pooling("9")
    names = opened(page, tmp_path, first, second)
    assert len(set(names)) == 2
    page.select_option(f"#{names[0]} [data-name=stride]", "2")
    assert numbers(page, names[0]).shape == (3, 2)
    np.testing.assert_allclose(numbers(page, names[1]), second.output)


def test_an_address_that_is_changed_in_an_open_page_is_followed(page, tmp_path) -> None:
    explorer = explorers.Convolution()
    (name,) = opened(page, tmp_path, explorer)
    page.evaluate(f"location.hash = '{name}=' + encodeURIComponent('{{\"stride\": 2}}')")
    page.wait_for_function("() => document.querySelector('[data-name=stride]').value === '2'")
    assert numbers(page, name).shape == (3, 2)
    for broken in ('{"padding": 100000}', '{"stride": [1]}', "}"):
        page.evaluate(f"location.hash = '{name}=' + encodeURIComponent('{broken}')")
        page.wait_for_timeout(100)
        assert numbers(page, name).shape == (3, 2)
    assert page.complaints == []


def test_python_reads_and_sets_the_state() -> None:
    explorer = explorers.Convolution("9", "loop")
    explorer.set(stride=2, padding=1)
    np.testing.assert_allclose(explorer.output, conv.correlate2d(NINE, LOOP, stride=2, padding=1))
    explorer.set(kernel=[[1, 0]], image=[[1, 2, 3]], stride=1, padding="valid")
    assert explorer.output.tolist() == [[1, 2]]
    assert explorer.state["kernel_name"] == "own"
    before = dict(explorer.state)
    for wrong, said in (
        ({"image": "dog"}, "There is no image 'dog'. There are: 9"),
        ({"kernel": [1, 2]}, "rows and columns"),
        ({"kernel": [[float("nan")]]}, "rows and columns"),
        ({"kernel": np.ones((9, 9))}, "."),
        ({"stride": 0}, "."),
        ({"padding": "full"}, "."),
        ({"strides": 2}, "no 'strides' to set. There are: image, kernel, stride"),
    ):
        with pytest.raises(ValueError, match=said):
            explorer.set(**wrong)
        assert explorer.state == before


def test_an_output_says_what_it_shows_to_those_without_scripts_and_cannot_end_its_script() -> None:
    explorer = explorers.Convolution("cat", "Sobel x")
    data, _ = explorer._repr_mimebundle_()
    assert "64 x 64 and a kernel of 3 x 3 give 62 x 62" in data["text/plain"]
    assert "62 x 62" in data["text/html"]
    assert "application/vnd.jupyter.widget-view+json" in data
    explorer.choices = {"images": {"</script><b>": [[1]]}, "kernels": {}}
    assert explorer.page().count("</script>") == 1
    assert json.dumps("</b>") not in explorer.page()
