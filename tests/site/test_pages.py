"""The built site as files: complete, linked, described, and on its own."""

import base64
import hashlib
import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from urllib.parse import unquote, urldefrag

import pytest
import yaml
from bs4 import BeautifulSoup
from conftest import NOTEBOOKS, ROOT
from fontTools.ttLib import TTFont

pytestmark = pytest.mark.site

STEMS = [path.stem for path in NOTEBOOKS]
SOURCE = {"script", "img", "iframe", "source", "video"}
BUTTONS = {
    "colab": r"https://colab\.research\.google\.com/github/[^/]+/[^/]+/blob/main/(.+)",
    "binder": r"https://mybinder\.org/v2/gh/[^/]+/[^/]+/main\?urlpath=lab/tree/(.+)",
    "edit": r"https://github\.com/[^/]+/[^/]+/edit/main/(.+)",
}
Soups = dict[Path, BeautifulSoup]


@pytest.fixture(scope="module")
def soups(site: Path) -> Soups:
    """Every page, read."""
    found = (page for page in sorted(site.rglob("*.html")) if "_static" not in page.parts)
    return {page: BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser") for page in found}


def in_table_of_contents() -> Iterator[str]:
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    yield toc["root"]
    for part in toc["parts"]:
        for entry in part["chapters"]:
            yield entry["file"]


def led_to(page: Path, soup: BeautifulSoup) -> Iterator[tuple[str, Path, str]]:
    """Yield the links of a page that stay in the site: as written, the file, the place in it."""
    for link in soup.select("a[href]"):
        address, fragment = map(unquote, urldefrag(link["href"]))
        if not re.match(r"[a-z]+:", address) and link["href"] not in {"#", ""}:
            yield link["href"], (page.parent / address).resolve() if address else page, fragment


def test_every_page_of_the_table_of_contents_is_there_with_one_title(soups, site) -> None:
    for name in in_table_of_contents():
        soup = soups[site / f"{name}.html"]
        assert len(soup.select("article h1")) == 1, name
        assert soup.select_one("html")["lang"] == "en"
        assert soup.title.text.strip()


def test_every_link_inside_the_site_leads_somewhere(soups, site) -> None:
    anchors = {page: {tag["id"] for tag in soup.select("[id]")} for page, soup in soups.items()}
    broken = [
        f"{page.relative_to(site)}: {link}"
        for page, soup in soups.items()
        for link, target, fragment in led_to(page, soup)
        if not target.exists()
        or (fragment and target in anchors and fragment not in anchors[target])
    ]
    assert broken == []


def test_every_page_is_reached_from_the_start_page(soups, site) -> None:
    seen, queue = set(), [site / "book" / "index.html"]
    while queue:
        page = queue.pop()
        if page in soups and page not in seen:
            seen.add(page)
            queue += [target for _, target, _ in led_to(page, soups[page])]
    unreached = {page.relative_to(site).as_posix() for page in soups if page not in seen}
    # The generator's own: index.html forwards to the start page, the others are opened by scripts.
    assert unreached <= {"index.html", "genindex.html", "search.html"}


def test_every_picture_is_there_and_says_what_it_shows(soups, site) -> None:
    for page, soup in soups.items():
        for image in soup.select("img"):
            if not image["src"].startswith("data:"):
                assert (page.parent / unquote(image["src"])).is_file(), image["src"]
            in_output = image.find_parent(class_="cell_output") is not None
            assert len(image.get("alt", "").split()) >= (8 if in_output else 1), f"{page}: {image}"
    figures = soups[site / "notebooks" / f"{STEMS[0]}.html"].select(".cell_output img")
    assert len(figures) >= 10
    assert all(set(image["class"]) & {"figure-diagram", "figure-picture"} for image in figures)
    assert any("In the feature map one value is 1.00" in image["alt"] for image in figures)


def test_no_page_loads_anything_from_elsewhere(soups, site) -> None:
    for page, soup in soups.items():
        loaded = [tag["src"] for tag in soup.find_all(SOURCE) if tag.get("src")]
        loaded += [tag["data"] for tag in soup.select("object[data]")]
        links = soup.select("link[href]")
        loaded += [tag["href"] for tag in links if tag.get("rel") != ["canonical"]]
        elsewhere = [address for address in loaded if re.match(r"(?:[a-z]+:)?//", address)]
        assert elsewhere == [], page.relative_to(site)
    for style in site.rglob("*.css"):
        text = style.read_text(encoding="utf-8")
        assert not re.search(r"(?:url\(|@import)\s*['\"]?(?:https?:)?//", text), style


def test_every_page_forbids_what_it_does_not_bring_along(soups) -> None:
    for page, soup in soups.items():
        [meta] = soup.select("meta[http-equiv=Content-Security-Policy]")
        rules = {name: values for name, *values in map(str.split, meta["content"].split(";"))}
        assert rules["default-src"] == ["'self'"]  # Firefox fetches the next page by this rule
        for closed in ("base-uri", "object-src", "frame-src"):
            assert rules[closed] == ["'none'"]
        own = [one for one in soup.select("script:not([src])") if "json" not in one.get("type", "")]
        digests = [hashlib.sha256(one.string.encode()).digest() for one in own]
        written = {f"'sha256-{base64.b64encode(one).decode()}'" for one in digests}
        assert set(rules["script-src"]) == {"'self'", *written}, page.name
        assert meta.find_previous(["script", "link", "style"]) is None, (
            "it holds from the beginning"
        )
        assert not re.search(r"https?:|\*|unsafe-eval", meta["content"])
        assert not soup.find(lambda tag: any(name.startswith("on") for name in tag.attrs))


def test_no_page_shows_a_traceback_or_a_warning(soups) -> None:
    for page, soup in soups.items():
        assert soup.select(".problematic, .system-message, .cell_output .stderr") == [], page.name
        for output in soup.select(".cell_output"):
            found = re.search(r"Traceback \(most|\w+(Error|Warning): ", output.get_text())
            assert not found, f"{page.name}: {output.get_text()}"


def test_the_site_has_its_own_title_logo_and_icon(soups, site) -> None:
    soup = soups[site / "book" / "index.html"]
    assert "Convolutional Networks" in soup.title.text
    assert soup.select_one("img.logo__image, .navbar-brand img") is not None
    assert (site / "_static" / "favicon.svg").is_file()
    captions = [caption.text.strip() for caption in soup.select(".bd-sidebar-primary .caption")]
    assert captions == ["Start", "Chapters", "Around the chapters"]


@pytest.mark.parametrize("stem", STEMS)
def test_a_chapter_has_buttons_that_lead_to_files_and_says_how_long_it_takes(
    soups, site, stem
) -> None:
    soup = soups[site / "notebooks" / f"{stem}.html"]
    links = [unquote(link["href"]) for link in soup.select("a[href^=https]")]
    for host, pattern in BUTTONS.items():
        found = [match[1] for match in (re.fullmatch(pattern, link) for link in links) if match]
        assert found, f"no {host} button"
        assert all((ROOT / path).is_file() for path in found), found
    reading, running = r"About \d+ minutes to read it", r"The code runs in \d+\xa0(?:s|min) with"
    assert re.search(rf"Time {reading} and to try the exercises\. {running}", soup.get_text())
    source = (ROOT / "notebooks" / f"{stem}.ipynb").read_text(encoding="utf-8")
    assert not re.search(f"{reading}|{running}", source)  # nobody typed it


def test_every_icon_that_a_page_shows_is_in_a_font_that_came_along(soups, site) -> None:
    theme = Path(str(files("pydata_sphinx_theme"))) / "theme/pydata_sphinx_theme/static"
    styles = (theme / "styles/pydata-sphinx-theme.css").read_text(encoding="utf-8")
    fonts = [
        set(TTFont(file)["cmap"].getBestCmap()) for file in site.glob("_static/vendor/**/*.ttf")
    ]
    classes = {
        name for soup in soups.values() for tag in soup.select("i[class]") for name in tag["class"]
    }
    shown = {
        name: int(code, 16)
        for names, code in re.findall(
            r'((?:\.fa-[\w-]+:before,?)+)\{content:"\\([0-9a-f]{4})"', styles
        )
        for name in re.findall(r"fa-[\w-]+", names)
        if name in classes
    }
    assert len(shown) > 10
    assert {
        name for name, sign in shown.items() if not any(sign in font for font in fonts)
    } == set()
    assert sum(map(len, fonts)) < 100  # of two thousand
