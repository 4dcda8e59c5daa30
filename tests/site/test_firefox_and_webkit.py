"""The built site in Firefox and in WebKit, the engine of Safari: what has to work there, too."""

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from conftest import browser_path
from explorer_pages import NUMBERS, written
from other_browsers import Window, firefox, webkit
from patience import until
from surroundings import site_served
from test_browser import CHAPTER, PAGES, SHAPE, assert_fits

from cnn_course import classtest, explorers

pytestmark = [pytest.mark.site, pytest.mark.browser]

# The first thing on a page, before its policy: it keeps what goes wrong.
WATCHED = """<meta charset="utf-8">
<script>
globalThis.complaints = [];
const complain = (...said) => complaints.push(said.join(" "));
addEventListener("error", ({ message, target }) =>
    complain(message ?? `not loaded: ${target.src ?? target.href}`), true);
addEventListener("unhandledrejection", ({ reason }) => complain(reason));
addEventListener("securitypolicyviolation", ({ blockedURI }) => complain("asked:", blockedURI));
Object.assign(console, { error: complain, warn: complain });
</script>"""


def watch(page: Path, html: str) -> None:
    """Write a page that keeps what goes wrong on it."""
    watched, times = re.subn("<meta charset=.*?>", lambda _: WATCHED, html, count=1)
    assert times == 1, page
    page.parent.mkdir(exist_ok=True)
    page.write_text(watched, encoding="utf-8")


