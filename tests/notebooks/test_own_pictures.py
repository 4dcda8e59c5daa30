"""The one documented way to pictures of one's own works: replace one line, run everything."""

import re
from pathlib import Path

import nbformat
import pytest
from conftest import ROOT
from nbclient import NotebookClient
from nbformat import v4
from patience import HANGS
from PIL import Image

from cnn_course.data import drawings
from cnn_course.press.execute import OwnKernelManager

pytestmark = [pytest.mark.kernel, pytest.mark.slow]

REPLACED = "data.cats_and_dogs(profile)"
PICTURES = 16  # of each kind: hardly more than the ten that are asked for


@pytest.fixture
def garden(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two folders with pictures of two kinds, of several sizes and formats."""
    monkeypatch.setenv("CNN_COURSE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("MPLBACKEND", "module://matplotlib_inline.backend_inline")
    for kind, folder in {"bear": "apples", "fish": "pears"}.items():
        (tmp_path / folder).mkdir()
        for seed in range(PICTURES):
            picture = Image.fromarray(drawings.draw(kind, seed, size=(96, 130)[seed % 2]))
            ending = ("jpg", "png", "webp")[seed % 3]
            picture.crop((0, 0, 90, 80 + seed)).save(tmp_path / folder / f"IMG {seed}.{ending}")
    return tmp_path


# That the chapter runs is proved here, and not how well it learns: two epochs do, and for them no
# graph is worth its making.
BRIEFLY = """
import keras
import tensorflow as tf

tf.config.run_functions_eagerly(True)

def briefly(self, *arguments, fit=keras.Model.fit, epochs=1, **options):
    return fit(self, *arguments, epochs=min(epochs, 2), **options)
keras.Model.fit = briefly
"""
CHAPTERS = (
    "03-dogs-vs-cats",
    "04-data-augmentation",
    "05-vgg16-feature-extraction",
    "06-fine-tuning",
)


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_a_chapter_runs_to_its_end_on_two_folders_of_somebody(chapter: str, garden: Path) -> None:
    page = (ROOT / "book" / "how-to-use.md").read_text(encoding="utf-8")
    assert REPLACED in page
    assert 'data.own_pictures("apples", "pears")' in page
    notebook = nbformat.read(ROOT / "notebooks" / f"{chapter}.ipynb", as_version=4)
    cells = [cell for cell in notebook.cells if REPLACED in cell.source and "=" in cell.source]
    (cell,) = (cell for cell in cells if cell.cell_type == "code")
    cell.source = cell.source.replace(REPLACED, 'data.own_pictures("apples", "pears")')
    notebook.cells.insert(notebook.cells.index(cell) + 1, v4.new_code_cell(BRIEFLY))
    NotebookClient(
        notebook,
        timeout=HANGS,
        kernel_manager_class=OwnKernelManager,
        resources={"metadata": {"path": str(garden)}},
    ).execute()
    shown = "".join(o.get("text", "") for c in notebook.cells for o in c.get("outputs", []))
    assert re.search(r"\d+ +apples +\d+ +pears", shown) or chapter != "03-dogs-vs-cats"
