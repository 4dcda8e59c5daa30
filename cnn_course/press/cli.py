"""The command `cnn-course`."""

import errno
import io
import os
import shutil
import signal
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from cnn_course.press.project import PressError, find_project, locked, say
from cnn_course.profiles import PRECISION_VARIABLE, PROFILES, other_bases
from cnn_course.written import visible

# Each command imports what it needs itself: `--help` and a build with nothing to do take no time.

_PROFILE = click.option(
    "--profile",
    type=click.Choice(PROFILES),
    default="tiny",
    show_default=True,
    help="tiny: seconds a chapter, no network. full: the real data, the real training.",
)
_CHAPTERS = click.argument("chapters", nargs=-1, metavar="[CHAPTER]...")
_MOST_PROBLEMS = 200  # that a terminal shows of a class; a report has all of them
_AT_LEAST_1 = click.IntRange(1, 1_000_000)  # of seconds: eleven days
_SEED = click.IntRange(0, 2**32 - 1)  # as NumPy takes them
_STYLES = {"whole": "green", "mended": "yellow", "missing": "yellow", "broken": "bold red"}
_OF_DISKS = {
    errno.ENOSPC: "Make room on that disk. What was finished is kept: give the command again.",
    errno.EDQUOT: "Make room in your share of that disk, then give the command again.",
    errno.EROFS: "Nothing can be written there. Choose a folder on another disk.",
    errno.EFBIG: "Your shell limits how large a file may be. Lift it: ulimit -f unlimited",
    errno.EACCES: "Close the program that has it open, or see to it that you may write there.",
}
_FRESH = click.option("--fresh", is_flag=True, help="Do also what is up to date; continue nothing.")
_CLUSTER = click.option(
    "--cluster",
    metavar="ADDRESS",
    default="",
    help="Of a Dask scheduler, such as tcp://host:8786, whose workers run it, as many at once.",
)
_SHARES = click.option(
    "--shares",
    type=_AT_LEAST_1,
    default=1,
    help="Jobs that the named parts of a full run are divided into.",
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="cnn-course")
def commands() -> None:
    """Run the chapters of the course, print its book, record its full runs.

    A CHAPTER is a number (1), a name (01-convolution-by-hand) or the path of a notebook.
    """


@commands.command()
@_CHAPTERS
@_PROFILE
@click.option("--save", is_flag=True, help="Store the outputs in notebooks/ (tiny profile only).")
@_FRESH
@click.option("--dry-run", is_flag=True, help="Only list the chapters that would run.")
@click.option("--at-once", type=_AT_LEAST_1, help="Chapters that run at the same time.")
@click.option("--timeout", type=_AT_LEAST_1, help="Seconds that one cell may take.")
@_CLUSTER
@_SHARES
def run(
    chapters: tuple[str, ...],
    *,
    profile: str,
    save: bool,
    fresh: bool,
    dry_run: bool,
    **how: Any,
) -> None:
    """Run the chapters that changed since their last good run.

    All of them are looked at, if none is named.
    """
    from cnn_course.press import stored_runs  # noqa: PLC0415

    if save and profile != "tiny":
        raise PressError("Only the outputs of the tiny profile are stored. Leave out --save.")
    project = find_project()
    chosen = project.select(chapters)
    store = stored_runs.RunStore(project, profile)
    if dry_run:
        for chapter in stored_runs.find_due(store, chosen, fresh=fresh):
            say(chapter.name)
        return
    with locked(store.folder):
        ran = stored_runs.bring_up_to_date(store, chosen, fresh=fresh, **how)
        say(f"{len(ran)} run, {len(chosen) - len(ran)} up to date.")
        if save:
            saved = [chapter.name for chapter in chosen if stored_runs.save_outputs(store, chapter)]
            say(f"Stored in notebooks/: {', '.join(saved) or 'nothing new'}.")


