"""Every explorer, for everybody: keyboard, phone, screen reader, dark, still, without scripts."""

import re
from collections.abc import Iterator
from itertools import pairwise

import pytest
from barriers import barriers, too_faint
from explorer_pages import led_to, opened
from playwright.sync_api import Page

from cnn_course import explorers

pytestmark = pytest.mark.browser
KINDS = [getattr(explorers, name) for name in explorers.__all__]
PHONE = {"width": 320, "height": 640}
FULL = '"bias":true,"size":3,"stride":1,"padding":"valid"'
#: explorer -> what somebody made of its address
BROKEN = {
    "Convolution": (
        *("{", '{"image_name": "nobody"}', "null", '{"kernel": 3}', '{"stride": -1}'),
        *('{"padding": 100000}', '{"stride": [1]}', "}"),
    ),
    "Pooling": ('{"kind": "min"}', '{"size": 0}', '{"image": [[]]}'),
    "Augmentation": (
        *("{", "null", '{"zoom": 5}', '{"rotation": "0.1"}', '{"fill_mode": "mirror"}'),
        *('{"seed": 1.5}', '{"draws": 3, "flip": 1}', '{"height": null}'),
    ),
    "DigitNetwork": (
        *('{"drawing_name":"own","drawing":"ff"}', '{"map":-1}', '{"layer":"x"}', "7"),
    ),
    "Shapes": tuple(
        f'{{"layers":[{{"kind":{kind},"filters":1,{FULL}}}]}}'
        for kind in ('["conv"]', "null", '"__proto__"', '"toString"')
    ),
    "TransferCases": (
        *("{", "null", "3", '{"pictures": 0}', '{"pictures": 2.5}', '{"pictures": 10001}'),
        *('{"similarity": "nearly"}', '{"similarity": "toString"}', '{"pictures": "9"}'),
        '{"similarity": {}}',
    ),
}


@pytest.fixture
def alone(page: Page) -> Iterator[Page]:
    """A page that complains of whatever it asks others for, too."""

    def asked(request) -> None:
        if not request.url.startswith(("file:", "data:", "about:")):
            page.complaints.append(request.url)

    page.on("request", asked)
    yield page
    page.remove_listener("request", asked)
    page.set_viewport_size({"width": 1280, "height": 720})
    assert page.complaints == []


def test_without_scripts_a_still_picture_says_what_each_shows(page, tmp_path) -> None:
    plain = page.context.browser.new_context(java_script_enabled=False, viewport=PHONE).new_page()
    shown = [kind() for kind in KINDS]
    file = tmp_path / "still.html"
    file.write_text(
        "<!doctype html><html lang=en><meta charset=utf-8>"
        f"<meta name=viewport content='width=device-width'>{''.join(one.page() for one in shown)}"
    )
    plain.goto(file.as_uri())
    stills = plain.locator("svg.explorer-still[role=img]").all()
    for explorer, still in zip(shown, stills, strict=True):
        assert still.is_visible()
        says = still.get_attribute("aria-label")
        assert says == explorer.describe()
        assert len(says.split()) >= 8
        assert still.locator("text").count() >= 3
        box = still.bounding_box()
        assert 50 < box["height"] < 2_000
        assert box["x"] + box["width"] <= 320
    plain.context.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_assistive_technology_meets_no_barrier_on_a_phone(alone, tmp_path, theme) -> None:
    alone.set_viewport_size(PHONE)
    opened(alone, tmp_path, *(kind() for kind in KINDS))
    alone.evaluate(
        """theme => {
            const grounds = { light: ["#fff", "#222832"], dark: ["#121212", "#ced6dd"] };
            const [background, color] = grounds[theme];
            document.documentElement.dataset.theme = theme;
            Object.assign(document.body.style, { background, color });
        }""",
        theme,
    )
    assert alone.evaluate("document.documentElement.scrollWidth") <= 320
    assert theme == "dark" or barriers(alone) == []
    assert too_faint(alone) == []


# Which element has the focus, to which explorer it belongs, and what shows the focus.
FOLLOW = """() => {
    globalThis.met = [];
    addEventListener("focusin", ({ target }) => {
        const { outlineStyle, outlineWidth } = getComputedStyle(target);
        met.push([all.indexOf(target), outlineStyle, parseFloat(outlineWidth), target.outerHTML]);
    });
    const all = [...document.querySelectorAll(".explorer *")];
    const controls = ":is(select, button, input, canvas[tabindex], a[href], [tabindex])";
    return [...document.querySelectorAll(".explorer")].map((one) =>
        [...one.querySelectorAll(controls)]
            .filter((control) => control.checkVisibility() && !control.disabled)
            .map((control) => [all.indexOf(control), control.tabIndex,
                Boolean(control.closest("table")?.onkeydown), control.outerHTML]));
}"""


