"""The explorer of augmentation: its arithmetic is that of Keras, in the browser and in Python."""

import re

import numpy as np
import pytest
from explorer_pages import Shown, load, outcomes, show, work
from PIL import Image

from cnn_course import explorers
from cnn_course.explorers.augmentation import changed, drawn_changes

import keras  # isort: skip - after cnn_course, which keeps TensorFlow quiet
from keras import layers

pytestmark = [pytest.mark.browser, pytest.mark.tensorflow]

FILL_MODES = ("reflect", "nearest", "wrap", "constant")
SIZES = ((24, 17), (5, 31), (1, 7))
FACTORS = {
    **{"rotation": 0.08, "zoom": 0.3, "height": 0.2, "width": 0.1},
    **{"shear": 0.2, "brightness": 0.1, "contrast": 0.4},
}
NOTHING = dict.fromkeys(FACTORS, 0.0) | {"flip": False}


def photograph(size: tuple[int, int]) -> np.ndarray:
    return np.random.default_rng(sum(size)).uniform(0, 255, (*size, 3)).astype("float32")


def assert_seen_alike(found: np.ndarray, expected: np.ndarray) -> None:
    """Allow one pixel in 200 that a last digit puts on the other side of a border."""
    far = np.abs(found - expected).max(axis=-1) > 0.02
    assert far.mean() <= 0.005, f"{far.sum()} of {far.size} pixels differ"


def by_keras(layer: keras.Layer, pictures: np.ndarray, changes: list[dict]) -> np.ndarray:
    """Let a layer of Keras make one of these changes of each picture."""
    count, height, width, _ = pictures.shape
    name = type(layer).__name__.removeprefix("Random").lower()
    far = np.array([change.get(name, 0) for change in changes], "float32")
    turns = [layers.RandomRotation((one, one)) for one in far if name == "rotation"]
    turned = [turn.get_random_transformation(pictures[:1])["rotation_matrix"] for turn in turns]
    moved = [(change["width"] * width, change["height"] * height) for change in changes]
    flips, column = [change["flip"] for change in changes], (count, 1, 1, 1)
    draw = layer.get_random_transformation(pictures) | {
        "flips": np.reshape(flips, column),
        "rotation_matrix": np.concatenate(turned) if turned else None,
        "height_zoom": 1 + far[:, None],
        "width_zoom": 1 + far[:, None],
        "translations": np.array(moved, "float32"),
        "shear_factor": np.stack([far, 0 * far], axis=1),
        "rgb_delta": 255 * far.reshape(column),
        "contrast_factor": 1 + far.reshape(column),
    }
    return np.array(layer.transform_images(pictures, draw))


@pytest.mark.parametrize("fill_mode", FILL_MODES)
def test_a_change_gives_what_keras_gives(fill_mode: str) -> None:
    fill, values = {"fill_mode": fill_mode}, (-0.5, -0.37, -0.1, 0.02, 0.11, 0.25, 0.5)
    for name, layer in (
        ("rotation", layers.RandomRotation(0.5, **fill)),
        ("zoom", layers.RandomZoom(0.5, **fill)),
        ("height", layers.RandomTranslation(0.5, 0.5, **fill)),
        ("width", layers.RandomTranslation(0.5, 0.5, **fill)),
        ("shear", layers.RandomShear(0.5, **fill)),
        ("brightness", layers.RandomBrightness(1.0)),
        ("contrast", layers.RandomContrast(1.0)),
        ("flip", layers.RandomFlip("horizontal")),
    ):
        changes = [NOTHING | {name: far > 0 if name == "flip" else far} for far in values]
        for picture in map(photograph, SIZES):
            expected = by_keras(layer, np.stack([picture] * len(values)), changes)
            for change, one in zip(changes, expected, strict=True):
                found = changed(picture, change, fill_mode)
                assert_seen_alike(found, one)
                assert name != "shear" or (found[0] == picture[0]).all()


