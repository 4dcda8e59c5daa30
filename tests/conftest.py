"""What all tests share: surroundings, the project's folders, notebooks, built site, a browser."""

import os
import random
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import frameworks
import nbformat
import nbval.kernel
import pytest
from hypothesis import HealthCheck, settings
from patience import HANGS
from playwright.sync_api import Browser, Page, Playwright, Request, sync_playwright
from surroundings import Server, serving

from cnn_course.press.environment import make_environment_neutral

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
COMPUTED = [*NOTEBOOKS, *sorted((ROOT / "book").glob("*.ipynb"))]
SITE = ROOT / "_build" / "html"
# The same examples in each run, and as many as are asked for however slow the machine is.
settings.register_profile(
    "steady",
    database=None,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("steady")
_HEAVY = {"tensorflow": "tensorflow", "nbclient": "kernel"}  # module -> mark of who imports it
_SEEN: set[str] = set()
#: browser -> the programs of which one drives it
_BROWSERS = {
    "Chromium": (
        *("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"),
    ),
    "Firefox": ("firefox-esr", "firefox"),
    "WebKit": ("WebKitWebDriver",),
}


# Neither a test nor a kernel sees what belongs to the person who starts them, or writes there.
make_environment_neutral(ROOT / "_build" / "cache")
os.environ["HOME"] = str(ROOT / "_build" / "home")
os.environ["CNN_COURSE_CACHE"] = str(ROOT / "_build" / "cache" / "data")
for name in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"):
    os.environ.pop(name, None)
Path(os.environ["HOME"]).mkdir(parents=True, exist_ok=True)


class _KernelManager(nbval.kernel.KernelManager):
    """Meets each kernel of nbval in a folder of its own.

    The usual way is over ports that are free now. On a busy machine seconds pass before the kernel
    takes them, and until then others may, a connection to the very port among them: then it never
    answers.
    """

    def __init__(self, **options: Any) -> None:
        short = "/tmp" if len(tempfile.gettempdir()) > 60 else None  # a socket's name has 107 signs
        self._folder = tempfile.TemporaryDirectory(prefix="nbval-", dir=short)
        super().__init__(transport="ipc", ip=f"{self._folder.name}/kernel", **options)


nbval.kernel.KernelManager = _KernelManager


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--shuffle SEED` takes the files in another order; each must stand by itself."""
    parser.addoption("--shuffle", type=int, metavar="SEED", help="take the files in random order")


def pytest_configure(config: pytest.Config) -> None:
    """Refuse to run with asserts switched off, and keep to a random order that is asked for."""
    if not __debug__:
        raise pytest.UsageError("PYTHONOPTIMIZE switches every assert off. Unset it.")
    if config.option.shuffle is not None and hasattr(config.option, "loadscopereorder"):
        config.option.loadscopereorder = False  # xdist would take the largest file first


def pytest_report_header(config: pytest.Config) -> str | None:
    """Say which order it is."""
    seed = config.option.shuffle
    return None if seed is None else f"files in random order: --shuffle {seed}"


def browser_path(name: str = "Chromium") -> str | None:
    """Return the machine's own browser, or None."""
    if name == "Chromium" and (named := os.environ.get("CNN_COURSE_BROWSER")):
        return named
    if name == "WebKit" and shutil.which("Xvfb") is None:  # it needs a screen, which that plays
        return None
    return next(filter(None, map(shutil.which, _BROWSERS[name])), None)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Do not even import a file whose `pytestmark` is left out: TensorFlow alone takes seconds."""
    left_out = _left_out(config)
    if not left_out or collection_path.suffix != ".py":
        return None
    marks = re.findall(r"(?m)^pytestmark = (.*)$", collection_path.read_text(encoding="utf-8"))
    return bool(left_out & set(re.findall(r"pytest\.mark\.(\w+)", "".join(marks)))) or None


def _left_out(config: pytest.Config) -> set[str]:
    """Return the marks that `-m "not a"` or `-m "not (a or b)"` leaves out."""
    words = re.fullmatch(r"not \(?(\w+(?: or \w+)*)\)?", config.option.markexpr)
    return set(words[1].split(" or ")) if words else set()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the browser tests out where there is no browser, and say so; in CI, fail."""
    if config.option.shuffle is not None:
        files = list(dict.fromkeys(item.path for item in items))
        random.Random(config.option.shuffle).shuffle(files)
        items.sort(key=lambda item: files.index(item.path))
    for item in items:
        if hasattr(item, "output_timeout"):  # a cell of nbval, which waits five seconds
            item.output_timeout = HANGS
    for name in _BROWSERS:
        if browser_path(name) is None:
            _leave_out(name, config, items)


def _leave_out(name: str, config: pytest.Config, items: list[pytest.Item]) -> None:
    """Remove the tests of a browser that is not there; plain `browser` means Chromium."""
    if os.environ.get("CNN_COURSE_REQUIRE_BROWSER") == "1":
        programs = ", ".join(_BROWSERS[name])
        screen = " with Xvfb" if name == "WebKit" else ""
        raise pytest.UsageError(
            f"CNN_COURSE_REQUIRE_BROWSER=1, and {name} is not on the PATH: {programs}{screen}."
        )
    marks = [(item, item.get_closest_marker("browser")) for item in items]
    left_out = [item for item, mark in marks if mark and (mark.args or ("Chromium",)) == (name,)]
    for item in left_out:
        items.remove(item)
    config.hook.pytest_deselected(items=left_out)
    if left_out:
        print(f"\nNo {name} on this machine: {len(left_out)} browser tests are left out.")


def pytest_collection_finish(session: pytest.Session) -> None:
    """Refuse a file that imports, at its top, what the marks of this run leave out."""
    _SEEN.update(_loaded())
    untold = _SEEN & _left_out(session.config)
    if untold:
        raise pytest.UsageError(f"A test file without the mark imports it: {', '.join(untold)}.")


def _loaded() -> set[str]:
    """Return the marks that tell of what this process has imported."""
    return {mark for module, mark in _HEAVY.items() if module in sys.modules}


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Give each test the same random numbers, in whatever order and by whichever worker it runs."""
    random.seed(0)
    if absl := sys.modules.get("absl.logging"):
        # Who closes all handlers of logging would close the stream that pytest captures with:
        # TensorFlow's has kept it, and leaves alone only that of the process.
        absl.get_absl_handler().python_handler.stream = sys.__stderr__
    if "keras" in sys.modules:
        sys.modules["keras"].utils.set_random_seed(0)


@pytest.fixture(autouse=True)
def _marks_are_true(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a test that uses what none of its marks says: `make check` would run it."""
    yield
    used = {name for name in ("browser", "site") if name in request.fixturenames}
    used |= _loaded() - _SEEN
    _SEEN.update(used - {"browser", "site"})
    untold = used - {mark.name for mark in request.node.iter_markers()}
    assert not untold, f"Mark it: {', '.join(untold)}."


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder as the cache, and none as the user's own."""
    monkeypatch.delenv("CNN_COURSE_DATA", raising=False)
    monkeypatch.setenv("CNN_COURSE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A server on this machine with one file."""
    with serving(monkeypatch) as server:
        yield server


@pytest.fixture
def without_weights() -> Iterator[None]:
    """Build networks that are only counted or drawn."""
    with frameworks.without_weights():
        yield


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def notebook(request: pytest.FixtureRequest) -> nbformat.NotebookNode:
    """Each stored chapter in turn."""
    return nbformat.read(request.param, as_version=4)


@pytest.fixture(params=COMPUTED, ids=lambda path: path.stem)
def computed(request: pytest.FixtureRequest) -> nbformat.NotebookNode:
    """Each stored notebook in turn: the chapters, and the pages of the book that compute."""
    return nbformat.read(request.param, as_version=4)


@pytest.fixture(scope="session")
def site() -> Path:
    """The built site; `make test` builds it first."""
    if not (SITE / "index.html").is_file():
        pytest.fail(
            "There is no built site. `cnn-course build` makes it; `make test` does so first."
        )
    return SITE


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """What drives browsers; a process has one."""
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """The machine's own browser, one for all tests of a process."""
    # A container's root user needs --no-sandbox; the pages are our own.
    browser = playwright.chromium.launch(
        executable_path=browser_path(),
        args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        timeout=HANGS * 1_000,
    )
    yield browser
    browser.close()


def open_window(browser: Browser) -> Page:
    """Return a window without a network.

    It keeps what goes wrong in it, `complaints`, and what its pages ask for, `asked`.
    """
    page = browser.new_context(offline=True).new_page()
    page.set_default_timeout(HANGS * 1_000)
    page.complaints, page.asked = [], []  # type: ignore[attr-defined]

    def asked(request: Request) -> None:
        page.asked.append(request)  # type: ignore[attr-defined]
        if not request.url.startswith(("file:", "data:", "blob:", "about:", "http://127.0.0.1:")):
            complain(f"asked elsewhere: {request.url}")

    def failed(request: Request) -> None:
        # What the browser itself gave up, and a script where a test forbids all scripts, is fine.
        if request.failure not in ("net::ERR_ABORTED", "csp"):
            complain(f"failed: {request.url}: {request.failure}")

    complain = page.complaints.append  # type: ignore[attr-defined]
    page.on("pageerror", lambda error: complain(str(error)))
    page.on("console", lambda said: said.type in ("error", "warning") and complain(said.text))
    page.on("request", asked)
    page.on("requestfailed", failed)
    return page


@pytest.fixture(scope="session")
def window(browser: Browser) -> Page:
    """The one window of all tests of a process: another one takes a second."""
    return open_window(browser)


def fresh(window: Page, width: int = 1280) -> Page:
    """Return the window as it is at the beginning of a test; what is open in it stays open."""
    window.set_viewport_size({"width": width, "height": 800})
    window.emulate_media(media="screen", color_scheme="light", reduced_motion="no-preference")
    for kept in (window.complaints, window.asked):  # type: ignore[attr-defined]
        kept.clear()
    return window


@pytest.fixture
def page(window: Page) -> Iterator[Page]:
    """The window for one test, which keeps nothing behind it; pages that complain are wrong."""
    yield fresh(window)
    window.evaluate("try { localStorage.clear(); } catch { /* about:blank has none */ }")
    assert window.complaints == []  # type: ignore[attr-defined]


@pytest.fixture
def timed(browser: Browser) -> Iterator[Page]:
    """A window of its own whose `clock` the test sets: no window gets the real one back."""
    page = open_window(browser)
    page.clock.install(time=0)
    page.clock.pause_at(3_600)  # else it goes on by itself as well, further on a slow machine
    yield page
    assert page.complaints == []  # type: ignore[attr-defined]
    page.context.close()


@pytest.fixture
def without_scripts(page: Page) -> Iterator[Page]:
    """The window, which runs no script of a page."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("Emulation.setScriptExecutionDisabled", {"value": True})
    yield page
    devtools.detach()
