"""The digit network computes what Keras computes, live, for what is drawn in whatever way."""

import base64
import json
import re

import numpy as np
import pytest
from explorer_pages import Shown, load, outcomes, show, touch, work

from cnn_course import data, explorers, records

import keras  # isort: skip - after cnn_course, which keeps TensorFlow quiet
from keras import layers

pytestmark = [pytest.mark.browser, pytest.mark.tensorflow]
PAD = ".explorer-pad"


@pytest.fixture(scope="module")
def network() -> keras.Model:
    """Chapter 2's network in Keras, with the weights of its recorded full run."""
    x = inputs = keras.Input((28, 28, 1))
    outputs = {}
    for number, filters in ((1, 32), (2, 64), (3, 128)):
        name = f"conv_{number}"
        x = outputs[name] = layers.Conv2D(filters, 3, activation="relu", name=name)(x)
        if number < 3:
            x = outputs[f"pool_{number}"] = layers.MaxPooling2D(2, name=f"pool_{number}")(x)
    outputs["output"] = layers.Dense(10, activation="softmax")(layers.Flatten()(x))
    model = keras.Model(inputs, outputs)
    model.set_weights(records.recorded_weights("02-mnist-convnet"))
    return model


COMPUTED = """
const kernels = weightsOf(WEIGHTS);
const computed = (picture) => {
    const { maps, probabilities } = forward(Float32Array.from(picture), kernels);
    const values = Object.entries(maps).map(([name, { values }]) => [name, [...values]]);
    return { ...Object.fromEntries(values), output: [...probabilities] };
};"""


def test_module_and_package_compute_what_keras_computes_on_test_digits(page, network) -> None:
    _, (pictures, _) = data.load_digits("tiny")  # nobody trained this network on them
    pictures = pictures[:100:8]
    expected = network.predict(pictures[..., None] / 255, verbose=0)
    explorer = explorers.DigitNetwork()
    weights = json.dumps(explorer.choices["weights"])
    load(page, explorer, "computed", more=COMPUTED.replace("WEIGHTS", weights))
    found = outcomes(page, "computed", (pictures.reshape(-1, 784) / 255).tolist())
    for place, (picture, one) in enumerate(zip(pictures, found, strict=True)):
        explorer.set(drawing=picture)
        by_package = {**explorer.maps, "output": explorer.output}
        assert sorted(by_package) == sorted(expected)
        for name, values in expected.items():
            np.testing.assert_allclose(by_package[name], values[place], atol=1e-4, err_msg=name)
            in_module = np.reshape(one["value"][name], values[place].shape)
            np.testing.assert_allclose(in_module, values[place], atol=1e-4, err_msg=name)


def test_every_example_is_taken_for_what_it_is_and_weighs_little() -> None:
    for digit in range(10):
        explorer = explorers.DigitNetwork(str(digit))
        assert explorer.output.argmax() == digit
        assert explorer.output.max() > 0.9
    assert len(base64.b64decode(explorer.choices["weights"]["halves"])) < 500_000
    assert len(explorer.choices["weights"]["halves"]) < 500_000  # as it is sent


def answers(shown: Shown) -> tuple[int, np.ndarray]:
    """Return the answer in words, and the ten probabilities."""
    told = shown.text("sum")
    shares = shown.at(".explorer-answers td:last-child").all_inner_texts()
    return int(re.search(r"for an? (\d)", told)[1]), np.array([float(text) for text in shares])


def drawing(shown: Shown) -> np.ndarray:
    """Return what the page keeps in its address."""
    return np.frombuffer(bytes.fromhex(shown.state["drawing"]), np.uint8).reshape(28, 28)


def test_a_line_drawn_with_the_mouse_is_a_1_and_python_agrees(page, tmp_path) -> None:
    shown = show(page, tmp_path, explorers.DigitNetwork("0"))
    assert answers(shown)[0] == 0
    shown.cell("clear").click()
    box = shown.at(PAD).bounding_box()
    middle = box["x"] + box["width"] / 2
    page.mouse.move(middle, box["y"] + 0.2 * box["height"])
    page.mouse.down()
    page.mouse.move(middle, box["y"] + 0.8 * box["height"], steps=6)
    page.mouse.up()
    page.mouse.move(box["x"] + 5, box["y"] + 5)  # the pen is up
    answer, shares = answers(shown)
    assert answer == 1
    image = drawing(shown)
    assert image[:, :10].max() == 0
    assert image[8:20, 13:15].min() > 150
    np.testing.assert_allclose(shares, explorers.DigitNetwork(image).output, atol=6e-4)


