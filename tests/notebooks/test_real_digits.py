"""Chapter 2 tells the same story on real MNIST digits: its claims are cells, and none fails."""

import os
from pathlib import Path

import nbformat
import pytest
from conftest import ROOT
from nbclient import NotebookClient
from patience import HANGS

pytestmark = [pytest.mark.kernel, pytest.mark.slow]

SLICE = """
from cnn_course import data

whole = data.load_digits
def a_slice_of_mnist(profile):
    (x_train, y_train), (x_test, y_test) = whole("full")
    return (x_train[:1500], y_train[:1500]), (x_test[:500], y_test[:500])
data.load_digits = a_slice_of_mnist
"""


def test_every_claim_of_chapter_2_holds_on_a_slice_of_real_mnist(tmp_path: Path):
    if not os.environ.get("CNN_COURSE_DATA"):
        pytest.skip("CNN_COURSE_DATA is not set, so there is no MNIST to run chapter 2 on.")
    notebook = nbformat.read(ROOT / "notebooks" / "02-mnist-convnet.ipynb", as_version=4)
    place = next(
        index
        for index, cell in enumerate(notebook.cells)
        if "parameters" in cell.metadata.get("tags", [])
    )
    notebook.cells.insert(place + 1, nbformat.v4.new_code_cell(SLICE))
    client = NotebookClient(
        notebook, timeout=HANGS, resources={"metadata": {"path": str(tmp_path)}}
    )
    client.execute()  # raises at the first cell that fails
    shapes = [o.get("text", "") for c in notebook.cells if c.cell_type == "code" for o in c.outputs]
    assert any("1500" in text or "1,500" in text for text in shapes), "the slice was not used"
