"""Writes the book as a PDF, by the browser of this machine, and as an e-book, by pandoc."""

import re
import textwrap
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Final

import pikepdf
import pypandoc
from bs4 import BeautifulSoup

from cnn_course.files import write
from cnn_course.press import browser
from cnn_course.press.book import build_book
from cnn_course.press.paper.merging import Book, Heading
from cnn_course.press.paper.pictures import put_pictures
from cnn_course.press.project import (
    PressError,
    Project,
    locked,
    pages_address,
    read_settings,
    say,
    scratch,
    table_of_contents,
)

NAME: Final = "convolutional-networks"
_HERE = Path(__file__).parent
_COVER = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1200 1697">
<rect width="1200" height="1697" fill="#2f5f94"/>
<svg x="300" y="250" width="600" height="600" viewBox="0 0 48 48">{logo}</svg>
<g fill="#fff" font-family="sans-serif" text-anchor="middle">{lines}</g></svg>
"""


def print_book(project: Project, paper: str) -> list[Path]:
    """Bring the site up to date, and make one PDF and one e-book of it in `_build/print`.

    Args:
        project: the clone of the course.
        paper: `"A4"` or `"letter"`.

    Returns:
        The files, each whole: a PDF and an EPUB.

    Raises:
        PressError: there is no browser or no pandoc on this machine, or one of them failed.
    """
    browser.find()
    try:
        pypandoc.get_pandoc_path()
    except OSError:
        raise PressError(
            "The e-book is made by pandoc, which is not on this machine. Get it into this "
            "environment: pip install pypandoc_binary"
        ) from None
    build_book(project, "tiny")
    with locked(project.build):  # no other build renames the site meanwhile
        return write_book(project, project.build / "html", paper, project.build / "print")


def write_book(project: Project, site: Path, paper: str, out: Path) -> list[Path]:
    """Make one PDF and one e-book of a site as it is, in the folder `out`; as `print_book`."""
    with locked(out), scratch(out) as folder:
        say("Putting the pages together.", err=True)
        names, address = table_of_contents(project.root), pages_address(project.root)
        book = Book(site, names, address)
        put_pictures(book.document, site, folder)
        about = _about(project)
        cover = _write_cover(about, site, folder)
        say("Printing the PDF, twice: the contents get its page numbers.", err=True)
        pdf = _pdf(book, about, paper, folder, site)
        say("Writing the e-book.", err=True)
        made = (pdf, _e_book(book, about, folder, cover))
        for file in made:
            write(out / file.name, file.read_bytes())
    return [out / file.name for file in made]


def _about(project: Project) -> dict[str, str]:
    settings = read_settings(project.root / "_config.yml")
    described = read_settings(project.root / "pyproject.toml")["project"]
    return {
        "title": settings["title"],
        "author": settings["author"],
        "description": described["description"],
        "version": described["version"],
    }


def _write_cover(about: dict[str, str], site: Path, folder: Path) -> Path:
    written, low = "", 950
    for size, text, width in ((72, "title", 24), (36, "description", 50), (36, "author", 50)):
        for line in textwrap.wrap(about[text], width):
            low += round(1.3 * size)
            written += f'<text x="600" y="{low}" font-size="{size}">{escape(line)}</text>'
        low += 50
    logo = (site / "_static" / "logo.svg").read_text(encoding="utf-8")
    inner = logo.partition(">")[2].rpartition("</svg>")[0]
    cover = folder / "cover.svg"
    cover.write_text(_COVER.format(logo=inner, lines=written), encoding="utf-8")
    return cover


# The PDF


def _pdf(book: Book, about: dict[str, str], paper: str, folder: Path, site: Path) -> Path:
    """Print the book; what leads to another page says, on paper, which page that is."""
    page = folder / f"{NAME}.html"
    entries = [one for one in book.headings("h1", "h2") if one.level == "h1" or _is_listed(one)]
    contents = _contents(entries)
    places: dict[str, tuple[int, float]] = {}
    for _ in range(2):
        for link in [*contents.select("a"), *book.article.select(".to-solution a")]:
            place = places.get(str(link["href"]))
            link["data-page"] = str(place[0] + 1) if place else "000"
        page.write_text(_page(book, str(contents), about, paper, site), encoding="utf-8")
        made = browser.print_pdf(page)
        places = _places(made)
    with pikepdf.open(made, allow_overwriting_input=True) as pdf:
        _put_outline(pdf, [(entry, *places[f"#{entry.place}"]) for entry in entries])
        pdf.docinfo["/Author"], pdf.docinfo["/Subject"] = about["author"], about["description"]
        pdf.Root.PageMode = pikepdf.Name.UseOutlines
        pdf.save(made, object_stream_mode=pikepdf.ObjectStreamMode.generate)  # half the size
    return made


def _places(made: Path) -> dict[str, tuple[int, float]]:
    """Return on which page, counted from 0, and how high on it each place that is linked to is."""
    with pikepdf.open(made) as pdf:
        numbers = {page.obj.objgen: number for number, page in enumerate(pdf.pages)}
        return {
            f"#{name.removeprefix('/')}": (numbers[found[0].objgen], float(found[3]))
            for name, found in pdf.Root.Dests.items()
        }


def _put_outline(pdf: pikepdf.Pdf, entries: Sequence[tuple[Heading, int, float]]) -> None:
    """Make the contents the outline: Chromium's own loses spaces and has headings twice."""
    with pdf.open_outline() as outline:
        for heading, page, top in entries:
            item = pikepdf.OutlineItem(heading.text, page, "XYZ", top=top)
            item.is_closed = True
            (outline.root if heading.level == "h1" else outline.root[-1].children).append(item)


