"""Stores the outputs of the tiny profile in `notebooks/`, where nothing else changes."""

from cnn_course.press import files, notebooks
from cnn_course.press.notebooks import Notebook
from cnn_course.press.project import Chapter, PressError
from cnn_course.press.store import RunStore


def save_outputs(store: RunStore, chapter: Chapter) -> bool:
    """Store the outputs of a chapter's good run in its source; a file that says the same is kept.

    Returns:
        Whether the file was written.

    Raises:
        PressError: there is no good run, or the chapter was edited since.
    """
    _, ran = store.read(chapter.name)
    stored = notebooks.read(chapter.file)
    if _code(notebooks.with_parameter(stored, "profile", store.profile)) != _code(ran):
        raise PressError(
            f"{chapter.name} was edited while it ran. Nothing is stored; run it again."
        )
    fresh = notebooks.keep_unchanged(stored, ran)
    if fresh == stored:
        return False
    files.write(chapter.file, notebooks.dumps(fresh))
    return True


def _code(notebook: Notebook) -> list[str]:
    return [cell["source"] for cell in notebooks.code_cells(notebook)]
