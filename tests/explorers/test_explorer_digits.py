"""The digit network computes what Keras computes, live, for what is drawn in whatever way."""

import json
import re
from urllib.parse import quote

import numpy as np
import pytest
from explorer_pages import Shown, cost, heard, led_to, listen, load, outcomes, show, touch, work

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
    outputs["dense"] = layers.Dense(10, name="dense")(layers.Flatten()(x))
    outputs["output"] = layers.Softmax()(outputs["dense"])
    model = keras.Model(inputs, outputs)
    model.set_weights(records.recorded_weights("02-mnist-convnet"))
    return model


COMPUTED = """
const network = networkOf(WEIGHTS);
const computed = (picture) => {
    const { maps, probabilities } = forward(Float32Array.from(picture), network);
    const values = network.map(({ name }, at) => [name, [...maps[at + 1].values]]);
    return { ...Object.fromEntries(values), output: [...probabilities] };
};
const reaching = ([at, place]) => reached(network, at, place)[0];"""


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
            in_package = np.reshape(by_package[name], values[place].shape)
            np.testing.assert_allclose(in_package, values[place], atol=1e-4, err_msg=name)
            in_module = np.reshape(one["value"][name], values[place].shape)
            np.testing.assert_allclose(in_module, values[place], atol=1e-4, err_msg=name)


def test_every_example_is_taken_for_what_it_is_and_weighs_little() -> None:
    for digit in range(10):
        explorer = explorers.DigitNetwork(str(digit))
        assert explorer.output.argmax() == digit
        assert explorer.output.max() > 0.9
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


def number(text: str) -> float:
    return float(text.replace("\u2212", "-"))


def table(shown: Shown, at: int) -> np.ndarray:
    """Return a table of those that write the products of a channel out."""
    rows = shown.at(".explorer-written table").nth(at).locator("tr").all()
    cells = [[cell.inner_text().split()[0] for cell in row.locator("td").all()] for row in rows]
    return np.array([[number(one) for one in row] for row in cells])


def test_a_value_is_what_keras_says_and_so_is_all_that_it_is_made_of(
    page, tmp_path, network
) -> None:
    shown = show(page, tmp_path, explorers.DigitNetwork("3", layer="conv_2"))
    picture = explorers.DigitNetwork("3").drawing[None, ..., None] / 255
    outputs = {name: one[0] for name, one in network.predict(picture, verbose=0).items()}
    sources = {"conv_1": picture[0], "conv_2": outputs["pool_1"], "conv_3": outputs["pool_2"]}
    for layer, map, row, column in (
        *(("conv_2", 18, 2, 3), ("conv_2", 63, 10, 10), ("conv_1", 3, 25, 0)),
        *(("conv_1", 8, 10, 14), ("conv_3", 127, 2, 1)),
    ):
        goto(shown, layer=layer, map=map, place=[row, column])
        kernel, bias = network.get_layer(layer).get_weights()
        window = sources[layer][row : row + 3, column : column + 3]
        products = window * kernel[..., map]
        sums = products.sum(axis=(0, 1))
        channel = int(np.abs(sums).argmax())
        for at, expected in enumerate((window, kernel[..., map], products)):
            np.testing.assert_allclose(table(shown, at), expected[..., channel], atol=6e-4)
        total, value = sums.sum() + bias[map], outputs[layer][row, column, map]
        for one in (sums.sum(), bias[map], total):
            assert written(one) in shown.text("told")
        assert ("keeps it" in shown.text("told")) == (value > 0) == (total > 0)
        if layer == "conv_1":
            continue
        listed = [number(one) for one in shown.at("ol span").all_inner_texts()]
        expected = [*sums, sums.sum(), bias[map], value]
        np.testing.assert_allclose(listed, expected, atol=6e-4)


def goto(shown: Shown, **state: object) -> None:
    """Follow a link to what is looked at."""
    address = shown.page.url.partition("#")[0]
    text = json.dumps({"channel": None, "drawing_name": "3", "scale": "layer", **state})
    led_to(shown.page, f"{address}#{shown.name}={quote(text)}")
    assert shown.text("message") == ""


def written(value: float) -> str:
    return f"{value:z.3f}".replace("-", "\u2212") if value else "0"


