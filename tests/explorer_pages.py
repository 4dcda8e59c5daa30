"""Pages with explorers on them, opened as files, and what they show."""

import json
import re
from pathlib import Path
from urllib.parse import parse_qs

import numpy as np
from playwright.sync_api import Locator, Page

from cnn_course.explorers.explorer import Explorer
from cnn_course.javascript import without_exports


def written(folder: Path, *shown: Explorer) -> tuple[str, list[str]]:
    """Write a page with explorers; return its address, as a file, and what each is called there."""
    html = "".join(one.page() for one in shown)
    file = folder / "page.html"
    file.write_text(
        f"<!doctype html><html lang=en><meta charset=utf-8><title>Page</title>"
        f"<meta name=viewport content='width=device-width'><body><main><h1>Page</h1>{html}</main>"
    )
    return file.as_uri(), re.findall(r'<div id="(explorer-\d+)" ', html)


def opened(page: Page, folder: Path, *shown: Explorer) -> list[str]:
    """Open a page with explorers, as a file; return what each is called there."""
    address, names = written(folder, *shown)
    led_to(page, address)
    return names


def choose(control: Locator, choice: str) -> None:
    """Choose in a list, or press a key on a slider."""
    if control.evaluate("control => control.tagName") == "SELECT":
        control.select_option(choice)
    else:
        control.press(choice)


def led_to(page: Page, address: str) -> None:
    """Come to an address from elsewhere, as by a link that somebody sent."""
    page.goto("about:blank")
    page.goto(address)
    page.wait_for_selector(".explorer-body > *")


# The numbers of a figure: of an explorer's name and the beginning of the figure's title.
NUMBERS = """([name, title]) => {
    const figures = [...document.querySelectorAll(`#${name} figure`)];
    const one = figures.find((any) => any.firstChild.textContent.startsWith(title));
    return [...one.querySelectorAll("tr")].map((row) =>
        [...row.cells].map((cell) => cell.querySelector("input")?.value ?? cell.innerText)
            .map((text) => Number(text.replace("\\u2212", "-"))));
}"""


class Shown:
    """An explorer on a page."""

    def __init__(self, page: Page, name: str) -> None:
        self.page, self.name = page, name

    def at(self, selector: str) -> Locator:
        return self.page.locator(f"#{self.name} {selector}")

    def cell(self, name: str) -> Locator:
        return self.at(f'[data-cell="{name}"]')

    def control(self, name: str) -> Locator:
        return self.at(f"[data-name={name}]")

    def pick(self, **choices: str) -> None:
        """Choose in lists, one after the other."""
        for name, choice in choices.items():
            self.control(name).select_option(choice)

    def text(self, part: str) -> str:
        """Return what stands in the part `sum`, `message`, `body` and so on."""
        return self.at(f".explorer-{part}").inner_text()

    @property
    def state(self) -> dict:
        """The state that the address keeps."""
        return json.loads(parse_qs(self.page.evaluate("location.hash.slice(1)"))[self.name][0])

    def come_back(self) -> None:
        led_to(self.page, self.page.evaluate("location.href"))

    def numbers(self, figure: str = "output") -> np.ndarray:
        """Return what a figure shows."""
        return np.array(self.page.evaluate(NUMBERS, [self.name, figure]))


def show(page: Page, folder: Path, explorer: Explorer) -> Shown:
    """Open a page with one explorer."""
    return Shown(page, *opened(page, folder, explorer))


def load(page: Page, explorer: Explorer, *names: str, more: str = "") -> None:
    """Load an explorer's module into an empty page, to call functions of it by name."""
    page.goto("about:blank")
    code = without_exports(str(explorer._esm), "it") + more
    code += f"\nObject.assign(globalThis, {{ {', '.join(names)} }});"
    page.add_script_tag(type="module", content=code)
    page.wait_for_function(f"() => globalThis.{names[0]}")