@commands.command()
@_PROFILE
@_FRESH
@click.option(
    "--compared", is_flag=True, help="Print all stored outputs: a test compares them with a run."
)
@_CLUSTER
def build(*, profile: str, **how: Any) -> None:
    """Print the book to _build/html.

    A chapter whose stored outputs no longer hold is run before.
    """
    from cnn_course.press.book import build_book  # noqa: PLC0415

    build_book(find_project(), profile, **how)


@commands.command("print")
@click.option(
    "--paper",
    type=click.Choice(("A4", "letter"), case_sensitive=False),
    default="A4",
    show_default=True,
    help="Its size.",
)
def print_(*, paper: str) -> None:
    """Make one PDF of the whole book, and an e-book, in _build/print.

    The site is brought up to date before.
    """
    try:
        from cnn_course.press.paper.printing import print_book  # noqa: PLC0415
    except ModuleNotFoundError as missing:
        raise PressError(
            f"{missing.name} is not installed, which paper needs. Get it: "
            "pip install -e '.[press,paper]'"
        ) from None
    for file in print_book(find_project(), paper):
        say(f"Written: {file}")


@commands.command()
@click.argument("chapter")
@click.option(
    "--base",
    type=click.Choice(other_bases()),
    help="A pretrained base that is not the usual one. Its record has a folder of its own.",
)
@click.option(
    "--seed",
    type=_SEED,
    help="Another seed than the chapter's. Its record stands beside the usual one.",
)
@click.option(
    "--precision",
    type=click.Choice(["float32", "bfloat16"]),
    default="float32",
    show_default=True,
    help="bfloat16: three times as fast where the processor computes with it. The record says so.",
)
@_FRESH
@_CLUSTER
@_SHARES
def record(chapter: str, *, base: str | None, seed: int | None, precision: str, **how: Any) -> None:
    """Run a chapter in full and keep what it measured.

    The profile is `full`, and the numbers go to book/measured.
    """
    os.environ[PRECISION_VARIABLE] = precision
    from cnn_course.press.recording import write_record  # noqa: PLC0415
    from cnn_course.press.stored_runs import RunStore, bring_up_to_date  # noqa: PLC0415

    project = find_project()
    chosen = project.select([chapter])
    store = RunStore(project, "full", base or "", seed)
    with locked(store.folder):
        if not bring_up_to_date(store, chosen, **how):
            say("Nothing changed since the last full run: it is the one to be recorded.")
        if store.share:
            return
        file = write_record(store, chosen[0])
    say(f"Recorded in {file.relative_to(project.root)}.")


@commands.command()
@click.argument("chapters", nargs=-1, required=True, metavar="CHAPTER...")
@click.option("--first", type=_SEED, default=1, show_default=True)
@click.option("--count", type=click.IntRange(2, 1_000), default=5, show_default=True)
@click.option("--at-once", type=_AT_LEAST_1, help="Runs at the same time.")
@_CLUSTER
def seeds(chapters: tuple[str, ...], *, first: int, count: int, **how: Any) -> None:
    """Run chapters with several seeds, and keep what each measured.

    The seeds are FIRST, FIRST + 1, and so on.

    A claim of a chapter that does not hold for one of the seeds is an error.
    """
    from cnn_course.press.recording import measure_seeds  # noqa: PLC0415

    project = find_project()
    with locked(project.build / "seeds"):
        for chapter in project.select(chapters):
            file = measure_seeds(project, chapter, range(first, first + count), **how)
            say(f"All claims of {chapter.name} held for {count} seeds.")
            say(f"Recorded in {file.relative_to(project.root)}.")


