"""In a running JupyterLab: links lead to what they name; explorers and Python hear each other."""

import contextlib
import json
import os
import re
import shutil
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from conftest import ROOT
from nbformat import v4
from patience import HANGS, until
from playwright.sync_api import Browser, Page

from cnn_course import explorers

pytestmark = [pytest.mark.browser, pytest.mark.kernel, pytest.mark.slow]
#: explorer -> (control, what is chosen there), (what Python reads then, what it finds),
#: (what Python sets, the words that are seen then)
CHANGES = {
    "Convolution": (
        *(("[data-name=stride]", "2"), ("explorer.output.shape", "(3, 2)")),
        ("padding='same'", "output, 4 x 3"),
    ),
    "Pooling": (
        *(("[data-name=kind]", "average"), ("explorer.output.sum()", "11.25")),
        ("kind='max', size=3, stride=1", "the largest of 5, 1, 3, 8, 2, 9, 1, 3, 0 is 9"),
    ),
    "Shapes": (
        *(('[data-cell="network"]', "LeNet-5"), ("explorer.table.parameters", "61706")),
        ("layers=[]", "0 parameters, 0 multiplications"),
    ),
    "DigitNetwork": (
        *(("[data-name=drawing_name]", "3"), ("explorer.output.argmax()", "3")),
        ("drawing='8'", "takes it for an 8"),
    ),
    "Augmentation": (
        *(("[data-name=fill_mode]", "nearest"), ("explorer.code.count('nearest')", "2")),
        ("seed=5", "nine draws, seed 5"),
    ),
    "TransferCases": (
        ("[data-name=similarity]", "far"),
        ("explorer.advice.rule[0]", "classifier on early features"),
        ("pictures=5000", "many pictures (5,000), far from the source"),
    ),
}
OPTIONS = ["--no-browser", "--allow-root", "--IdentityProvider.token="]
# where a link stands, its words, what it opens, and the heading that it leads to
LINKS = (
    ("01-convolution-by-hand.ipynb", "dense layer", "glossary.md", "dense layer"),
    ("09-famous-architectures.ipynb", "ImageNet", "glossary.md", "ImageNet"),
    (
        *("02-mnist-convnet.ipynb", "chapter 1"),
        *("01-convolution-by-hand.ipynb", "1. Convolution by hand"),
    ),
    (
        *("05-vgg16-feature-extraction.ipynb", "computed"),
        *("mistakes-in-circulation.ipynb", "Compiled while frozen"),
    ),
)


