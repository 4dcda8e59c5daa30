"""Class tests for Canvas, in the form that Canvas itself exports quizzes in: QTI 1.2.

Source: `lib/cc/qti` and `gems/plugins/qti_exporter` of instructure/canvas-lms.
"""

import io
import zipfile
from html import escape
from typing import Final
from xml.etree.ElementTree import Element

from cnn_course.classtest import ClassTest
from cnn_course.files import digest
from cnn_course.press.classroom.moodle import add, as_xml
from cnn_course.press.classroom.platforms import CHOICES, Tests, check_ids, opening

_SIDES: Final = ("height", "width", "channels")
_EARLIEST: Final = (1980, 1, 1, 0, 0, 0)  # that an archive can say
_ITEMS: Final = "http://www.imsglobal.org/xsd/ims_qtiasiv1p2"
_PACKAGE: Final = "http://www.imsglobal.org/xsd/imsccv1p1/imscp_v1p1"


def canvas_tests(tests: Tests, course: str = "") -> bytes:
    """Return class tests as a zip archive for Canvas: one quiz each, right values only.

    Canvas gives all the points for whatever a condition names: mistakes are not named there.

    Args:
        tests: what stands on the sheet, for example `"7K3M-Q9TX"`, the level, and the test.
        course: stands in the titles of the quizzes.

    Raises:
        PressError: there are no tests, or what stands on a sheet is not a word of its own.
    """
    check_ids(tests)
    manifest = Element("manifest", xmlns=_PACKAGE, identifier="class-tests")
    about = add(manifest, "metadata")
    add(about, "schema", "IMS Content")
    add(about, "schemaversion", "1.1.3")
    add(manifest, "organizations")
    resources = add(manifest, "resources")
    quizzes = {}
    for test_id, _, test in tests:
        # Canvas overwrites what it has under the same name, be it of another class.
        name = f"t{digest(f'{course} {test_id}')[:31]}"
        file = f"{name}/{name}.xml"
        resource = add(resources, "resource", identifier=name, type="imsqti_xmlv1p2")
        add(resource, "file", href=file)
        title = ", ".join(filter(None, [f"Class test {test_id}", course]))
        quizzes[file] = as_xml(_quiz(name, title, test_id, test))
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for file, content in {"imsmanifest.xml": as_xml(manifest), **quizzes}.items():
            entry = zipfile.ZipInfo(file, _EARLIEST)
            entry.create_system = 3  # whatever system writes it
            archive.writestr(entry, content, zipfile.ZIP_DEFLATED)
    return stream.getvalue()


def _quiz(name: str, title: str, test_id: str, test: ClassTest) -> Element:
    root = Element("questestinterop", xmlns=_ITEMS)
    quiz = add(root, "assessment", ident=name, title=title)
    _describe(quiz, cc_maxattempts="1")
    section = add(quiz, "section", ident="root_section")
    _item(section, f"{name}-0", "The network", opening(test_id, test))
    for number, question in enumerate(test.questions, start=1):
        right = test.key[question.name]
        if not isinstance(right, tuple):
            points = {"": (right, question.points)}
        elif len(right) == len(_SIDES):
            points = {side: (size, 1) for side, size in zip(_SIDES, right, strict=True)}
        else:
            points = {"": (*right, 1)}
        for side, (value, worth) in points.items():
            asked = f"{question.text}: {side}" if side else question.text
            title = f"Question {number} {side}".strip()
            place = f"{name}-{number}{side}"
            html = f"<p>{escape(asked)}</p>"
            if isinstance(value, str):
                _choose(
                    _item(section, place, title, html, kind="multiple_choice", points=worth), value
                )
            else:
                _enter(_item(section, place, title, html, kind="numerical", points=worth), value)
    return root


def _item(
    section: Element, name: str, title: str, html: str, *, kind: str = "text_only", points: int = 0
) -> Element:
    item = add(section, "item", ident=name, title=title)
    about = add(item, "itemmetadata")
    _describe(about, question_type=f"{kind}_question", points_possible=str(points))
    add(add(add(item, "presentation"), "material"), "mattext", html, texttype="text/html")
    return item


def _enter(item: Element, right: int) -> None:
    """Let a student enter a number."""
    asked = _response(item, "response_str")
    add(add(asked, "render_fib", fibtype="Decimal"), "response_label", ident="answer1")
    either = add(_condition(item), "or")
    add(either, "varequal", str(right), respident="response1")
    both = add(either, "and")
    for tag in ("vargte", "varlte"):
        add(both, tag, str(right), respident="response1")


def _choose(item: Element, right: str) -> None:
    """Let a student choose an activation."""
    choices = add(_response(item, "response_lid"), "render_choice")
    for number, word in enumerate(CHOICES, start=1):
        label = add(choices, "response_label", ident=str(number))
        add(add(label, "material"), "mattext", word, texttype="text/plain")
    add(_condition(item), "varequal", str(CHOICES.index(right) + 1), respident="response1")


def _response(item: Element, tag: str) -> Element:
    (presentation,) = item.iter("presentation")
    return add(presentation, tag, ident="response1", rcardinality="Single")


def _condition(item: Element) -> Element:
    """Return where the condition stands under which an item earns its points."""
    process = add(item, "resprocessing")
    bounds = {"maxvalue": "100", "minvalue": "0", "varname": "SCORE", "vartype": "Decimal"}
    add(add(process, "outcomes"), "decvar", **bounds)
    right = add(process, "respcondition", **{"continue": "No"})
    condition = add(right, "conditionvar")
    add(right, "setvar", "100", action="Set", varname="SCORE")
    return condition


def _describe(parent: Element, **entries: str) -> None:
    fields = add(parent, "qtimetadata")
    for label, entry in entries.items():
        one = add(fields, "qtimetadatafield")
        add(one, "fieldlabel", label)
        add(one, "fieldentry", entry)