@commands.command()
@click.option("--pictures", type=_AT_LEAST_1, help="Drawings of each kind of animal.")
@click.option("--epochs", type=_AT_LEAST_1, help="Passes over the drawings.")
@_FRESH
def pretrain(*, pictures: int | None, epochs: int | None, fresh: bool) -> None:
    """Train the small base of the tiny profile: ten minutes."""
    from cnn_course.press import pretraining  # noqa: PLC0415

    project = find_project()
    say("Drawing animals, then training.", err=True)
    with locked(project.build / "pretrain"):
        record = pretraining.pretrain(
            project,
            pictures=pictures or pretraining.PICTURES,
            epochs=epochs or pretraining.EPOCHS,
            fresh=fresh,
        )
    say(f"It names {record['test_accuracy']:.1%} of new drawings rightly.")


@commands.group()
def data() -> None:
    """Look at the data sets of the full profile, and get one."""


@data.command()
def check() -> None:
    """Show which data sets are on this machine and whether they are whole."""
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    from cnn_course.data import check as find  # noqa: PLC0415
    from cnn_course.data.errors import listing  # noqa: PLC0415

    findings = find()
    table = Table("data set", "state", "size", "place")
    for one in findings:
        size = f"{one.size / 1e6:.1f} MB" if one.size else ""
        state = Text(one.state, style=_STYLES[one.state])
        table.add_row(one.name, state, size, Text(visible(str(one.path or ""))))
    console = Console()
    console.print(table)
    lines = []
    for one in findings:
        if said := "\n".join(filter(None, (one.problem, one.advice))):
            lines.append(f"{one.name}: {said}")
        for heading, items in one.lists.items():
            lines += [f"{one.name}, {heading} ({len(items):,}):", *listing(items)]
    for line in lines:
        console.print(visible(line), markup=False, highlight=False, soft_wrap=True)
    if any(one.state == "broken" for one in findings):  # what is missing may never be needed
        sys.exit(1)


@data.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
def get(names: tuple[str, ...]) -> None:
    """Make sure that data sets are on this machine; all, if none is named."""
    from cnn_course.data import DATA_SETS, DataError  # noqa: PLC0415
    from cnn_course.data import get as find  # noqa: PLC0415

    for name in names or [data_set.name for data_set in DATA_SETS]:
        try:
            say(f"{name} is in {find(name)}.")
        except (ValueError, DataError) as error:
            raise PressError(str(error)) from None


_ENCODING = click.option("--encoding", help="Of the table, where it cannot be told: cp1250, gbk.")


@commands.group("class-test", invoke_without_command=True)
@click.option(
    "--level",
    type=click.Choice(("first", "exam", "hard")),
    default="exam",
    show_default=True,
    help="first: one convolution. exam: like chapter 8's. hard: branches, left-over rows.",
)
@click.option("--seeds", metavar="1-30", help="One test for each.")
@click.option(
    "--class-list",
    type=click.Path(path_type=Path),
    help="A table with names or student numbers: a test of its own for each.",
)
@click.option(
    "--network",
    metavar="FILE",
    help="In place of a level: a network of your own, or `chapter-8`; the same test for all.",
)
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="The folder.")
@click.option(
    "--format",
    "formats",
    type=click.Choice(("moodle", "canvas")),
    multiple=True,
    help="Besides: a file that the platform imports.",
)
@click.option("--pdf", is_flag=True, help="Print sheets and keys with this machine's browser.")
@_ENCODING
@click.pass_context
def class_test(
    context: click.Context,
    *,
    level: str,
    seeds: str | None,
    class_list: Path | None,
    network: str | None,
    out: Path | None,
    formats: tuple[str, ...],
    pdf: bool,
    encoding: str | None,
) -> None:
    """Write class tests in counting, with keys.

    They are for printing, notebooks or a learning platform. What you decide about them stands in
    class.toml in the same folder.
    """
    if context.invoked_subcommand:
        return
    from cnn_course.press.browser import print_pdf  # noqa: PLC0415
    from cnn_course.press.classroom import making  # noqa: PLC0415

    if out is None or not (seeds or class_list or network):
        raise click.UsageError(
            "Say for whom, and where: --class-list class.csv or --seeds 1-30, and --out FOLDER."
        )
    if network and seeds:
        raise click.UsageError("A --network has one test, and no --seeds. Leave one of them out.")
    files, notes = making.make_class(
        out,
        level=level,
        seeds=seeds or "",
        class_list=class_list,
        network=network or "",
        formats=formats,
        encoding=encoding,
    )
    for note in notes:
        say(note, err=True)
    files += [print_pdf(file) for file in files if pdf and file.suffix == ".html"]
    for file in files:
        say(f"Written: {file}")


