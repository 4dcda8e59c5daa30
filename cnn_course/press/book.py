"""Prints the book: runs what needs it, stages, renders, and says where the site is."""

import click

from cnn_course.press import files, notebooks
from cnn_course.press.execute import bring_up_to_date
from cnn_course.press.project import Project
from cnn_course.press.render import Site
from cnn_course.press.stage import stage
from cnn_course.press.store import GoodRun, RunStore
from cnn_course.press.stored import find_stored


def build_book(
    project: Project, profile: str, *, fresh: bool = False, compared: bool = False
) -> None:
    """Bring `_build/html` up to date.

    Args:
        project: the clone of the course.
        profile: whose runs the pages show; with `"tiny"` stored outputs that hold are printed.
        fresh: run and render also what is up to date.
        compared: print stored outputs also where what they depend on has changed, since a test
            compares them with a run.

    Raises:
        PressError: a chapter failed, or Jupyter Book warned; the previous site is as it was.
    """
    for name in project.unlisted():
        click.echo(
            f"Note: notebooks/{name}.ipynb is not in _toc.yml, so the book has no page for it."
        )
    with files.locked(project.build), files.locked(RunStore(project, profile).folder):
        site = Site(project.build)
        site.recover()
        shown, summary = _good_runs(project, profile, fresh=fresh, compared=compared)
        with files.scratch(project.build) as scratch:
            source = scratch / "stage"
            stage(project, profile, shown, source)
            if not fresh and site.is_made_of(source):
                click.echo("Nothing changed: the book is up to date.")
            else:
                site.render(source, scratch / "output")
                click.echo("The book is printed.")
    click.echo(f"Open  {site.html / 'index.html'}")
    click.echo(f'or    python -m http.server --directory "{site.html}"')
    click.echo(summary)


def _good_runs(
    project: Project, profile: str, *, fresh: bool, compared: bool
) -> tuple[dict[str, GoodRun], str]:
    """Return the run of every chapter that the book shows, and in words where they come from."""
    shown: dict[str, GoodRun] = {}
    if profile == "tiny" and not fresh:
        shown, reasons = find_stored(project, project.chapters, compared=compared)
        for name, reason in reasons.items():
            click.echo(f"{name}: the stored outputs are not printed, since {reason}.")
    stored = len(shown)
    rest = [chapter for chapter in project.chapters if chapter.name not in shown]
    ran = bring_up_to_date(project, rest, profile, fresh=fresh)
    store = RunStore(project, profile)
    for chapter in rest:
        run, executed = store.read(chapter.name)
        page = notebooks.with_outputs(notebooks.for_profile(chapter, profile), executed)
        shown[chapter.name] = run, page
    kept = len(rest) - len(ran)
    earlier = f", {kept} from an earlier run" if kept else ""
    return shown, f"Chapters: {stored} printed from stored outputs, {len(ran)} run{earlier}."