def test_a_score_is_what_keras_says_with_each_weight_at_its_place_of_flatten(
    page, tmp_path, network
) -> None:
    explorer = explorers.DigitNetwork("3", layer="dense", map=3, channel=77)
    shown = show(page, tmp_path, explorer)
    outputs = network.predict(explorer.drawing[None, ..., None] / 255, verbose=0)
    weights, bias = network.get_layer("dense").get_weights()
    flat = outputs["conv_3"].ravel()
    cells = shown.at(".explorer-written table").first.locator("td").all_inner_texts()
    places = [int(cell.split()[1].replace(",", "")) for cell in cells]
    for at, values in enumerate((flat, weights[:, 3], flat * weights[:, 3])):
        np.testing.assert_allclose(table(shown, at).ravel(), values[places], atol=6e-4)
    assert places == [(3 * row + column) * 128 + 77 for row in range(3) for column in range(3)]
    listed = [number(one) for one in shown.at("ol span").all_inner_texts()]
    expected = (flat * weights[:, 3]).reshape(9, 128).sum(axis=0)
    np.testing.assert_allclose(listed[:128], expected, atol=6e-4)
    score = outputs["dense"][0, 3]
    np.testing.assert_allclose(listed[128:], [score - bias[3], bias[3], score], atol=6e-4)


def test_scores_become_powers_and_shares_with_digits_that_tell_them_apart(
    page, tmp_path, network
) -> None:
    explorer = explorers.DigitNetwork("7")
    shown = show(page, tmp_path, explorer)
    expected = network.predict(explorer.drawing[None, ..., None] / 255, verbose=0)
    rows = shown.at(".explorer-answers tbody tr").all()
    cells = np.array(
        [[number(one.inner_text()) for one in row.locator("td").all()[1::2]] for row in rows]
    )
    np.testing.assert_allclose(cells[:, 0], expected["dense"][0], atol=6e-4)
    np.testing.assert_allclose(cells[:, 0], explorer.scores, atol=6e-4)
    np.testing.assert_allclose(cells[:, 1], np.exp(explorer.scores), rtol=0.06)
    np.testing.assert_allclose(cells[:, 2], explorer.output, rtol=0.06)
    assert cells[:, 2].min() > 0
    assert cells[:, 2].max() < 1
    shown.pick(drawing_name="3")
    assert 1 - 1e-6 < explorers.DigitNetwork("3").output[3] < 1
    assert answers(shown)[1].max() == 0.999999
    shown.pick(drawing_name="7")
    rows[4].click()
    assert shown.text("told").startswith("Score of 4: 1,152 values times their weights add up to ")
    said = re.search(r"The share of 4 is (\S+) / ", shown.text("body"))
    assert said
    assert float(said[1]) == pytest.approx(np.exp(explorer.scores[4]), rel=1e-4)


def test_the_largest_of_a_window_is_pooled(page, tmp_path) -> None:
    explorer = explorers.DigitNetwork("3", layer="pool_2", map=9, place=(2, 3))
    shown = show(page, tmp_path, explorer)
    window = explorer.maps["conv_2"][4:6, 6:8, 9]
    np.testing.assert_allclose(table(shown, 0), window, atol=6e-4)
    assert table(shown, 1) == pytest.approx(window.max(), abs=6e-4)
    marked = shown.at(".explorer-written td.marked").all_inner_texts()
    assert marked == [written(window.max())]
    assert f"is {written(window.max())}." in shown.text("told")


def test_the_arrow_keys_move_the_chosen_value_which_is_told(page, tmp_path) -> None:
    explorer = explorers.DigitNetwork("3", layer="conv_3", map=5, place=(0, 1))
    shown = show(page, tmp_path, explorer)
    values = explorer.maps["conv_3"][..., 5]
    shown.cell("value").focus()
    for key, row, column in (("ArrowDown", 1, 1), ("ArrowRight", 1, 2), ("ArrowRight", 1, 2)):
        page.keyboard.press(key)
        assert shown.text("told").startswith(f"conv_3, map 5, row {row}, column {column}: ")
        assert shown.at(".explorer-told").get_attribute("aria-live") == "polite"
        label = shown.cell("value").get_attribute("aria-label")
        assert label.endswith(f"Row {row}, column {column}: {written(values[row, column])}.")
    assert page.evaluate("document.activeElement.dataset.cell") == "value"
    assert shown.state["place"] == [1, 2]
    shown.control("channel").focus()
    page.keyboard.press("Home")
    assert "Channel 0 adds " in shown.text("told")
    shown.cell("shift left").click()  # another drawing, the same place: not read aloud
    assert shown.at(".explorer-told").get_attribute("aria-live") == "off"
    shown.pick(layer="conv_1")  # another map: at its largest value
    assert shown.state["place"] is None


