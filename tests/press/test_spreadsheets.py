"""Class lists and tables of answers as spreadsheets and learning platforms write them."""

import csv
import io
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cnn_course.press.classroom.spreadsheets import (
    Row,
    Sheet,
    as_csv,
    duplicates,
    read_table,
    student_of,
)
from cnn_course.press.project import PressError
from press.workbooks import ods, xls, xlsx, zipped

LISTS = {
    "cp1250": ["Dvořák, Jiří", "Łukasz Wiśniewski", "Šimon Čapek", "Szűcs Győző", "Paweł Żak"],
    "cp1251": ["Тарас Шевченко", "Анна Кузнецова", "Єва Їжак"],
    "cp1252": ["Jürgen Müller", "José Núñez", "Søren Åberg"],
    "cp1253": ["Ελένη Νικολάου", "Γιώργος Παπαδόπουλος", "Άννα Γεωργίου"],
    "cp1254": ["Gökçe Şahin", "Çağrı Ağaoğlu", "Işık Yıldız"],
    "cp1255": ["דוד כהן", "שרה לוי", "רחל מזרחי"],
    "mac_roman": ["Jürgen Müller", "José Núñez", "Änne Groß"],
    "cp932": ["山田 太郎", "佐藤 花子", "アンナ スミス"],
    "gb18030": ["王小明", "张伟", "陈静", "刘洋", "杨帆", "李娜"],
    "euc_kr": ["김민수", "이영희", "박지훈"],
    "koi8_r": ["Иван Иванов", "Анна Кузнецова", "Мария Смирнова"],
}


def read(folder: Path, content: str | bytes, *required: str, encoding: str | None = None) -> Sheet:
    file = folder / "class.csv"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_table(file, required or ["student"], encoding)


def refused(folder: Path, content: str | bytes, *required: str, encoding: str | None = None) -> str:
    with pytest.raises(PressError) as caught:
        read(folder, content, *required, encoding=encoding)
    return str(caught.value)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_dialect_is_read_without_a_guess(
    tmp_path: Path, delimiter: str, encoding: str, end: str
) -> None:
    lines = [["", ""], ["Student", "mail"], ['"Lovelace, Ada"', "x"], ["", ""], ["Änne 王一一", ""]]
    text = end.join(map(delimiter.join, lines)) + end
    for begin, first in (("", 3), (f"sep={delimiter}{end}", 4)):
        sheet = read(tmp_path, (begin + text).encode(encoding))
        assert [(row.number, row.student) for row in sheet.rows] == [
            (first, "Lovelace, Ada"),
            (first + 2, "Änne 王一一"),
        ]
        assert (sheet.delimiter, sheet.notes) == (delimiter, [])
        assert sheet.encoding in encoding


@pytest.mark.parametrize("encoding", LISTS)
def test_another_encoding_is_guessed_and_never_in_silence(tmp_path: Path, encoding: str) -> None:
    names = LISTS[encoding]
    content = "\n".join(["student;number", "Ada;0", *(f"{n};1" for n in names)]).encode(encoding)
    sheet = read(tmp_path, content)
    assert [row.student for row in sheet.rows] == ["Ada", *names]
    (note,) = sheet.notes
    assert f"{encoding} (" in note
    assert ", ".join(map(repr, names[:3])) in note
    assert "--encoding" in note
    named = read(tmp_path, content, encoding=encoding)
    assert (named.rows, named.encoding, named.notes) == (sheet.rows, encoding, [])


def test_what_no_guess_can_tell_is_read_as_the_lecturer_says(tmp_path: Path) -> None:
    content = "student\nJānis Bērziņš\n".encode("cp1257")
    guessed = read(tmp_path, content)
    assert repr(guessed.rows[0].student) in guessed.notes[0]
    (row,) = read(tmp_path, content, encoding="cp1257").rows
    assert row.student == "Jānis Bērziņš"


@pytest.mark.parametrize(
    ("content", "encoding", "said"),
    [
        (b"student\n\nAda\n", "cp125", "There is no encoding 'cp125'. Usual ones: utf-8, cp1252 ("),
        (b"student\n\nAda\n", "hex", "There is no encoding 'hex'"),
        ("student\r\nAda\r\nÄnne\r\n".encode("cp1252"), "utf-8", "Line 3 of "),
        ("student\rAda\rÄnne".encode("cp1252"), "euc_kr", "is not euc_kr. Save the table as"),
        ("student\nÄnne Groß\nÉlodie\n".encode() + b"M\xfcller\n", None, "Line 4 of "),
        ("student\nAda\n".encode("utf-16")[:-1], None, "Line 2 of "),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0", None, "is no text"),
    ],
)
def test_bytes_that_fit_no_encoding_are_refused_with_their_line(
    tmp_path: Path, content: bytes, encoding: str | None, said: str
) -> None:
    assert said in refused(tmp_path, content, encoding=encoding)


