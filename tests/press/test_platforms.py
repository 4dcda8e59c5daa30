"""Class tests and exercises for Moodle and Canvas: read again, answered, and marked."""

import csv
import html
import io
import re
import tempfile
import tomllib
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree import ElementTree

import pytest
from bs4 import BeautifulSoup
from hypothesis import assume, given
from hypothesis import strategies as st

from cnn_course import counting
from cnn_course.checks import exercise_names, quiz
from cnn_course.classtest import HINTS, LEVELS, ClassTest, about, generate
from cnn_course.classtest.questions import expected
from cnn_course.press.classroom import moodle
from cnn_course.press.classroom.canvas import canvas_tests
from cnn_course.press.classroom.exercises import left_out, moodle_chapter
from cnn_course.press.classroom.moodle import Option, field
from cnn_course.press.classroom.platforms import answers_from_moodle, moodle_tests
from cnn_course.press.classroom.spreadsheets import Row, read_table
from cnn_course.press.project import PressError

ANSWERS = Path(__file__).parents[1] / "checks" / "answers.toml"
CHAPTERS = sorted(file.stem for file in Path("notebooks").glob("*.ipynb"))
QTI = "{http://www.imsglobal.org/xsd/ims_qtiasiv1p2}"
PACKAGE = "{http://www.imsglobal.org/xsd/imsccv1p1/imscp_v1p1}"


# How Moodle reads a question: fields, one after the other, and what it says when there is a fault


class RefusedError(Exception):
    """Moodle does not import the question, or shows part of a field as text."""


class Answer(NamedTuple):
    text: str
    fraction: float
    feedback: str
    tolerance: float = 0


class Field(NamedTuple):
    points: int
    kind: str
    answers: list[Answer]

    def earned(self, response: object) -> float:
        """Return points: the first answer that fits decides."""
        for answer in self.answers:
            if self.kind == "NM":
                fits = abs(float(str(response)) - float(answer.text)) <= answer.tolerance + 1e-12
            else:
                same = str.casefold if self.kind == "SA" else str
                fits = same(str(response)) == same(shown(answer.text))
            if fits:
                return answer.fraction * self.points
        return 0


def shown(fragment: str) -> str:
    """Return what a browser shows of HTML."""
    return BeautifulSoup(fragment, "html.parser").get_text()


def fields_in(text: str, *, ampersands: bool = False, signs: bool = False) -> list[Field]:
    """Return the fields of a question's text; `signs` may stand between them.

    In some versions of Moodle, an ampersand keeps a # behind it from ending an answer.
    """
    protects = r"(?:\\|&|&amp;)" if ampersands else r"\\"
    fields, at = [], 0
    while begin := re.compile(r"\{(\d*):(NM|MC|SA):").search(text, at):
        answers, at, end = [], begin.end(), "~"
        while end == "~":
            worth = re.compile(r"=|%(-?\d+(?:[.,]\d*)?)%|").match(text, at)
            value, at, end = until(text, worth.end(), "~#}", protects, least=1)
            feedback = ""
            if end == "#":
                feedback, at, end = until(text, at, "~}", r"\\")
            percent = 100 if worth[0] == "=" else float(worth[1] or 0)
            answers.append(answer(begin[2], value, percent / 100, feedback))
        fields.append(Field(int(begin[1] or 1), begin[2], answers))
        if begin[2] == "MC" and len(answers) < 2:
            raise RefusedError("one choice")
        if max(one.fraction for one in answers) < 1:
            raise RefusedError("nothing is right")
    rest = re.sub(r"\{\d*:(NM|MC|SA):.*?\}", "", text, flags=re.DOTALL)
    if not fields or re.search(r"\{\d*:" if signs else r"[{}~]|%\d", rest):
        raise RefusedError("no field, or what is left of one")
    return fields


def until(text: str, at: int, ends: str, protects: str, least: int = 0) -> tuple[str, int, str]:
    """Return the text up to one of `ends` that nothing protects, where it ends, and its end."""
    for place in range(at + least, len(text)):
        if text[place] in ends and not re.search(f"{protects}$", text[max(0, place - 5) : place]):
            return text[at:place], place + 1, text[place]
    raise RefusedError("a field has no end")