def test_the_same_pixels_reach_a_value_as_in_keras(page) -> None:
    x = inputs = keras.Input((28, 28, 1))
    outputs = []
    for filters, size, padding in ((2, 3, "same"), (1, 5, "valid"), (1, 3, "valid")):
        x = layers.Conv2D(filters, size, padding=padding, activation="relu")(x)
        outputs.append(x)
        if len(outputs) < 5:
            x = layers.MaxPooling2D(2)(x)
            outputs.append(x)
    scores = layers.Dense(10)(layers.Flatten()(x))
    model = keras.Model(inputs, scores)
    model.set_weights([np.ones_like(one) * (one.ndim > 1) for one in model.get_weights()])
    explorer = explorers.DigitNetwork(weights=model)
    more = COMPUTED.replace("WEIGHTS", json.dumps(explorer.choices["weights"]))
    load(page, explorer, "reaching", more=more)
    pixels = np.eye(784, dtype=np.float32).reshape(784, 28, 28, 1)  # one after the other is lit
    seen = keras.Model(inputs, outputs).predict(pixels, batch_size=784, verbose=0)
    places = [(at, [row, 2]) for at, one in enumerate(seen) for row in (0, one.shape[1] - 1)]
    for (at, (row, column)), found in zip(places, outcomes(page, "reaching", places), strict=True):
        lit = seen[at][:, row, column].max(axis=-1).reshape(28, 28) > 0
        field, expected = found["value"], np.zeros((28, 28), bool)
        top, left = field["top"], field["left"]
        expected[top : top + field["rows"], left : left + field["columns"]] = True
        np.testing.assert_array_equal(lit, expected, err_msg=f"{at}, {row}")


def own_network() -> keras.Model:
    """A network such as a learner makes, as if it were trained."""
    generator = np.random.default_rng(3)
    x = inputs = keras.Input((28, 28, 1))
    for filters in (4, 6):
        x = layers.Conv2D(filters, 5, padding="same", use_bias=False)(x)
        x = layers.BatchNormalization()(x)
        x = layers.Activation("relu")(x)
        x = layers.MaxPooling2D(3)(x)
    x = layers.Dropout(0.5)(layers.Flatten()(x))
    x = layers.Dense(12, activation="relu")(x)
    model = keras.Model(inputs, layers.Dense(10, activation="softmax")(x))
    some = [
        one + generator.uniform(0.1, 0.4, one.shape) * (one.ndim < 2) for one in model.get_weights()
    ]
    model.set_weights(some)
    return model


def test_ones_own_trained_network_is_seen_through_as_keras_computes_it(page, tmp_path) -> None:
    model = own_network()
    explorer = explorers.DigitNetwork("3", weights=model)
    unit = int(explorer.maps["dense_1"].argmax())
    explorer.set(layer="dense_1", map=unit)
    picture = explorer.drawing[None, ..., None] / 255
    kinds = (layers.Activation, layers.MaxPooling2D, layers.Dense)
    seen = [layer.output for layer in model.layers if isinstance(layer, kinds)]
    *expected, shares = keras.Model(model.inputs, seen).predict(picture, verbose=0)
    names = ["conv_1", "pool_1", "conv_2", "pool_2", "dense_1", "dense_2"]
    assert list(explorer.maps) == names
    for one, values in zip(names, expected, strict=False):
        found = explorer.maps[one].reshape(values[0].shape)
        np.testing.assert_allclose(found, values[0], atol=0.01, err_msg=one)
    np.testing.assert_allclose(explorer.output, shares[0], atol=0.01)
    shown = show(page, tmp_path, explorer)
    np.testing.assert_allclose(answers(shown)[1], explorer.output, atol=6e-4)
    assert shown.text("told").startswith(f"dense_1, map {unit}, row 0, column 0: 6 channels add")
    assert f"that is {written(explorer.maps['dense_1'].max())}. ReLU keeps it" in shown.text("told")
    for name in names:
        shown.pick(layer=name)
        assert shown.text("message") == ""


