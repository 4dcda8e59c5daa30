"""What a reader types, draws, points at and loads in an explorer, and what is refused."""

import json
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
from explorer_pages import numbers, opened, work

from cnn_course import conv, explorers
from cnn_course.examples import LOOP, NINE

pytestmark = pytest.mark.browser


def test_what_is_no_number_is_refused_and_the_one_before_kept(page, tmp_path) -> None:
    explorer = explorers.Convolution()
    (name,) = opened(page, tmp_path, explorer)
    for text in ("", "two", "1e999", "NaN", "0x1f", "1,000", "1000001"):
        page.fill(f'#{name} [data-cell="kernel-0-0"]', text)
        page.keyboard.press("Tab")
        said = page.inner_text(f"#{name} .explorer-message")
        assert "is not a number from −1000000 to 1000000. 1 is kept." in said, text
        assert page.input_value(f'#{name} [data-cell="kernel-0-0"]') == "1"
        np.testing.assert_allclose(numbers(page, name), explorer.output)
        page.select_option(f"#{name} [data-name=kernel_name]", "loop")  # the message goes


def test_a_file_that_is_no_picture_is_refused_and_the_image_before_kept(page, tmp_path) -> None:
    explorer = explorers.Convolution()
    (name,) = opened(page, tmp_path, explorer)
    (tmp_path / "cat.jpg").write_bytes(b"<svg onload=alert(1)>" * 9)
    page.set_input_files(f"#{name} input[type=file]", tmp_path / "cat.jpg")
    page.wait_for_function("() => document.querySelector('.explorer-message').textContent")
    assert "cat.jpg cannot be read" in page.inner_text(f"#{name} .explorer-message")
    np.testing.assert_allclose(numbers(page, name), explorer.output)


