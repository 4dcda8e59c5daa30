"""The pages of the site as one document, without what only a screen can do.

Links lead within it, answers stand at its end, and explorers are still pictures with the address
of their page.
"""

from collections.abc import Iterator, Sequence
from copy import copy
from html import escape
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urldefrag, urljoin

from bs4 import BeautifulSoup, Tag

from cnn_course.press.project import PressError

#: what a figure that only a screen shows, or what a button does, is made of
_SCREEN_ONLY = (
    "script, style, .headerlink, .course-verdict-open, #course-progress, .explorer-unrun, "
    ".tag_hide-input summary, .course-stepper-unrun, .course-stepper .steps, "
    ".course-stepper .frame:not(.f0, :last-child) table"
)
_SETUP = "what this chapter is built with"  # the one folded cell that does not only draw


class Heading(NamedTuple):
    """A heading: its level, for example `"h1"`, its id, and its text."""

    level: str
    place: str
    text: str


class Book:
    """One document of many pages.

    Attributes:
        document: has the pages one after the other, and the answers at its end, in an `article`.
        names: of the pages, for example `"notebooks/01-convolution-by-hand"`.
        styles: those that the pages bring along themselves, as the keys.
    """

    def __init__(self, site: Path, names: Sequence[str], address: str) -> None:
        """Merge pages.

        Args:
            site: the folder of the built site.
            names: its pages, in this order, for example `"notebooks/01-convolution-by-hand"`.
            address: where the site is published.

        Raises:
            PressError: a page is not there.
        """
        self.document = BeautifulSoup("<article class='bd-article'></article>", "html.parser")
        self._site, self.names, self._address = site, names, address
        self.styles: dict[str, None] = {}
        self._answers: list[Tag | str] = []
        for name in names:
            self.article.append(self._page(name))
        self._append_answers()

    @property
    def article(self) -> Tag:
        """What all pages stand in."""
        return self.document.article  # type: ignore[return-value]

    def headings(self, *levels: str) -> Iterator[Heading]:
        """Yield the headings of `levels`, for example `"h1"`, in their order."""
        for heading in self.article.find_all(levels):
            yield Heading(heading.name, str(heading["id"]), heading.get_text())

    def _new(self, html: str) -> Tag:
        return BeautifulSoup(html, "html.parser").find(True)  # type: ignore[return-value]

    def _page(self, name: str) -> Tag:
        file = self._site / f"{name}.html"
        if not file.is_file():
            raise PressError(f"{file} is missing. Make the site anew: cnn-course build --fresh")
        whole = BeautifulSoup(file.read_text(encoding="utf-8"), "html.parser")
        page: Tag = whole.select_one("article.bd-article")  # type: ignore[assignment]
        for folded in page.select(".tag_hide-input details"):
            if _SETUP not in folded.get_text():
                folded.decompose()
        self.styles |= dict.fromkeys(style.get_text() for style in page.select("style"))
        for tag in page.select(_SCREEN_ONLY):
            tag.decompose()
        self._lead_within(page, name)
        self._still(page, name)
        self._set_answers_aside(page)
        for folded in page.select("details"):  # what is folded in the text is read there
            if folded.summary:
                folded.summary.name = "p"
            folded.name, folded.attrs = "div", {}
        page.name = "div"
        page.attrs = {"class": "page", "id": _id(name)}
        return page

    def _lead_within(self, page: Tag, name: str) -> None:
        """Give every place of a page an id of its own, and lead every link to one of them."""
        for link in page.select("a[href]"):
            target, fragment = urldefrag(urljoin(f"/{name}.html", str(link["href"])))
            inside = target.removeprefix("/").removesuffix(".html")
            if inside in self.names:
                link["href"] = f"#{_id(inside, fragment)}"
            elif target.startswith("/_images/"):
                link.unwrap()
            elif target.startswith("/"):
                link["href"] = f"{self._address}{target}"
        for picture in page.select("img"):
            picture["src"] = urljoin(f"/{name}.html", str(picture["src"])).removeprefix("/")
        for place in page.select("[id]"):
            place["id"] = _id(name, str(place["id"]))
        for section in page.select("section[id]"):  # a heading has the id, for the outlines
            heading = section.find(["h1", "h2", "h3", "h4"], recursive=False)
            if isinstance(heading, Tag):
                heading["id"] = section["id"]
            section.unwrap()

    def _still(self, page: Tag, name: str) -> None:
        """Put the address of the page below each explorer's picture."""
        for explorer in page.select(".explorer-host"):
            address = f"{self._address}/{name}.html"
            explorer["class"], host = "explorer-on-paper", explorer.attrs.pop("id")
            explorer.attrs.pop("hidden", None)
            place = str(host).removeprefix(_id(name, ""))
            explorer.append(
                self._new(f'<p>Change it at <a href="{address}#{place}">{address}</a></p>')
            )

    def _set_answers_aside(self, page: Tag) -> None:
        """Take the solutions of exercises and the answers of questions out of a page."""
        title: Tag = page.h1  # type: ignore[assignment]
        solutions, answers = page.select(".tag_solution"), page.select(".course-quiz")
        if solutions or answers:
            self._answers.append(_heading("h2", f"answers-{title['id']}", title.get_text()))
        for solution in solutions:
            exercise: Tag = solution.find_previous("h3")  # type: ignore[assignment]
            place = f"solution-{exercise['id']}"
            text = exercise.get_text().removeprefix("Exercise: ")
            back = f'<a href="#{exercise["id"]}">{escape(text.capitalize())}</a>'
            self._answers += [_heading("h3", place, back), solution.extract()]
            exercise_cell = exercise.find_next(class_="tag_exercise")
            link = self._new(f'<p class="to-solution"><a href="#{place}">Solution</a></p>')
            (exercise_cell or exercise).insert_after(link)
            if solution.summary:
                solution.summary.decompose()
        if answers:
            self._answers.append(_heading("h3", f"questions-{title['id']}", "Questions"))
        for quiz in answers:
            self._answers.append(_without_answers(quiz))

    def _append_answers(self) -> None:
        if self._answers:
            end = self._new('<div class="page answers"></div>')
            end.extend([_heading("h1", "solutions", "Solutions"), *self._answers])
            for folded in end.select("details"):
                folded.unwrap()
            self.article.append(end)


def _id(page: str, place: str = "") -> str:
    """Return what a place is called in the one document; e-books want a letter at its beginning."""
    name = page.rpartition("/")[2]
    return f"page-{name}--{place}" if place else f"page-{name}"


def _heading(level: str, place: str, html: str) -> Tag:
    made = BeautifulSoup(f'<{level} id="{place}">{html}</{level}>', "html.parser")
    return made.find(True)  # type: ignore[return-value]


def _without_answers(quiz: Tag) -> Tag:
    """Make a question list its options, lettered; return it with what is said to each."""
    answered = copy(quiz)
    for kept, part in ((quiz, "summary"), (answered, "p")):
        listed = BeautifulSoup("<ol type='A'></ol>", "html.parser").ol
        for option in kept.select("details"):
            entry: Tag = option.find(part, recursive=False)  # type: ignore[assignment]
            entry.name = "li"
            listed.append(entry.extract())  # type: ignore[union-attr]
            option.decompose()
        kept.append(listed)  # type: ignore[arg-type]
        kept.attrs = {"class": "questions"}
    return answered
