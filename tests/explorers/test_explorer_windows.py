"""The explorers of convolution and pooling: the numbers of `conv`, whatever is put in."""

import re
from collections.abc import Iterator

import numpy as np
import pytest
from explorer_pages import cost, heard, listen, load, outcomes, show, work
from PIL import Image

from cnn_course import conv, explorers
from cnn_course.examples import LOOP, NINE

pytestmark = pytest.mark.browser
FOCUSED = "document.activeElement.dataset.cell"


PLAIN = """
const rows = (values) => values && values.map((row) => [...row]);
const computed = (state) => {
    const { output, gradient } = COMPUTE(state);
    return { output: rows(output), gradient: rows(gradient) };
};"""


def cases(count: int) -> Iterator[tuple[np.random.Generator, tuple[int, int]]]:
    """Give generators, the same each time, and the size of an image for each."""
    for seed in range(count):
        random = np.random.default_rng(seed)
        yield random, tuple(random.integers(1, 10, 2).tolist())


def pick(random: np.random.Generator, *values):
    return values[random.integers(len(values))]


def test_the_module_convolves_as_conv_does(page) -> None:
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
            expected.append({"output": np.maximum(right, 0) if relu else right})
        except ValueError:
            expected.append(None)
    assert 20 < sum(right is None for right in expected) < 100
    load(page, explorers.Convolution(), "computed", more=PLAIN.replace("COMPUTE", "convolve"))
    compare(outcomes(page, "computed", states), expected, "smaller kernel or more padding")


def test_the_module_pools_as_conv_does_and_sends_the_gradient_where_conv_does(page) -> None:
    states, expected = [], []
    for random, size in cases(120):
        image = random.integers(0, 6, (1, *size, 1)).astype(float)  # with equal maxima
        options = {
            "size": pick(random, 1, 2, 3, 4),
            "stride": pick(random, 1, 2, 3, 4),
            "padding": pick(random, "valid", "same"),
            "kind": pick(random, "max", "average"),
        }
        states.append({"image": image[0, :, :, 0].tolist(), **options})
        try:
            output = conv.pool2d(image, **options)
            gradient = conv.pool2d_gradient(image, np.ones_like(output), **options)
            expected.append({"output": output[0, :, :, 0], "gradient": gradient[0, :, :, 0]})
        except ValueError:
            expected.append(None)
    assert 5 < sum(right is None for right in expected) < 100
    load(page, explorers.Pooling(), "computed", more=PLAIN.replace("COMPUTE", "pool"))
    compare(outcomes(page, "computed", states), expected, "smaller window, or padding same")


def compare(outcomes: list, expected: list, refused: str) -> None:
    for number, (found, right) in enumerate(zip(outcomes, expected, strict=True)):
        if right is None:
            assert refused in found["refused"], number
            continue
        for what, values in right.items():
            np.testing.assert_allclose(found["value"][what], values, atol=1e-9, err_msg=number)


def test_it_works_from_a_folder_and_shows_what_python_computes(page, tmp_path) -> None:
    explorer = explorers.Convolution(divide=True)
    shown = show(page, tmp_path, explorer)
    np.testing.assert_allclose(shown.numbers(), explorer.output.round(2), atol=0.006)
    shown.cell("output-0-1").click()
    text = shown.text("sum")
    assert text.startswith("Row 0, column 1: 1\u00b71 + 1\u00b71")
    assert text.endswith("= 9; 9 / 9 = 1")
    assert text.count("\u00b7") == 9  # every product is written out
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    assert shown.text("sum").startswith("Row 0, column 2")
    shown.pick(stride="2", padding="same", pad_mode="edge", relu="true")
    expected = conv.correlate2d(NINE, LOOP, stride=2, padding="same", pad_mode="edge") / 9
    np.testing.assert_allclose(shown.numbers(), np.maximum(expected, 0).round(2), atol=0.006)
    assert "= 4. Columns" in shown.text("sizes")


