"""A link that somebody made to spoil a page: the explorer keeps what it has, and says so."""

import json
from pathlib import Path
from urllib.parse import urlencode

import pytest
from explorer_pages import Shown, led_to, load, opened, outcomes
from playwright.sync_api import Page

from cnn_course import explorers
from cnn_course.explorers.explorer import Explorer

pytestmark = pytest.mark.browser

EXACT = 2**53 - 1
DEEP = "[" * 20_000 + "]" * 20_000
WIDE = {"kind": "dense", "units": 100_000, "bias": False}
TOO_MUCH = {"input": [100_000, 100_000, 10], "layers": [WIDE]}
#: explorer -> states that it must not take: of another type, with names that every object has,
#: huge, deep, or more than a page can show
SPOILED: dict[type[Explorer], list[object]] = {
    explorers.Convolution: [
        *({"kernel": [[1] * 256] * 256, "padding": "same"}, {"kernel_name": ["loop"]}),
        *({"kernel": [[1e308]]}, {"kernel_name": DEEP}, {"padding": [1]}, {"relu": None}),
    ],
    explorers.Pooling: [
        *({"size": 100_000, "padding": "same"}, {"size": 13, "padding": "same"}),
        *({"stride": 1e300}, {"image_name": DEEP}, {"kind": ["max"]}, {"size": None}),
    ],
    explorers.Shapes: [
        *(
            {"layers": [{"kind": "relu"}] * 2_000},
            {"layers": [{"kind": "add", "after": [0] * 999}]},
        ),
        *(TOO_MUCH, {"layers": [{"kind": "relu", "x": DEEP}]}, {"layers": [{"kind": ["relu"]}]}),
        {"layers": {"length": 1}},
    ],
    explorers.TransferCases: [
        *({"similarity": ["near"]}, {"similarity": "constructor"}, {"pictures": 1e300}),
        *({"similarity": DEEP}, {"pictures": [1]}, {"similarity": None}),
    ],
    explorers.DigitNetwork: [
        *({"drawing_name": ["3"]}, {"layer": "__proto__"}, {"place": [25, 1e300]}),
        *({"layer": DEEP}, {"map": [1], "scale": ["map"]}, {"place": DEEP, "channel": {}}),
    ],
    explorers.DigitTraining: [
        *({"steps": 1e300}, {"past": [[1, 0.1, 0]] * 1000}, {"rate": [0.1]}),
        *({"past": DEEP}, {"seed": [1]}, {"momentum": None}),
    ],
    explorers.Gradients: [
        *({"activation": ["tanh"]}, {"activation": "constructor"}, {"depth": 1e300}),
        *({"start": DEEP}, {"layer": [1]}, {"scale": None}),
    ],
    explorers.KernelTraining: [
        *({"kernel_name": ["loop"]}, {"past": [[2, 0.1, 0], [2, 0.1, 0]]}, {"steps": 1e300}),
        *({"image_name": DEEP}, {"past": [1]}, {"rate": None}),
    ],
    explorers.ClassTests: [
        *({"level": ["own"]}, {"level": "constructor"}, {"seed": 1e300}),
        *({"answers": {"a": DEEP}}, {"answers": [1]}, {"marked": None}),
    ],
    explorers.Augmentation: [
        *({"fill_mode": ["wrap"]}, {"fill_mode": "constructor"}, {"rotation": 1e300}),
        *({"fill_mode": DEEP}, {"seed": [1]}, {"flip": None}),
    ],
}
FAULT = pytest.mark.fault(
    "a link with hostile values for an explorer",
    "the explorer shows its own values and says so",
    "nothing",
)

# Follow a link to another place of the same page.
FOLLOWED = """address => new Promise((done) => {
    for (const one of document.querySelectorAll(".explorer-message")) one.textContent = "";
    addEventListener("hashchange", done, { once: true });
    location.href = address;
})"""


def link(page: Page, **states: object) -> str:
    """Return an address with these states; a text that is deep is no text, but what it says."""
    written = {name: json.dumps(state).replace(f'"{DEEP}"', DEEP) for name, state in states.items()}
    return f"{page.url.partition('#')[0]}#{urlencode(written)}"


@FAULT
def test_an_explorer_keeps_its_own_values_where_a_link_has_none_that_it_can_show(
    page: Page, tmp_path: Path
) -> None:
    shown = [Shown(page, name) for name in opened(page, tmp_path, *(one() for one in SPOILED))]
    before = [one.text("sum") for one in shown]
    for at in range(6):
        states = zip(shown, SPOILED.values(), strict=True)
        address = link(page, **{one.name: spoiled[at] for one, spoiled in states})
        if at == 0:
            led_to(page, address)
        else:  # the page is open
            page.evaluate(FOLLOWED, address)
        assert [one.text("sum") for one in shown] == before
        silent = [one.name for one in shown if "cannot show" not in one.text("message")]
        assert silent == [], at
    control = shown[0].control("stride")
    control.select_option("2")  # works on, and its link has nothing of what was refused
    assert shown[0].text("message") == ""
    assert shown[0].state["stride"] == 2


@pytest.mark.parametrize("spoiled", ["the link", "everything"])
def test_what_fails_while_it_is_shown_leaves_the_explorer_or_its_picture(
    page: Page, tmp_path: Path, spoiled: str
) -> None:
    [name] = opened(page, tmp_path, explorers.TransferCases())
    file = tmp_path / "page.html"
    html = file.read_text()
    checked = 'typeof similarity === "string" && '
    assert checked in html
    change = {"the link": (checked, ""), "everything": ("new TransferCases(", "new Missing(")}
    file.write_text(html.replace(*change[spoiled]))
    address = link(page, **{name: {"similarity": ["near"]}})
    page.goto("about:blank")
    page.goto(address)
    one = Shown(page, name)
    if spoiled == "the link":
        assert "cannot show" in one.text("message")
        one.pick(similarity="far")
        assert "far from the source" in one.text("sum")
    else:
        assert one.at(".explorer-still").is_visible()
        assert any("Missing" in said for said in page.complaints)
        page.complaints.clear()


@pytest.mark.fault(
    "a list of layers whose numbers go beyond 2^53, or without end",
    "refused, with the largest number that is counted, in Python and on the page",
    "nothing",
)
def test_no_number_is_shown_that_a_browser_rounds(page: Page) -> None:
    exact = {"input": [1, 1, 94_906_265], "layers": [WIDE | {"units": 94_906_265}]}
    more = {"input": [1, 1, 94_906_266], "layers": [WIDE | {"units": 94_906_266}]}
    many = {"input": [4, 4, 1], "layers": [{"kind": "relu"}] * 101}
    load(page, explorers.Shapes(), "stack")
    counted, *refused = outcomes(page, "stack", [exact, more, TOO_MUCH, many])
    assert counted["value"]["parameters"] == 94_906_265**2 <= EXACT
    assert explorers.Shapes(shape=exact["input"], layers=exact["layers"]).output == [94_906_265**2]
    for state, outcome in zip([more, TOO_MUCH, many], refused, strict=True):
        said = "at most 100 layers" if state is many else f"larger than {EXACT:,}"
        assert said in outcome["refused"]
        with pytest.raises(ValueError, match=said):
            explorers.Shapes(shape=state["input"], layers=state["layers"])


def test_a_window_is_so_small_that_each_of_its_numbers_is_written_out() -> None:
    with pytest.raises(ValueError, match="13 x 13 values, and this explorer shows at most 12"):
        explorers.Pooling(size=13, padding="same")
    with pytest.raises(ValueError, match="1 x 13 values"):
        explorers.Convolution(kernel=[[1] * 13], padding="same")
