"""A network learns digits in the page, with the weights that Python and Keras come to."""

import re

import numpy as np
import pytest
from explorer_pages import load, outcomes, show

from cnn_course import explorers
from cnn_course.explorers.digit_training import BATCH, TRAINING, beginning

import keras  # isort: skip - after cnn_course, which keeps TensorFlow quiet
from keras import layers  # isort: skip

pytestmark = [pytest.mark.browser, pytest.mark.tensorflow]
CASES = (
    {"rate": 0.1, "momentum": 0.0, "steps": 20},  # beyond the first epoch
    {"rate": 0.05, "momentum": 0.9, "steps": 20, "seed": 4, "past": [[5, 0.2, 0.5]]},
)
TRAINED = """(state) => {
    const digits = digitsOf(DIGITS), { weights, losses, unseen } = train(state, digits);
    return { weights: weights.map((one) => [...one]), losses, ...unseen.at(-1) };
}"""


def digits_of(explorer: explorers.DigitTraining) -> tuple[np.ndarray, np.ndarray]:
    """Return pixels, (540, 8, 8, 1), from 0 to 1, and labels, from scikit-learn's file."""
    from sklearn import datasets  # noqa: PLC0415 - takes a second

    digits = datasets.load_digits()
    taken = [*range(0, 3 * TRAINING, 3), *range(1797 - 180, 1797)]
    labels = digits.target[taken]
    assert explorer.choices["digits"]["labels"] == "".join(map(str, labels))
    return np.minimum(digits.images[taken], 15)[..., None].astype("float32") / 15, labels


def in_keras(explorer: explorers.DigitTraining) -> tuple[list[np.ndarray], list[float], float]:
    """Return what Keras's SGD comes to: weights, the loss of each batch, accuracy on the unseen."""
    state, (x, y) = explorer.state, digits_of(explorer)
    model = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            *(layers.Conv2D(8, 3, activation="relu"), layers.MaxPooling2D(2), layers.Flatten()),
            layers.Dense(10, activation="softmax"),
        ]
    )
    weights, batch = beginning(state["seed"])
    model.set_weights(weights)
    momentum = state["past"][0][2] if state["past"] else state["momentum"]
    optimizer = keras.optimizers.SGD(momentum=momentum)
    model.compile(optimizer, loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    optimizer.build(model.trainable_variables)
    losses = []
    for at in range(state["steps"]):
        periods = [*state["past"], [10**9, state["rate"], state["momentum"]]]
        _, rate, momentum = next(period for period in periods if at < period[0])
        if at and rate != float(optimizer.learning_rate):
            model.train_function, optimizer.momentum = None, momentum  # built anew with it
        optimizer.learning_rate = rate
        taken = batch()
        model.reset_metrics()
        losses.append(float(model.train_on_batch(x[taken], y[taken])[0]))
    answers = model.predict(x[TRAINING:], verbose=0).argmax(axis=1)
    return model.get_weights(), losses, float((answers == y[TRAINING:]).mean())


def test_page_and_package_come_to_the_weights_of_keras(page) -> None:
    trained = [explorers.DigitTraining(**case) for case in CASES]
    load(page, trained[0], "train", "digitsOf")
    page.evaluate("digits => { globalThis.DIGITS = digits; }", trained[0].choices["digits"])
    in_page = outcomes(page, TRAINED, [one.state for one in trained])
    for explorer, one in zip(trained, in_page, strict=True):
        weights, losses, accuracy = in_keras(explorer)
        there = one["value"]
        for ours, shown, theirs in zip(explorer.weights, there["weights"], weights, strict=True):
            np.testing.assert_allclose(np.reshape(shown, ours.shape), ours, rtol=1e-9, atol=1e-12)
            np.testing.assert_allclose(theirs, ours, atol=1e-4)
        np.testing.assert_allclose(there["losses"], losses, rtol=1e-4)
        assert explorer.accuracy == pytest.approx(accuracy)


def test_every_digit_is_taken_once_an_epoch() -> None:
    _, batch = beginning(1)
    for _ in range(2):
        epoch = [at for _ in range(TRAINING // BATCH) for at in batch()]
        assert sorted(epoch) == list(range(TRAINING))
        assert epoch != sorted(epoch)


@pytest.mark.parametrize("motion", ["no-preference", "reduce"])
def test_it_learns_in_the_page_while_the_rate_changes(page, tmp_path, motion) -> None:
    page.emulate_media(reduced_motion=motion)
    shown = show(page, tmp_path, explorers.DigitTraining(rate=0.1, momentum=0.9))

    def press(name: str) -> None:
        page.get_by_role("button", name=name, exact=True).click()

    before = page.locator(".explorer-detectors canvas").first.get_attribute("aria-label")
    press("run")
    page.wait_for_function(
        """name => {
            const told = document.querySelector(`#${name} .explorer-sum`).textContent;
            return Number(/^Step (\\d+)/.exec(told)[1]) >= 60;
        }""",
        arg=shown.name,
    )
    shown.control("rate").press("ArrowLeft")  # while it runs
    press("pause")
    state = shown.state
    assert state["rate"] == 0.08
    assert state["past"][0][1:] == [0.1, 0.9]
    told = shown.text("sum")
    expected = explorers.DigitTraining(**state)
    assert f"Step {state['steps']}, " in told
    assert int(re.search(r"reads (\d+) %", told)[1]) == round(100 * expected.accuracy)
    assert expected.accuracy > 0.6
    after = page.locator(".explorer-detectors canvas").first.get_attribute("aria-label")
    assert after != before
    for key, answer in zip(
        page.locator(".explorer-unseen button").all()[:8],
        expected.output.argmax(axis=1)[::7],
        strict=False,
    ):
        assert key.get_attribute("aria-label").endswith(f"taken for a {answer}")
    shown.come_back()
    page.wait_for_function(
        "([name, told]) => document.querySelector(`#${name} .explorer-sum`).textContent === told",
        arg=[shown.name, told],
    )
    press("reset: the same start again")
    first = page.locator(".explorer-detectors canvas").first
    assert first.get_attribute("aria-label") == before


def test_a_rate_that_kills_the_network_is_said_and_only_numbers_are_shown(page, tmp_path) -> None:
    shown = show(page, tmp_path, explorers.DigitTraining(rate=1, momentum=0.9))
    page.get_by_role("button", name="run", exact=True).click()
    shown.at(".explorer-message:has-text('It is dead: ')").wait_for()
    assert shown.state["steps"] < 360
    assert "NaN" not in page.locator(f"#{shown.name}").inner_html()
    assert "Infinity" not in page.locator(f"#{shown.name}").inner_html()
    dead = explorers.DigitTraining(rate=1, momentum=0.9, steps=shown.state["steps"]).output
    np.testing.assert_allclose(dead, dead[:1].repeat(len(dead), axis=0))


def test_the_digits_of_the_page_are_small() -> None:
    explorer = explorers.DigitTraining()
    assert len(explorer.choices["digits"]["pixels"]) < 24_000
    assert len(explorer.page()) < 100_000