@pytest.mark.parametrize("fill_mode", FILL_MODES)
def test_the_layers_follow_one_another_as_in_the_code_that_is_shown(fill_mode: str) -> None:
    explorer = explorers.Augmentation(photograph((32, 24)), **FACTORS, fill_mode=fill_mode, seed=4)
    expected = np.stack([explorer.picture.astype("float32")] * 9)
    for layer in explorer.layers():
        expected = by_keras(layer, expected, drawn_changes(explorer.state))
    for found, one in zip(explorer.output, expected, strict=True):
        assert_seen_alike(found, one)


def test_the_draws_of_keras_lie_between_the_ends_that_the_sliders_say() -> None:
    picture = np.zeros((400, 10, 10, 3), "float32")
    explorer = explorers.Augmentation(**FACTORS)
    flip, turn, zoom, shift, shear, light, contrast = (
        layer.get_random_transformation(picture) for layer in explorer.layers()
    )
    ends = {
        "rotation": np.array(turn["angle"]) / 360,
        "zoom": np.array(zoom["width_zoom"]) - 1,
        "height": np.array(shift["translations"])[:, 1] / 10,
        "width": np.array(shift["translations"])[:, 0] / 10,
        "shear": np.array(shear["shear_factor"])[:, 0],
        "brightness": np.array(light["rgb_delta"]) / 255,
        "contrast": np.array(contrast["contrast_factor"]) - 1,
    }
    for name, drawn in ends.items():
        assert drawn.min() == pytest.approx(-FACTORS[name], rel=0.05), name
        assert drawn.max() == pytest.approx(FACTORS[name], rel=0.05), name
    assert 0.35 < np.array(flip["flips"]).mean() < 0.65
    alone = layers.RandomContrast(0.4).get_random_transformation(picture)["contrast_factor"]
    assert np.array(alone).min() >= 1  # what the code that is shown remarks


def test_the_code_that_is_shown_makes_these_layers() -> None:
    explorer, fill = explorers.Augmentation(**FACTORS, fill_mode="wrap"), {"fill_mode": "wrap"}
    expected = [
        layers.RandomFlip("horizontal"),
        layers.RandomRotation(0.08, **fill),
        layers.RandomZoom(0.3, **fill),
        layers.RandomTranslation(0.2, 0.1, **fill),
        layers.RandomShear(0.2, **fill),
        layers.RandomBrightness(0.1),
        layers.RandomContrast((0.4, 0.4)),
    ]
    for layer, same in zip(explorer.layers(), expected, strict=True):
        assert type(layer) is type(same)
        assert layer.get_config() | {"name": ""} == same.get_config() | {"name": ""}
    nothing = explorers.Augmentation(flip=False, rotation=0, zoom=0)
    assert nothing.layers() == []
    assert "no layer" in nothing.describe()
    names: dict = {}
    exec(nothing.code, names)
    picture = photograph((4, 4))
    assert np.array_equal(names["augment"](picture), picture)


AUGMENTED = """
const augmented = (state) => {
    const picture = unpacked(state.picture);
    const { changes, pictures } = augment(picture, state);
    const same = packed(picture).bytes === state.picture.bytes;
    return { changes, code: code(state), same,
        pictures: pictures.map((one) => one.map((plane) => plane.map((row) => [...row]))) };
};"""