def test_a_picture_of_ones_own_is_drawn_at_one_go_and_stays_out_of_the_address(
    page, tmp_path
) -> None:
    from PIL import Image  # noqa: PLC0415

    (name,) = opened(page, tmp_path, explorers.Convolution(kernel="Sobel x"))
    noise = np.random.default_rng(1).integers(0, 256, (700, 700, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "noise.png")
    page.set_input_files(f"#{name} input[type=file]", tmp_path / "noise.png")
    page.wait_for_selector(f"#{name} canvas")
    assert "image, 256 x 256" in page.inner_text(f"#{name} .explorer-body")
    assert "output, 254 x 254" in page.inner_text(f"#{name} .explorer-body")
    assert len(page.url) < 1_000
    change = "const one = document.querySelector('[data-name=relu]'); one.value = 'true';"
    done = work(page, f"{change} one.onchange({{ target: one }});")
    assert done["paints"] == 2  # the image and what comes out, each once and all at once
    assert done["pixels"] == 256 * 256 + 254 * 254
    assert done["nodes"] < 100  # a pixel is none


def test_a_number_of_the_image_is_typed_and_the_arrow_keys_lead_to_the_next(page, tmp_path) -> None:
    (name,) = opened(page, tmp_path, explorers.Convolution())
    page.fill(f'#{name} [data-cell="image-0-0"]', "7")
    page.keyboard.press("ArrowDown")
    focused = "document.activeElement.dataset.cell"
    assert page.evaluate(focused) == "image-1-0"
    changed = NINE.copy()
    changed[0, 0] = 7
    np.testing.assert_allclose(numbers(page, name), conv.correlate2d(changed, LOOP))
    assert page.input_value(f"#{name} [data-name=image_name]") == "typed"
    page.keyboard.type("-1")
    page.keyboard.press("Tab")
    assert page.evaluate(focused) == "kernel-0-0"
    address = page.url
    page.goto("about:blank")
    page.goto(address)
    page.wait_for_selector(f"#{name} table")
    np.testing.assert_allclose(numbers(page, name), conv.correlate2d(changed, LOOP))


def test_what_one_draws_is_convolved(page, tmp_path) -> None:
    explorer = explorers.Convolution(kernel=np.ones((3, 3)), padding="same", stride=4)
    (name,) = opened(page, tmp_path, explorer)
    page.select_option(f"#{name} [data-name=image_name]", "drawn")
    assert "image, 28 x 28: draw here" in page.inner_text(f"#{name} .explorer-body")
    box = page.locator(f"#{name} .explorer-pad").bounding_box()
    for share in (0.2, 0.8):
        page.mouse.move(box["x"] + box["width"] / 2, box["y"] + share * box["height"])
        page.mouse.down()
    page.mouse.up()
    state = json.loads(parse_qs(urlsplit(page.url).fragment)[name][0])
    drawn = np.array(state["image"])
    assert drawn[:, 13:15].sum() > 20
    assert drawn[:, [0, 27]].sum() == 0
    expected = conv.correlate2d(drawn, np.ones((3, 3)), padding="same", stride=4)
    page.select_option(f"#{name} [data-name=stride]", "4")
    np.testing.assert_allclose(numbers(page, name), expected.round(2), atol=0.011)
    page.click(f'#{name} [data-cell="clear"]')
    assert (numbers(page, name) == 0).all()
    assert page.complaints == []


def test_a_click_right_after_typing_acts_and_what_is_typed_counts(page, tmp_path) -> None:
    (name,) = opened(page, tmp_path, explorers.Convolution())
    page.click(f'#{name} [data-cell="image-0-0"]')
    page.keyboard.type("50")
    page.click(f'#{name} [data-cell="output-1-1"]')
    assert page.inner_text(f"#{name} .explorer-sum").startswith("Row 1, column 1")
    page.click(f'#{name} [data-cell="image-1-0"]')
    page.keyboard.type("7")
    page.click(f'#{name} [data-cell="image-2-0"]')
    page.keyboard.type("8")
    page.keyboard.press("Tab")
    changed = NINE.copy()
    changed[:3, 0] = 50, 7, 8
    np.testing.assert_allclose(numbers(page, name), conv.correlate2d(changed, LOOP))


def test_what_one_types_while_it_plays_is_not_lost(page, tmp_path) -> None:
    (name,) = opened(page, tmp_path, explorers.Convolution())
    page.click(f'#{name} [aria-label="play"]')
    page.click(f'#{name} [data-cell="image-0-0"]')
    page.keyboard.type("4")
    before = page.inner_text(f"#{name} .explorer-sum")
    page.wait_for_function(
        "(before) => document.querySelector('.explorer-sum').innerText !== before", arg=before
    )
    page.keyboard.type("2")
    page.keyboard.press("Tab")
    assert page.input_value(f'#{name} [data-cell="image-0-0"]') == "42"
    page.click(f'#{name} [aria-label="pause"]')
    assert page.complaints == []


def test_a_place_of_a_large_output_is_chosen_with_the_mouse_and_the_arrow_keys(
    page, tmp_path
) -> None:
    (name,) = opened(page, tmp_path, explorers.Convolution("cat", "Sobel x"))
    output = page.locator(f'#{name} canvas[data-cell="output"]')
    box = output.bounding_box()
    output.click(position={"x": 30.5 / 62 * box["width"], "y": 10.5 / 62 * box["height"]})
    assert page.inner_text(f"#{name} .explorer-sum").startswith("Row 10, column 30:")
    output.focus()
    for key in ("ArrowDown", "ArrowLeft", "ArrowLeft"):
        page.keyboard.press(key)
    assert page.inner_text(f"#{name} .explorer-sum").startswith("Row 11, column 28:")


def test_ones_own_image_and_kernel_come_back_and_a_missing_one_says_so(page, tmp_path) -> None:
    (name,) = opened(page, tmp_path, explorers.Convolution())
    page.select_option(f"#{name} [data-name=image_name]", "own")
    assert "no picture of your own yet" in page.inner_text(f"#{name} .explorer-message")
    assert page.input_value(f"#{name} [data-name=image_name]") == "9"
    page.fill(f'#{name} [data-cell="kernel-1-1"]', "5")
    page.keyboard.press("Tab")
    mine = numbers(page, name)
    page.select_option(f"#{name} [data-name=kernel_name]", "blur")
    page.select_option(f"#{name} [data-name=kernel_name]", "own")
    np.testing.assert_array_equal(numbers(page, name), mine)


def test_one_can_draw_after_one_has_typed_and_come_back_to_both(page, tmp_path) -> None:
    (name,) = opened(page, tmp_path, explorers.Convolution())
    page.select_option(f"#{name} [data-name=image_name]", "typed")
    assert "no numbers of yours yet" in page.inner_text(f"#{name} .explorer-message")
    page.fill(f'#{name} [data-cell="image-0-0"]', "7")
    page.keyboard.press("Tab")
    mine = numbers(page, name)
    page.select_option(f"#{name} [data-name=image_name]", "drawn")
    assert page.locator(f"#{name} .explorer-pad").is_visible()
    page.click(f"#{name} .explorer-pad")
    address = page.url
    page.select_option(f"#{name} [data-name=image_name]", "typed")
    np.testing.assert_array_equal(numbers(page, name), mine)
    page.select_option(f"#{name} [data-name=image_name]", "drawn")
    assert page.url == address
    assert page.complaints == []


@pytest.mark.parametrize("size", [(12_000, 9_000), (1, 20_000), (1, 1)])
def test_a_picture_of_any_size_is_taken_made_small_or_refused_and_the_page_lives(
    page, tmp_path, size
) -> None:
    from PIL import Image  # noqa: PLC0415

    (name,) = opened(page, tmp_path, explorers.Convolution(kernel=[[1]]))
    Image.new("L", size, 99).save(tmp_path / "grey.png")
    page.set_input_files(f"#{name} input[type=file]", tmp_path / "grey.png")
    page.wait_for_function(
        "() => document.querySelector('.explorer-message').textContent"
        " || document.querySelector('[data-name=image_name]').value === 'own'",
    )
    if page.input_value(f"#{name} [data-name=image_name]") == "own":
        scale = min(1, 256 / max(size))
        width, height = (max(1, round(side * scale)) for side in size)
        assert f"image, {height} x {width}" in page.inner_text(f"#{name} .explorer-body")
    else:
        assert "grey.png cannot be read" in page.inner_text(f"#{name} .explorer-message")
        assert "image, 7 x 5" in page.inner_text(f"#{name} .explorer-body")
    page.select_option(f"#{name} [data-name=relu]", "true")
    assert page.complaints == []


def test_a_click_right_after_typing_acts_on_the_layer_that_was_meant(page, tmp_path) -> None:
    (name,) = opened(page, tmp_path, explorers.Shapes("LeNet-5"))
    page.click(f'#{name} [data-cell="layer 1 filters"]')
    page.keyboard.press("Control+A")
    page.keyboard.type("11")
    page.click(f'#{name} [data-cell="remove layer 2"]')
    assert page.input_value(f'#{name} [data-cell="layer 1 filters"]') == "11"
    assert page.locator(f"#{name} tbody tr").count() == 8
    assert page.complaints == []


def test_the_keyboard_keeps_its_place_until_no_layer_is_left(page, tmp_path) -> None:
    (name,) = opened(page, tmp_path, explorers.Shapes("LeNet-5"))
    page.focus(f'#{name} [data-cell="remove layer 8"]')
    for left in range(7, 0, -1):
        page.keyboard.press("Enter")
        focused = page.evaluate("document.activeElement.dataset.cell")
        assert focused == f"remove layer {left}"


def test_a_network_can_be_chosen_again_after_it_was_changed(page, tmp_path) -> None:
    (name,) = opened(page, tmp_path, explorers.Shapes("LeNet-5"))
    page.click(f'#{name} [data-cell="remove layer 8"]')
    page.select_option(f'#{name} [data-cell="network"]', "LeNet-5")
    assert "61,706 parameters" in page.inner_text(f"#{name} .explorer-sum")