@class_test.command()
@click.argument("answers", type=click.Path(path_type=Path))
@click.option(
    "--class",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="The folder that the tests were written to, if the answers are not in it.",
)
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="For the report.")
@_ENCODING
def mark(answers: Path, *, folder: Path | None, out: Path | None, encoding: str | None) -> None:
    """Mark the answers of a class.

    ANSWERS is the answers.csv of the class, filled, or what Moodle exports as responses.
    """
    from rich.console import Console  # noqa: PLC0415

    from cnn_course.data.errors import listing  # noqa: PLC0415
    from cnn_course.press.classroom import marking, report  # noqa: PLC0415
    from cnn_course.press.environment import cores  # noqa: PLC0415

    marked = marking.mark_class(answers, folder, encoding, processes=cores())
    console = Console()
    for table in report.summary_tables(marked.results):
        console.print(table)
    for note in marked.notes:
        say(note, err=True)
    if marked.ignored:
        say(f"No question of any test, so not looked at: {', '.join(marked.ignored)}.")
    if out:
        files = report.write_report(out, marked.results, marked.settings, marked.delimiter)
        feedback = report.write_feedback(out, marked.results, marked.settings)
        for file in [*files, feedback]:
            say(f"Written: {file}")
    if marked.problems:
        listed = "\n".join(listing(marked.problems, _MOST_PROBLEMS))
        say(f"These need a look:\n{listed}", err=True)
        sys.exit(1)


@class_test.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True)
def collect(folder: Path, *, out: Path) -> None:
    """Collect the answers of notebook sheets into one table, which `mark` takes.

    FOLDER is what the class handed in, unpacked, with any folders in it. Nothing there is run.
    """
    from cnn_course.press.classroom import collecting  # noqa: PLC0415

    rows, problems = collecting.answers_in(folder)
    _write_table(out, collecting.answers_csv(rows), problems)


def _write_table(out: Path, text: str, problems: Sequence[str]) -> None:
    """Write a table of what was collected beside no other one, and tell what needs a look."""
    from cnn_course.data.errors import listing  # noqa: PLC0415
    from cnn_course.files import write  # noqa: PLC0415

    if out.exists() and out.read_bytes() != text.encode():
        raise PressError(f"{out} is there already. Choose another file.")
    write(out, text)
    say(f"Written: {out}")
    if problems:
        say("\n".join(["These need a look:", *listing(problems, _MOST_PROBLEMS)]), err=True)
        sys.exit(1)


@commands.command("mark-exercises")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True)
@click.option("--seconds", type=_AT_LEAST_1, default=600, show_default=True, help="For a notebook.")
@click.option("--at-once", type=_AT_LEAST_1, default=1, show_default=True, help="Notebooks.")
def mark_exercises(folder: Path, *, out: Path, seconds: int, at_once: int) -> None:
    """Run the chapters that students filled in, and write one table of their exercises.

    FOLDER is what they handed in, unpacked. Their code runs with your rights: for strangers'
    notebooks, use a container.
    """
    from cnn_course.press.classroom import collecting  # noqa: PLC0415

    marked = collecting.mark_exercises(folder, seconds=seconds, at_once=at_once)
    problems = [f"{one.file}: {one.problem}" for one in marked if one.problem]
    _write_table(out, collecting.exercises_csv(marked), problems)