def test_a_finger_draws_too(page, tmp_path) -> None:
    page.set_viewport_size({"width": 320, "height": 640})
    shown = show(page, tmp_path, explorers.DigitNetwork("0"))
    shown.cell("clear").click()
    pad = shown.at(PAD)
    pad.scroll_into_view_if_needed()
    box, before = pad.bounding_box(), page.evaluate("scrollY")
    middle = box["x"] + box["width"] / 2
    touch(page, *((middle, box["y"] + share / 10 * box["height"]) for share in range(2, 9)))
    assert answers(shown)[0] == 1
    assert page.evaluate("scrollY") == before  # the page stayed where it was
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_the_keyboard_draws_erases_and_says_where_the_pen_is(page, tmp_path) -> None:
    shown = show(page, tmp_path, explorers.DigitNetwork(np.zeros((28, 28), int)))
    shown.at(PAD).focus()
    for _ in range(5):
        page.keyboard.press("ArrowDown")
    for _ in range(14):
        page.keyboard.press("ArrowRight")
    assert shown.text("said") == "pen up, row 5, column 14"
    page.keyboard.press("Space")
    for _ in range(17):
        page.keyboard.press("ArrowDown")
    assert shown.text("said") == "pen down, row 22, column 14"
    image = drawing(shown)
    assert image[5:23, 14].min() == 255
    assert image[:, :12].max() == 0
    assert answers(shown)[0] == 1
    page.keyboard.press("Space")
    shown.cell("tool").select_option("eraser")
    shown.at(PAD).focus()
    page.keyboard.press("Space")
    page.keyboard.press("ArrowUp")
    assert drawing(shown)[21:23, 14].max() == 0


def test_a_drawing_is_shifted_and_centred(page, tmp_path) -> None:
    seven = explorers.DigitNetwork("7").drawing
    shown = show(page, tmp_path, explorers.DigitNetwork("7"))
    for _ in range(8):
        shown.cell("shift right").click()
    assert answers(shown)[0] != 7
    expected = np.zeros_like(seven)
    expected[:, 8:] = seven[:, :20]
    np.testing.assert_array_equal(drawing(shown), expected)
    shown.cell("put the ink into the centre").focus()
    page.keyboard.press("Enter")
    ink = drawing(shown).astype(float)
    rows, columns = np.mgrid[:28, :28]
    for places in (rows, columns):
        assert abs((ink * places).sum() / ink.sum() - 13.5) <= 0.5
    assert answers(shown)[0] == 7
    focused = "() => document.activeElement.dataset.cell"
    assert page.evaluate(focused) == "put the ink into the centre"


def test_a_map_is_chosen_with_the_mouse_and_without(page, tmp_path) -> None:
    shown = show(page, tmp_path, explorers.DigitNetwork("7"))
    maps = shown.at(".explorer-maps").nth(2)  # conv_2: 4 rows of 16
    box = maps.bounding_box()
    maps.click(position={"x": box["width"] * 2.5 / 16, "y": box["height"] * 1.5 / 4})
    assert "conv_2, map 18" in shown.text("body")
    assert "32 kernels of 3 x 3" in shown.text("body")
    shown.pick(layer="conv_1")
    shown.control("map").focus()
    page.keyboard.press("End")
    assert "conv_1, map 31" in shown.text("body")
    assert shown.control("map").get_attribute("aria-valuetext") == "number 31"
    shown.pick(layer="pool_2")
    assert "kernel" not in shown.text("body")


def test_ones_own_drawing_comes_back_and_an_empty_one_says_so(page, tmp_path) -> None:
    shown = show(page, tmp_path, explorers.DigitNetwork("7"))
    shown.pick(drawing_name="own")
    assert "no drawing of yours yet" in shown.text("message")
    shown.cell("shift up").click()
    mine = drawing(shown)
    shown.pick(drawing_name="3")
    shown.pick(drawing_name="own")
    np.testing.assert_array_equal(drawing(shown), mine)
    shown.pick(layer="conv_3")
    before = answers(shown)
    shown.come_back()
    np.testing.assert_array_equal(answers(shown)[1], before[1])
    shown.cell("shift down").click()
    np.testing.assert_array_equal(drawing(shown)[1:], mine[:-1])
    shown.cell("clear").click()
    assert shown.text("sum").startswith("Nothing is drawn.")


def test_a_stroke_computes_the_network_once_and_paints_each_canvas_once(page, tmp_path) -> None:
    shown = show(page, tmp_path, explorers.DigitNetwork("8"))
    done = work(page, f"document.querySelector(`#{shown.name} [data-cell='shift right']`).click()")
    canvases = shown.at("canvas").count()
    assert done["paints"] == canvases
    assert done["nodes"] < 100


def test_python_refuses_what_cannot_be_drawn_or_looked_at() -> None:
    explorer = explorers.DigitNetwork()
    before = dict(explorer.state)
    for wrong, said in (
        ({"drawing": "ten"}, "drawing must be one of '0', '1', "),
        ({"drawing": np.zeros((27, 28), int)}, r"shape \(28, 28\), not \(27, 28\)"),
        ({"drawing": np.zeros((28, 28))}, "whole numbers from 0"),
        ({"drawing": np.full((28, 28), 256)}, "whole numbers from 0"),
        ({"layer": "conv_4"}, "layer must be one of 'conv_1', "),
        ({"map": 32}, "no map 32: conv_1 has 0 to 31"),
        ({"map": True}, "map must be a whole number, not True"),
    ):
        with pytest.raises((TypeError, ValueError), match=said):
            explorer.set(**wrong)
        assert explorer.state == before
    explorer.set(layer="conv_3", map=127)
    with pytest.raises(ValueError, match="weights have the shapes"):
        explorers.DigitNetwork(weights=[np.zeros((5, 5, 1, 6))])
