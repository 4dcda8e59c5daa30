"""The outputs stored in `notebooks/`, those of the tiny profile: which still hold, and new ones.

The tests run every chapter and compare, so outputs that hold need no run to be printed.
"""

from collections.abc import Iterable
from dataclasses import replace

from cnn_course.press import files, notebooks
from cnn_course.press.fingerprint import fingerprint
from cnn_course.press.notebooks import Notebook
from cnn_course.press.project import Chapter, PressError, Project
from cnn_course.press.store import GoodRun, RunStore, of_stored_outputs, with_run

_PROFILE = "tiny"


def find_stored(
    project: Project, chapters: Iterable[Chapter], *, compared: bool = False
) -> tuple[dict[str, GoodRun], dict[str, str]]:
    """Look at the stored outputs of chapters.

    Args:
        project: the clone of the course.
        chapters: the chapters to look at.
        compared: let them hold also where what they depend on has changed, since a test compares
            them with a run.

    Returns:
        By name, those chapters whose stored outputs hold; and of the others why they do not.

    Raises:
        PressError: a notebook cannot be read, or takes no profile.
    """
    holding: dict[str, GoodRun] = {}
    reasons: dict[str, str] = {}
    for chapter in chapters:
        notebook = notebooks.for_profile(chapter, _PROFILE)
        run = of_stored_outputs(notebook)
        mark = fingerprint(project, chapter, notebook, _PROFILE)
        if run is None:
            reasons[chapter.name] = "they were not stored by `cnn-course run --save`"
        elif not compared and (why := run.why_not(project, mark)):
            reasons[chapter.name] = why
        else:
            holding[chapter.name] = run, notebook
    return holding, reasons


def save_outputs(store: RunStore, chapter: Chapter) -> bool:
    """Store the outputs of a chapter's good run in its source, with what is known of the run.

    What says the same is kept, pictures pixel by pixel, and so is what is known of an earlier run
    that depended on the same and had the same outputs.

    Returns:
        Whether the file was written.

    Raises:
        PressError: there is no good run, or the chapter was edited since.
    """
    run, ran = store.read(chapter.name)
    before = notebooks.read(chapter.file)
    if notebooks.code(notebooks.for_profile(chapter, _PROFILE)) != notebooks.code(ran):
        raise PressError(
            f"{chapter.name} was edited while it ran. Nothing is stored; run it again."
        )
    fresh = notebooks.with_outputs(before, ran)
    if not _says_the_same(fresh, run.fingerprint, run.versions):
        fresh = with_run(fresh, replace(run, outputs=notebooks.outputs_digest(fresh)))
    if fresh == before:
        return False
    files.write(chapter.file, notebooks.dumps(fresh))
    return True


def _says_the_same(notebook: Notebook, mark: str, versions: dict[str, str]) -> bool:
    known = of_stored_outputs(notebook)
    return known is not None and (known.fingerprint, known.versions) == (mark, versions)