def answer(kind: str, value: str, fraction: float, feedback: str) -> Answer:
    said = html.unescape(feedback).replace("\\}", "}").replace("\\#", "#")
    if kind != "NM":
        value = html.unescape(value).replace("\\}", "}").replace("\\#", "#")
        if not value.strip():
            raise RefusedError("empty")
        return Answer(value, fraction, said)
    number = r"-?(?:\d+[.,]?\d*|[.,]\d+)(?:[eE][-+]?\d+)?"
    if not (found := re.fullmatch(f"({number})(?::({number}))?", value)):
        raise RefusedError("no number")
    return Answer(found[1], fraction, said, float(found[2] or 0))


def questions(text: str, kind: str = "cloze") -> list[ElementTree.Element]:
    return [one for one in ElementTree.fromstring(text) if one.get("type") == kind]


def text_of(question: ElementTree.Element, tag: str = "questiontext") -> str:
    return question.findtext(f"{tag}/text") or ""


def some_tests(number: int = 16) -> list[tuple[str, str, ClassTest]]:
    return [
        (f"{level[0].upper()}{seed}-Q9TX", level, generate(seed, level))
        for level in LEVELS
        for seed in range(1, number + 1)
    ]


def by_question(test: ClassTest, fields: Sequence[Field]) -> Iterator[tuple[Any, Any, list[Field]]]:
    """Yield each question with what is expected, and with its fields."""
    at = iter(fields)
    for question in test.questions:
        one = expected(question, test.network)
        count = len(one.right) if isinstance(one.right, tuple) else 1
        yield question, one, [next(at) for _ in range(count)]
    assert not list(at)


# Class tests in Moodle


def test_moodle_gives_the_points_that_the_course_gives_to_right_answers_and_to_every_slip() -> None:
    tests = some_tests()
    asked = questions(moodle_tests(tests))
    seen = 0
    for (_, _, test), element in zip(tests, asked, strict=True):
        fields = fields_in(text_of(element))
        assert fields == fields_in(text_of(element), ampersands=True)
        seen += len(fields)
        assert sum(one.points for one in fields) == test.mark({}).possible
        for question, one, parts in by_question(test, fields):
            for value in [one.right, *all_sizes(one), 0]:
                sizes = value if isinstance(value, tuple) else (value,) * len(parts)
                earned = sum(part.earned(size) for part, size in zip(parts, sizes, strict=True))
                written = sizes if isinstance(one.right, tuple) else value
                assert earned == points(test, question.name, written), (question, value)
            assert sum(part.earned("12345678901") for part in parts) == 0
    assert seen > 1000


def all_sizes(one: Any) -> Iterator[Any]:
    """Yield every wrong answer that a mistake gives, a shape as a whole."""
    for wrong in one.mistakes:
        if isinstance(one.right, tuple):
            whole = (
                (*wrong, one.right[-1]) if isinstance(wrong, tuple) else (*one.right[:-1], wrong)
            )
            yield whole
        else:
            yield wrong


def points(test: ClassTest, name: str, given: object) -> int:
    return sum(mark.points for mark in test.mark({name: given}).marks)


def test_a_slip_is_told_what_the_course_tells() -> None:
    tests = some_tests(3)
    for (_, _, test), element in zip(tests, questions(moodle_tests(tests)), strict=True):
        for _, one, parts in by_question(test, fields_in(text_of(element))):
            for wrong, name in one.mistakes.items():
                sizes = wrong if isinstance(wrong, tuple) else (wrong,)
                said = {
                    shown(answer.feedback)
                    for part in parts
                    for answer in part.answers
                    if answer.text in map(str, sizes)
                }
                assert HINTS[name] in said


