"""How fast are drawing, looking through and redrawing? `python tests/bench/bench_speed.py`.

Each is timed in turns with plain work of the same kind, and the best of many rounds counts, so that
the machine makes no difference. It prints the ratios and fails where one got too large.
"""

import io
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import sync_playwright

sys.path.insert(0, str(Path(__file__).parents[1]))
from conftest import browser_path
from explorer_pages import opened

from cnn_course import explorers
from cnn_course.data.drawings import KINDS, draw

REDRAW = """() => {
    const timed = (act) => { const begun = performance.now(); act(); return performance.now() - begun; };
    const pixels = new Float64Array(258 * 258).fill(0.5), select = document.querySelector("[data-name=relu]");
    const loops = () => {
        const sums = new Float64Array(256 * 256);
        for (let at = 0; at < sums.length; at++)
            for (let k = 0; k < 9; k++) sums[at] += pixels[at + k] * 0.1;
    };
    const redraw = () => { select.value = String(select.value !== "true"); select.onchange({ target: select }); };
    const best = [Infinity, Infinity];
    for (let n = 0; n < 30; n++) [redraw, loops].forEach((act, k) => { best[k] = Math.min(best[k], timed(act)); });
    return best[0] / best[1];
}"""  # noqa: E501


def ratio(act: Callable[[], object], plain: Callable[[], object]) -> float:
    """Return how much longer one takes than the other, both at their best."""
    best = [float("inf")] * 2
    for _ in range(20):
        for place, one in enumerate((act, plain)):
            begun = time.perf_counter()
            one()
            best[place] = min(best[place], time.perf_counter() - begun)
    return best[0] / best[1]


def drawing() -> float:
    """A drawing of 96 x 96 against encoding a photograph of 500 x 375."""
    photograph = Image.fromarray(np.random.default_rng(0).integers(0, 256, (375, 500, 3), np.uint8))
    every = iter(range(10**6))
    one = lambda: draw(KINDS[next(every) % len(KINDS)], next(every))  # noqa: E731
    return ratio(one, lambda: photograph.save(io.BytesIO(), "JPEG"))


def redrawing() -> float:
    """An explorer with a picture of 256 x 256 against the bare loops of its convolution."""
    explorer = explorers.Convolution(np.random.default_rng(0).random((256, 256)), "Sobel x")
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(
            executable_path=browser_path(), args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page()
        page.set_content("")
        opened(page, Path(folder), explorer)
        return page.evaluate(REDRAW)


def main() -> int:
    measured = {"drawing": (drawing(), 25.0), "redrawing": (redrawing(), 30.0)}
    for name, (found, most) in measured.items():
        print(f"{name}: {found:.1f} times the plain work; {most:g} are allowed")
    return int(any(found > most for found, most in measured.values()))


if __name__ == "__main__":
    sys.exit(main())
