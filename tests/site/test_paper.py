"""The book on paper and as an e-book: whole, in order, described, and nothing cut off."""

import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from unicodedata import normalize
from urllib.parse import unquote
from xml.etree import ElementTree

import pytest
from bs4 import BeautifulSoup
from conftest import ROOT
from explorer_pages import opened
from patience import HANGS, until
from playwright.sync_api import Page
from pypdf import PdfReader
from pypdf.generic import DictionaryObject

from cnn_course import explorers
from cnn_course.press import browser
from cnn_course.press.paper import printing
from cnn_course.press.project import (
    PressError,
    find_project,
    pages_address,
    table_of_contents,
)

pytestmark = [pytest.mark.browser, pytest.mark.site]

WITH_EXPLORERS = {
    "01-convolution-by-hand": 3,
    "02-mnist-convnet": 2,
    "04-data-augmentation": 1,
    "07-transfer-learning-cases": 1,
    "08-class-test": 2,
    "10-batch-normalization": 1,
}
PRINTED = [f"{number:02}-*.html" for number in (1, 5, 8, 9)]
# Millimetres of paper less its margins, in pixels.
WIDTHS = {"A4": round((210 - 32) / 25.4 * 96), "letter": round(8.5 * 96 - 32 / 25.4 * 96)}
TOO_WIDE = """() => {
    const seen = [];
    for (const one of document.querySelectorAll("article *")) {
        const { right, width } = one.getBoundingClientRect();
        const text = [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
        if ((text || one.matches("img, svg, table")) && width && right > innerWidth + 1)
            seen.push(`${one.tagName} ${one.className}: ${one.textContent.slice(0, 60)}`);
    }
    return seen;
}"""