def test_each_test_is_one_question_of_its_level_that_says_its_name_and_not_its_seed() -> None:
    tests = some_tests(2)
    tree = ElementTree.fromstring(moodle_tests(tests, "Networks 1/2"))
    kinds = [one.get("type") for one in tree]
    assert kinds == ["category", "cloze", "cloze"] * 3
    paths = [text_of(one, "category") for one in tree if one.get("type") == "category"]
    assert paths == [f"$course$/top/Networks 1//2/{level}" for level in LEVELS]
    for (test_id, _, test), one in zip(tests, questions(moodle_tests(tests)), strict=True):
        assert (text_of(one, "name"), one.findtext("idnumber")) == (
            f"Class test {test_id}",
            test_id,
        )
        sheet = shown(text_of(one))
        assert sheet.startswith(f"Class test {test_id}\n")
        assert "Multiplications are those of a value with a weight." in sheet
        assert "earns no points here" in sheet
        assert all(str(layer.name) in sheet for layer in test.network.layers)
        solution = shown(text_of(one, "generalfeedback"))
        assert all(cell in solution for cell in (f"{sum(test.network.parameters.values()):,}",))
        assert test.title not in sheet + solution


@pytest.mark.parametrize("ids", [[], ["A", "a"], ["two words"], [""], ["x" * 61], ["a\x00b"]])
@pytest.mark.parametrize("export", [moodle_tests, canvas_tests])
def test_tests_that_could_not_be_told_apart_are_refused(
    export: Callable[..., object], ids: list[str]
) -> None:
    with pytest.raises(PressError):
        export([(one, "first", generate(1, "first")) for one in ids])


HOSTILE = '{1:NM:=5} <script>alert(1)</script> ~ } \\ # %0% "&amp; {#1} \x00\ud7ff'


def hostile_test() -> ClassTest:
    layers = [
        counting.Input((8, 8, 3)),
        counting.Conv2D(4, 3, name=HOSTILE),
        counting.Flatten(name="\\}~"),
        counting.Dense(3, name="=#"),
    ]
    return about(layers, title=HOSTILE)


def test_names_that_look_like_fields_or_markup_stay_names() -> None:
    test = hostile_test()
    (one,) = questions(moodle_tests([("{1:NM:=5}", HOSTILE, test)], HOSTILE))
    text = text_of(one)
    assert "{#" not in re.sub(r"\{\d:\w\w:.*?\}", "", text)
    fields = fields_in(text, signs=True)
    assert sum(field.points for field in fields) == test.mark({}).possible
    page = BeautifulSoup(text, "html.parser")
    assert not page.find_all("script")
    assert HOSTILE.replace("\x00", "") in page.get_text()
    archive = zipfile.ZipFile(io.BytesIO(canvas_tests([("{1:NM:=5}", HOSTILE, test)], HOSTILE)))
    for name in archive.namelist():
        ElementTree.fromstring(archive.read(name))


SIGNS = st.text(st.sampled_from("ab ~}{#\\%=&;<>\"'39amp*") | st.characters(codec="utf-8"))


@given(SIGNS, SIGNS, SIGNS)
def test_choices_and_feedback_come_out_as_they_went_in(right: str, wrong: str, said: str) -> None:
    one, other, hint = (" ".join(text.split()) for text in (right, wrong, said))
    assume(one and other and one != other and right != wrong)
    text = field("MC", [Option(right, 100, said), Option(wrong, 50, said)])
    question = moodle.cloze("name", "1", f"<p>{text}</p>", "")
    (read,) = questions(moodle.as_file([question]))
    legal = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
    assume(legal.sub("", one).strip() and legal.sub("", other).strip())
    for ampersands in (True, False):
        (choice,) = fields_in(text_of(read), ampersands=ampersands)
        assert [answer.fraction for answer in choice.answers] == [1, 0.5]
        for answer, expected_text in zip(choice.answers, (one, other), strict=True):
            assert shown(answer.text) == legal.sub("", expected_text)
            assert shown(answer.feedback) == legal.sub("", hint)


