"""Chapters run as learners run them: nothing answered, pictures of their own, real MNIST."""

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import nbformat
import pytest
from conftest import ROOT
from nbclient import NotebookClient
from nbformat import NotebookNode, v4
from patience import HANGS
from PIL import Image

from cnn_course.data import drawings
from cnn_course.press.copies import write_handouts
from cnn_course.press.execute import OwnKernelManager
from cnn_course.press.project import Project, find_project

pytestmark = [pytest.mark.kernel, pytest.mark.slow]

ASKED = {"exercise", "solution", "remove-input"}  # tags of cells that no later one needs
REPLACED, OWN = "data.cats_and_dogs(profile)", 'data.own_pictures("apples", "pears")'
# That a chapter runs is proved here, and not how well it learns: two epochs do, and for them no
# graph is worth its making.
BRIEFLY = """
import keras
import tensorflow as tf

tf.config.run_functions_eagerly(True)

def briefly(self, *arguments, fit=keras.Model.fit, epochs=1, **options):
    return fit(self, *arguments, epochs=min(epochs, 2), **options)
keras.Model.fit = briefly
"""
SLICE = """
def a_slice_of_mnist(train, test):
    return tuple(of[:1500] for of in train), tuple(of[:500] for of in test)
"""
Run = Callable[[list[NotebookNode]], None]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """Run cells with no names left of others: in one kernel, since TensorFlow takes long to start.

    In its folder lie two folders with pictures of two kinds, of several sizes and formats.
    """
    garden = tmp_path_factory.mktemp("garden")
    for kind, folder in {"bear": "apples", "fish": "pears"}.items():
        (garden / folder).mkdir()
        for seed in range(16):  # hardly more than the ten that are asked for
            picture = Image.fromarray(drawings.draw(kind, seed, size=(96, 130)[seed % 2]))
            ending = ("jpg", "png", "webp")[seed % 3]
            picture.crop((0, 0, 90, 80 + seed)).save(garden / folder / f"IMG {seed}.{ending}")
    client = NotebookClient(
        v4.new_notebook(),
        timeout=HANGS,
        startup_timeout=HANGS,
        kernel_manager_class=OwnKernelManager,
        resources={"metadata": {"path": str(garden)}},
    )

    def run_all(cells: list[NotebookNode]) -> None:
        client.nb = v4.new_notebook(cells=[v4.new_code_cell("%reset -f"), *cells])
        for place, cell in enumerate(client.nb.cells):
            client.execute_cell(cell, place)  # raises where one fails

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CNN_COURSE_CACHE", str(garden / "cache"))
        patch.setenv("MPLBACKEND", "module://matplotlib_inline.backend_inline")
        with client.setup_kernel():
            yield run_all


def chapter(name: str, folder: Path = ROOT / "notebooks") -> list[NotebookNode]:
    cells = nbformat.read(folder / f"{name}.ipynb", as_version=4).cells
    return [cell for cell in cells if cell.cell_type == "code"]


def replace(cells: list[NotebookNode], call: str, other: str) -> int:
    """Replace a call, and return at which place it was."""
    (place,) = (n for n, one in enumerate(cells) if f"= {call}" in one.source)
    cells[place].source = cells[place].source.replace(call, other)
    return place


def needed(cells: list[NotebookNode], first: int) -> list[NotebookNode]:
    """Return the cells from `first` on, and those before it that give them names."""
    kept = cells[first:]
    for cell in reversed(cells[:first]):
        names = re.findall(r"(?m)^(?:def )?(\w+)(?:, \w+)*(?: =|\(.*\):$)", cell.source)
        words = re.findall(r"\w+", "\n".join(one.source for one in kept))
        if "import " in cell.source or {*names} & {*words}:
            kept.insert(0, cell)
    return kept


def shown(cells: list[NotebookNode]) -> str:
    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    return "".join(one.get("text", "") or str(one.get("data", "")) for one in outputs)


def test_a_students_handout_runs_with_nothing_answered(run: Run, tmp_path: Path) -> None:
    chapters = find_project(ROOT).select(["8"])
    write_handouts(Project(tmp_path, chapters), chapters, tmp_path)
    cells = chapter("08-class-test", tmp_path / "students")
    run(cells)
    said = [shown([cell]) for cell in cells if "exercise" in cell.metadata.get("tags", [])]
    assert said
    assert all("Not attempted yet." in text for text in said)


def test_every_claim_of_chapter_2_holds_on_a_slice_of_real_mnist(run: Run) -> None:
    if not os.environ.get("CNN_COURSE_DATA"):
        pytest.skip("CNN_COURSE_DATA is not set, so there is no MNIST to run chapter 2 on.")
    cells = chapter("02-mnist-convnet")
    replace(cells, "data.load_digits(profile)", 'a_slice_of_mnist(*data.load_digits("full"))')
    run([v4.new_code_cell(SLICE), *cells])
    assert re.search("1,?500", shown(cells)), "the slice was not used"


# Last: in this kernel, trainings are brief from here on.
@pytest.mark.parametrize(
    "name",
    ["03-dogs-vs-cats", "04-data-augmentation", "05-vgg16-feature-extraction", "06-fine-tuning"],
)
def test_a_chapter_runs_to_its_end_on_two_folders_of_somebody(name: str, run: Run) -> None:
    page = (ROOT / "book" / "how-to-use.md").read_text(encoding="utf-8")
    assert REPLACED in page
    assert OWN in page
    cells = [cell for cell in chapter(name) if not ASKED & {*cell.metadata.get("tags", [])}]
    run([v4.new_code_cell(BRIEFLY), *needed(cells, replace(cells, REPLACED, OWN))])
    assert re.search(r"\d+ +apples +\d+ +pears", shown(cells)) or name != "03-dogs-vs-cats"