@pytest.fixture(scope="module")
def files(site: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The PDF and the e-book, made once."""
    return printing.write_book(find_project(ROOT), site, "A4", tmp_path_factory.mktemp("print"))


@pytest.fixture(scope="module")
def pdf(files: list[Path]) -> PdfReader:
    return PdfReader(files[0])


@pytest.fixture(scope="module")
def e_book(files: list[Path]) -> Iterator[zipfile.ZipFile]:
    with zipfile.ZipFile(files[1]) as opened:
        yield opened


@pytest.fixture(scope="module")
def titles(site: Path) -> list[str]:
    """The titles of all pages, as the site has them."""
    read = [(site / f"{name}.html").read_text(encoding="utf-8") for name in table_of_contents(ROOT)]
    headings = [BeautifulSoup(re.search(r"<h1>.*?</h1>", page)[0], "html.parser") for page in read]
    return [heading.get_text().removesuffix("#") for heading in headings]


def flat(entries: list, level: int = 0) -> Iterator[tuple[int, DictionaryObject]]:
    for entry in entries:
        if isinstance(entry, list):
            yield from flat(entry, level + 1)
        else:
            yield level, entry


@pytest.fixture(scope="module")
def texts(pdf: PdfReader) -> list[str]:
    """What stands on each page, in single spaces; a PDF has one sign for f and i together."""
    return [" ".join(normalize("NFKC", page.extract_text()).split()) for page in pdf.pages]


def on_page(pdf: PdfReader, title: str) -> int:
    """Return the place among the pages where the outline has a title of a page."""
    (found,) = [one for level, one in flat(pdf.outline) if not level and one.title == title]
    return pdf.get_destination_page_number(found)


def annotations(pdf: PdfReader) -> Iterator[DictionaryObject]:
    for page in pdf.pages:
        for one in page.get("/Annots", []):
            yield one.get_object()


def test_outline_and_contents_are_the_table_of_contents_with_its_pages(pdf, texts, titles) -> None:
    entries = list(flat(pdf.outline))
    assert [one.title for level, one in entries if level == 0] == [*titles, "Solutions"]
    assert sum(level == 1 for level, _ in entries) > 60
    first = min(pdf.get_destination_page_number(one) for _, one in entries)
    contents = " ".join(texts[1:first])
    place = 0
    for _, entry in entries:
        number = pdf.get_destination_page_number(entry)
        line = f"{entry.title} {number + 1}"
        assert line in contents[place:], line
        place = contents.index(line, place) + len(entry.title)


def test_pages_are_a4_numbered_and_none_is_wasted(pdf, texts) -> None:
    assert 150 < len(pdf.pages) < 350
    assert {tuple(map(round, page.mediabox[2:])) for page in pdf.pages} == {(595, 842)}
    bare = []
    for number, page in enumerate(pdf.pages[1:], start=2):
        text = texts[number - 1]
        assert str(number) in text.split(), number
        if len(text) < 60 and not page.get("/Resources", {}).get("/XObject"):
            bare.append(number)
        assert "Not attempted yet. Replace" not in text
        assert "Show the solution" not in text
    assert bare == []
    assert pdf.metadata.author == "The cnn-course authors"
    assert pdf.root_object["/Lang"] == "en"


def test_every_link_of_the_pdf_lands(pdf) -> None:
    known = set(pdf.named_destinations)
    wanted = [str(one["/Dest"]) for one in annotations(pdf) if "/Dest" in one]
    assert len(wanted) > 1_000
    assert set(wanted) - known == set()
    addresses = {one["/A"]["/URI"] for one in annotations(pdf) if "/URI" in one.get("/A", {})}
    assert [one for one in addresses if not one.startswith(("https://", "http://"))] == []
    for stem, count in WITH_EXPLORERS.items():
        page = f"{pages_address(ROOT)}/notebooks/{stem}.html#explorer-"
        assert sum(one.startswith(page) for one in addresses) == count, stem


def test_every_figure_is_described_in_the_structure_of_the_pdf(pdf) -> None:
    assert pdf.root_object["/MarkInfo"]["/Marked"]
    objects = map(pdf.get_object, range(1, pdf.trailer["/Size"]))
    figures = [
        one for one in objects if isinstance(one, DictionaryObject) and one.get("/S") == "/Figure"
    ]
    assert len(figures) > 80
    assert [one for one in figures if len(str(one.get("/Alt", "")).split()) < 4] == []


def test_solutions_stand_at_the_end_alone(pdf, texts, site) -> None:
    first = on_page(pdf, "Solutions")
    before, after = " ".join(texts[:first]), " ".join(texts[first:])
    assert "# Solution" not in before
    chapters = (page.read_text(encoding="utf-8") for page in site.glob("notebooks/*.html"))
    assert after.count("# Solution") == sum(page.count(" tag_solution ") for page in chapters) > 60
    assert f"Solution on page {first + 1}" in before
    assert "Which property of images lets one small detector serve the whole picture?" in after
    assert "An eye is an eye wherever it is" not in before


def test_a_reader_of_the_e_book_finds_every_page_picture_and_link(e_book, titles) -> None:
    names = set(e_book.namelist())
    pages = {name: e_book.read(name).decode() for name in names if name.endswith(".xhtml")}
    ids = {name: set(re.findall(r'\bid="([^"]+)"', page)) for name, page in pages.items()}
    for name, page in pages.items():
        ElementTree.fromstring(page)
        for kind, address in re.findall(r'\b(href|src)="([^"]+)"', page):
            if not re.match(r"[a-z]+:", address):
                path, _, place = unquote(address).partition("#")
                folder = PurePosixPath(name).parent
                target = (folder / path).as_posix() if path else name
                target = target.replace("text/../", "")
                assert target in names, f"{name}: {kind} {address}"
                assert not place or place in ids[target], f"{name}: {address}"
        pictures = BeautifulSoup(page, "html.parser").select("img")
        assert [str(one) for one in pictures if len(one.get("alt", "").split()) < 4] == []
    navigation = BeautifulSoup(pages["EPUB/nav.xhtml"], "html.parser")
    listed = [one.get_text() for one in navigation.select("nav[id=toc] > ol > li > a")]
    assert listed == [*titles, "Solutions"]
    assert sum(page.count("<math ") for page in pages.values()) > 50


def test_the_publishers_checker_has_nothing_to_say_about_the_e_book(files) -> None:
    if shutil.which("java") is None:
        # That every file is well-formed is tested above.
        assert os.environ.get("CNN_COURSE_REQUIRE_BROWSER") != "1", "The checker needs Java."
        return
    checked = subprocess.run(
        [sys.executable, "-m", "epubcheck", files[1]],
        capture_output=True,
        text=True,
        timeout=4 * HANGS,  # as a machine that is busy needs it
        check=False,
    )
    assert (checked.returncode, checked.stdout.strip()) == (0, "")


def test_without_a_browser_or_pandoc_printing_says_what_to_do(monkeypatch, tmp_path) -> None:
    project = find_project(ROOT)

    def missing() -> str:
        raise OSError("No pandoc was found")

    monkeypatch.setattr(printing.pypandoc, "get_pandoc_path", missing)
    with pytest.raises(PressError, match="pip install pypandoc_binary"):
        printing.print_book(project, "A4")
    monkeypatch.setattr(browser.shutil, "which", lambda name: None)
    with pytest.raises(PressError, match=r"none of chromium, .* is here"):
        printing.print_book(project, "A4")


@pytest.mark.parametrize("name", PRINTED)
def test_a_single_page_fits_its_paper_with_its_answers_and_without_forms(
    page: Page, site: Path, name: str
) -> None:
    (file,) = site.glob(f"notebooks/{name}")
    page.goto(file.as_uri())
    page.emulate_media(media="print")
    for width in WIDTHS.values():
        page.set_viewport_size({"width": width, "height": 1_000})
        until(lambda: page.evaluate("innerWidth") == width, "The window is as it was.")  # noqa: B023
        assert page.evaluate(TOO_WIDE) == []
    article = page.locator("article")
    for gone in (".course-exercise", ".course-verdict-open", ".copybtn", ".headerlink"):
        assert article.locator(f"{gone}:visible").count() == 0, gone
    answers = ".tag_solution .cell_input, .course-quiz details > p"
    assert article.locator(answers).count() >= 20
    assert article.locator(answers).count() == article.locator(f":is({answers}):visible").count()


def test_on_paper_an_explorer_is_its_still_picture(page: Page, tmp_path: Path) -> None:
    (name,) = opened(page, tmp_path, explorers.Convolution())
    still, form = page.locator("svg.explorer-still"), page.locator(f"#{name} select").first
    assert (still.is_visible(), form.is_visible()) == (False, True)
    page.emulate_media(media="print")
    assert (still.is_visible(), form.is_visible()) == (True, False)
    assert len(still.get_attribute("aria-label").split()) >= 8
