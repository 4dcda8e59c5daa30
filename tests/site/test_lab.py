"""In a running JupyterLab: links lead to what they name; explorers and Python hear each other."""

import contextlib
import json
import os
import re
import shutil
import subprocess
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import nbformat
import pytest
from conftest import ROOT, fresh
from explorer_pages import choose
from nbformat import v4
from patience import HANGS, until
from playwright.sync_api import Locator, Page

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
    "DigitTraining": (
        *(("[data-name=rate]", "ArrowRight"), ("explorer.state['rate']", "0.15")),
        ("steps=3", "Step 3, 20 digits each"),
    ),
    "Gradients": (
        *(("[data-name=activation]", "tanh"), ("explorer.output.size", "10")),
        ("depth=5, layer=2", "Layer 2 of 5"),
    ),
    "KernelTraining": (
        *(("[data-name=kernel_name]", "blur"), ("explorer.state['kernel'][0][0]", "0.111")),
        ("steps=5", "Step 5: loss"),
    ),
    "ClassTests": (
        *(("[data-name=level]", "hard"), ("explorer.test.title", "Class test hard-1")),
        ("seed=3", "Class test hard-3"),
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
CHAPTER = "01-convolution-by-hand.ipynb"
# the words of a link in the chapter, what it opens, and the heading that it leads to
LINKS = (
    ("dense layer", "glossary.md", "dense layer"),
    ("Sobel kernel", "glossary.md", "Sobel kernel"),
    ("Hubel and Wiesel 1962", "references.md", "Hubel and Wiesel 1962"),
    ("a convnet for digits", "02-mnist-convnet.ipynb", "2. A convnet for digits"),
)


def write_parts(file: Path) -> None:
    """Write a notebook that has every explorer, a stepper, and exercises of a chapter."""
    made = (f"{name} = explorers.{name}()" for name in CHANGES)
    codes = (
        "\n".join(["from cnn_course import explorers", *made, f"display({', '.join(CHANGES)})"]),
        "\n".join(
            f"print('Python reads of {name}:', {read.replace('explorer', name)})"
            for name, (_, (read, _), _) in CHANGES.items()
        ),
        "\n".join(f"{name}.set({change})" for name, (_, _, (change, _)) in CHANGES.items()),
        "from cnn_course.checks import check",
    )
    stepper = (
        "from cnn_course import examples, plots\n"
        "plots.sliding_window(examples.NINE, examples.LOOP, title='The loop on the 9')"
    )
    cells = nbformat.read(ROOT / "notebooks" / "08-class-test.ipynb", 4).cells
    tasks = [at for at, one in enumerate(cells) if "exercise" in one.metadata.get("tags", [])]
    exercises = [one for at in tasks[:3] for one in cells[at - 1 : at + 3]]
    last = [v4.new_markdown_cell("### A stepper"), v4.new_code_cell(stepper)]
    notebook = v4.new_notebook(cells=[*map(v4.new_code_cell, codes), *exercises, *last])
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
    write_parts(folder / "parts.ipynb")
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
    own |= {"CNN_COURSE_PROGRESS": str(clone / "progress.txt")}  # not that of the other tests
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


@pytest.fixture(scope="module")
def lab(address: str, window: Page) -> Iterator[Page]:
    """JupyterLab as it begins; the window leaves it in the end."""
    fresh(window).context.set_offline(False)
    window.goto(address)
    yield window
    window.goto("about:blank")
    window.context.set_offline(True)


@pytest.fixture(scope="module")
def parts(lab: Page, address: str, clone: Path) -> Page:
    """The notebook of parts, for the tests that follow one another; all cells are there at once."""
    settings = clone / "settings" / "@jupyterlab" / "notebook-extension"
    settings.mkdir(parents=True)
    (settings / "tracker.jupyterlab-settings").write_text('{"windowingMode": "none"}')
    lab.goto(f"{address}/lab/workspaces/parts/tree/parts.ipynb")
    lab.wait_for_selector("text=Python 3 (ipykernel) | Idle")
    return lab


def follow(lab: Page, words: str | re.Pattern[str], target: str, heading: str) -> None:
    """Click on a link of the chapter that is seen, and wait for the heading to be seen."""
    links = lab.locator(".jp-NotebookPanel .jp-MarkdownOutput a[target=_blank]:visible")
    links.get_by_text(words).first.click()
    lab.get_by_role("tab", name=target).wait_for()
    where = ".jp-MarkdownViewer" if target.endswith(".md") else ".jp-NotebookPanel"
    found = lab.locator(where).get_by_role("heading", name=heading, exact=True)
    found.last.wait_for()
    lab.wait_for_function(
        "heading => heading.getBoundingClientRect().top < innerHeight / 1.2",
        arg=found.last.element_handle(),
    )


def test_make_lab_opens_the_first_chapter_and_its_links_lead_to_terms_and_to_another_chapter(
    lab: Page,
) -> None:
    lab.wait_for_url(f"**/lab/tree/my-course/{CHAPTER}*")
    lab.get_by_title(re.compile("^Notebook trusted:")).wait_for()
    for link in LINKS:
        lab.get_by_role("tab", name=CHAPTER).click()
        follow(lab, *link)
    assert lab.get_by_text("official Jupyter news").count() == 0, "it asks before one reads"
    assert lab.locator(".jp-mod-dirty").count() == 0, "nobody has changed anything"


def test_a_link_into_the_middle_of_a_notebook_that_is_not_open_leads_there(
    lab: Page, address: str
) -> None:
    lab.goto(f"{address}/lab/workspaces/middle/tree/my-course/05-vgg16-feature-extraction.ipynb")
    follow(lab, re.compile("^computed$"), "mistakes-in-circulation.ipynb", "Compiled while frozen")


def run(page: Page, number: int) -> None:
    page.locator(".jp-Notebook .jp-CodeCell .cm-content").nth(number).click()
    page.keyboard.press("Control+Enter")


def prompt_changes(prompt: Locator) -> Callable[[], bool]:
    """Return what tells whether a cell has another number than now."""
    before = prompt.text_content()
    return lambda: re.search(r"\d", now := prompt.text_content()) is not None and now != before


def test_explorers_and_python_hear_each_other_and_arrow_keys_move_a_stepper_and_no_cell(
    parts: Page,
) -> None:
    assert sorted(CHANGES) == sorted(explorers.__all__)
    run(parts, 0)
    shown = [parts.locator(".explorer").nth(place) for place in range(len(CHANGES))]
    for explorer, ((control, choice), _, _) in zip(shown, CHANGES.values(), strict=True):
        explorer.locator(".explorer-body > *").first.wait_for()
        choose(explorer.locator(control), choice)
    run(parts, 1)
    for name, (_, (_, found), _) in CHANGES.items():
        parts.wait_for_selector(f"text=Python reads of {name}: {found}")
    run(parts, 2)
    for explorer, (_, _, (_, seen)) in zip(shown, CHANGES.values(), strict=True):
        explorer.get_by_text(seen).first.wait_for()
    run(parts, -1)
    stepper = parts.locator(".course-stepper")
    stepper.locator("input").first.focus()
    here = parts.locator(".jp-Cell.jp-mod-active").element_handle()
    for key, step in (("ArrowRight", 2), ("ArrowDown", 3), ("ArrowLeft", 2)):
        parts.keyboard.press(key)
        stepper.get_by_text(f"Step {step} of 15").wait_for()
        assert stepper.locator(".frame:visible").count() == 1
    assert here.evaluate("cell => cell.matches('.jp-mod-active') && cell.checkVisibility()")
    number = stepper.locator(".frame:visible td").first
    assert number.evaluate("cell => getComputedStyle(cell).textAlign") == "center"


def test_solutions_stay_shut_after_run_all_and_shift_enter_passes_each_in_one_press(
    parts: Page,
) -> None:
    cells = parts.locator(".jp-Notebook .jp-CodeCell")
    ran = prompt_changes(cells.last.locator(".jp-InputPrompt"))
    parts.get_by_role("menuitem", name="Run", exact=True).click()
    parts.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    until(ran, "The last cell has not run.")
    solutions = cells.filter(has_text="# Solution")
    assert solutions.count() == 3
    assert not any(one.is_visible() for one in solutions.all())
    verdicts = cells.locator(".jp-OutputArea-output:visible")
    assert verdicts.filter(has_text="Not attempted yet.").count() == solutions.count()
    headings = parts.locator(".jp-MarkdownHeadingCollapsed")
    headings.first.locator(".jp-MarkdownOutput").click()
    parts.keyboard.press("Escape")
    ran = prompt_changes(solutions.first.locator(".jp-OutputPrompt").last)
    parts.keyboard.press("Shift+Enter")
    until(ran, "The solution has not run again.")
    assert headings.count() == solutions.count()
    assert not any(one.is_visible() for one in solutions.all())
    active = parts.locator(".jp-Cell.jp-mod-active")
    assert active.is_visible()
    assert active.get_by_role("heading", name="Solution", exact=True).count() == 0