def test_letters_that_an_earlier_program_lost_are_noted(tmp_path: Path) -> None:
    (note,) = read(tmp_path, "student\nM\N{REPLACEMENT CHARACTER}ller\nAda\n").notes
    assert "letters lost: 'M\N{REPLACEMENT CHARACTER}ller'" in note


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("علی\u200cرضا", "علی\u200cرضا"),  # Persian needs U+200C
        ("ශ්\u200dරී", "ශ්\u200dරී"),  # Sinhala needs U+200D
        ("\N{FAMILY}\u200d\N{GIRL}", "\N{FAMILY}\u200d\N{GIRL}"),
        ("A\u0308nne", "Änne"),
        ("q\u0323\u0307", "q\u0323\u0307"),  # there is no such single sign
        ("Ada\u00a0Lovelace\u00a0", "Ada Lovelace"),
        ("A\x07d\x00a\x1b\u200b\u202e", "Ada"),
    ],
)
def test_a_name_keeps_what_it_needs_and_nothing_unseen(
    tmp_path: Path, written: str, meant: str
) -> None:
    (row,) = read(tmp_path, f"student,1\n {written} ,\n").rows
    assert row.student == meant


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ('"Ada,exam,1,4x4', "quotation marks do not fit"),
        ('"Ada" Lovelace,exam,1,4x4', "quotation marks do not fit"),
        ("Ada,exam,1,4,4,2", "6 cells, but the head names 4"),
        (f"Ada,exam,1,{'4' * 200_000}", "field larger than field limit"),
    ],
)
def test_a_row_that_cannot_be_read_spoils_no_other(tmp_path: Path, row: str, said: str) -> None:
    others = [f'"Student\n{n}",exam,{n},"4, 4, 2"' for n in range(5_000)]
    lines = ["student,level,seed,1", *others[:20], row, *others[20:]]
    good = [*read(tmp_path, "\n".join(lines), "student", "level").rows]
    bad = good.pop(20)
    assert [one.student for one in good] == [f"Student\n{n}" for n in range(5_000)]
    assert not any(one.problem for one in good)
    assert bad.number == 42
    assert said in bad.problem


@pytest.mark.parametrize(
    ("own", "other", "said"),
    [
        (",", ";", "separated by semicolons, the others by commas"),
        (";", ",", "separated by commas, the others by semicolons"),
        ("\t", ",", "separated by commas, the others by tabs"),
    ],
)
def test_a_row_pasted_from_another_dialect_is_told_as_that(
    tmp_path: Path, own: str, other: str, said: str
) -> None:
    def lines(delimiter: str, name: str) -> list[str]:
        row = [name, "exam", "7", "4; 4, 2", "", "143"]
        stream = io.StringIO()
        csv.writer(stream, delimiter=delimiter).writerows([row, row[:4]])
        return stream.getvalue().splitlines()

    head = own.join(["student", "level", "seed", "1", "2", "3"])
    table = "\n".join([head, *lines(own, "Lovelace, Ada"), *lines(other, "Grace")])
    rows = read(tmp_path, table, "student", "level", "seed").rows
    assert [row.student for row in rows] == ["Lovelace, Ada"] * 2 + ["Grace"] * 2
    assert [said in row.problem for row in rows] == [False, False, True, True]
    assert not rows[0].problem + rows[1].problem
    for pair in (f"student{own}number", f"number{own}student"):
        (row,) = read(tmp_path, f"{pair}\n12{other}34\n").rows
        assert said in row.problem


def test_a_sign_within_a_text_is_no_other_dialect(tmp_path: Path) -> None:
    content = "student;mail\nLovelace, Ada;x\nHopper, Grace\n"
    assert [row.problem for row in read(tmp_path, content).rows] == ["", ""]


