"""Every explorer on its page of the built site, opened as a file with the network off."""

import pytest
from playwright.sync_api import Locator
from test_browser import DESKTOP, Watched, opened

from cnn_course import explorers

pytestmark = [pytest.mark.site, pytest.mark.browser]

#: explorer -> (chapter, a control of this explorer alone, what is chosen there, what is seen then)
ON_PAGES = {
    "Pooling": (
        "01-convolution-by-hand",
        "[data-name=kind]",
        "average",
        "(5 + 1 + 8 + 2) / 4 = 4",
    ),
    "Convolution": (
        "01-convolution-by-hand",
        "[data-name=kernel_name]",
        "Sobel y",
        "Row 0, column 0: −1·(−1) + 1·(−2)",
    ),
    "DigitNetwork": (
        "02-mnist-convnet",
        "[data-name=drawing_name]",
        "3",
        "The network takes it for a 3",
    ),
    "Augmentation": (
        "04-data-augmentation",
        "[data-name=fill_mode]",
        "wrap",
        'layers.RandomRotation(0.1, fill_mode="wrap"),',
    ),
    "TransferCases": (
        "07-transfer-learning-cases",
        "[data-name=similarity]",
        "far",
        "Try: classifier on early features",
    ),
    "Shapes": (
        "08-class-test",
        '[data-cell="network"]',
        "LeNet-5",
        "61,706 parameters",
    ),
}


def test_every_explorer_stands_in_a_chapter():
    assert sorted(ON_PAGES) == sorted(explorers.__all__)


def explorer(watched: Watched, control: str) -> Locator:
    """Return the first explorer of a page that has this control."""
    return watched.page.locator(".explorer").filter(has=watched.page.locator(control)).first


@pytest.mark.parametrize("name", ON_PAGES)
def test_a_reader_changes_an_explorer_on_a_phone_and_a_link_brings_it_back(browser, site, name):
    chapter, control, choice, seen = ON_PAGES[name]
    path, own = f"notebooks/{chapter}.html", f"file://{site.resolve()}"
    options = {"offline": True, "viewport": {"width": 320, "height": 740}}
    with opened(browser, own, path, **options) as watched:
        explorer(watched, control).locator(control).select_option(choice)
        address = None
        for size in (options["viewport"], DESKTOP):
            watched.page.set_viewport_size(size)
            explorer(watched, control).get_by_text(seen).first.wait_for()
            extent = "document.scrollingElement.scrollWidth - document.scrollingElement.clientWidth"
            assert watched.page.evaluate(extent) <= 0
            address = address or watched.page.url
            watched.page.goto("about:blank")
            watched.page.goto(address)
        assert watched.errors == []
        assert watched.foreign == []


@pytest.mark.parametrize("chapter", sorted({chapter for chapter, *_ in ON_PAGES.values()}))
def test_without_scripts_pictures_stand_in_their_place(browser, site, chapter):
    path, own = f"notebooks/{chapter}.html", f"file://{site.resolve()}"
    with opened(browser, own, path, java_script_enabled=False) as watched:
        stills = watched.page.locator("article svg.explorer-still")
        assert stills.count() >= 1
        for still in stills.all():
            assert still.bounding_box()["height"] > 50
            assert len(still.get_attribute("aria-label").split()) >= 8