@commands.command()
@click.option("--clear", is_flag=True, help="Forget all of it.")
def progress(*, clear: bool) -> None:
    """Show which exercises you have answered rightly.

    It is known on this machine only.
    """
    from cnn_course import checks  # noqa: PLC0415

    if clear:
        checks.forget_progress()
    say(repr(checks.progress()))


@commands.command()
def copy() -> None:
    """Copy the chapters to my-course/, your own folder.

    Updates of the course keep what you write there.
    """
    from cnn_course.press.copies import copy_chapters  # noqa: PLC0415

    for line in copy_chapters(find_project()):
        say(line)


@commands.command()
@_CHAPTERS
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True)
@click.option("--moodle", is_flag=True, help="Besides: quizzes and exercises for Moodle.")
def handout(chapters: tuple[str, ...], *, out: Path, moodle: bool) -> None:
    """Write chapters for students and for instructors.

    Students get them without solutions, instructors with everything.
    """
    from cnn_course.files import write  # noqa: PLC0415
    from cnn_course.press.classroom.exercises import left_out, moodle_chapter  # noqa: PLC0415
    from cnn_course.press.copies import write_handouts  # noqa: PLC0415

    project = find_project()
    chosen = project.select(chapters)
    for folder in write_handouts(project, chosen, out):
        say(f"Written: {folder}")
    for chapter in chosen if moodle else []:
        file = out / "moodle" / f"{chapter.name}.xml"
        write(file, moodle_chapter(chapter.name))
        without = ", ".join(left_out(chapter.name))
        say(f"Written: {file}" + (f", without {without}" if without else ""))


@commands.command()
@click.option("--check", is_flag=True, help="Only list what differs; status 1 if anything does.")
def sync(*, check: bool) -> None:
    """Carry what stands in one place to files that repeat it.

    These are the address, the requirements and the names of exercises.
    """
    from cnn_course.files import write  # noqa: PLC0415
    from cnn_course.press.sync import differing  # noqa: PLC0415

    project = find_project()
    found = list(differing(project))
    names = "\n".join(f"  {file.relative_to(project.root)}" for file, _ in found)
    if check and found:
        raise PressError(f"These are not up to date. Run: cnn-course sync\n{names}")
    for file, wanted in found:
        write(file, wanted)
    say(f"Written:\n{names}" if found else "Everything is up to date.")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command; every error becomes one message and a status.

    Args:
        arguments: those of this process, if not given.
    """
    # Shells start what runs in the background with this signal ignored, and so does nohup.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if sys.warnoptions:  # PYTHONWARNINGS=error makes a traceback of what a library only notes
        warnings.simplefilter("ignore")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a file on Windows may not take every sign
    try:
        commands.main(arguments, standalone_mode=False)
    except (KeyboardInterrupt, click.Abort):
        say("Stopped. What was finished is kept.", err=True)
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (PressError, OSError) as error:
        say(f"Error: {_explained(error)}", err=True)
        sys.exit(1)


def _explained(error: Exception) -> str:
    """Return what an error says, and what to do where a disk is the reason."""
    from cnn_course.data.errors import MAKE_ROOM, UNLOCK  # noqa: PLC0415

    try:
        Path.cwd()
    except FileNotFoundError:  # then no name of a file is found, whatever it is
        return "The folder that your shell is in was removed. Change to one that exists: cd"
    text = str(error)
    if isinstance(error, OSError) and error.filename and error.strerror:
        text = f"{error.filename}: {error.strerror}"
    if isinstance(error, shutil.Error):  # of many files, each (from, to, reason)
        _, name, reason = error.args[0][0]
        text = f"{name}: {reason.partition('] ')[2] or reason}"
    for code, advice in _OF_DISKS.items():
        if os.strerror(code) in text and (isinstance(error, OSError) or code == errno.ENOSPC):
            return text if MAKE_ROOM in text or UNLOCK in text else f"{text.rstrip('.')}.\n{advice}"
    return text