def write_explorers(file: Path) -> None:
    """Write a notebook that has every explorer, and a stepper."""
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
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook.metadata["kernelspec"] = kernel
    nbformat.write(notebook, file)


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a learner sees of a clone; JupyterLab may save into it."""
    folder = tmp_path_factory.mktemp("clone")
    for name in ("book", "notebooks", ".jupyter"):
        shutil.copytree(ROOT / name, folder / name)
    for name in ("Makefile", "pyproject.toml", "requirements.lock", "_config.yml", "_toc.yml"):
        shutil.copy(ROOT / name, folder)
    (folder / ".venv").symlink_to(ROOT / ".venv")
    write_explorers(folder / "explorers.ipynb")
    return folder


@pytest.fixture(scope="module")
def address(clone: Path) -> Iterator[str]:
    """JupyterLab as `make lab` starts it; in the end it ends, and its kernels with it."""
    dry = ["make", "--dry-run", "lab", f"LAB_OPTIONS={' '.join(OPTIONS)}"]
    told = subprocess.run(dry, cwd=clone, capture_output=True, text=True, check=True).stdout
    start = told[told.index(".venv/bin/cnn-course copy") :]  # behind what would be installed
    start = start.replace("JUPYTER_CONFIG_PATH", "exec env JUPYTER_CONFIG_PATH", 1)
    own = {"HOME": str(clone), "PYTHONPATH": str(ROOT)}
    own |= {"JUPYTER_RUNTIME_DIR": str(clone / "runtime")}
    own |= {"JUPYTERLAB_SETTINGS_DIR": str(clone / "settings")}
    said = clone / "said.txt"
    with said.open("wb") as stream:
        server = subprocess.Popen(
            ["bash", "-c", start],
            cwd=clone,
            env=os.environ | own,
            stdout=stream,
            stderr=stream,
            start_new_session=True,
        )
    try:
        yield ready(clone / "runtime", server, said)
    finally:
        server.terminate()
        server.wait(timeout=HANGS)


def ready(runtime: Path, server: subprocess.Popen[bytes], said: Path) -> str:
    """Wait for the file in which JupyterLab says at which port it listens."""
    found: list[str] = []

    def listens() -> bool:
        assert server.poll() is None, f"JupyterLab did not start: {said.read_text()}"
        for file in runtime.glob("jpserver-*.json"):
            with contextlib.suppress(ValueError, OSError):  # half-written; not listening yet
                address = json.loads(file.read_text())["url"].rstrip("/")
                urllib.request.urlopen(f"{address}/api", timeout=HANGS).close()
                found.append(address)
        return bool(found)

    until(listens, "JupyterLab does not answer.")
    return found[0]


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context()
    context.set_default_timeout(HANGS * 1_000)
    yield context.new_page()
    context.close()


@pytest.fixture
def whole(clone: Path) -> Iterator[None]:
    """Let all cells of a notebook be there from the beginning, whether or not one sees them."""
    settings = clone / "settings" / "@jupyterlab" / "notebook-extension"
    settings.mkdir(parents=True)
    (settings / "tracker.jupyterlab-settings").write_text('{"windowingMode": "none"}')
    yield
    shutil.rmtree(clone / "settings")


def test_make_lab_opens_the_first_chapter_and_its_links_lead_to_the_term_and_to_other_chapters(
    address: str, page: Page
) -> None:
    page.goto(address)
    page.wait_for_url("**/lab/tree/my-course/01-convolution-by-hand.ipynb*")
    page.get_by_title(re.compile("^Notebook trusted:")).wait_for()
    links = page.locator(".jp-NotebookPanel .jp-MarkdownOutput a[target=_blank]:visible")
    for number, (source, words, target, heading) in enumerate(LINKS):
        if number:  # the first stands in the chapter that is open
            page.goto(f"{address}/lab/workspaces/w{number}/tree/my-course/{source}")
        links.get_by_text(words, exact=True).first.click()
        page.get_by_role("tab", name=target).wait_for()
        where = ".jp-MarkdownViewer" if target == "glossary.md" else ".jp-NotebookPanel"
        found = page.locator(where).get_by_role("heading", name=heading, exact=True)
        found.last.wait_for()
        page.wait_for_function(
            "heading => heading.getBoundingClientRect().top < innerHeight / 2",
            arg=found.last.element_handle(),
        )
        assert page.get_by_text("official Jupyter news").count() == 0, "it asks before one reads"


def run(page: Page, number: int) -> None:
    page.locator(".jp-Notebook .jp-CodeCell .cm-content").nth(number).click()
    page.keyboard.press("Control+Enter")


@pytest.mark.usefixtures("whole")
def test_explorers_and_python_hear_each_other_and_arrow_keys_move_a_stepper_and_no_cell(
    address: str, page: Page
) -> None:
    assert sorted(CHANGES) == sorted(explorers.__all__)
    page.goto(f"{address}/lab/workspaces/explorers/tree/explorers.ipynb")
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
    run(page, 3)
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


@pytest.mark.usefixtures("whole")
def test_solutions_stay_shut_after_run_all_and_shift_enter_passes_each_in_one_press(
    address: str, clone: Path, page: Page
) -> None:
    chapter = "08-class-test.ipynb"
    page.goto(f"{address}/lab/workspaces/all/tree/notebooks/{chapter}")
    page.wait_for_selector("text=Python 3 (ipykernel) | Idle")
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    cells = page.locator(".jp-Notebook .jp-CodeCell")
    page.wait_for_function(  # the last cell that is seen has run
        "() => [...document.querySelectorAll('.jp-CodeCell .jp-InputPrompt')]"
        ".findLast(prompt => prompt.checkVisibility()).textContent.match(/[0-9]/)"
    )
    solutions = cells.filter(has_text="# Solution")
    assert solutions.count() == sum(
        "solution" in cell.metadata.get("tags", []) and cell.cell_type == "code"
        for cell in nbformat.read(clone / "notebooks" / chapter, 4).cells
    )
    assert not any(one.is_visible() for one in solutions.all())
    verdicts = cells.locator(".jp-OutputArea-output:visible")
    assert verdicts.filter(has_text="Not attempted yet.").count() == solutions.count()
    headings = page.locator(".jp-MarkdownHeadingCollapsed")
    headings.first.locator(".jp-MarkdownOutput").click()
    page.keyboard.press("Escape")
    prompt = solutions.first.locator(".jp-OutputPrompt").last
    before = prompt.text_content()
    page.keyboard.press("Shift+Enter")
    until(lambda: prompt.text_content() not in ("", before), "The solution has not run again.")
    assert headings.count() == solutions.count()
    assert not any(one.is_visible() for one in solutions.all())
    active = page.locator(".jp-Cell.jp-mod-active")
    assert active.is_visible()
    assert active.get_by_role("heading", name="Solution", exact=True).count() == 0
