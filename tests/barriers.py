"""What assistive technology meets on a page, by axe-core."""

import json

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

# Contrast depends on an element's colours and on those that it stands in. To look at a thousand
# equal elements would take axe-core ten seconds a page, as would steps that are not shown.
_LEAVE_ONE_OF_EACH_KIND = """within => {
    for (const table of document.querySelectorAll("table")) {
        if (!table.checkVisibility()) table.remove();
    }
    const seen = new Set();
    const kinds = new Map([[document.body, ""]]);
    const leaves = [];
    for (const element of document.body.querySelectorAll("*")) {
        const { color, backgroundColor, fontSize, fontWeight } = getComputedStyle(element);
        const own = [element.tagName, element.getAttribute("class"), color, backgroundColor,
            fontSize, fontWeight].join();
        kinds.set(element, `${kinds.get(element.parentElement)} > ${own}`);
        if (!element.childElementCount && element.matches(within)) leaves.push(element);
    }
    for (const leaf of leaves) {
        if (seen.has(kinds.get(leaf))) leaf.remove();
        seen.add(kinds.get(leaf));
    }
}"""


def barriers(page: Page) -> list[str]:
    """Return every barrier but those of contrast. Words of code and of formulas count once."""
    page.evaluate(_LEAVE_ONE_OF_EACH_KIND, "pre *, math *")
    return _violations(page, rules={"color-contrast": {"enabled": False}})


def too_faint(page: Page) -> list[str]:
    """Return what can hardly be read. It leaves one element of each kind on the page."""
    page.evaluate(_LEAVE_ONE_OF_EACH_KIND, "*")
    return _violations(page, runOnly=["color-contrast"])


def _violations(page: Page, **options: object) -> list[str]:
    if not page.evaluate("'axe' in globalThis"):
        page.evaluate(AXE_SCRIPT)
    # Without `resultTypes`, all that is right is described, too, which takes the longest.
    asked = json.dumps({"resultTypes": ["violations"], "preload": False, **options})
    found = page.evaluate(f"axe.run({asked})")
    return [f"{v['id']}: {n['html'][:200]}" for v in found["violations"] for n in v["nodes"]]