@pytest.mark.parametrize(
    "options",
    [
        ("NM", [Option("5")]),
        ("NM", [Option("5"), Option("6", 50)]),
        ("NM", []),
        ("NM", [Option("1,024", 100)]),
        ("NM", [Option("5}", 100)]),
        ("SA", [Option("two words", 100)]),
        ("MC", [Option("relu", 100), Option("relu")]),
        ("MC", [Option("relu", 100), Option(" ")]),
    ],
)
def test_a_field_that_moodle_would_refuse_is_not_written(options: tuple[str, list[Option]]) -> None:
    with pytest.raises(ValueError, match=r"field|choose"):
        field(*options)


@pytest.mark.parametrize(
    ("part", "broken"),
    [
        (r"\{.*?\}", ""),  # no field
        (r":NM:=", ":NM:%99%"),  # nothing is right
        (r":NM:=\d+", ":NM:=13x13"),  # no number
        (r"~%0%\w+#", "~%0%#"),  # an empty answer
        (r"(:MC:)[^}]*(=\w+)[^}]*", r"\1\2"),  # nothing to choose from
        (r"#(\w)", r"#~\1"),  # a sign that ends the feedback
        (r"#(\w)", r"#}\1"),
        (r"\}(?!.*\})", ""),  # a field without an end
        (r"\}(?!.*\})", r"\\}"),
    ],
)
def test_a_question_that_is_broken_afterwards_is_refused(part: str, broken: str) -> None:
    (one,) = questions(moodle_tests([("A", "exam", generate(1))]))
    text = text_of(one)
    fields_in(text)
    with pytest.raises(RefusedError):
        fields_in(re.sub(part, broken, text, flags=re.DOTALL if "?!" in part else 0))


# Exercises in Moodle


def leaves(value: Any) -> list[Any]:
    """Return an answer as one fills it into fields, one after the other."""
    if isinstance(value, dict):
        return [leaf for one in value.values() for leaf in leaves(one)]
    if isinstance(value, list):
        return [leaf for one in value for leaf in leaves(one)]
    return [value]


def filled(fields: Sequence[Field], given: Any) -> list[Any]:
    """Return what stands in the fields: an order, or several axes, are chosen as one."""
    parts = list(given.values()) if isinstance(given, dict) else [given]
    if len(parts) == len(fields):
        kinds = zip(fields, parts, strict=True)
        parts = [listed(part) if one.kind == "MC" else part for one, part in kinds]
    return leaves(dict(enumerate(parts)))


def listed(part: Any) -> Any:
    if not isinstance(part, list):
        return part
    whole = isinstance(part[0], int)
    return f"({', '.join(map(str, part))})" if whole else " ".join(map(str, part))


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_the_exercises_of_a_chapter_take_right_answers_and_no_wrong_ones(chapter: str) -> None:
    known = tomllib.loads(ANSWERS.read_text(encoding="utf-8"))
    asked = questions(moodle_chapter(chapter))
    names = [(one.findtext("idnumber") or "").removeprefix("exercise-") for one in asked]
    assert sorted([*names, *left_out(chapter)]) == sorted(exercise_names(chapter))
    assert len(names) > 3
    for name, one in zip(names, asked, strict=True):
        fields = fields_in(text_of(one))
        assert fields == fields_in(text_of(one), ampersands=True)
        right = known[name]["right"][0]
        values = filled(fields, right)
        assert [one.earned(value) for one, value in zip(fields, values, strict=True)] == [
            1 for _ in fields
        ], name
        for wrong, _ in known[name]["wrong"]:
            given = right | wrong if isinstance(right, dict) and isinstance(wrong, dict) else wrong
            if form(given) == form(right) and all(map(fits, fields, filled(fields, given))):
                values = filled(fields, given)
                assert sum(map(Field.earned, fields, values)) < len(fields), (name, wrong)


def form(value: Any) -> Any:
    """Return how an answer is nested; a list of two numbers fits no single field."""
    if isinstance(value, dict):
        return {name: form(one) for name, one in value.items()}
    return list(map(form, value)) if isinstance(value, list) else None


