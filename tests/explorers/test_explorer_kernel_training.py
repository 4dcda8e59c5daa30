"""A kernel learns another one in the page, with the numbers of Python and of Keras."""

import numpy as np
import pytest
from explorer_pages import Shown, load, outcomes, show, slide

from cnn_course import conv, explorers

import keras  # isort: skip - after cnn_course, which keeps TensorFlow quiet
import tensorflow as tf  # isort: skip

pytestmark = [pytest.mark.browser, pytest.mark.tensorflow]
SMALLER = [[3, 0.1, 0.5], [6, 0.02, 0.7]]  # what was set before
OWN = [[-3, 0, 3], [-10, 0.5, 10], [-3, 0, 3]]  # Sobel's, changed
CASES = (
    {"image": "9", "kernel": "loop", "rate": 0.1, "momentum": 0.0},
    {"image": "9", "kernel": "Sobel y", "rate": 0.05, "momentum": 0.9, "seed": 3},
    {"image": "cat", "kernel": "Sobel x", "rate": 0.06, "momentum": 0.9, "past": SMALLER},
    {"image": "9", "kernel": OWN, "rate": 0.02, "momentum": 0.7, "seed": 2},
)
#: the training of a state, as JSON
TRAINED = """(state) => train(state).steps.map(({ kernel, loss, gradient }) =>
    ({ kernel, loss, gradient }))"""


def in_keras(state: dict) -> list[tuple[float, np.ndarray, np.ndarray]]:
    """Return loss, kernel and gradient at the start and after each step, by Keras's SGD."""
    x = np.array(state["image"], "float32")[None, :, :, None]
    wanted = conv.correlate2d(x[0, :, :, 0], np.array(state["kernel"]))[None, :, :, None]
    kernel = tf.Variable(
        explorers.KernelTraining(seed=state["seed"]).output[:, :, None, None].astype("float32")
    )
    optimizer, found = keras.optimizers.SGD(momentum=0.5), []
    optimizer.build([kernel])
    for at in range(state["steps"] + 1):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((keras.ops.conv(x, kernel) - wanted) ** 2)
        gradient = tape.gradient(loss, kernel)
        found.append((float(loss), kernel.numpy()[:, :, 0, 0], gradient.numpy()[:, :, 0, 0]))
        periods = [*state["past"], [10**9, state["rate"], state["momentum"]]]
        _, optimizer.learning_rate, optimizer.momentum = next(p for p in periods if at < p[0])
        optimizer.apply([gradient])
    return found


def test_page_and_package_take_the_steps_that_keras_takes(page) -> None:
    trained = [explorers.KernelTraining(steps=12, **case) for case in CASES]
    load(page, trained[0], "train")
    in_page = outcomes(page, TRAINED, [one.state for one in trained])
    for explorer, one in zip(trained, in_page, strict=True):
        assert len(explorer.training) == len(one["value"]) == 13
        for step, there, expected in zip(
            explorer.training, one["value"], in_keras(explorer.state), strict=True
        ):
            np.testing.assert_allclose([step.loss], [there["loss"]], rtol=1e-9)
            np.testing.assert_allclose(step.kernel, there["kernel"], rtol=1e-9, atol=1e-12)
            np.testing.assert_allclose(step.gradient, there["gradient"], rtol=1e-9, atol=1e-12)
            loss, kernel, gradient = expected
            np.testing.assert_allclose(step.loss, loss, rtol=1e-4)
            np.testing.assert_allclose(step.kernel, kernel, atol=1e-4)
            np.testing.assert_allclose(step.gradient, gradient, atol=1e-4 * abs(gradient).max())


def press(shown: Shown, name: str) -> None:
    shown.page.get_by_role("button", name=name, exact=True).click()


def test_steps_lead_on_and_back_and_a_link_brings_them_back(page, tmp_path) -> None:
    shown = show(page, tmp_path, explorers.KernelTraining())
    before = shown.numbers("kernel now")
    np.testing.assert_allclose(before, explorers.KernelTraining().output, atol=0.0051)
    for _ in range(3):
        press(shown, "one step")
    slide(shown, "rate", "0.1")
    slide(shown, "momentum", "0.9")
    for _ in range(4):
        press(shown, "one step")
    assert shown.state["past"] == [[3, 0.03, 0]]
    expected = explorers.KernelTraining(rate=0.1, momentum=0.9, steps=7, past=[[3, 0.03, 0]])
    np.testing.assert_allclose(shown.numbers("kernel now"), expected.output, atol=0.0051)
    there = shown.text("body")
    shown.come_back()
    assert shown.text("body") == there
    for _ in range(7):
        press(shown, "one step back")
    np.testing.assert_array_equal(shown.numbers("kernel now"), before)
    press(shown, "another random start")
    assert shown.state["seed"] == 2
    assert shown.text("sum").startswith("Step 0: ")


