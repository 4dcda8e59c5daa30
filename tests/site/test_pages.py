"""The built site as files: complete, linked, described, and on its own."""

import re
from pathlib import Path
from urllib.parse import unquote, urldefrag

import pytest
import yaml
from bs4 import BeautifulSoup
from conftest import NOTEBOOKS, ROOT

pytestmark = pytest.mark.site

LOADING = {
    "script": "src",
    "img": "src",
    "iframe": "src",
    "source": "src",
    "video": "src",
    "object": "data",
}


def pages(site: Path) -> dict[Path, BeautifulSoup]:
    found = (p for p in sorted(site.rglob("*.html")) if "_static" not in p.parts)
    return {page: BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser") for page in found}


@pytest.fixture(scope="module")
def soups(site):
    return pages(site)


def in_table_of_contents():
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    yield toc["root"]
    for part in toc["parts"]:
        for entry in part["chapters"]:
            yield entry["file"]


@pytest.mark.parametrize("page", list(in_table_of_contents()))
def test_every_page_of_the_table_of_contents_is_there_with_one_title(soups, site, page):
    soup = soups[site / f"{page}.html"]
    assert len(soup.select("article h1")) == 1
    assert soup.select_one("html")["lang"] == "en"
    assert soup.title.text.strip()


STEMS = [path.stem for path in NOTEBOOKS]


def test_every_link_inside_the_site_leads_somewhere(soups, site):
    anchors = {page: {tag["id"] for tag in soup.select("[id]")} for page, soup in soups.items()}
    broken = []
    for page, soup in soups.items():
        for link in soup.select("a[href]"):
            address, fragment = urldefrag(link["href"])
            if re.match(r"[a-z]+:", address) or link["href"] in {"#", ""}:
                continue
            target = (page.parent / unquote(address)).resolve() if address else page
            if not target.exists():
                broken.append(f"{page.relative_to(site)}: {link['href']}")
            elif fragment and target in anchors and unquote(fragment) not in anchors[target]:
                broken.append(f"{page.relative_to(site)}: no {link['href']}")
    assert broken == []


def test_every_picture_is_there_and_says_what_it_shows(soups):
    for page, soup in soups.items():
        for image in soup.select("img"):
            if not image["src"].startswith("data:"):
                assert (page.parent / unquote(image["src"])).is_file(), image["src"]
            in_output = image.find_parent(class_="cell_output") is not None
            assert len(image.get("alt", "").split()) >= (8 if in_output else 1), f"{page}: {image}"


def test_every_figure_of_a_chapter_has_the_alt_text_that_its_code_gave_it(soups, site):
    figures = soups[site / "notebooks" / "01-convolution-by-hand.html"].select(".cell_output img")
    assert len(figures) >= 10
    assert all(set(image["class"]) & {"figure-diagram", "figure-picture"} for image in figures)
    assert any("In the feature map one value is 1.00" in image["alt"] for image in figures)


def test_no_page_loads_anything_from_elsewhere(soups, site):
    for page, soup in soups.items():
        loaded = [
            tag[name]
            for tag, name in ((t, LOADING[t.name]) for t in soup.find_all(list(LOADING)))
            if tag.get(name)
        ]
        loaded += [
            tag["href"] for tag in soup.select("link[href]") if tag.get("rel") != ["canonical"]
        ]
        for address in loaded:
            assert not re.match(r"(?:[a-z]+:)?//", address), (
                f"{page.relative_to(site)} loads {address}"
            )
    for style in site.rglob("*.css"):
        assert not re.search(
            r"(?:url\(|@import)\s*['\"]?(?:https?:)?//", style.read_text(encoding="utf-8")
        )


def test_no_page_shows_a_traceback_or_a_warning(soups):
    for page, soup in soups.items():
        assert soup.select(".problematic, .system-message, .cell_output .stderr") == [], page.name
        for output in soup.select(".cell_output"):
            text = output.get_text()
            assert not re.search(r"Traceback \(most|\w+(Error|Warning): ", text), (
                f"{page.name}: {text}"
            )


def test_every_page_is_reached_from_the_start_page(soups, site):
    start = site / "book" / "index.html"
    seen, queue = set(), [start]
    while queue:
        page = queue.pop()
        if page in seen or page not in soups:
            continue
        seen.add(page)
        for link in soups[page].select("a[href]"):
            address = unquote(urldefrag(link["href"])[0])
            if address and not re.match(r"[a-z]+:", address):
                queue.append((page.parent / address).resolve())
    unreached = {page.relative_to(site).as_posix() for page in soups if page not in seen}
    # The generator's own: index.html forwards to the start page, the others are opened by scripts.
    assert unreached <= {"index.html", "genindex.html", "search.html"}


def test_edit_and_launch_buttons_point_to_files_that_exist(soups, site):
    for stem in STEMS:
        soup = soups[site / "notebooks" / f"{stem}.html"]
        links = [link["href"] for link in soup.select("a[href^=https]")]
        for host, pattern in {
            "colab": r"https://colab\.research\.google\.com/github/[^/]+/[^/]+/blob/main/(.+)",
            "binder": r"https://mybinder\.org/v2/gh/[^/]+/[^/]+/main\?urlpath=lab/tree/(.+)",
            "edit": r"https://github\.com/[^/]+/[^/]+/edit/main/(.+)",
        }.items():
            found = [m[1] for m in (re.fullmatch(pattern, unquote(link)) for link in links) if m]
            assert found, f"no {host} button on {stem}"
            assert all((ROOT / path).is_file() for path in found), found


def test_the_site_has_its_own_title_logo_and_icon(soups, site):
    soup = soups[site / "book" / "index.html"]
    assert "Convolutional Networks" in soup.title.text
    assert soup.select_one("img.logo__image, .navbar-brand img") is not None
    assert (site / "_static" / "favicon.svg").is_file()
    captions = [caption.text.strip() for caption in soup.select(".bd-sidebar-primary .caption")]
    assert captions == ["Start", "Chapters", "Around the chapters"]


def test_a_chapter_says_how_long_it_takes_and_nobody_typed_it(soups, site):
    for stem in STEMS:
        said = soups[site / "notebooks" / f"{stem}.html"].get_text()
        reading, running = r"About \d+ minutes to read it", r"The code runs in \d+ (?:s|min) with"
        assert re.search(rf"Time {reading} and to try the exercises\. {running}", said), stem
        source = (ROOT / "notebooks" / f"{stem}.ipynb").read_text(encoding="utf-8")
        assert not re.search(f"{reading}|{running}", source), stem
