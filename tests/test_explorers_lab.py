"""In a running JupyterLab: what one changes in the explorer Python reads, and the other way."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator

import nbformat
import pytest
from conftest import ROOT, browser_path
from nbformat import v4
from playwright.sync_api import Browser, Page, sync_playwright

from cnn_course import explorers

pytestmark = [pytest.mark.browser, pytest.mark.kernel, pytest.mark.slow]
#: explorer -> (control, what is chosen there), (what Python reads then, what it finds),
#: (what Python sets, the words that are seen then)
CHANGES = {
    "Convolution": (
        ("[data-name=stride]", "2"),
        ("explorer.output.shape", "(3, 2)"),
        ("padding='same'", "output, 4 x 3"),
    ),
    "Pooling": (
        ("[data-name=kind]", "average"),
        ("explorer.output.sum()", "11.25"),
        ("kind='max', size=3, stride=1", "the largest of 5, 1, 3, 8, 2, 9, 1, 3, 0 is 9"),
    ),
    "Shapes": (
        ('[data-cell="network"]', "LeNet-5"),
        ("explorer.table.parameters", "61706"),
        ("layers=[]", "0 parameters, 0 multiplications"),
    ),
    "DigitNetwork": (
        ("[data-name=drawing_name]", "3"),
        ("explorer.output.argmax()", "3"),
        ("drawing='8'", "takes it for an 8"),
    ),
    "Augmentation": (
        ("[data-name=fill_mode]", "nearest"),
        ("explorer.code.count('nearest')", "2"),
        ("seed=5", "nine draws, seed 5"),
    ),
    "TransferCases": (
        ("[data-name=similarity]", "far"),
        ("explorer.advice.rule[0]", "classifier on early features"),
        ("pictures=5000", "many pictures (5,000), far from the source"),
    ),
}
KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}
PATIENCE = 90_000  # milliseconds; a busy machine starts a kernel slowly


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A JupyterLab of its own, with a notebook for each explorer."""
    folder = tmp_path_factory.mktemp("lab")
    for name, (_, (read, _), (change, _)) in CHANGES.items():
        codes = (
            f"from cnn_course import explorers\nexplorer = explorers.{name}()\nexplorer",
            f"print('Python reads', {read})",
            f"explorer.set({change})",
        )
        notebook = v4.new_notebook(cells=[v4.new_code_cell(code) for code in codes])
        notebook.metadata["kernelspec"] = KERNEL
        nbformat.write(notebook, folder / f"{name}.ipynb")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    home = folder / "home"
    home.mkdir()
    server = subprocess.Popen(
        [
            *(sys.executable, "-m", "jupyter", "lab", "--no-browser", "--allow-root"),
            *(f"--ServerApp.port={port}", "--ServerApp.port_retries=0"),
            *(
                "--IdentityProvider.token=",
                "--LabApp.news_url=",
                f"--ServerApp.root_dir={folder}",
            ),
        ],
        env=os.environ | {"HOME": str(home), "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield ready(f"http://127.0.0.1:{port}", server)
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(timeout=30)


def ready(address: str, server: subprocess.Popen[bytes]) -> str:
    for _ in range(PATIENCE // 500):
        assert server.poll() is None, "JupyterLab did not start."
        try:
            urllib.request.urlopen(f"{address}/api", timeout=5).close()
            return address
        except (urllib.error.URLError, OSError):
            time.sleep(0.5)
    raise AssertionError("JupyterLab does not answer.")


def run(page: Page, number: int) -> None:
    page.locator(".jp-Notebook .jp-CodeCell .cm-content").nth(number).click()
    page.keyboard.press("Shift+Enter")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=browser_path(), args=["--no-sandbox", "--disable-gpu"]
        )
        yield browser
        browser.close()


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_in_jupyterlab_reaches_python_and_one_in_python_reaches_jupyterlab(
    address: str, browser: Browser, name: str
):
    (control, choice), (_, found), (_, seen) = CHANGES[name]
    page = browser.new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(f"{address}/lab/workspaces/{name}/tree/{name}.ipynb")
    page.wait_for_selector(".jp-Notebook .jp-CodeCell .cm-content")
    page.wait_for_selector("text=Python 3 (ipykernel) | Idle")
    run(page, 0)
    page.wait_for_selector(".explorer .explorer-body > *")
    page.select_option(f".explorer {control}", choice)
    run(page, 1)
    page.wait_for_selector(f"text=Python reads {found}")
    run(page, 2)
    page.locator(".explorer", has_text=seen).wait_for()
    page.close()


def test_every_explorer_is_tried_in_jupyterlab():
    assert sorted(CHANGES) == sorted(explorers.__all__)