@pytest.fixture(scope="module")
def address(site: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The site on a server of this machine, with watched pages."""
    folder = tmp_path_factory.mktemp("site")
    for name in ("_static", "_images", "searchindex.js"):
        (folder / name).symlink_to(site / name)
    for name in [*PAGES, "search.html"]:
        watch(folder / name, (site / name).read_text(encoding="utf-8"))
    with site_served(folder) as address:
        yield address


@pytest.fixture(
    scope="module",
    params=[pytest.param(name, marks=pytest.mark.browser(name)) for name in ("Firefox", "WebKit")],
)
def other(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Window]:
    """A window of one of them, then of the other."""
    path = browser_path(request.param)
    if request.param == "Firefox":
        started = firefox(request.getfixturevalue("playwright"), path)
    else:
        started = webkit(tmp_path_factory.mktemp("settings"), path)
    with started as window:
        yield window


def texts(window: Window, selector: str) -> list[str]:
    """Return what is read in each of these elements that is seen."""
    return window.evaluate(
        """what => [...document.querySelectorAll(what)].filter((one) => one.checkVisibility())
            .map((one) => one.innerText)""",
        selector,
    )


def numbers(window: Window, explorer: str, figure: str = "output") -> list[list[float]]:
    """Return what a figure of an explorer shows."""
    return window.evaluate(NUMBERS, [explorer.removeprefix("#"), figure])


def wait_for(window: Window, selector: str, said: str = "") -> None:
    """Wait until an element is seen that says something."""
    until(
        lambda: window.evaluate(
            """([what, said]) => [...document.querySelectorAll(what)].some((one) =>
                one.checkVisibility() && one.innerText.includes(said))""",
            [selector, said],
        ),
        f"no {selector} says {said!r}",
    )


def complaints(window: Window) -> list[str]:
    """Return what went wrong on a watched page, and which other sites it has asked."""
    return window.evaluate("""() => [...complaints, ...performance.getEntriesByType("resource")
        .map(({ name }) => name).filter((name) => !name.startsWith(location.origin))]""")


@pytest.mark.parametrize("page", PAGES)
def test_a_page_fits_phone_and_desktop_complains_of_nothing_and_asks_nobody_else(
    other: Window, address: str, page: str
) -> None:
    other.goto(f"{address}/{page}")
    # Firefox does not lay out what is folded.
    other.evaluate("""() => document.querySelectorAll("article details.hide")
        .forEach((one) => one.open = true)""")
    for width in (320, 390, 1280):
        other.resize(width)
        assert_fits(other.evaluate(SHAPE), width)
    assert complaints(other) == []


def test_formulas_have_a_font_and_fractions_a_line(other: Window, address: str) -> None:
    other.goto(f"{address}/{CHAPTER}")
    loaded = """() => [...document.fonts].filter((one) => one.status === "loaded")
        .map((one) => one.family.replaceAll('"', "")).join()"""
    until(lambda: "Course Math" in other.evaluate(loaded), "the font for formulas is not loaded")
    above, below, whole, bracket = other.evaluate("""() => {
        const floor = [...document.querySelectorAll("article math[display=block]")]
            .find((one) => one.textContent.includes("\\u230a"));
        const fraction = floor.querySelector("mfrac");
        const bracket = [...floor.querySelectorAll("mo")]
            .find((one) => one.textContent.trim() === "\\u230a");
        return [...fraction.children, fraction, bracket].map((one) => {
            const { top, bottom } = one.getBoundingClientRect();
            return [top, bottom];
        });
    }""")
    assert above[1] <= below[0] + 1
    assert bracket[1] - bracket[0] >= 0.9 * (whole[1] - whole[0])


def test_the_search_finds_stride(other: Window, address: str) -> None:
    other.goto(f"{address}/search.html?q=stride")
    wait_for(other, "#search-results li:has(.context)", "Convolution by hand")
    wait_for(other, "#search-results .context", "stride")
    assert complaints(other) == []


# No menu is open, and this button has the focus.
SHUT = """what => !document.querySelector("dialog[open]") && document.activeElement.matches(what)"""


def test_on_a_phone_the_menus_open_and_shut(other: Window, address: str) -> None:
    other.resize(390)
    other.goto(f"{address}/notebooks/08-class-test.html")
    for kind, link in (("secondary", "Key points"), ("primary", "Data augmentation")):
        other.click(f".btn.{kind}-toggle")
        wait_for(other, "dialog[open] a", link)
        other.press("Escape")
        until(
            lambda: other.evaluate(SHUT, f".btn.{kind}-toggle"),  # noqa: B023
            "the menu is still open, or its button has not the focus",
        )
    assert complaints(other) == []


def test_a_reader_switches_to_the_dark(other: Window, address: str) -> None:
    other.resize(1280)
    other.goto(f"{address}/{CHAPTER}")
    grounds = """() => [document.body, document.querySelector("article pre")].map((one) =>
        getComputedStyle(one).backgroundColor)"""
    light = other.evaluate(grounds)
    while other.evaluate("() => document.documentElement.dataset.theme") != "dark":
        other.click(".theme-switch-button")  # goes round: auto, light, dark
    assert not set(light) & set(other.evaluate(grounds))
    diagram = "() => getComputedStyle(document.querySelector('img.figure-diagram')).filter"
    assert "invert" in other.evaluate(diagram)
    other.evaluate("() => localStorage.clear()")


def test_quiz_stepper_exercise_and_progress_work_and_are_kept(other: Window, address: str) -> None:
    other.resize(1280)
    other.goto(f"{address}/{CHAPTER}")
    line = ".course-progress [role=status]"
    wait_for(other, line, "0 of ")
    other.click(".course-quiz details.wrong summary")
    wait_for(other, ".course-quiz details.wrong p", "No.")
    wait_for(other, line, "1 of ")

    other.click(".course-stepper input")
    other.press("ArrowRight")
    wait_for(other, ".course-stepper .frame", "Step 2 of 15")
    assert (
        other.evaluate("""() => [...document.querySelector(".course-stepper")
        .querySelectorAll(".frame")].filter((one) => one.checkVisibility()).length""")
        == 1
    )

    form = "#exercise-the-price-of-a-dense-layer form"
    other.click(f"{form} input")
    other.press("7", "Enter")
    wait_for(other, f"{form} [role=status]", "Not yet.")
    other.press("Backspace", "150,529,000", "Enter")
    wait_for(other, f"{form} [role=status]", "Right.")

    other.click(".course-done")
    wait_for(other, line, "2 of ")
    other.goto(f"{address}/{CHAPTER}")
    wait_for(other, line, "2 of ")
    assert other.evaluate("what => document.querySelector(what).value", f"{form} input") == (
        "150,529,000"
    )
    other.evaluate("() => localStorage.clear()")
    assert complaints(other) == []


KINDS = [getattr(explorers, name) for name in explorers.__all__]


@pytest.fixture(scope="module")
def every(other: Window, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A page with every explorer, opened from a folder: kind -> its name there."""
    folder = tmp_path_factory.mktemp("explorers")
    address, names = written(folder, *(kind() for kind in KINDS))
    watch(folder / "page.html", (folder / "page.html").read_text(encoding="utf-8"))
    other.resize(1280)
    other.goto(address)
    wait_for(other, f"#{names[-1]} .explorer-sum")
    return {kind.__name__: f"#{name}" for kind, name in zip(KINDS, names, strict=True)}


def test_a_number_that_is_typed_replaces_the_one_before_and_is_convolved(other, every) -> None:
    at, explorer = every["Convolution"], explorers.Convolution()
    image = np.array(explorer.state["image"])
    image[0, 0] = 7
    other.click(f"{at} [data-cell=image-0-0]")
    other.press("7", "Tab")
    other.choose(f"{at} [data-name=stride]", "2")
    other.choose(f"{at} [data-name=padding]", "same")
    explorer.set(image=image, stride=2, padding="same")
    np.testing.assert_allclose(numbers(other, at), explorer.output)


def test_windows_are_pooled_and_pixels_get_their_gradient(other, every) -> None:
    at, explorer = every["Pooling"], explorers.Pooling()
    other.choose(f"{at} [data-name=kind]", "average")
    other.choose(f"{at} [data-name=size]", "3")
    explorer.set(kind="average", size=3)
    np.testing.assert_allclose(numbers(other, at), explorer.output, atol=0.006)
    np.testing.assert_allclose(numbers(other, at, "gradient"), explorer.gradient, atol=0.006)


def test_a_drawing_has_the_probabilities_that_python_gives_it(other, every) -> None:
    at, explorer = every["DigitNetwork"], explorers.DigitNetwork("3")
    other.choose(f"{at} [data-name=drawing_name]", "3")
    shown = texts(other, f"{at} .explorer-answers td:last-child")
    np.testing.assert_allclose(np.array(shown, float), explorer.output, atol=0.0006)


def test_a_kernel_and_a_network_learn_and_gradients_flow_as_in_python(other, every) -> None:
    for kind in ("KernelTraining", "DigitTraining"):
        for _ in range(2):
            other.click(f"{every[kind]} [aria-label='one step']")
    kernel = numbers(other, every["KernelTraining"], "kernel now")
    expected = explorers.KernelTraining(steps=2).output
    np.testing.assert_allclose(kernel, expected, atol=0.0051)
    [told] = texts(other, f"{every['DigitTraining']} .explorer-sum")
    share = explorers.DigitTraining(steps=2).accuracy
    assert "Step 2, 20 digits" in told
    assert f"it reads {100 * share:.0f} % rightly" in told
    other.choose(f"{every['Gradients']} [data-name=activation]", "tanh")
    [told] = texts(other, f"{every['Gradients']} .explorer-sum")
    length = explorers.Gradients("tanh").output[-1]
    assert f"has the length {length:.2g}." in told


def test_nine_pictures_are_changed_as_python_changes_them(other, every) -> None:
    at, explorer = every["Augmentation"], explorers.Augmentation()
    other.choose(f"{at} [data-name=fill_mode]", "wrap")
    explorer.set(fill_mode="wrap")
    assert texts(other, f"{at} pre") == [explorer.code]
    means = other.evaluate(
        """what => [...document.querySelectorAll(what)].map((canvas) => {
            const { width, height } = canvas, sums = [0, 0, 0, 0];
            canvas.getContext("2d").getImageData(0, 0, width, height).data
                .forEach((value, at) => (sums[at % 4] += value));
            return sums.slice(0, 3).map((sum) => sum / (width * height));
        })""",
        f"{at} .explorer-draws canvas",
    )
    expected = np.clip(np.round(explorer.output), 0, 255).mean(axis=(1, 2))
    np.testing.assert_allclose(means, expected, atol=0.05)


def test_a_network_is_counted_layer_by_layer(other, every) -> None:
    at, explorer = every["Shapes"], explorers.Shapes("LeNet-5")
    other.choose(f"{at} [data-cell=network]", "LeNet-5")
    other.click(f"{at} [data-cell='layer 1 filters']")
    other.press("7", "Tab")
    first, *others = explorer.state["layers"]
    explorer.set(layers=[first | {"filters": 7}, *others])
    shown = [row.split()[0] for row in texts(other, f"{at} tbody tr + tr td:nth-child(4)")]
    assert shown == [f"{parameters:,}" for parameters in explorer.output]


def test_a_case_gets_the_advice_that_python_gives(other, every) -> None:
    at, explorer = every["TransferCases"], explorers.TransferCases(1_250, "far")
    other.choose(f"{at} [data-name=similarity]", "far")
    other.click(f"{at} [data-name=pictures]")
    other.press("1,250", "Tab")
    (told,) = texts(other, f"{at} .explorer-sum")
    assert f"({explorer.state['pictures']:,}), far" in told
    assert f"Try: {explorer.advice.strategy}." in told


def test_a_class_test_is_generated_answered_and_marked(other, every) -> None:
    at, test = every["ClassTests"], classtest.generate(7, "hard")
    other.choose(f"{at} [data-name=level]", "hard")
    other.click(f"{at} [data-name=seed]")
    other.press("7", "Enter")
    answers = {}
    for name, answer in list(test.key.items())[:3]:
        answers[name] = " x ".join(map(str, answer)) if isinstance(answer, tuple) else str(answer)
        other.click(f"{at} [data-cell='{name}']")
        other.press(answers[name], "Tab")
    other.click(f"{at} [data-cell=mark]")
    marking = test.mark(answers)
    assert texts(other, f"{at} .explorer-sum") == [
        f"Class test hard-7: {marking.points} of {marking.possible} points."
    ]


def test_an_address_brings_explorers_back_as_they_were_left(other, every) -> None:
    at = every["Pooling"]
    other.choose(f"{at} [data-name=stride]", "1")
    left = numbers(other, at)
    address = other.evaluate("() => location.href")
    assert complaints(other) == []
    other.goto("about:blank")
    other.goto(address)
    wait_for(other, f"{at} table")
    assert numbers(other, at) == left
    assert complaints(other) == []
