"""Explorers: the numbers of the package, without a kernel and with one, whatever is put in."""

import json
from collections.abc import Iterator
from urllib.parse import quote

import numpy as np
import pytest
from explorer_pages import load, numbers, opened, outcomes
from playwright.sync_api import Page

from cnn_course import conv, explorers
from cnn_course.examples import LOOP, NINE

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def module(still_page: Page) -> Page:
    """A page that has the arithmetic of both modules."""
    rows = """const rows = (values) => values && values.map((row) => [...row]);
        const plain = (all) => ({ output: rows(all.output), gradient: rows(all.gradient) });
    """
    for explorer, name in ((explorers.Convolution(), "convolve"), (explorers.Pooling(), "pool")):
        own = f"const {name}d = (state) => plain({name}(state));"
        load(still_page, explorer, f"{name}d", more=f"\n{rows}{own}")
    return still_page


def cases(count: int) -> Iterator[tuple[np.random.Generator, tuple[int, int]]]:
    """Give generators, the same each time, and the size of an image for each."""
    for seed in range(count):
        random = np.random.default_rng(seed)
        yield random, tuple(random.integers(1, 10, 2).tolist())


def pick(random: np.random.Generator, *values):
    return values[random.integers(len(values))]


def test_the_module_convolves_as_conv_does(module) -> None:
    states, expected = [], []
    for random, size in cases(300):
        image, kernel = random.normal(size=size), random.normal(size=random.integers(1, 5, 2))
        options = {
            "stride": pick(random, 1, 2, 3, 4),
            "padding": pick(random, "valid", "same", 0, 1, 2, 3),
            "pad_mode": pick(random, "constant", "edge"),
        }
        divide, relu = pick(random, True, False), pick(random, True, False)
        arrays = {"image": image.tolist(), "kernel": kernel.tolist()}
        states.append({**arrays, **options, "divide": divide, "relu": relu})
        try:
            right = conv.correlate2d(image, kernel, **options) / (kernel.size if divide else 1)
            expected.append(np.maximum(right, 0) if relu else right)
        except ValueError:
            expected.append(None)
    assert 20 < sum(right is None for right in expected) < 100
    for state, right, found in zip(
        states, expected, outcomes(module, "convolved", states), strict=True
    ):
        if right is None:
            assert "smaller kernel or more padding" in found["refused"], state
        else:
            np.testing.assert_allclose(found["value"]["output"], right, atol=1e-9, err_msg=state)


def test_the_module_pools_as_conv_does_and_sends_the_gradient_where_conv_does(module) -> None:
    states, expected = [], []
    for random, size in cases(120):
        image = random.integers(0, 6, size).astype(float)  # with equal maxima
        options = {
            "size": pick(random, 1, 2, 3, 4),
            "stride": pick(random, 1, 2, 3, 4),
            "padding": pick(random, "valid", "same"),
            "kind": pick(random, "max", "average"),
        }
        states.append({"image": image.tolist(), **options})
        try:
            expected.append(explorers.Pooling(image, **options))
        except ValueError:
            expected.append(None)
    assert 5 < sum(right is None for right in expected) < 100
    for state, right, found in zip(
        states, expected, outcomes(module, "poold", states), strict=True
    ):
        if right is None:
            assert "smaller window, or padding same" in found["refused"], state
        else:
            value = found["value"]
            np.testing.assert_allclose(value["output"], right.output, atol=1e-9, err_msg=state)
            np.testing.assert_allclose(value["gradient"], right.gradient, atol=1e-9, err_msg=state)


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


def test_an_address_that_somebody_broke_begins_as_usual(page, tmp_path) -> None:
    explorer = explorers.Convolution()
    for kept in ("{", '{"image_name": "nobody"}', "null", '{"kernel": 3}', '{"stride": -1}'):
        (name,) = opened(page, tmp_path, explorer, address=f"#NAME={quote(kept)}")
        np.testing.assert_allclose(numbers(page, name), explorer.output, err_msg=kept)
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
        page.evaluate(  # the explorer listened first, so it has acted when this one is told
            """hash => new Promise((told) => {
                addEventListener("hashchange", told, { once: true });
                location.hash = hash;
            }).then(() => null)""",
            f"{name}={quote(broken)}",
        )
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