@pytest.mark.parametrize(
    ("head", "row", "meant"),
    [
        ("Student,ID,SIS User ID,Section", "Ada,17,s42,A", ("Ada", "s42")),  # Canvas
        ("First name,Last name,ID number", "Ada,Lovelace,42", ("Ada Lovelace", "42")),  # Moodle
        ("Last Name,First Name,Student ID", "Lovelace,Ada,42", ("Ada Lovelace", "42")),
        ("Name,Vorname,Matrikel-Nr.", "Lovelace,Ada,42", ("Ada Lovelace", "42")),
        ("Nachname,Vorname,MATRIKELNUMMER", "Lovelace,Ada,42", ("Ada Lovelace", "42")),
        ("Surname,First_Name,Full name", "x,y,Ada Lovelace", ("Ada Lovelace", "")),
        ("nom,prénom,numéro étudiant", "Lovelace,Ada,42", ("Ada Lovelace", "42")),
        ("id,name", "42,Ada", ("Ada", "42")),
        ("student,name,number", ",Ada,42", ("Ada", "42")),
        ("matriculation number,mail", "42,x", ("", "42")),
        ("number,level,student", "42,exam,Ada", ("Ada", "42")),
    ],
)
def test_a_student_is_found_in_whatever_column_tells_it(
    tmp_path: Path, head: str, row: str, meant: tuple[str, str]
) -> None:
    (found,) = read(tmp_path, f"{head}\n{row}\n").rows
    assert student_of(found) == meant


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "has no column 'student'. Its first line names: nothing. One of these would do: stu"),
        ("mail,level\n", "Its first line names: mail, level. One of these would do: student, name"),
        ("student,mail\n", "has no column 'level'. Its first line names: student, mail."),
        ("student,level,1,1\n", "two columns '1'"),
        ('"student,level\n', "The first line of "),
        ("%PDF-1.7\n", "is a PDF, no table"),
        ("\ufeff <html><table>", "is a web page or XML, no table"),
    ],
)
def test_a_file_that_is_no_such_table_is_refused(tmp_path: Path, content: str, said: str) -> None:
    assert said in refused(tmp_path, content, "student", "level")


@pytest.mark.fault(
    "a class list without end, of more than 50 MB, or with 200,000 columns",
    "refused with its size",
    "nothing",
)
def test_a_table_that_is_far_too_large_is_refused_before_it_is_read(tmp_path: Path) -> None:
    with (tmp_path / "class.csv").open("wb") as stream:
        stream.truncate(50_000_001)  # of which nothing is on the disk
    with pytest.raises(PressError, match="has more than 50 MB"):
        read_table(tmp_path / "class.csv", ["student"])
    if Path("/dev/zero").exists():
        with pytest.raises(PressError, match="has more than 50 MB"):
            read_table(Path("/dev/zero"), ["student"])
    assert "has 200,001 columns" in refused(tmp_path, "student" + ",x" * 200_000)


@pytest.mark.parametrize(
    "name", ["\u200b", "\u200d\ufe0f", "\u3164", "\u2800", "\u0301", "\U000e0041"]
)
def test_a_name_of_which_nothing_is_seen_is_none(tmp_path: Path, name: str) -> None:
    (row,) = read(tmp_path, f"student,number\n{name},7\n").rows
    assert student_of(row) == ("", "7")


@pytest.mark.parametrize("twin", ["Jose\u0301", "Jos\u00e9\u200d", "JOS\u00c9", "Jos\u200b\u00e9"])
def test_names_that_look_the_same_are_the_same(tmp_path: Path, twin: str) -> None:
    rows = read(tmp_path, f"student\nJos\u00e9\n{twin}\n").rows
    (told,) = duplicates(rows)
    assert told.startswith(f"line 3: {rows[1].student!r} is in line 2, too")


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PressError, match=r"none\.csv cannot be read: No such file"):
        read_table(tmp_path / "none.csv", ["student"])


def test_rows_of_a_gradebook_that_are_nobodys_are_left_out_and_noted(tmp_path: Path) -> None:
    content = (
        "Student,ID,SIS User ID,Section,Quiz 1 (7)\n"
        ",,,,Manual Posting\n"
        "    Points Possible,,,,10\n"
        '"Lovelace, Ada",17,s42,A,\n'
        '"Student, Test",99,,A,\n'
    )
    sheet = read(tmp_path, content)
    assert [student_of(row) for row in sheet.rows] == [("Lovelace, Ada", "s42")]
    assert [note.split(", is")[0] for note in sheet.notes] == [
        "Line 2, 'Manual Posting'",
        "Line 3, 'Points Possible'",
        "Line 5, 'Student, Test'",
    ]


