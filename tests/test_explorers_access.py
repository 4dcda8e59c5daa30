"""Every explorer, for everybody: keyboard, phone, screen reader, dark, still, without scripts."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from barriers import barriers, too_faint
from explorer_pages import opened
from playwright.sync_api import Page

from cnn_course import explorers

pytestmark = pytest.mark.browser
KINDS = [getattr(explorers, name) for name in explorers.__all__]
CONTROLS = ":is(select, button, input, canvas[tabindex], a[href], [tabindex])"


@contextmanager
def another(page: Page, **options) -> Iterator[Page]:
    """A page of its own in the same browser, without a network."""
    context = page.context.browser.new_context(offline=True, **options)
    fresh = context.new_page()
    fresh.complaints = []
    fresh.on("pageerror", lambda error: fresh.complaints.append(str(error)))
    fresh.on("request", lambda asked: fresh.complaints.append(asked.url))
    yield fresh
    context.close()


def foreign(page: Page) -> list[str]:
    return [one for one in page.complaints if not one.startswith(("file:", "data:", "about:"))]


@pytest.mark.parametrize("kind", KINDS)
def test_without_scripts_a_still_picture_says_what_it_shows(page, tmp_path, kind) -> None:
    with another(page, java_script_enabled=False, viewport={"width": 320, "height": 700}) as plain:
        file = tmp_path / "still.html"
        file.write_text(
            "<!doctype html><html lang=en><meta charset=utf-8>"
            f"<meta name=viewport content='width=device-width'>{kind().page()}"
        )
        plain.goto(file.as_uri())
        still = plain.locator("svg.explorer-still[role=img]")
        assert still.is_visible()
        says = still.get_attribute("aria-label")
        assert says == kind().describe()
        assert len(says.split()) >= 8
        assert still.locator("text").count() >= 3
        box = still.bounding_box()
        assert 50 < box["height"] < 2_000
        assert box["x"] + box["width"] <= 320


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_assistive_technology_meets_no_barrier_on_a_phone(page, tmp_path, kind, theme) -> None:
    with another(page, viewport={"width": 320, "height": 640}, color_scheme=theme) as phone:
        opened(phone, tmp_path, kind())
        ground, ink = ("#ffffff", "#222832") if theme == "light" else ("#121212", "#ced6dd")
        phone.evaluate(
            """([theme, ground, ink]) => {
                document.documentElement.dataset.theme = theme;
                Object.assign(document.body.style, { background: ground, color: ink });
            }""",
            [theme, ground, ink],
        )
        assert phone.evaluate("document.documentElement.scrollWidth") <= 320
        assert foreign(phone) == []
        assert barriers(phone) == []
        assert too_faint(phone) == []


@pytest.mark.parametrize("kind", KINDS)
def test_every_control_is_reached_by_keyboard_and_shows_that_it_has_the_focus(
    page,
    tmp_path,
    kind,
) -> None:
    with another(page) as keys:
        opened(keys, tmp_path, kind())
        reached = set()
        for _ in range(400):
            keys.keyboard.press("Tab")
            found = keys.evaluate(
                """() => {
                    const one = document.activeElement;
                    if (!one.closest(".explorer")) return null;
                    const all = [...document.querySelectorAll(".explorer *")];
                    const { outlineStyle, outlineWidth } = getComputedStyle(one);
                    return [all.indexOf(one), outlineStyle, parseFloat(outlineWidth)];
                }"""
            )
            if found is None or found[0] in reached:
                break
            assert found[1] != "none", keys.evaluate("document.activeElement.outerHTML")
            assert found[2] >= 2
            reached.add(found[0])
        # Within a table the arrow keys lead on, so that one stop is enough for all of it.
        waiting = keys.evaluate(
            f"""() => [...document.querySelectorAll(".explorer {CONTROLS}")]
                .filter((one) => one.checkVisibility() && !one.disabled)
                .map((one) => [[...document.querySelectorAll(".explorer *")].indexOf(one),
                    one.tabIndex, Boolean(one.closest("table")?.onkeydown)])"""
        )
        left = [at for at, tab, in_table in waiting if at not in reached and not in_table]
        assert left == [] or all(tab < 0 for at, tab, _ in waiting if at in left), left
        assert len(reached) >= 3


@pytest.mark.parametrize("kind", KINDS)
def test_every_control_has_a_name(page, tmp_path, kind) -> None:
    with another(page) as named:
        opened(named, tmp_path, kind())
        tree = named.locator(".explorer").first.aria_snapshot()
        nameless = re.findall(r"^\s*- (?:button|combobox|textbox|slider)\s*(?::|$)", tree, re.M)
        assert nameless == [], tree


def test_who_wants_little_motion_is_not_offered_any(page, tmp_path) -> None:
    for motion, players in (("reduce", 0), ("no-preference", 1)):
        with another(page, reduced_motion=motion) as still:
            opened(still, tmp_path, explorers.Convolution())
            assert still.get_by_role("button", name="play").count() == players
            assert still.get_by_role("button", name="next place").count() == 1


def test_all_of_them_live_on_one_page_and_its_address_brings_all_back(page, tmp_path) -> None:
    with another(page) as full:
        names = opened(full, tmp_path, *(kind() for kind in KINDS), explorers.Pooling("9"))
        assert len(set(names)) == len(KINDS) + 1
        pool, last = names[KINDS.index(explorers.Pooling)], names[-1]
        full.select_option(f"#{pool} [data-name=kind]", "average")
        full.select_option(f"#{last} [data-name=stride]", "3")
        address = full.url
        full.goto("about:blank")
        full.goto(address)
        full.wait_for_selector(f"#{last} table")
        assert full.input_value(f"#{pool} [data-name=kind]") == "average"
        assert full.input_value(f"#{pool} [data-name=stride]") == "2"
        assert full.input_value(f"#{last} [data-name=stride]") == "3"
        assert full.input_value(f"#{last} [data-name=kind]") == "max"
        assert foreign(full) == []