def outcomes(page: Page, call: str, states: list) -> list[dict]:
    """Call a function of a module on each state, at one go: `{value}` or `{refused}` of each."""
    told = page.evaluate(  # as texts, which travel faster than many numbers
        f"""states => JSON.stringify(JSON.parse(states).map((state) => {{
            try {{ return {{ value: ({call})(state) }}; }}
            catch (error) {{ return {{ refused: String(error) }}; }}
        }}))""",
        json.dumps(states),
    )
    return json.loads(told)


def work(page: Page, act: str) -> dict[str, int]:
    """Return what a change costs, on any machine: canvases painted, pixels, nodes put into it."""
    return page.evaluate(
        """act => {
            const drawing = CanvasRenderingContext2D.prototype, { putImageData } = drawing;
            const watch = new MutationObserver(() => {}), done = { paints: 0, pixels: 0 };
            drawing.putImageData = function (picture, ...at) {
                done.paints += 1;
                done.pixels += picture.width * picture.height;
                putImageData.call(this, picture, ...at);
            };
            watch.observe(document.body, { childList: true, subtree: true });
            try { new Function(act)(); } finally { drawing.putImageData = putImageData; }
            const nodes = watch.takeRecords().map(({ addedNodes }) => addedNodes.length);
            return { ...done, nodes: nodes.reduce((sum, one) => sum + one, 0) };
        }""",
        act,
    )


def listen(page: Page) -> None:
    """Write down from now on what a screen reader is told of an explorer, whenever it may speak."""
    page.evaluate(
        """() => {
            globalThis.heard = [];
            new MutationObserver((all) => all.forEach(({ target }) => {
                const element = target.closest ? target : target.parentElement;
                const place = element.closest(".explorer :is([aria-live], [role=status])");
                const silent = !place || place.getAttribute("aria-live") === "off";
                if (!silent) heard.push(place.textContent);
            })).observe(document.body, { subtree: true, childList: true, characterData: true });
        }"""
    )


def heard(page: Page) -> list[str]:
    return page.evaluate("heard")


BARE = 3_000_000  # products that a laptop adds up in 3 ms
ADD_UP = f"""let sum = 0;
    for (let k = 0; k < {BARE}; k++) sum += values[k & 4095] * values[(k + 7) & 4095];
    globalThis.sum = sum;"""


def cost(page: Page, act: str, times: int = 15) -> float:
    """Return how long a change takes, `at` times one after the other, where a bare loop takes 3 ms.

    It is time of the processor, which others that want it do not make longer.
    """
    devtools = page.context.new_cdp_session(page)
    devtools.send("Performance.enable", {"timeDomain": "threadTicks"})

    def spent() -> float:
        metrics = devtools.send("Performance.getMetrics")["metrics"]
        return next(one["value"] for one in metrics if one["name"] == "TaskDuration")

    def taken(code: str) -> float:
        before = spent()
        page.evaluate(
            """([code, times]) => {
                const act = new Function("at", "values", code);
                const values = new Float64Array(4096).fill(0.5);
                for (let at = 0; at < times; at++) act(at, values);
            }""",
            [code, times],
        )
        return spent() - before

    taken(act)  # compiled, as for a reader after a moment
    # The least of five: what others do to caches and compilers only makes it longer.
    return min(3 * taken(act) / taken(ADD_UP) for _ in range(5))


def touch(page: Page, *places: tuple[float, float]) -> None:
    """Put a finger down, move it over places of the screen, and lift it."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("Emulation.setTouchEmulationEnabled", {"enabled": True})

    def send(kind: str, *at: tuple[float, float]) -> None:
        points = [{"x": x, "y": y} for x, y in at]
        devtools.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    send("touchStart", places[0])
    for place in places[1:]:
        send("touchMove", place)
    send("touchEnd")
    devtools.detach()


def slide(shown: Shown, name: str, to: str) -> None:
    """Press the arrow keys on a slider until it says this."""
    control = shown.control(name)
    for _ in range(20):
        if control.get_attribute("aria-valuetext") == to:
            return
        below = float(control.get_attribute("aria-valuetext")) < float(to)
        control.press("ArrowRight" if below else "ArrowLeft")
    raise AssertionError(f"{name} does not come to {to}")