def test_the_winner_of_a_window_is_marked_and_gets_the_gradient(page, tmp_path) -> None:
    explorer = explorers.Pooling()
    shown = show(page, tmp_path, explorer)
    assert shown.numbers().tolist() == explorer.output.tolist() == [[8, 9], [3, 2]]
    shown.cell("output-0-1").click()
    assert shown.at("td.marked input").input_value() == "9"
    assert "the largest of 3, 4, 9, 2 is 9" in shown.text("sum")
    np.testing.assert_allclose(shown.numbers("gradient"), explorer.gradient)
    shown.pick(kind="average")
    assert shown.numbers().tolist() == [[4, 4.5], [2, 0.75]]
    assert "(3 + 4 + 9 + 2) / 4 = 4.5" in shown.text("sum")
    assert (shown.numbers("gradient") == 0.25).all()
    shown.pick(size="3", padding="same")
    explorer.set(kind="average", size=3, padding="same")
    np.testing.assert_allclose(shown.numbers(), explorer.output, atol=0.006)


def test_python_reads_and_sets_the_state() -> None:
    explorer = explorers.Convolution("9", "loop")
    explorer.set(stride=2, padding=1)
    np.testing.assert_allclose(explorer.output, conv.correlate2d(NINE, LOOP, stride=2, padding=1))
    explorer.set(kernel=[[1, 0]], image=[[1, 2, 3]], stride=1, padding="valid")
    assert explorer.output.tolist() == [[1, 2]]
    assert explorer.state["kernel_name"] == "own"
    before = dict(explorer.state)
    for wrong, said in (
        ({"image": "dog"}, "image must be one of '9', "),
        ({"kernel": [1, 2]}, "rows and columns"),
        ({"kernel": [[float("nan")]]}, "rows and columns"),
        ({"kernel": np.ones((9, 9))}, "."),
        ({"stride": 0}, "."),
        ({"padding": "full"}, "."),
        ({"strides": 2}, "not 'strides'. Did you mean 'stride'?"),
        ({"kernel_name": "loop"}, "must be one of 'image', .*, not 'kernel_name'"),
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


def test_what_is_no_number_is_refused_and_the_one_before_kept(page, tmp_path) -> None:
    explorer = explorers.Convolution()
    shown = show(page, tmp_path, explorer)
    for text in ("", "two", "1e999", "NaN", "0x1f", "1,000", "1000001"):
        shown.cell("kernel-0-0").fill(text)
        page.keyboard.press("Tab")
        said = shown.text("message")
        assert f'"{text}" is not a number from −1000000 to 1000000. 1 is kept.' in said
        assert shown.cell("kernel-0-0").input_value() == "1"
    np.testing.assert_allclose(shown.numbers(), explorer.output)
    shown.pick(kernel_name="loop")
    assert shown.text("message") == ""


def test_a_picture_of_ones_own_is_drawn_at_one_go_and_stays_out_of_the_address(
    page, tmp_path
) -> None:
    explorer = explorers.Convolution(kernel="Sobel x")
    shown = show(page, tmp_path, explorer)
    (tmp_path / "cat.jpg").write_bytes(b"<svg onload=alert(1)>" * 9)
    shown.at("input[type=file]").set_input_files(tmp_path / "cat.jpg")
    shown.at(".explorer-message >> text=cat.jpg cannot be read").wait_for()
    np.testing.assert_allclose(shown.numbers(), explorer.output)
    noise = np.random.default_rng(1).integers(0, 256, (700, 700, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "noise.png")
    shown.at("input[type=file]").set_input_files(tmp_path / "noise.png")
    shown.at("canvas").first.wait_for()
    assert "image, 256 x 256" in shown.text("body")
    assert "output, 254 x 254" in shown.text("body")
    assert len(page.url) < 1_000
    change = "const one = document.querySelector('[data-name=relu]'); one.value = 'true';"
    done = work(page, f"{change} one.onchange({{ target: one }});")
    assert done["paints"] == 1  # what comes out, all at once; the image is the same
    assert done["pixels"] == 254 * 254
    assert done["nodes"] < 100  # a pixel is none


@pytest.mark.parametrize("size", [(8_000, 6_000), (1, 20_000), (1, 1)])
def test_a_picture_of_any_size_is_taken_made_small_or_refused_and_the_page_lives(
    page, tmp_path, size
) -> None:
    shown = show(page, tmp_path, explorers.Convolution(kernel=[[1]]))
    Image.new("L", size, 99).save(tmp_path / "grey.png")
    shown.at("input[type=file]").set_input_files(tmp_path / "grey.png")
    page.wait_for_function(
        "() => document.querySelector('.explorer-message').textContent"
        " || document.querySelector('[data-name=image_name]').value === 'own'",
    )
    if shown.control("image_name").input_value() == "own":
        scale = min(1, 256 / max(size))
        width, height = (max(1, round(side * scale)) for side in size)
        assert f"image, {height} x {width}" in shown.text("body")
    else:
        assert "grey.png cannot be read" in shown.text("message")
        assert "image, 7 x 5" in shown.text("body")
    shown.pick(relu="true")


def test_a_number_is_typed_the_arrow_keys_lead_to_the_next_and_the_address_brings_it_back(
    page, tmp_path
) -> None:
    shown = show(page, tmp_path, explorers.Convolution())
    shown.cell("image-0-0").fill("7")
    page.keyboard.press("ArrowDown")
    assert page.evaluate(FOCUSED) == "image-1-0"
    image, kernel = NINE.copy(), LOOP.copy()
    image[0, 0] = 7
    np.testing.assert_allclose(shown.numbers(), conv.correlate2d(image, kernel))
    assert shown.control("image_name").input_value() == "typed"
    page.keyboard.type("-1")
    page.keyboard.press("Tab")
    assert page.evaluate(FOCUSED) == "kernel-0-0"
    shown.cell("kernel-1-1").fill("5")
    page.keyboard.press("Tab")
    kernel[1, 1] = 5
    shown.come_back()
    np.testing.assert_allclose(shown.numbers(), conv.correlate2d(image, kernel))
    assert shown.control("kernel_name").input_value() == "own"


def test_what_one_draws_is_convolved(page, tmp_path) -> None:
    explorer = explorers.Convolution(kernel=np.ones((3, 3)), padding="same", stride=4)
    shown = show(page, tmp_path, explorer)
    shown.pick(image_name="drawn")
    assert "image, 28 x 28: draw here" in shown.text("body")
    box = shown.at(".explorer-pad").bounding_box()
    for share in (0.2, 0.8):
        page.mouse.move(box["x"] + box["width"] / 2, box["y"] + share * box["height"])
        page.mouse.down()
    page.mouse.up()
    drawn = np.array(shown.state["image"])
    assert drawn[:, 13:15].sum() > 20
    assert drawn[:, [0, 27]].sum() == 0
    expected = conv.correlate2d(drawn, np.ones((3, 3)), padding="same", stride=4)
    shown.pick(stride="4")
    np.testing.assert_allclose(shown.numbers(), expected.round(2), atol=0.011)
    shown.cell("clear").click()
    assert (shown.numbers() == 0).all()


def test_a_click_right_after_typing_acts_and_what_is_typed_counts(page, tmp_path) -> None:
    shown = show(page, tmp_path, explorers.Convolution())
    changed = NINE.copy()
    for row, text in enumerate(("50", "7", "8")):
        shown.cell(f"image-{row}-0").click()
        page.keyboard.type(text)
        changed[row, 0] = int(text)
    shown.cell("output-1-1").click()
    assert shown.text("sum").startswith("Row 1, column 1")
    np.testing.assert_allclose(shown.numbers(), conv.correlate2d(changed, LOOP))


def test_what_one_types_while_it_plays_is_not_lost(page, tmp_path) -> None:
    shown = show(page, tmp_path, explorers.Convolution())
    shown.at('[aria-label="play"]').click()
    shown.cell("image-0-0").click()
    page.keyboard.type("4")
    before = shown.text("sum")
    page.wait_for_function(
        "(before) => document.querySelector('.explorer-sum').innerText !== before", arg=before
    )
    page.keyboard.type("2")
    page.keyboard.press("Tab")
    assert shown.cell("image-0-0").input_value() == "42"
    shown.at('[aria-label="pause"]').click()


@pytest.mark.parametrize(
    ("kind", "options", "large"),
    [
        (explorers.Convolution, {"image": np.eye(4), "kernel": [[1, 2]]}, False),
        (explorers.Pooling, {}, False),
        (explorers.Convolution, {"image": "cat", "kernel": np.eye(12), "stride": 4}, True),
    ],
)
def test_a_window_plays_to_the_end_as_the_output_comes_about_and_is_told_there_alone(
    timed, tmp_path, kind, options, large
) -> None:
    explorer = kind(**options)
    shown = show(timed, tmp_path, explorer)
    listen(timed)
    shown.at('[aria-label="play"]').click()
    height, width = explorer.output.shape
    timed.clock.run_for(100 if large else 1_100)  # to another place
    row, column = map(int, re.match(r"Row (\d+), column (\d+)", shown.text("sum")).groups())
    assert 0 < row * width + column < height * width - 1
    if large:
        shape = shown.at(".of-output canvas").evaluate("one => getComputedStyle(one).clipPath")
        assert shape.startswith("polygon(0px 0px, 100% 0px, 100% ")
    else:
        unseen = shown.at(".of-output button").evaluate_all(
            "all => all.filter((one) => getComputedStyle(one).opacity === '0').length"
        )
        assert unseen >= height * width - row * width - column - 1 > 0
    assert heard(timed) == []
    timed.clock.run_for(60_000)
    end = f"Row {height - 1}, column {width - 1}:"
    assert shown.text("sum").startswith(end)
    shown.at('[aria-label="play"]').wait_for()
    assert [text.startswith(end) for text in heard(timed)] == [True]
    assert shown.state["view"] == {"place": height * width - 1}
    assert shown.at(".explorer-playing").count() == 0


def test_a_redraw_of_a_large_picture_costs_no_more_than_a_frame(page, tmp_path) -> None:
    picture = np.random.default_rng(1).random((256, 256)).round(3)
    show(page, tmp_path, explorers.Convolution(picture))
    choose = "const one = document.querySelector('[data-name=kernel_name]');"
    act = f"{choose} one.value = at % 2 ? 'Sobel x' : 'Sobel y'; one.onchange({{ target: one }});"
    assert cost(page, act) < 16


def test_a_place_of_a_large_output_is_chosen_with_the_mouse_and_the_arrow_keys(
    page, tmp_path
) -> None:
    shown = show(page, tmp_path, explorers.Convolution("cat", "Sobel x"))
    output = shown.at('canvas[data-cell="output"]')
    box = output.bounding_box()
    output.click(position={"x": 30.5 / 62 * box["width"], "y": 10.5 / 62 * box["height"]})
    assert shown.text("sum").startswith("Row 10, column 30:")
    output.focus()
    for key in ("ArrowDown", "ArrowLeft", "ArrowLeft"):
        page.keyboard.press(key)
    assert shown.text("sum").startswith("Row 11, column 28:")


def test_what_one_typed_and_drew_comes_back_and_what_is_missing_says_so(page, tmp_path) -> None:
    shown = show(page, tmp_path, explorers.Convolution())
    for missing, said in (("own", "no picture of your own"), ("typed", "no numbers of yours")):
        shown.pick(image_name=missing)
        assert f"{said} yet" in shown.text("message")
        assert shown.control("image_name").input_value() == "9"
    shown.cell("kernel-1-1").fill("5")
    shown.cell("image-0-0").fill("7")
    page.keyboard.press("Tab")
    mine = shown.numbers()
    shown.pick(kernel_name="blur")
    shown.pick(kernel_name="own", image_name="drawn")
    shown.at(".explorer-pad").click()
    address = page.url
    shown.pick(image_name="typed")
    np.testing.assert_array_equal(shown.numbers(), mine)
    shown.pick(image_name="drawn")
    assert page.url == address
