"""Prints the book: runs what needs it, stages, renders, and says where the site is."""

import click

from cnn_course.press import files
from cnn_course.press.execute import bring_up_to_date
from cnn_course.press.project import Project
from cnn_course.press.render import Site
from cnn_course.press.stage import stage
from cnn_course.press.store import RunStore


def build_book(project: Project, profile: str, *, fresh: bool = False) -> None:
    """Bring `_build/html` up to date.

    Args:
        project: the clone of the course.
        profile: whose runs the pages show.
        fresh: run and render also what is up to date.

    Raises:
        PressError: a chapter failed, or Jupyter Book warned; the previous site is as it was.
    """
    for name in project.unlisted():
        click.echo(
            f"Note: notebooks/{name}.ipynb is not in _toc.yml, so the book has no page for it."
        )
    runs = RunStore(project, profile).folder
    with files.locked(project.build), files.locked(runs):
        site = Site(project.build)
        site.recover()
        bring_up_to_date(project, project.chapters, profile, fresh=fresh)
        with files.scratch(project.build) as scratch:
            source = scratch / "stage"
            stage(project, profile, source)
            if not fresh and site.is_made_of(source):
                click.echo("Nothing changed: the book is up to date.")
            else:
                site.render(source, scratch / "output")
                click.echo("The book is printed.")
    click.echo(f"Open  {site.html / 'index.html'}")
    click.echo(f'or    python -m http.server --directory "{site.html}"')