@pytest.mark.parametrize("motion", ["no-preference", "reduce"])
def test_it_runs_until_the_kernel_is_found_or_somebody_pauses(page, tmp_path, motion) -> None:
    page.emulate_media(reduced_motion=motion)
    shown = show(page, tmp_path, explorers.KernelTraining("random dots", rate=0.4, steps=22))
    press(shown, "run")
    shown.at(".explorer-sum:has-text('Learned')").wait_for()
    shown.at("button[aria-label=run]").wait_for()
    np.testing.assert_allclose(shown.numbers("kernel now"), shown.numbers("kernel wanted"))
    slide(shown, "rate", "0.001")
    press(shown, "reset: the same start again")
    assert shown.state["steps"] == 0
    press(shown, "run")
    page.wait_for_function(  # and pauses in the same moment: by itself it would end in ten seconds
        """name => !/Step 0:/.test(document.getElementById(name).innerText)
            && (document.querySelector(`#${name} [aria-label=pause]`).click(), true)""",
        arg=shown.name,
    )
    assert 0 < shown.state["steps"] < 5_000


def test_a_learning_rate_that_is_too_large_is_said_and_shows_only_numbers(page, tmp_path) -> None:
    shown = show(page, tmp_path, explorers.KernelTraining("cat", "Sobel x", rate=0.8))
    assert shown.text("message") == ""
    press(shown, "run")
    shown.at(".explorer-message:has-text('It diverges')").wait_for()
    assert "learning rate of 0.8" in shown.text("message")
    expected = explorers.KernelTraining("cat", "Sobel x", rate=0.8, steps=5_000)
    assert shown.state["steps"] == len(expected.training) - 1 < 50
    assert np.isfinite(expected.output).all()
    seen = shown.page.locator(f"#{shown.name}").inner_text() + shown.at("svg").inner_html()
    assert "NaN" not in seen
    assert "Infinity" not in seen
    press(shown, "reset: the same start again")
    assert shown.text("message") == ""


def test_a_kernel_that_the_reader_types_is_learned_and_comes_with_the_link(page, tmp_path) -> None:
    shown = show(page, tmp_path, explorers.KernelTraining(kernel="Sobel x", steps=3))
    shown.cell("wanted-1-1").fill("1001")
    shown.cell("wanted-1-1").press("Tab")
    assert "not a number from −1000 to 1000. 0 is kept." in shown.text("message")
    shown.cell("wanted-1-1").fill("0,5")
    shown.cell("wanted-1-1").press("Tab")
    own = [[-1, 0, 1], [-2, 0.5, 2], [-1, 0, 1]]
    assert (shown.state["kernel_name"], shown.state["kernel"]) == ("own", own)
    assert shown.state["steps"] == 0
    for _ in range(2):
        press(shown, "one step")
    expected = explorers.KernelTraining(kernel=own, steps=2).output
    np.testing.assert_allclose(shown.numbers("kernel now"), expected, atol=0.0051)
    shown.come_back()
    np.testing.assert_array_equal(shown.numbers("kernel wanted"), own)
    np.testing.assert_allclose(shown.numbers("kernel now"), expected, atol=0.0051)
    shown.pick(kernel_name="loop")
    assert "kernel" not in shown.state
    shown.pick(kernel_name="own")
    np.testing.assert_array_equal(shown.numbers("kernel wanted"), own)


def test_ones_own_picture_and_kernel_are_learned_in_python() -> None:
    image, kernel = np.random.default_rng(2).normal(size=(9, 8)), np.arange(9).reshape(3, 3) / 4
    explorer = explorers.KernelTraining(image, kernel, rate=0.1, momentum=0.5, steps=900)
    np.testing.assert_allclose(explorer.output, kernel, atol=1e-3)
    explorer.set(steps=5)
    explorer.set(rate=0.2)
    assert explorer.state["past"] == [[5, 0.1, 0.5]]


def test_python_refuses_what_cannot_be_trained() -> None:
    for wrong, said in (
        ({"image": "ten"}, "image must be one of '9', "),
        ({"image": np.zeros((3, 9))}, r"4 to 64 rows and columns, not \(3, 9\)"),
        ({"kernel": np.zeros((5, 5))}, "3 x 3 values, not 5 x 5"),
        ({"rate": 0}, "rate must be a number above 0"),
        ({"rate": "0.1"}, "rate must be a number above 0 and at most 10, not '0.1'"),
        ({"momentum": 1}, "momentum must be a number from 0 to below 1, not 1"),
        ({"steps": 5_001}, "steps must be at most 5,000, not 5,001"),
        ({"steps": 1.5}, "steps must be a whole number"),
        ({"past": [[3, 0.1, 0], [3, 0.2, 0]]}, "until must be at least 4, not 3"),
    ):
        with pytest.raises((TypeError, ValueError), match=said):
            explorers.KernelTraining(**wrong)