def test_the_module_computes_what_numpy_computes(page) -> None:
    shown = []
    for seed in range(60):
        random = np.random.default_rng(seed)
        size = tuple(random.integers(1, 21, 2).tolist())
        factors = {name: random.integers(0, 51) * random.integers(0, 2) / 100 for name in FACTORS}
        shown.append(
            explorers.Augmentation(
                photograph(size),
                flip=bool(random.integers(2)),
                **factors,
                fill_mode=FILL_MODES[seed % 4],
                draws=("random", "ends")[seed // 4 % 2],
                seed=int(random.integers(2**32)),
            )
        )
    load(page, shown[0], "augmented", more=AUGMENTED)
    states = [explorer.state for explorer in shown]
    for explorer, outcome in zip(shown, outcomes(page, "augmented", states), strict=True):
        found = outcome["value"]
        for change, expected in zip(found["changes"], drawn_changes(explorer.state), strict=True):
            assert change == pytest.approx(expected)
        seen = np.array(found["pictures"]).transpose(0, 2, 3, 1)
        assert_seen_alike(seen, explorer.output)
        assert np.abs(seen - explorer.output).max(axis=-1).mean() < 0.2
        assert found["code"] == explorer.code
        assert found["same"]


def seen(shown: Shown) -> np.ndarray:
    """Return what the nine canvases show."""
    found = shown.page.evaluate(
        """name => [...document.querySelectorAll(`#${name} .explorer-draws canvas`)].map(one => {
            const { width, height } = one, often = { willReadFrequently: true };
            const copy = new OffscreenCanvas(width, height).getContext("2d", often);
            copy.drawImage(one, 0, 0);
            return String.fromCharCode(...copy.getImageData(0, 0, width, height).data);
        })""",
        shown.name,
    )
    return np.array([np.frombuffer(one.encode("latin-1"), np.uint8) for one in found])


def slide(shown: Shown, slider: str, value: float) -> None:
    shown.at(f"[data-name={slider}]").evaluate(
        "(one, value) => { one.value = value; one.oninput(); }", value
    )


def test_the_page_shows_what_python_computes_and_says_what_it_means(page, tmp_path) -> None:
    explorer = explorers.Augmentation()
    shown = show(page, tmp_path, explorer)
    slide(shown, "zoom", 0.5)
    slide(shown, "width", 0.125)
    shown.pick(fill_mode="constant", draws="ends")
    shown.at(">> text=draw again").click()
    explorer.set(zoom=0.5, width=0.13, fill_mode="constant", draws="ends", seed=2)
    pixels = seen(shown).reshape(9, 96, 96, 4)[..., :3]
    assert np.abs(pixels - explorer.output).max() <= 0.51
    assert shown.at("pre").inner_text() == explorer.code
    words = shown.text("controls")
    for said in ("±36°", "0.5 to 1.5 times as much; 96 pixels become 64 to 192", "±12.48 of 96"):
        assert said in words
    told = shown.text("sum")
    assert re.search(r"Seed 2, picture 1: .*(0.5 times as much, so 2|1.5 .* so 0.67) times", told)
    shown.at(">> text=all off").click()
    assert "layers.Identity()" in shown.at("pre").inner_text()
    assert (np.ptp(seen(shown), axis=0) == 0).all()
    assert shown.text("sum").endswith("as it is.")


def test_the_keyboard_reaches_every_picture_and_the_address_brings_back_what_one_saw(
    page, tmp_path
) -> None:
    shown = show(page, tmp_path, explorers.Augmentation())
    shown.control("rotation").focus()
    page.keyboard.press("ArrowRight")
    assert "RandomRotation(0.11," in shown.at("pre").inner_text()
    label = shown.control("rotation").get_attribute("aria-valuetext")
    assert label == "±39.6°"
    shown.cell("picture-1").focus()
    for key in ("ArrowRight", "ArrowDown", "Enter"):
        page.keyboard.press(key)
    told = shown.text("sum").replace("Seed 1, ", "")
    assert told.startswith("picture 5: ")
    chosen = shown.cell("picture-5")
    assert chosen.get_attribute("aria-pressed") == "true"
    assert chosen.get_attribute("aria-label") in told
    assert shown.at('.explorer-draws [tabindex="0"]').count() == 1
    shown.at(">> text=draw again").click()
    before = seen(shown)
    shown.come_back()
    np.testing.assert_array_equal(seen(shown), before)


def test_a_picture_of_ones_own_stays_in_the_page_and_is_drawn_at_one_go(page, tmp_path) -> None:
    shown = show(page, tmp_path, explorers.Augmentation(**FACTORS))
    shown.pick(picture_name="own")
    assert "Choose a file" in shown.text("message")
    (tmp_path / "cat.jpg").write_bytes(b"<svg onload=alert(1)>" * 9)
    shown.at("input[type=file]").set_input_files(tmp_path / "cat.jpg")
    shown.at(".explorer-message >> text=cat.jpg cannot be read").wait_for()
    assert seen(shown).shape == (9, 96 * 96 * 4)
    Image.fromarray(photograph((300, 150)).astype("uint8")).save(tmp_path / "noise.png")
    shown.at("input[type=file]").set_input_files(tmp_path / "noise.png")
    shown.at(".explorer-controls >> text=of 128 pixels, up or down").wait_for()
    assert seen(shown).shape == (9, 128 * 64 * 4)
    assert "of 64 pixels, left or right" in shown.text("controls")
    assert len(page.url) < 1_000
    shown.pick(picture_name="cat")
    change = "const one = document.querySelector('[data-name=rotation]'); one.value = 0.3;"
    done = work(page, f"{change} one.oninput();")
    assert done["paints"] == 10  # the picture and its nine draws, each once
    assert done["nodes"] < 100
    shown.pick(picture_name="own")
    assert seen(shown).shape == (9, 128 * 64 * 4)


def test_the_code_is_copied_or_selected_to_be_copied_on_a_phone_too(page, tmp_path) -> None:
    explorer = explorers.Augmentation(**FACTORS)
    assert len(explorers.Augmentation().page()) < 100_000
    page.set_viewport_size({"width": 320, "height": 700})
    shown = show(page, tmp_path, explorer)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    page.evaluate(
        """() => Object.defineProperty(navigator, "clipboard", { configurable: true, value: {
            writeText: async (text) => {
                if ("copied" in globalThis) throw new Error("no");
                globalThis.copied = text;
            },
        } })"""
    )
    for said in ("The code is copied.", "press Ctrl+C"):
        shown.at("[data-cell=copy]").click()
        shown.at(f".explorer-message >> text={said}").wait_for()
    assert page.evaluate("copied") == explorer.code
    assert page.evaluate("String(getSelection())").strip() == explorer.code


def test_a_wrong_value_is_refused_and_the_state_kept() -> None:
    explorer = explorers.Augmentation()
    before = dict(explorer.state)
    for wrong, said in (
        ({"picture": "dog"}, "picture must be one of 'cat', or an array, not 'dog'."),
        ({"picture": np.zeros((3, 3, 4))}, r"of shape \(H, W\) .* has the shape \(3, 3, 4\)"),
        ({"picture": np.zeros((200, 100))}, r"128 x 128 pixels; .*\(200, 100\).*makes it smaller"),
        ({"picture": np.full((3, 3), -1.0)}, "from 0 to 255 .* values from -1 to -1"),
        ({"picture": np.full((3, 3), np.nan)}, "values from nan"),
        ({"picture": np.zeros((0, 3))}, r"the shape \(0, 3\)"),
        ({"zoom": 1.0}, "zoom is 1.0. Give a number from 0 to 0.9"),
        ({"rotation": -0.1}, "rotation is -0.1.*both signs by itself"),
        ({"shear": float("nan")}, "shear is nan"),
        ({"flip": "yes"}, "flip is 'yes'. Choose one of: True, False"),
        ({"fill_mode": "mirror"}, "fill_mode must be one of 'reflect', 'nearest', .* not 'mirror'"),
        ({"draws": "all"}, "draws must be one of 'random', 'ends', not 'all'"),
        ({"seed": -1}, "seed must be at least 0, not -1"),
        ({"seed": 2**32}, "seed must be less than"),
        ({"seed": 1.5}, "seed must be a whole number"),
        ({"turn": 0.1}, "What is set must be one of 'picture', 'flip', 'rotation'"),
        ({"picture_name": "own"}, ", not 'picture_name'. Did you mean 'picture'?"),
    ):
        with pytest.raises((TypeError, ValueError), match=said):
            explorer.set(**wrong)
        assert explorer.state == before


def test_python_reads_and_sets_the_state() -> None:
    explorer = explorers.Augmentation(flip=False, rotation=0, zoom=0)
    assert (explorer.output == explorer.picture).all()
    own = photograph((20, 30)).astype("uint8")
    explorer.set(picture=own, flip=True)
    assert (explorer.picture == own).all()
    flipped = [(one == own[:, ::-1]).all() for one in explorer.output]
    assert any(flipped)
    assert not all(flipped)
    assert explorers.Augmentation(np.zeros((2, 9))).panels()[0].title == "nine draws"
    data, _ = explorer._repr_mimebundle_()
    assert "nine draws of a picture of 20 x 30: RandomFlip" in data["text/plain"]
    assert 'role="img"' in data["text/html"]