@pytest.mark.parametrize(
    ("students", "said"),
    [
        ([("Ada", "1"), ("Ada", "2"), ("Grace", "")], []),
        ([("Ada", "a1"), ("Grace", "A1")], ["line 3: the number 'A1' is in line 2, too"]),
        ([("Ada", ""), ("", ""), ("ada", "")], ["line 4: 'ada' is in line 2, too; if these are"]),
        ([("Ada", ""), ("Ada", "1")], ["line 3: 'Ada' is in line 2, too; if these are two"]),
        ([("", "1"), ("", "2"), ("", "1")], ["line 4: the number '1' is in line 2, too"]),
    ],
)
def test_students_of_one_name_are_told_apart_by_their_numbers(
    students: list[tuple[str, str]], said: list[str]
) -> None:
    rows = [Row(n, {"name": a, "student id": b}) for n, (a, b) in enumerate(students, start=2)]
    found = duplicates(rows)
    assert len(found) == len(said)
    assert all(one.startswith(begin) for one, begin in zip(found, said, strict=True))


TABLE: list[list[str | float]] = [
    [],
    ["Student", "number", "1"],
    ["Änne Łuk", 7.0, "4 x 4"],
    [],
    ["علی\u200cرضا", 12345678, 0.5],
]


@pytest.mark.parametrize("content", [xlsx({"Class": TABLE}), ods(TABLE), xls(TABLE)])
def test_a_workbook_is_read_under_any_name(tmp_path: Path, content: bytes) -> None:
    sheet = read(tmp_path, content, "student", "number")
    assert [*sheet.rows] == [
        Row(3, {"student": "Änne Łuk", "number": "7", "1": "4 x 4"}),
        Row(5, {"student": "علی\u200cرضا", "number": "12345678", "1": "0.5"}),
    ]
    assert (sheet.delimiter, sheet.encoding, sheet.notes) == (",", "", [])


def test_a_date_is_read_as_iso_text(tmp_path: Path) -> None:
    days = ["2024-03-01", "2024-03-01T09:30:00"]
    (row,) = read(tmp_path, ods([["student", "day", "time"], ["Ada", *days]])).rows
    assert [row.cells["day"], row.cells["time"]] == days


def test_of_several_sheets_the_first_with_the_columns_is_read_with_a_note(tmp_path: Path) -> None:
    sheets = {
        "Old": [["student"], ["hidden"]],
        "Empty": [],
        "About": [["Term", "2024"]],
        "Class": [["Name"], ["Ada"]],
        "More": [["Name"], ["Grace"]],
    }
    sheet = read(tmp_path, xlsx(sheets, hidden="Old"))
    assert [row.student for row in sheet.rows] == ["Ada"]
    (note,) = sheet.notes
    assert "has 3 sheets: 'Class' is read" in note
    assert "first line names: term, 2024" in refused(tmp_path, xlsx({"About": sheets["About"]}))
    assert "names: nothing" in refused(tmp_path, xlsx({"Empty": []}))


@pytest.mark.parametrize(
    "content",
    [
        zipped({"word/document.xml": "<document/>"}),
        zipped({"Index/Document.iwa": "Numbers"}),
        xlsx({"Class": TABLE})[:-40],
        xls(TABLE)[:600],
    ],
)
def test_another_document_is_refused_with_what_to_do(tmp_path: Path, content: bytes) -> None:
    said = refused(tmp_path, content)
    assert "class.csv is no spreadsheet that can be read here" in said
    assert "save or export it as CSV UTF-8" in said


SIGNS = "=+-@＝"
HOSTILE = st.text(st.sampled_from([*SIGNS, *",;\t\r\n\"' ", "\u00a0", "a", "1"]), max_size=12)


@pytest.mark.fault(
    "cells with formulas, also after the other separator, in class lists and answers",
    "an apostrophe before each makes it a text",
    "tables without a formula",
)
@example([["x;=1+1"], ["a", 'x"=1'], ["a\n =1", "\t=1"]])
@given(st.lists(st.lists(HOSTILE, min_size=1, max_size=4), max_size=4))
def test_no_text_becomes_a_formula_under_any_delimiter(rows: list[list[str]]) -> None:
    for written in ",;\t":
        text = as_csv(rows, written).removeprefix("\ufeff")
        for opened in ",;\t":
            for row in csv.reader(io.StringIO(text, newline=""), delimiter=opened):
                assert not any(cell.lstrip().startswith(tuple(SIGNS)) for cell in row)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_what_is_written_is_read_again(tmp_path: Path, delimiter: str) -> None:
    names = ["Änne", 'the "first"', "one\ntwo", "semi;colon, comma", "علی\u200cرضا"]
    text = as_csv([["student", "points"], *([name, -0.5] for name in names)], delimiter)
    sheet = read(tmp_path, text)
    assert [row.student for row in sheet.rows] == names
    assert {row.cells["points"] for row in sheet.rows} == {"-0.5"}
    assert sheet.delimiter == delimiter