def _page(book: Book, contents: str, about: dict[str, str], paper: str, site: Path) -> str:
    start = (site / f"{book.names[0]}.html").read_text(encoding="utf-8")
    names = re.findall(r'<link [^>]*href="\.\./([^"]+\.css[^"]*)"', start)
    links = "".join(f'<link rel="stylesheet" href="{site.as_uri()}/{name}">' for name in names)
    own = (_HERE / "book.css").read_text(encoding="utf-8")
    styles = "\n".join([*book.styles, f"@page {{ size: {paper}; }}", own])
    article = str(book.article)
    return (
        f'<!DOCTYPE html><html lang="en" data-theme="light"><head><meta charset="utf-8">'
        f"<title>{escape(about['title'])}</title>{links}<style>{styles}</style></head>"
        f'<body><main class="bd-main"><div class="bd-content">'
        f'<div class="cover"><img src="cover.svg" alt="Cover: {escape(about["title"])}"></div>'
        f'<div class="bd-article-container"><div class="bd-article">{contents}</div>{article}'
        "</div></div></main></body></html>"
    )


def _contents(entries: Sequence[Heading]) -> BeautifulSoup:
    """Return the contents: the pages, and the sections of the chapters."""
    listed = "".join(
        f'<li class="level-{entry.level}"><a href="#{entry.place}">'
        f"<span>{escape(entry.text)}</span></a></li>"
        for entry in entries
    )
    whole = f'<nav class="book-contents"><h1>Contents</h1><ol>{listed}</ol></nav>'
    return BeautifulSoup(whole, "html.parser")


def _is_listed(section: Heading) -> bool:
    """Whether a section stands in the contents: those of chapters and of the solutions do."""
    return section.place.startswith("answers-") or section.place[5:7].isdecimal()


# The e-book


def _e_book(book: Book, about: dict[str, str], folder: Path, cover: Path) -> Path:
    """Write the e-book. The book is changed to what pandoc reads: it is done with afterwards."""
    for code in book.article.select(".highlight-python pre"):
        code["class"] = "python"
    for cell in book.article.select("[scope]"):
        del cell["scope"]
    for link in book.article.select("[data-page]"):
        del link["data-page"]
    page, made = folder / "e-book.html", folder / f"{NAME}.epub"
    page.write_text(str(book.article), encoding="utf-8")
    picture = browser.picture(cover, 1200, 1697)
    options = ["--mathml", "--split-level=1", "--toc", "--toc-depth=2", "--metadata=lang:en"]
    options += [f"--metadata={name}:{about[name]}" for name in ("title", "author", "description")]
    options += [f"--css={_HERE / 'e-book.css'}", f"--epub-cover-image={picture}"]
    options += [f"--resource-path={folder}"]
    try:
        pypandoc.convert_file(
            page, "epub3", format="html", outputfile=str(made), extra_args=options
        )
    except RuntimeError as error:
        raise PressError(f"pandoc has not made the e-book: {error}") from None
    return made
