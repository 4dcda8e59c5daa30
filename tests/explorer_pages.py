"""Pages with explorers on them, opened as files, and what they show."""

import re
from pathlib import Path

import numpy as np
from playwright.sync_api import Page

from cnn_course.explorers.explorer import Explorer


def opened(page: Page, folder: Path, *shown: Explorer, address: str = "") -> list[str]:
    """Open a page with explorers, as a file; return what each is called there."""
    html = "".join(one.page() for one in shown)
    file = folder / "page.html"
    file.write_text(
        f"<!doctype html><html lang=en><meta charset=utf-8><title>Page</title>"
        f"<meta name=viewport content='width=device-width'><body><main><h1>Page</h1>{html}</main>"
    )
    names = re.findall(r'<div id="(explorer-\d+)">', html)
    page.goto("about:blank")
    page.goto(file.as_uri() + address.replace("NAME", names[0]))
    page.wait_for_selector(".explorer table")
    return names


def numbers(page: Page, name: str, figure: str = "output") -> np.ndarray:
    """Return what a figure of an explorer shows."""
    title = page.locator("figcaption", has_text=re.compile(f"^{figure}"))
    rows = page.locator(f"#{name} figure").filter(has=title).locator("tr").all()
    return np.array(
        [
            [float(text.replace("\u2212", "-")) for text in row.locator("td").all_inner_texts()]
            for row in rows
        ]
    )
