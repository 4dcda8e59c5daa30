"""What all tests share: the folders of the project, its notebooks, the built site, a browser."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
COMPUTED = [*NOTEBOOKS, *sorted((ROOT / "book").glob("*.ipynb"))]
SITE = ROOT / "_build" / "html"
_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


def browser_path() -> str | None:
    """Return the machine's own browser, or None."""
    named = os.environ.get("CNN_COURSE_BROWSER")
    return named or next(filter(None, map(shutil.which, _BROWSERS)), None)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the browser tests out where there is no browser, and say so; in CI, fail."""
    if browser_path() is not None:
        return
    if os.environ.get("CNN_COURSE_REQUIRE_BROWSER") == "1":
        raise pytest.UsageError(
            "CNN_COURSE_REQUIRE_BROWSER=1, and none of these is on the PATH: "
            + ", ".join(_BROWSERS)
        )
    left_out = [item for item in items if item.get_closest_marker("browser")]
    for item in left_out:
        items.remove(item)
    config.hook.pytest_deselected(items=left_out)
    if left_out:
        print(f"\nNo browser on this machine: {len(left_out)} browser tests are left out.")


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


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    """A page without a network, which keeps what goes wrong on it."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=browser_path(), args=["--no-sandbox", "--disable-gpu"]
        )
        context = browser.new_context(offline=True)
        page = context.new_page()
        page.complaints = []  # type: ignore[attr-defined]
        page.on("pageerror", lambda error: page.complaints.append(str(error)))  # type: ignore[attr-defined]
        yield page
        browser.close()
