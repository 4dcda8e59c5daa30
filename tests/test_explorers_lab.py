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
from pathlib import Path

import nbformat
import pytest
from conftest import ROOT, browser_path
from nbformat import v4
from playwright.sync_api import Page, sync_playwright

pytestmark = pytest.mark.browser
CELLS = (
    "from cnn_course import explorers\nexplorer = explorers.Convolution('9', 'loop')\nexplorer",
    "print('stride', explorer.state['stride'], 'gives', explorer.output.shape)",
    "explorer.set(padding='same')",
)
KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}
PATIENCE = 90_000  # milliseconds; a busy machine starts a kernel slowly


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """A JupyterLab of its own, with a notebook."""
    notebook = v4.new_notebook(cells=[v4.new_code_cell(code) for code in CELLS])
    notebook.metadata["kernelspec"] = KERNEL
    nbformat.write(notebook, tmp_path / "try.ipynb")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    home = tmp_path / "home"
    home.mkdir()
    server = subprocess.Popen(
        [
            *(sys.executable, "-m", "jupyter", "lab", "--no-browser", "--allow-root"),
            *(f"--ServerApp.port={port}", "--ServerApp.port_retries=0"),
            *(
                "--IdentityProvider.token=",
                "--LabApp.news_url=",
                f"--ServerApp.root_dir={tmp_path}",
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


def test_a_change_in_jupyterlab_reaches_python_and_one_in_python_reaches_jupyterlab(address):
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=browser_path(), args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page()
        page.set_default_timeout(PATIENCE)
        page.goto(f"{address}/lab/tree/try.ipynb")
        page.wait_for_selector(".jp-Notebook .jp-CodeCell .cm-content")
        page.wait_for_selector("text=Python 3 (ipykernel) | Idle")
        run(page, 0)
        page.wait_for_selector(".explorer table")
        page.select_option(".explorer [data-name=stride]", "2")
        run(page, 1)
        page.wait_for_selector("text=stride 2 gives (3, 2)")
        run(page, 2)
        page.wait_for_selector(".explorer figcaption >> text=output, 4 x 3")
        browser.close()