def test_every_control_is_reached_by_keyboard_and_shows_that_it_has_the_focus(
    alone, tmp_path
) -> None:
    opened(alone, tmp_path, *(kind() for kind in KINDS))
    waiting = alone.evaluate(FOLLOW)
    stops = sum(tab >= 0 for controls in waiting for _, tab, *_ in controls)
    for _ in range(stops + 3):
        alone.keyboard.press("Tab")
    met = alone.evaluate("met")
    for _, style, width, element in met:
        assert style != "none", element
        assert width >= 2, element
    reached = {at for at, *_ in met}
    for controls in waiting:
        # Within a table the arrow keys lead on, so that one stop is enough for all of it.
        alone_left = [one for one in controls if one[0] not in reached and not one[2]]
        assert [element for _, tab, _, element in alone_left if tab >= 0] == []
        assert len(reached & {at for at, *_ in controls}) >= 3


def test_every_control_has_a_name(alone, tmp_path) -> None:
    opened(alone, tmp_path, *(kind() for kind in KINDS))
    tree = alone.locator("main").aria_snapshot()
    assert len(re.findall(r"^\s*- (?:button|combobox|textbox|slider) ", tree, re.M)) > 50
    nameless = re.findall(r"^\s*- (?:button|combobox|textbox|slider)\s*(?::|$)", tree, re.M)
    assert nameless == [], tree


def test_who_wants_little_motion_is_not_offered_any(alone, tmp_path) -> None:
    for motion, players in (("reduce", 0), ("no-preference", 1)):
        alone.emulate_media(reduced_motion=motion)
        opened(alone, tmp_path, explorers.Convolution())
        assert alone.get_by_role("button", name="play").count() == players
        assert alone.get_by_role("button", name="next place").count() == 1


def test_all_of_them_live_on_one_page_and_its_address_brings_all_back(alone, tmp_path) -> None:
    names = opened(alone, tmp_path, *(kind() for kind in KINDS), explorers.Pooling("9"))
    assert len(set(names)) == len(KINDS) + 1
    pool, last = names[KINDS.index(explorers.Pooling)], names[-1]
    alone.select_option(f"#{pool} [data-name=kind]", "average")
    alone.select_option(f"#{last} [data-name=stride]", "3")
    led_to(alone, alone.url)
    for name, kind, stride in ((pool, "average", "2"), (last, "max", "3")):
        assert alone.input_value(f"#{name} [data-name=kind]") == kind
        assert alone.input_value(f"#{name} [data-name=stride]") == stride


# Everything that the reader sees in an explorer, its controls' values too.
SEEN = """names => names.map((name) => {
    const one = document.getElementById(name);
    const values = [...one.querySelectorAll("input, select")].map(({ value }) => value);
    return [one.innerText, values.join()].join();
})"""


@pytest.mark.parametrize("kind", KINDS)
def test_an_address_that_somebody_broke_begins_as_usual(alone, tmp_path, kind) -> None:
    broken = BROKEN[kind.__name__]
    names = opened(alone, tmp_path, *(kind() for _ in range(len(broken) + 1)), states=broken)
    seen = alone.evaluate(SEEN, names)
    assert len(seen[-1]) > 100  # nothing in the address is about the last one
    for text, (one, other) in zip(broken, pairwise(seen), strict=True):
        assert one == other, text


def test_an_address_that_is_changed_in_an_open_page_is_followed(alone, tmp_path) -> None:
    (name,) = opened(alone, tmp_path, explorers.Convolution())
    for state in ('{"stride": 2}', '{"padding": 100000}', '{"stride": [1]}', "}"):
        alone.evaluate(  # the explorer listened first, so it has acted when this one is told
            """hash => new Promise((told) => {
                addEventListener("hashchange", () => told(), { once: true });
                location.hash = hash;
            })""",
            f"{name}={state}",
        )
        assert alone.input_value(f"#{name} [data-name=stride]") == "2", state
        assert alone.locator(f"#{name} [data-cell^=output]").count() == 6