def test_a_network_that_cannot_be_looked_into_is_refused_by_the_name_of_its_layer() -> None:
    def model(*chain: layers.Layer, units: int = 10) -> keras.Model:
        return keras.Sequential(
            [keras.Input((28, 28, 1)), *chain, layers.Flatten(), layers.Dense(units)]
        )

    x = keras.Input((28, 28, 1))
    two = layers.Flatten()(
        layers.Add(name="both")([layers.Conv2D(2, 3)(x), layers.Conv2D(2, 3)(x)])
    )
    for wrong, said in (
        (model(layers.Conv2D(4, 3, strides=2, name="leap")), "layer 'leap' .Conv2D. as it is used"),
        (model(layers.AveragePooling2D(2, name="mean")), "layer 'mean' .AveragePooling2D."),
        (model(layers.MaxPooling2D(3, strides=2, name="over")), "layer 'over'"),
        (keras.Model(x, layers.Dense(10)(two)), "layer 'both' .Add."),
        (
            keras.Sequential([keras.Input((8, 8, 1)), layers.Flatten(), layers.Dense(10)]),
            "InputLayer",
        ),
        (model(units=5), "dense layer of 10 units"),
        (model(layers.ReLU(name="first")), "layer 'first'"),
    ):
        with pytest.raises(ValueError, match=said):
            explorers.DigitNetwork(weights=wrong)


BRIGHTEST = """canvas => Math.max(...canvas.getContext("2d")
    .getImageData(0, 0, canvas.width, canvas.height).data.filter((_, at) => at % 4 === 2))"""


def test_a_dim_map_is_brightened_by_a_scale_of_its_own(page, tmp_path) -> None:
    explorer = explorers.DigitNetwork("7")
    most = explorer.maps["conv_1"].max(axis=(0, 1))
    dim = int(np.where(most > 0.1, most, 9).argmin())
    explorer.set(map=dim, place=(0, 0))
    shown = show(page, tmp_path, explorer)
    canvas = shown.cell("value")
    shared = 255 * most[dim] / most.max()
    assert shared < 100
    assert canvas.evaluate(BRIGHTEST) == pytest.approx(max(shared, 0x33), abs=1)  # or its frame
    shown.pick(scale="map")
    assert canvas.evaluate(BRIGHTEST) == 255


def test_maps_are_as_large_as_the_page_allows(page, tmp_path) -> None:
    for width, at_least in ((1280, 500), (720, 400), (390, 350)):
        page.set_viewport_size({"width": width, "height": 800})
        shown = show(page, tmp_path, explorers.DigitNetwork("7", layer="conv_2"))
        assert shown.at(".explorer-see-layer canvas").bounding_box()["width"] >= at_least
        tiles = [one.bounding_box() for one in shown.at(".explorer-strip canvas").all()]
        assert len({round(one["y"]) for one in tiles}) == 1, "side by side"
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.set_viewport_size({"width": 1600, "height": 800})
    page.get_by_role("button", name="whole screen").click()
    page.wait_for_function("document.fullscreenElement?.getBoundingClientRect().width === 1600")
    assert shown.at(".explorer-see-layer canvas").bounding_box()["width"] >= 900


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
    maps = shown.at(".explorer-strip canvas").nth(2)  # conv_2: 11 rows of 6
    box = maps.bounding_box()
    maps.click(position={"x": box["width"] * 2.5 / 6, "y": box["height"] * 1.5 / 11})
    assert "conv_2, map 8," in shown.text("told")
    large = shown.at(".explorer-see-layer canvas")  # 8 rows of 8
    box = large.bounding_box()
    large.click(position={"x": box["width"] * 2.5 / 8, "y": box["height"] * 2.5 / 8})
    assert "conv_2, map 18," in shown.text("told")
    assert "32 kernels of 3 x 3" in shown.text("told")
    side = shown.cell("value").bounding_box()["width"]
    shown.cell("value").click(position={"x": side * 4.5 / 11, "y": side * 6.5 / 11})
    assert "map 18, row 6, column 4:" in shown.text("told")
    shown.at("ol li").nth(12).click()
    assert "Channel 12 adds" in shown.text("told")
    kernels = shown.at(".explorer-see-kernels canvas")  # 4 rows of 8
    box = kernels.bounding_box()
    kernels.click(position={"x": box["width"] * 5.5 / 8, "y": box["height"] * 3.5 / 4})
    assert "Channel 29 adds" in shown.text("told")
    shown.pick(layer="conv_1")
    shown.control("map").focus()
    page.keyboard.press("End")
    assert "conv_1, map 31" in shown.text("body")
    assert shown.control("map").get_attribute("aria-valuetext") == "number 31"
    shown.pick(layer="pool_2")
    assert "kernel" not in shown.text("body")
    assert not shown.control("channel").is_visible()


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


