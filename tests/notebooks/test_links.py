"""Links between pages and chapters lead where their words say, before anything is built."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from urllib.parse import unquote

import pytest
from conftest import NOTEBOOKS, ROOT
from prose import all_markdown, all_prose, in_notebook, named

CHAPTERS = {int(file.name[:2]): file for file in NOTEBOOKS}
# "chapter 5", "chapters 3, 4 and 6", "chapters 3 to 6", with or without links around the numbers.
MENTION = re.compile(r"(?i)\bchapters? (\[?\d+\]?(?:(?:, | and | or | to |, and )\[?\d+\]?)*)\b")
LINK = re.compile(r"(?<!!)\[([^\[\]]+)\]\(((?:[^()\s]|\([^()\s]*\))+)\)")


def without_code(markdown: str) -> str:
    """Return Markdown without blocks of code and code in a line, which may look like links."""
    return re.sub(r"(?ms)^(`{3,}).*?^\1|`[^`\n]+`", "", markdown)


def slug(heading: str) -> str:
    """Return the anchor that JupyterLab gives to a heading; the book takes the same."""
    return heading.replace(" ", "-")


@cache
def headings(file: Path) -> list[str]:
    """Return the headings of a page or chapter, its title first."""
    if file.suffix == ".ipynb":
        text = "\n\n".join(source for _, source in in_notebook(file))
    else:
        text = file.read_text(encoding="utf-8")
    text = re.sub(r"(?ms)^(`{3,}).*?^\1", "", text)
    return re.findall(r"(?m)^#{1,3} (.+)$", text)


def mistakes(file: Path, text: str) -> Iterator[str]:
    """Yield what is wrong with the links of a text that stands in `file`."""
    for words, address in LINK.findall(without_code(text)):
        if re.match(r"[a-z]+:", address):
            continue
        path, _, anchor = address.partition("#")
        target = (file.parent / unquote(path)).resolve() if path else file
        if not target.exists():
            yield f"[{words}]({address}): there is no such file"
        elif anchor and anchor not in map(slug, headings(target)):
            yield f"[{words}]({address}): {target.name} has no such heading"
        elif target in CHAPTERS.values() and not anchor:
            (number,) = (n for n, chapter in CHAPTERS.items() if chapter == target)
            heading = headings(target)[0]
            title = heading.removeprefix(f"{number}. ")
            right = {f"chapter {number}", f"{number}", f"{number:02}", title, heading}
            if words.lower() not in map(str.lower, right):
                yield f"[{words}]({address}): that is chapter {number}, {title}"


def unknown_chapters(text: str) -> list[str]:
    """Return the mentions of chapters that do not exist."""
    return [
        found[0]
        for found in MENTION.finditer(text)
        if not {int(number) for number in re.findall(r"\d+", found[1])} <= set(CHAPTERS)
    ]


def test_every_link_leads_to_a_file_and_heading_and_to_the_chapter_it_names() -> None:
    wrong = [
        f"{named(file, place)}: {mistake}"
        for file, place, text in all_markdown()
        for mistake in mistakes(file, text)
    ]
    assert wrong == []
    assert {ROOT / "README.md", *NOTEBOOKS} <= {file for file, _, _ in all_markdown()}


def test_every_chapter_that_is_mentioned_exists() -> None:
    assert list(CHAPTERS) == list(range(1, len(NOTEBOOKS) + 1))
    texts = [(named(file, place), text) for file, place, text in all_prose()]
    assert sum(len(MENTION.findall(text)) for _, text in texts) > 30
    wrong = [f"{where}: {one}" for where, text in texts for one in unknown_chapters(text)]
    assert wrong == []


@pytest.mark.parametrize("number", list(CHAPTERS))
def test_every_chapter_ends_with_the_way_to_the_next_one(number: int) -> None:
    *_, (_, key_points) = in_notebook(CHAPTERS[number])
    last_paragraph = key_points.split("\n\n")[-1]
    assert last_paragraph.startswith("Next: ")
    leads_to = [address for _, address in LINK.findall(last_paragraph)]
    if number + 1 in CHAPTERS:
        assert leads_to == [CHAPTERS[number + 1].name]
    else:
        assert leads_to


def test_every_chapter_is_named_where_readers_and_instructors_look_for_it() -> None:
    count = {10: "ten", 11: "eleven", 12: "twelve", 13: "thirteen"}[len(NOTEBOOKS)]
    assert f"{count} chapters" in (ROOT / "README.md").read_text(encoding="utf-8")
    for page in ("README.md", "book/index.md", "book/for-instructors.md"):
        named_there = (ROOT / page).read_text(encoding="utf-8")
        missing = [file.name for file in NOTEBOOKS if f"notebooks/{file.name}" not in named_there]
        assert missing == [], page


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[chapter 3](02-mnist-convnet.ipynb)", "that is chapter 2, A convnet for digits"),
        ("[chapter 2](02-mnist.ipynb)", "there is no such file"),
        ("[stride](../book/glossary.md#strides)", "glossary.md has no such heading"),
        ("[above](#nothing-of-the-kind)", "01-convolution-by-hand.ipynb has no such heading"),
        ("[Chapter 2](02-mnist-convnet.ipynb), [a convnet for digits](02-mnist-convnet.ipynb)", ""),
        ("[VGG](09-famous-architectures.ipynb#VGG:-only-3-x-3,-but-deep-(2014)), and more", ""),
        ("[the bias](#Where-the-filters-come-from), `x[0](1)`, ![picture](nowhere.png)", ""),
    ],
)
def test_a_wrong_link_is_found_and_a_right_one_left_alone(text: str, said: str) -> None:
    found = list(mistakes(CHAPTERS[1], f"See {text}."))
    assert len(found) == bool(said)
    assert said in "".join(found)


def test_a_chapter_that_does_not_exist_is_found() -> None:
    text = "as in chapter 99. Chapters 3 to 66, and chapter 0; chapters 1 and 2, chapter [3]"
    assert unknown_chapters(text) == ["chapter 99", "Chapters 3 to 66", "chapter 0"]


def test_every_term_of_the_glossary_is_linked_from_a_chapter() -> None:
    _, *terms = headings(ROOT / "book" / "glossary.md")
    linked = {
        address.partition("#")[2]
        for file, _, text in all_markdown()
        if file in NOTEBOOKS
        for _, address in LINK.findall(without_code(text))
        if "glossary.md#" in address
    }
    assert [term for term in terms if slug(term) not in linked] == []


def unlinked_terms(text: str) -> list[str]:
    """Return the terms of the glossary that a text uses in plain words and links nowhere."""
    linked = set(re.findall(r"glossary\.md#([\w-]+)", text))
    # Headings, openings, quotations and what is linked elsewhere are not the place for a link.
    plain = LINK.sub(" ", re.sub(r'(?m)^(?:#+ |>).*$|"[^"\n]*"', " ", prose_with_links(text)))
    _, *terms = headings(ROOT / "book" / "glossary.md")
    missing = []
    for term in sorted(terms, key=len, reverse=True):  # a "batch" in "batch normalization" is none
        as_written = term if term[:1].isdigit() or not term[1:].islower() else f"(?i:{term})"
        used = rf"(?<![\w-]){as_written}(?:s|es)?(?![\w-])"
        if re.search(used, plain) and slug(term) not in linked:
            missing.append(term)
        plain = re.sub(used, " ", plain)
    return missing


def prose_with_links(text: str) -> str:
    """Return Markdown without code and formulas."""
    return re.sub(r"(?s)\$\$.+?\$\$|\$[^$\n]+\$", " ", without_code(text))


@pytest.mark.parametrize("number", list(CHAPTERS))
def test_a_term_that_a_chapter_uses_is_linked_there(number: int) -> None:
    text = "\n\n".join(source for _, source in in_notebook(CHAPTERS[number]))
    assert unlinked_terms(text) == []


def test_a_term_without_a_link_is_found() -> None:
    linked = "[stride](../book/glossary.md#stride)"
    assert unlinked_terms(f"A {linked}, padding, and batch normalization.") == [
        "batch normalization",
        "padding",
    ]
    assert unlinked_terms('## Padding\n\n> A stride.\n\n`padding` is $stride$, "padding".') == []