def fits(one: Field, value: Any) -> bool:
    return one.kind != "NM" or (isinstance(value, int | float) and not isinstance(value, bool))


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_an_exercise_says_what_is_asked_and_leads_to_its_page(chapter: str) -> None:
    for one in questions(moodle_chapter(chapter)):
        page = BeautifulSoup(text_of(one), "html.parser")
        assert not re.search(r"\$|\*\*|\]\(|`", page.get_text().replace("$course$", ""))
        links = [str(link["href"]) for link in page.find_all("a")]
        assert all(re.match(r"https://[\w-]+\.github\.io/.*\.html(#|$)", link) for link in links)
        place = re.sub(r"\W+", "-", text_of(one, "name").casefold()).strip("-")
        assert links[-1].endswith(f"{chapter}.html#{place}")
        assert len(shown(text_of(one, "generalfeedback"))) > 10


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_a_quiz_is_asked_with_its_options_and_reasons(chapter: str) -> None:
    asked = questions(moodle_chapter(chapter), "multichoice")
    for question, one in zip(quiz(chapter).questions, asked, strict=True):
        assert shown(text_of(one)) == question.text
        assert (one.findtext("single"), one.findtext("shuffleanswers")) == ("true", "true")
        read = [
            (
                shown(answer.findtext("text") or ""),
                answer.get("fraction"),
                shown(text_of(answer, "feedback")),
            )
            for answer in one.findall("answer")
        ]
        assert read == [(o.text, "100" if o.right else "0", o.reason) for o in question.options]


def test_a_category_says_what_is_left_out_and_a_wrong_try_is_told_what_to_look_at() -> None:
    category, *_ = questions(moodle_chapter("01-convolution-by-hand"), "category")
    assert text_of(category, "category") == "$course$/top/Exercises/01-convolution-by-hand"
    assert shown(text_of(category, "info")).endswith("(2): output-size, eleven-to-five.")
    (category,) = questions(moodle_chapter("6"), "category")
    assert shown(text_of(category, "info")).endswith("(1): choose-the-rate.")
    (one,) = [
        q for q in questions(moodle_chapter("1")) if "filters and weights" in text_of(q, "name")
    ]
    assert "kernels: There is one kernel for each pair" in shown(text_of(one, "hint"))


def test_what_is_given_with_an_exercise_and_its_formulas_are_shown() -> None:
    (one,) = [q for q in questions(moodle_chapter("1")) if "pool by hand" in text_of(q, "name")]
    given = BeautifulSoup(text_of(one), "html.parser").pre.get_text()
    assert given.startswith("to_pool = np.array([[3, 0, 1, 5],")
    assert "pooled_by_hand" not in given
    (one,) = [q for q in questions(moodle_chapter("10")) if "with a pencil" in text_of(q, "name")]
    assert r"\(\gamma = 6\), \(\beta = 1\), and \(\epsilon\) may be" in shown(text_of(one))


# Class tests in Canvas


def test_a_canvas_archive_holds_a_quiz_for_each_test_with_right_values_only() -> None:
    tests = some_tests(2)
    content = canvas_tests(tests, "Networks")
    assert content == canvas_tests(tests, "Networks")
    archive = zipfile.ZipFile(io.BytesIO(content))
    manifest = ElementTree.fromstring(archive.read("imsmanifest.xml"))
    files = [one.get("href", "") for one in manifest.iter(f"{PACKAGE}file")]
    assert sorted(archive.namelist()) == sorted(["imsmanifest.xml", *files])
    idents = set()
    for (test_id, _, test), file in zip(tests, files, strict=True):
        tree = ElementTree.fromstring(archive.read(file))
        (assessment,) = tree
        assert assessment.get("title") == f"Class test {test_id}, Networks"
        network, *items = tree.iter(f"{QTI}item")
        assert f"Class test {test_id}" in shown(stem(network))
        idents |= {one.get("ident") for one in (network, *items)}
        assert sum(int(meta(one, "points_possible")) for one in items) == test.mark({}).possible
        assert leaves([key(value) for value in test.key.values()]) == [right(one) for one in items]
        asked = [text for text in shown("".join(map(stem, items))).split(":") if text]
        assert len(asked) > 1
    assert len(idents) == sum(len(list(items_of(archive, file))) for file in files)


