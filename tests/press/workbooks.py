"""The smallest workbooks that a spreadsheet would open, written by hand from their specifications.

Office Open XML (ECMA-376), OpenDocument 1.3, and [MS-XLS] in a container of [MS-CFB].
"""

import io
import struct
import zipfile
from collections.abc import Mapping, Sequence

Cell = str | float
Rows = Sequence[Sequence[Cell]]

_SCHEMAS = "http://schemas.openxmlformats.org"
_OPENDOCUMENT = "urn:oasis:names:tc:opendocument:xmlns"


def zipped(parts: Mapping[str, str]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return stream.getvalue()


def _related(targets: Sequence[str], kind: str) -> str:
    kind = f"{_SCHEMAS}/officeDocument/2006/relationships/{kind}"
    each = (
        f'<Relationship Id="r{place}" Type="{kind}" Target="{target}"/>'
        for place, target in enumerate(targets)
    )
    schema = f"{_SCHEMAS}/package/2006/relationships"
    return f'<Relationships xmlns="{schema}">{"".join(each)}</Relationships>'


def xlsx(sheets: Mapping[str, Rows], hidden: str = "") -> bytes:
    main = f'xmlns="{_SCHEMAS}/spreadsheetml/2006/main"'
    listed, parts = "", {"[Content_Types].xml": f'<Types xmlns="{_SCHEMAS}/package/2006/types"/>'}
    for place, (name, rows) in enumerate(sheets.items()):
        state = "hidden" if name == hidden else "visible"
        listed += f'<sheet name="{name}" sheetId="{place + 1}" state="{state}" r:id="r{place}"/>'
        data = "".join(
            f"<row>{''.join(map(_cell_of_xlsx, row))}</row>" if row else "<row/>" for row in rows
        )
        parts[f"xl/{place}.xml"] = f"<worksheet {main}><sheetData>{data}</sheetData></worksheet>"
    relations = f'xmlns:r="{_SCHEMAS}/officeDocument/2006/relationships"'
    book = f"<workbook {main} {relations}><sheets>{listed}</sheets></workbook>"
    files = [f"{place}.xml" for place in range(len(sheets))]
    return zipped(
        {
            **parts,
            "_rels/.rels": _related(["xl/workbook.xml"], "officeDocument"),
            "xl/workbook.xml": book,
            "xl/_rels/workbook.xml.rels": _related(files, "worksheet"),
        }
    )


def _cell_of_xlsx(value: Cell) -> str:
    if isinstance(value, str):
        return f'<c t="inlineStr"><is><t>{value}</t></is></c>'
    return f"<c><v>{value}</v></c>"


def ods(rows: Rows) -> bytes:
    """Return a workbook of LibreOffice; a text like 2024-03-01 is a date in it."""
    kinds = ("office", "table", "text")
    spaces = " ".join(f'xmlns:{kind}="{_OPENDOCUMENT}:{kind}:1.0"' for kind in kinds)
    written = "".join(
        f"<table:table-row>{''.join(map(_cell_of_ods, row)) or '<table:table-cell/>'}"
        "</table:table-row>"
        for row in rows
    )
    return zipped(
        {
            "mimetype": "application/vnd.oasis.opendocument.spreadsheet",
            "META-INF/manifest.xml": f'<manifest xmlns="{_OPENDOCUMENT}:manifest:1.0"/>',
            "content.xml": f"<office:document-content {spaces}><office:body><office:spreadsheet>"
            f'<table:table table:name="Class">{written}</table:table></office:spreadsheet>'
            "</office:body></office:document-content>",
        }
    )


def _cell_of_ods(value: Cell) -> str:
    kind, text = 'office:value-type="string"', f"<text:p>{value}</text:p>"
    if not isinstance(value, str):
        kind = f'office:value-type="float" office:value="{value}"'
    elif value[:4].isdecimal() and value[4:5] == "-":
        kind = f'office:value-type="date" office:date-value="{value}"'
    return f"<table:table-cell {kind}>{text}</table:table-cell>"


def xls(rows: Rows) -> bytes:
    """Return a workbook of old Excel: records in a stream, and that in a file system of sectors."""
    cells = b""
    for row, values in enumerate(rows):
        for column, value in enumerate(values):
            at = struct.pack("<HHH", row, column, 0)
            if isinstance(value, str):
                text = struct.pack("<HB", len(value), 1) + value.encode("utf-16-le")
                cells += _record(0x204, at + text)
            else:
                cells += _record(0x203, at + struct.pack("<d", value))
    begin, end = struct.pack("<HHHII", 0x600, 5, 0, 0, 0), _record(0x0A)
    start = 4 + len(begin) + 4 + 9 + 4  # of the sheet: after begin, the name of the sheet, and end
    named = _record(0x85, struct.pack("<IHBBc", start, 0, 1, 0, b"S"))
    sheet = _record(0x809, struct.pack("<HHHII", 0x600, 0x10, 0, 0, 0)) + cells + end
    stream = (_record(0x809, begin) + named + end + sheet).ljust(8 * 512, b"\0")
    table = struct.pack("<128i", -3, -2, *range(3, 10), -2, *[-1] * 118)  # which sector follows
    entries = _entry("Root Entry", 5, 1, -2, 0) + _entry("Workbook", 2, -1, 2, len(stream))
    numbers = (0x3E, 3, 0xFFFE, 9, 6, 0, 1, 1, 0, 4096, -2, 0, -2, 0)
    head = bytes.fromhex("d0cf11e0a1b11ae1") + struct.pack("<16x5H6x5IiIiI", *numbers)
    return head + struct.pack("<109i", 0, *[-1] * 108) + table + entries.ljust(512, b"\0") + stream


def _record(kind: int, data: bytes = b"") -> bytes:
    return struct.pack("<HH", kind, len(data)) + data


def _entry(name: str, kind: int, child: int, begin: int, size: int) -> bytes:
    text = (name + "\0").encode("utf-16-le")
    numbers = (len(text), kind, 1, -1, -1, child, begin, size)
    return text.ljust(64, b"\0") + struct.pack("<HBB3i36xiQ", *numbers)
