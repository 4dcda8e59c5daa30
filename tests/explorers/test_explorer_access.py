"""Every explorer, for everybody: keyboard, phone, screen reader, dark, still, without scripts."""

import re
from itertools import zip_longest
from pathlib import Path
from urllib.parse import quote

import pytest
from barriers import barriers, too_faint
from conftest import fresh
from explorer_pages import led_to, opened
from playwright.sync_api import Page

from cnn_course import explorers

pytestmark = pytest.mark.browser
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
    "ClassTests": (
        *("{", "null", '{"level": "harder"}', '{"seed": -1}', '{"seed": "7"}', '{"marked": 1}'),
        *('{"answers": ["5"]}', '{"answers": {"conv_1 shape": 5}}', '{"level": "own"}'),
    ),
    "DigitNetwork": (
        *('{"drawing_name":"own","drawing":"ff"}', '{"map":-1}', '{"layer":"x"}', "7"),
        *('{"place":[26,0]}', '{"place":3}', '{"channel":1}', '{"scale":"own"}'),
    ),
    "DigitTraining": (
        *("{", "null", '{"rate": 0}', '{"steps": 1.5}', '{"past": 3}', '{"momentum": 1}'),
    ),
    "Gradients": (
        *("{", "null", '{"depth": 21}', '{"layer": 0}', '{"activation": "relu"}', '{"start": 3}'),
    ),
    "KernelTraining": (
        *("{", "null", '{"rate": "0.1"}', '{"seed": 0}', '{"past": [[3, 0.1]]}', '{"steps": -1}'),
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
KINDS = [getattr(explorers, name) for name in BROKEN]


@pytest.fixture(scope="module")
def every(window: Page, tmp_path_factory: pytest.TempPathFactory) -> tuple[Page, list[str]]:
    """A phone with each explorer, one of them twice; tests share it, and the last spoils it."""
    shown = [*(kind() for kind in KINDS), explorers.Pooling("9")]
    return window, opened(fresh(window, 320), tmp_path_factory.mktemp("every"), *shown)


def test_without_scripts_a_still_picture_says_what_each_shows(without_scripts, tmp_path) -> None:
    plain = fresh(without_scripts, 320)
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


def test_who_wants_little_motion_is_not_offered_any(page, tmp_path) -> None:
    for motion, players in (("reduce", 0), ("no-preference", 1)):
        page.emulate_media(reduced_motion=motion)
        opened(page, tmp_path, explorers.Convolution())
        assert page.get_by_role("button", name="play").count() == players
        assert page.get_by_role("button", name="next place").count() == 1


# Everything that the reader sees in an explorer, its controls' values too.
SEEN = """names => names.map((name) => {
    const one = document.getElementById(name);
    const values = [...one.querySelectorAll("input, select")].map(({ value }) => value);
    return [one.innerText, values.join()].join();
})"""


def test_an_address_that_somebody_changed_is_followed_where_it_can_be(page, tmp_path) -> None:
    assert sorted(BROKEN) == sorted(explorers.__all__)
    names = opened(page, tmp_path, *(kind() for kind in KINDS))
    begun = seen(page, names)
    assert min(map(len, begun)) > 20
    for texts in zip_longest(*BROKEN.values(), fillvalue="{"):
        follow(page, dict(zip(names, texts, strict=True)))
        assert seen(page, names) == begun, texts
    for state in ('{"stride": 2}', '{"padding": 100000}', '{"stride": [1]}', "}"):
        follow(page, {names[0]: state})
        assert page.input_value(f"#{names[0]} [data-name=stride]") == "2", state
        assert page.locator(f"#{names[0]} [data-cell^=output]").count() == 6
    led_to(page, page.url)
    assert seen(page, names) == begun


#: what a panel says of a link that it does not follow
REFUSED = "The link has values for this explorer that it cannot show. It shows its own."


def seen(page: Page, names: list[str]) -> list[list[str]]:
    """Return the words of each explorer, without those."""
    return [text.replace(REFUSED, "").split() for text in page.evaluate(SEEN, names)]


def follow(page: Page, states: dict[str, str]) -> None:
    """Change the address of an open page; the explorers listened first, so they act first."""
    page.evaluate(
        """told => new Promise((followed) => {
            addEventListener("hashchange", () => followed(), { once: true });
            location.hash = told;
        })""",
        "&".join(f"{name}={quote(text)}" for name, text in states.items()),
    )


def test_every_control_has_a_name(every) -> None:
    tree = every[0].locator("main").aria_snapshot()
    assert len(re.findall(r"^\s*- (?:button|combobox|textbox|slider) ", tree, re.M)) > 50
    nameless = re.findall(r"^\s*- (?:button|combobox|textbox|slider)\s*(?::|$)", tree, re.M)
    assert nameless == [], tree


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


def test_every_control_is_reached_by_keyboard_and_shows_that_it_has_the_focus(every) -> None:
    page, _ = every
    waiting = page.evaluate(FOLLOW)
    stops = sum(tab >= 0 for controls in waiting for _, tab, *_ in controls)
    for _ in range(stops + 3):
        page.keyboard.press("Tab")
    met = page.evaluate("met")
    for _, style, width, element in met:
        assert style != "none", element
        assert width >= 2, element
    reached = {at for at, *_ in met}
    for controls in waiting:
        # Within a table the arrow keys lead on, so that one stop is enough for all of it.
        alone_left = [one for one in controls if one[0] not in reached and not one[2]]
        assert [element for _, tab, _, element in alone_left if tab >= 0] == []
        assert len(reached & {at for at, *_ in controls}) >= 3


def test_all_of_them_live_on_one_page_and_its_address_brings_all_back(every) -> None:
    page, names = every
    assert len(set(names)) == len(KINDS) + 1
    pool, last = names[KINDS.index(explorers.Pooling)], names[-1]
    page.select_option(f"#{pool} [data-name=kind]", "average")
    page.select_option(f"#{last} [data-name=stride]", "3")
    led_to(page, page.url)
    for name, kind, stride in ((pool, "average", "2"), (last, "max", "3")):
        assert page.input_value(f"#{name} [data-name=kind]") == kind
        assert page.input_value(f"#{name} [data-name=stride]") == stride


def test_assistive_technology_meets_no_barrier_on_a_phone(every) -> None:
    page, _ = every
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    assert barriers(page) == []
    for theme, background, color in (("light", "#fff", "#222832"), ("dark", "#121212", "#ced6dd")):
        page.evaluate(
            """([theme, background, color]) => {
                document.documentElement.dataset.theme = theme;
                Object.assign(document.body.style, { background, color });
            }""",
            [theme, background, color],
        )
        assert too_faint(page) == []
    assert page.complaints == []


def test_every_class_that_is_styled_stands_in_the_code_which_chooses_its_styles_by_it() -> None:
    # An explorer brings the styles of the classes that its own code names, and no others.
    folder = Path(explorers.__file__).parent
    kinds = (".mjs", ".js", ".py")
    code = "".join(file.read_text("utf-8") for file in folder.iterdir() if file.suffix in kinds)
    styled = re.findall(r"\.(explorer-[\w-]+)", (folder / "explorers.css").read_text("utf-8"))
    assert [name for name in dict.fromkeys(styled) if name not in code] == []