def items_of(archive: zipfile.ZipFile, file: str) -> Iterator[ElementTree.Element]:
    return ElementTree.fromstring(archive.read(file)).iter(f"{QTI}item")


def key(value: Any) -> Any:
    return list(map(str, value)) if isinstance(value, tuple) else str(value)


def stem(item: ElementTree.Element) -> str:
    return item.findtext(f"{QTI}presentation/{QTI}material/{QTI}mattext") or ""


def meta(item: ElementTree.Element, label: str) -> str:
    fields = item.iter(f"{QTI}qtimetadatafield")
    entries = {one.findtext(f"{QTI}fieldlabel"): one.findtext(f"{QTI}fieldentry") for one in fields}
    return entries[label] or ""


def right(item: ElementTree.Element) -> str:
    """Return what Canvas gives the points of an item for."""
    (condition,) = item.iter(f"{QTI}respcondition")
    assert condition.findtext(f"{QTI}setvar") == "100"
    (value,) = condition.iter(f"{QTI}varequal")
    if meta(item, "question_type") == "numerical_question":
        bounds = [one.text for tag in ("gte", "lte") for one in condition.iter(f"{QTI}var{tag}")]
        assert bounds == [value.text, value.text]
        return str(value.text)
    labels = {one.get("ident"): one for one in item.iter(f"{QTI}response_label")}
    (text,) = labels[value.text].iter(f"{QTI}mattext")
    return str(text.text)


# Answers from Moodle

HEAD = "Last name,First name,ID number,Email address,Status,Started,Completed,Duration,Grade/34.00"


def summary(test_id: str, test: ClassTest) -> str:
    """Return what Moodle shows of a question: its text, with lines where there are fields."""
    (one,) = questions(moodle_tests([(test_id, "exam", test)]))
    return shown(re.sub(r"\{\d:\w\w:.*?\}", "_____", text_of(one)))


def response(test: ClassTest, answers: dict[str, Any], word: str = "part") -> str:
    blank = {name: [""] * len(leaves(key(value))) for name, value in test.key.items()}
    parts = leaves([blank[n] if answers[n] == "" else key(answers[n]) for n in blank])
    return "; ".join(f"{word} {n}: {part}" for n, part in enumerate(parts, start=1)).strip()


def report(*rows: Sequence[str], head: str = HEAD, texts: bool = True) -> list[Row]:
    """Return a report as Moodle writes it and as it is read; a row ends with text and response."""
    names = [*head.split(","), *(["Question 1"] if texts else []), "Response 1", "Right answer 1"]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "report.csv"
        with file.open("w", newline="", encoding="utf-8") as stream:
            csv.writer(stream).writerows([names, *([*row, "part 1: 5"] for row in rows)])
        return read_table(file, ["student"]).rows


def attempt(text: str, given: str, number: str = "", state: str = "Finished") -> list[str]:
    times = ["29 November 2026  9:00 AM", "29 November 2026  9:40 AM", "40 mins", "20.00"]
    return ["Lovelace", "Ada", number, "ada@example.org", state, *times, text, given]


