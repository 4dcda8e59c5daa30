"""What assistive technology meets on a page, by axe-core."""

import json

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

# Whether words can be read depends on their element's colours and on those that it stands in: a
# paragraph or a field is left out if another, on this page or before it, had all its kinds. A
# thousand equal ones would take axe-core ten seconds, as would tables that are not shown.
_BY_COLOUR = ["color-contrast", "link-in-text-block"]
_LOOKED_AT: set[int] = set()
_LEAVE_ONE_OF_EACH_KIND = """([within, lookedAt]) => {
    for (const table of document.querySelectorAll("table")) {
        if (!table.checkVisibility()) table.remove();
    }
    const kinds = new Map(), seen = new Set(lookedAt), whole = new Set();
    for (const element of document.querySelectorAll("body, body *")) {
        const { color, backgroundColor, fontSize, fontWeight } = getComputedStyle(element);
        const above = element.parentElement, alone = element.textContent === above.textContent;
        const own = [element.tagName, element.getAttribute("class"), color, backgroundColor,
            fontSize, fontWeight, alone].join();
        const kind = [...own].reduce((sum, letter) =>
            Math.imul(sum ^ letter.codePointAt(), 16777619), kinds.get(above) ?? 1);
        kinds.set(element, kind);
        const words = [...element.childNodes].some((one) => one.nodeType === 3 && one.data.trim());
        const ends = element.matches(within) && (words || !element.childElementCount);
        if (ends || whole.has(above)) whole.add(element);
    }
    for (const element of whole) {
        if (whole.has(element.parentElement)) continue;
        const these = [element, ...element.querySelectorAll("*")].map((one) => kinds.get(one));
        if (these.every((kind) => seen.has(kind))) element.remove();
        for (const kind of these) seen.add(kind);
    }
    return [...seen];
}"""


def barriers(page: Page) -> list[str]:
    """Return every barrier but those of colours. Words of code, formulas and icons count once."""
    page.evaluate(_LEAVE_ONE_OF_EACH_KIND, ["pre *, math *, button svg :not(title)", []])
    return _violations(page, rules={rule: {"enabled": False} for rule in _BY_COLOUR})


def too_faint(page: Page) -> list[str]:
    """Return what can hardly be read. It leaves on the page what no page had before it."""
    _LOOKED_AT.update(page.evaluate(_LEAVE_ONE_OF_EACH_KIND, ["*", [*_LOOKED_AT]]))
    return _violations(page, runOnly=_BY_COLOUR)


def _violations(page: Page, **options: object) -> list[str]:
    if not page.evaluate("'axe' in globalThis"):
        page.evaluate(AXE_SCRIPT)
    # Without `resultTypes`, all that is right is described, too, which takes the longest.
    asked = json.dumps({"resultTypes": ["violations"], "preload": False, **options})
    found = page.evaluate(f"axe.run({asked})")
    return [f"{v['id']}: {n['html'][:200]}" for v in found["violations"] for n in v["nodes"]]