PRESSED = """document.activeElement.dispatchEvent(
    new KeyboardEvent("keydown", { key: "ArrowDown", bubbles: true }));"""


def test_a_stroke_computes_the_network_once_and_paints_each_canvas_once(page, tmp_path) -> None:
    shown = show(
        page, tmp_path, explorers.DigitNetwork("8", layer="conv_2", place=(4, 4), channel=3)
    )
    done = work(page, f"document.querySelector(`#{shown.name} [data-cell='shift right']`).click()")
    canvases = shown.at("canvas").count()
    assert done["paints"] == canvases - 1  # the kernels stay
    assert done["nodes"] < 100
    shown.cell("value").focus()
    done = work(page, PRESSED)
    assert (
        done["paints"] == 6
    )  # the pad, the map, the field, the windows, each channel's, their sum
    assert done["nodes"] < 100


def test_the_values_of_a_map_play_and_are_told_at_the_end_alone(timed, tmp_path) -> None:
    shown = show(timed, tmp_path, explorers.DigitNetwork("3", layer="conv_3", map=5, place=(1, 1)))
    listen(timed)
    shown.cell("play").click()
    timed.clock.run_for(1_400)
    assert shown.text("told").startswith("conv_3, map 5, row 1, column 2: ")
    assert shown.at(".products td").count() == 9
    assert heard(timed) == []
    timed.clock.run_for(10_000)
    [told] = heard(timed)
    assert told.startswith("conv_3, map 5, row 2, column 2: ")
    assert shown.state["place"] == [2, 2]
    timed.keyboard.press("Control+z")  # all of it is one change
    assert shown.state["place"] == [1, 1]


def test_a_stroke_is_seen_through_the_network_two_frames_later_at_most(page, tmp_path) -> None:
    shown = show(page, tmp_path, explorers.DigitNetwork("8", layer="conv_2"))
    key = '`[data-cell=\'shift ${at % 2 ? "left" : "right"}\']`'
    assert cost(page, f"document.querySelector({key}).click()") < 30
    assert shown.state["drawing_name"] == "own"


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
        ({"place": (26, 0)}, "no place .26, 0.: a map of conv_1 has 26 rows and 26 columns"),
        ({"place": (1, 2, 3)}, "no place"),
        ({"place": 4}, "no place"),
        ({"place": (0.5, 0)}, "row or column of place must be a whole number"),
        ({"channel": 1}, "no channel 1: conv_1 sees 0 to 0"),
        ({"scale": "own"}, "scale must be one of 'layer', 'map'"),
    ):
        with pytest.raises((TypeError, ValueError), match=said):
            explorer.set(**wrong)
        assert explorer.state == before
    explorer.set(layer="conv_3", map=127)
    explorer.set(place=(2, 2), channel=63)
    explorer.set(map=5)  # another map is looked at where it is largest
    assert (explorer.state["place"], explorer.state["channel"]) == (None, None)
    with pytest.raises(ValueError, match="weights have the shapes"):
        explorers.DigitNetwork(weights=[np.zeros((5, 5, 1, 6))])