@pytest.mark.parametrize("word", ["part", "Teil", "部件"])
def test_answers_that_come_back_from_moodle_are_followed_from_a_students_own_numbers(
    word: str,
) -> None:
    tests = {test_id: test for test_id, _, test in some_tests(2)}
    rows = [
        attempt(summary(test_id, test), response(test, test.key, word), str(place))
        for place, (test_id, test) in enumerate(tests.items())
    ]
    found = answers_from_moodle(report(*rows), tests.get)
    for row, (test_id, test) in zip(found, tests.items(), strict=True):
        assert (row.student, row.cells["test"], row.problem) == ("Ada Lovelace", test_id, "")
        assert test.mark(row.cells).points == test.mark(row.cells).possible
    # Somebody takes the padding for another one, and goes on rightly from there.
    test, own = (
        about(
            [
                counting.Input((20, 20, 3)),
                counting.Conv2D(6, 5, padding=padding),
                counting.MaxPooling2D(2),
                counting.Flatten(),
                counting.Dense(7),
            ]
        )
        for padding in ("valid", "same")
    )
    rows = [attempt(summary("P", test), response(test, own.key))]
    (row,) = answers_from_moodle(report(*rows), {"P": test}.get)
    marking = test.mark(row.cells)
    assert marking.points == marking.possible - 2  # rows and columns of the convolution
    fields = fields_in(text_of(questions(moodle_tests([("P", "exam", test)]))[0]))
    parts = leaves([key(own.key[question.name]) for question in test.questions])
    assert sum(map(Field.earned, fields, parts)) < marking.points


@pytest.mark.parametrize(
    "head",
    [
        HEAD,
        HEAD.replace("Last name", "Surname").replace("Status", "State"),
        HEAD.replace("Last name,First name", "Username,First name / Last name"),
    ],
)
def test_names_are_found_in_one_column_or_in_two(head: str) -> None:
    test = generate(3, "first")
    row = attempt(summary("X1", test), response(test, test.key), "4711")
    together = "Username" in head
    row[:2] = ["al", "Lovelace, Ada"] if together else row[:2]
    (found,) = answers_from_moodle(report(row, head=head), {"X1": test}.get)
    assert found.student == ("Lovelace, Ada" if together else "Ada Lovelace")
    assert (found.cells["number"], found.problem) == ("4711", "")


def test_what_is_not_answered_stays_empty_and_keeps_the_other_sizes_in_place() -> None:
    test = generate(3, "exam")
    first = next(question for question in test.questions if question.points == 3)
    given = dict.fromkeys(test.key, "") | {first.name: ("", *test.key[first.name][1:])}
    row = attempt(summary("X1", test), response(test, given))
    (found,) = answers_from_moodle(report(row), {"X1": test}.get)
    assert found.problem == ""
    marking = test.mark(found.cells)
    assert marking.points == 2
    assert sum(mark.outcome == "open" for mark in marking.marks) == len(test.questions) - 1
    (found,) = answers_from_moodle(report(attempt(summary("X1", test), "-")), {"X1": test}.get)
    assert not any(found.cells[question.name] for question in test.questions)


def problem(*rows: Sequence[str]) -> list[str]:
    test = generate(3, "first")
    return [row.problem for row in answers_from_moodle(report(*rows), {"X1": test}.get)]


def test_what_cannot_be_marked_as_it_is_says_why() -> None:
    test = generate(3, "first")
    text, full = summary("X1", test), response(test, test.key)
    assert problem(attempt(text, full, state="In progress")) == [
        "the attempt is not finished: In progress"
    ]
    assert problem(attempt("-", "-", state="-"))[0].startswith("no attempt")
    assert problem(
        attempt(text, full, "1"), attempt(text, full, "2"), attempt(text, full, "1")
    ) == [
        "2 attempts of this student: keep the row that is to count",
        "",
        "2 attempts of this student: keep the row that is to count",
    ]
    assert problem(attempt(summary("X2", test), full)) == ["there is no test X2"]
    assert problem(attempt("Which colour has the sky?", "blue"))[0].startswith("no question")
    for other in (
        full.replace("part 2:", "part 3:"),
        f"{full}; part {full.count(':') + 1}: 5",
        "blue",
        full[:-20],
    ):
        assert problem(attempt(text, other)) == [
            "the fields of response 1 are not those of the test"
        ]
    injected = full.replace("; part 2: ", "; part 2: 7; part 2: ")
    assert problem(attempt(text, injected)) == [
        "the fields of response 1 are not those of the test"
    ]


def test_a_report_without_the_texts_of_questions_says_what_to_do() -> None:
    row = attempt("", "part 1: 5")
    with pytest.raises(PressError, match="Tick question text"):
        answers_from_moodle(report([*row[:-2], row[-1]], texts=False), {}.get)
