"""In a running JupyterLab: links lead to what they name; explorers and Python hear each other."""

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from conftest import ROOT
from nbformat import v4
from patience import HANGS
from playwright.sync_api import Browser, Page

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


OPTIONS = ["--no-browser", "--allow-root", "--IdentityProvider.token=", "--LabApp.news_url="]

# All cells are there from the beginning, whether or not one sees them.
WHOLE = '{"windowingMode": "none"}'


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A JupyterLab of its own, with a notebook that has every explorer."""
    folder = tmp_path_factory.mktemp("lab")
    made = (f"{name} = explorers.{name}()" for name in CHANGES)
    codes = (
        "\n".join(["from cnn_course import explorers", *made, f"display({', '.join(CHANGES)})"]),
        "\n".join(
            f"print('Python reads of {name}:', {read.replace('explorer', name)})"
            for name, (_, (read, _), _) in CHANGES.items()
        ),
        "\n".join(f"{name}.set({change})" for name, (_, _, (change, _)) in CHANGES.items()),
        "from cnn_course import examples, plots\n"
        "plots.sliding_window(examples.NINE, examples.LOOP, title='The loop on the 9')",
    )
    notebook = v4.new_notebook(cells=[v4.new_code_cell(code) for code in codes])
    notebook.metadata["kernelspec"] = KERNEL
    nbformat.write(notebook, folder / "explorers.ipynb")
    settings = folder / "settings" / "@jupyterlab" / "notebook-extension"
    settings.mkdir(parents=True)
    (settings / "tracker.jupyterlab-settings").write_text(WHOLE)
    command = [sys.executable, "-m", "jupyter", "lab", *OPTIONS, f"--ServerApp.root_dir={folder}"]
    with running(command, folder, JUPYTERLAB_SETTINGS_DIR=str(folder / "settings")) as address:
        yield address


@contextlib.contextmanager
def running(command: list[str], folder: Path, **own: str) -> Iterator[str]:
    """Start JupyterLab and yield its address; end it, and it ends its kernels."""
    own |= {
        "HOME": str(folder),
        "PYTHONPATH": str(ROOT),
        "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
    }
    said = folder / "said.txt"
    with said.open("wb") as stream:
        server = subprocess.Popen(
            command,
            cwd=folder,
            env=os.environ | own,
            stdout=stream,
            stderr=stream,
            start_new_session=True,
        )
    try:
        yield ready(folder / "runtime", server, said)
    finally:
        server.terminate()
        server.wait(timeout=HANGS)


def ready(runtime: Path, server: subprocess.Popen[bytes], said: Path) -> str:
    """Wait for the file in which JupyterLab says at which port it listens."""
    end = time.monotonic() + HANGS
    while time.monotonic() < end:
        assert server.poll() is None, f"JupyterLab did not start: {said.read_text()}"
        for file in runtime.glob("jpserver-*.json"):
            with contextlib.suppress(ValueError, OSError):  # half-written; not listening yet
                address = json.loads(file.read_text())["url"].rstrip("/")
                urllib.request.urlopen(f"{address}/api", timeout=HANGS).close()
                return address
        time.sleep(0.2)
    raise AssertionError(f"JupyterLab does not answer: {said.read_text()}")


def run(page: Page, number: int) -> None:
    page.locator(".jp-Notebook .jp-CodeCell .cm-content").nth(number).click()
    page.keyboard.press("Shift+Enter")


def test_a_change_in_jupyterlab_reaches_python_and_one_in_python_reaches_jupyterlab(
    address: str, browser: Browser
):
    context = browser.new_context()
    page = context.new_page()
    page.set_default_timeout(HANGS * 1_000)
    page.goto(f"{address}/lab/tree/explorers.ipynb")
    page.wait_for_selector("text=Python 3 (ipykernel) | Idle")
    run(page, 0)
    shown = [page.locator(".explorer").nth(place) for place in range(len(CHANGES))]
    for explorer, ((control, choice), _, _) in zip(shown, CHANGES.values(), strict=True):
        explorer.locator(".explorer-body > *").first.wait_for()
        explorer.locator(control).select_option(choice)
    run(page, 1)
    for name, (_, (_, found), _) in CHANGES.items():
        page.wait_for_selector(f"text=Python reads of {name}: {found}")
    run(page, 2)
    for explorer, (_, _, (_, seen)) in zip(shown, CHANGES.values(), strict=True):
        explorer.get_by_text(seen).first.wait_for()
    context.close()


def test_arrow_keys_move_a_stepper_in_jupyterlab_and_no_cell(address: str, browser: Browser):
    context = browser.new_context()
    page = context.new_page()
    page.set_default_timeout(HANGS * 1_000)
    page.goto(f"{address}/lab/tree/explorers.ipynb")
    page.wait_for_selector("text=Python 3 (ipykernel) | Idle")
    page.locator(".jp-Notebook .jp-CodeCell .cm-content").nth(3).click()
    page.keyboard.press("Control+Enter")
    stepper = page.locator(".course-stepper")
    stepper.locator("input").first.focus()
    here = page.locator(".jp-Cell.jp-mod-active").element_handle()
    for key, step in (("ArrowRight", 2), ("ArrowDown", 3), ("ArrowLeft", 2)):
        page.keyboard.press(key)
        stepper.get_by_text(f"Step {step} of 15").wait_for()
        assert stepper.locator(".frame:visible").count() == 1
    assert here.evaluate("cell => cell.matches('.jp-mod-active') && cell.checkVisibility()")
    number = stepper.locator(".frame:visible td").first
    assert number.evaluate("cell => getComputedStyle(cell).textAlign") == "center"
    context.close()


def test_every_explorer_is_tried_in_jupyterlab():
    assert sorted(CHANGES) == sorted(explorers.__all__)


# where a link stands, its words, what it opens, and the heading that it leads to
LINKS = (
    ("my-course/01-convolution-by-hand.ipynb", "dense layer", "glossary.md", "dense layer"),
    ("my-course/09-famous-architectures.ipynb", "ImageNet", "glossary.md", "ImageNet"),
    (
        "my-course/02-mnist-convnet.ipynb",
        "chapter 1",
        "01-convolution-by-hand.ipynb",
        "1. Convolution by hand",
    ),
)


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """What a learner sees of a clone; JupyterLab may save into it."""
    for name in ("book", "notebooks", ".jupyter"):
        shutil.copytree(ROOT / name, tmp_path / name)
    for name in ("Makefile", "pyproject.toml", "requirements.lock", "_config.yml", "_toc.yml"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / ".venv").symlink_to(ROOT / ".venv")
    return tmp_path


def test_make_lab_opens_the_first_chapter_and_its_links_lead_to_the_term_and_to_other_chapters(
    clone: Path, browser: Browser
):
    options = " ".join(OPTIONS)
    dry = ["make", "--dry-run", "lab", f"LAB_OPTIONS={options}"]
    said = subprocess.run(dry, cwd=clone, capture_output=True, text=True, check=True).stdout
    start = said[said.index(".venv/bin/cnn-course copy") :]  # behind what would be installed
    start = start.replace("JUPYTER_CONFIG_PATH", "exec env JUPYTER_CONFIG_PATH", 1)
    with running(["bash", "-c", start], clone) as address:
        context = browser.new_context()
        page = context.new_page()
        page.set_default_timeout(HANGS * 1_000)
        page.goto(address)
        page.wait_for_url("**/lab/tree/my-course/01-convolution-by-hand.ipynb*")
        page.get_by_title(re.compile("^Notebook trusted:")).wait_for()
        links = page.locator(".jp-NotebookPanel .jp-MarkdownOutput a[target=_blank]:visible")
        for number, (source, words, target, heading) in enumerate(LINKS):
            page.goto(f"{address}/lab/workspaces/w{number}/tree/{source}")
            links.get_by_text(words, exact=True).first.click()
            page.get_by_role("tab", name=target).wait_for()
            where = ".jp-MarkdownViewer" if target == "glossary.md" else ".jp-NotebookPanel"
            found = page.locator(where).get_by_role("heading", name=heading, exact=True)
            found.last.wait_for()
            page.wait_for_function(
                "heading => heading.getBoundingClientRect().top < innerHeight / 2",
                arg=found.last.element_handle(),
            )
        context.close()


def test_after_run_all_no_solution_and_none_of_its_outputs_is_seen(clone: Path, browser: Browser):
    chapter = "08-class-test.ipynb"
    settings = clone / "settings" / "@jupyterlab" / "notebook-extension"
    settings.mkdir(parents=True)
    (settings / "tracker.jupyterlab-settings").write_text(WHOLE)
    command = [sys.executable, "-m", "jupyter", "lab", *OPTIONS, f"--ServerApp.root_dir={clone}"]
    with running(command, clone, JUPYTERLAB_SETTINGS_DIR=str(clone / "settings")) as address:
        context = browser.new_context()
        page = context.new_page()
        page.set_default_timeout(HANGS * 1_000)
        page.goto(f"{address}/lab/tree/notebooks/{chapter}")
        page.wait_for_selector("text=Python 3 (ipykernel) | Idle")
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
        cells = page.locator(".jp-Notebook .jp-CodeCell")
        page.wait_for_function(  # the last cell that is seen has run
            "() => [...document.querySelectorAll('.jp-CodeCell .jp-InputPrompt')]"
            ".findLast(prompt => prompt.checkVisibility()).textContent.match(/[0-9]/)"
        )
        solutions = cells.filter(has_text="# Solution")
        notebook = nbformat.read(clone / "notebooks" / chapter, 4)
        assert solutions.count() == sum(
            "solution" in cell.metadata.get("tags", []) and cell.cell_type == "code"
            for cell in notebook.cells
        )
        assert not any(one.is_visible() for one in solutions.all())
        verdicts = cells.locator(".jp-OutputArea-output:visible")
        assert verdicts.filter(has_text="Not attempted yet.").count() == solutions.count()
        context.close()
