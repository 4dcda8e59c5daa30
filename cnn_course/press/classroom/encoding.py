"""The text of a table that does not say how it is encoded."""

import codecs
import math
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import charset_normalizer

from cnn_course.press.project import PressError

# What spreadsheets write besides UTF-8. Of readings that are equally likely, the first is taken.
ENCODINGS = {
    "cp1252": "Western European",
    "cp1254": "Turkish",
    "cp1250": "Central European",
    "cp1251": "Cyrillic",
    "cp1253": "Greek",
    "mac_roman": "Western European, old Macs",
    "cp1257": "Baltic",
    "gb18030": "simplified Chinese",
    "euc_kr": "Korean",
    "big5": "traditional Chinese",
    "cp932": "Japanese",
    "cp1255": "Hebrew",
    "cp1256": "Arabic",
    "koi8_r": "Cyrillic, old Unix",
    "cp1258": "Vietnamese",
    "iso8859_2": "Central European, ISO",
    "iso8859_5": "Cyrillic, ISO",
    "iso8859_7": "Greek, ISO",
    "iso8859_8": "Hebrew, ISO",
    "iso8859_9": "Turkish, ISO",
    "iso8859_15": "Western European, ISO",
}


@dataclass(frozen=True)
class Text:
    """What a file says.

    Attributes:
        lines: of the text, without line breaks.
        encoding: that was taken.
        guessed: whether nothing proves it.
    """

    lines: list[str]
    encoding: str
    guessed: bool

    def notes(self, file: Path, words: Iterable[str]) -> list[str]:
        """Return what to tell the lecturer, each with three of the words that show it."""
        lost = _three(word for word in words if "\ufffd" in word)
        telling = _three(word for word in words if not word.isascii())
        found = []
        if self.guessed:
            found.append(
                f"{file} is not UTF-8 and does not say its encoding. The likeliest is taken: "
                f"{self.encoding} ({ENCODINGS[self.encoding]}). Look whether these are right: "
                f"{telling}. If not, save the table as CSV UTF-8, or name its encoding with "
                "--encoding."
            )
        if lost:
            found.append(f"{file} was saved before with letters lost: {lost}. Write them anew.")
        return found


def _three(words: Iterable[str]) -> str:
    return ", ".join(map(repr, list(dict.fromkeys(words))[:3]))


def decoded(file: Path, content: bytes, encoding: str | None = None) -> Text:
    """Return the text of a file.

    Args:
        file: its name, for errors.
        content: its bytes.
        encoding: if it is known. UTF-8 and UTF-16 are recognized; the others are guessed.

    Raises:
        PressError: there is no such encoding, or bytes that do not exist in it.
    """
    certain = encoding or _certain(content)
    taken = certain or _likeliest(file, content)
    try:
        text = content.decode(taken)
    except LookupError as error:
        usual = ", ".join(f"{name} ({where})" for name, where in ENCODINGS.items())
        raise PressError(f"There is no encoding {taken!r}. Usual ones: utf-8, {usual}.") from error
    except ValueError as error:
        before = content[: getattr(error, "start", 0)].decode(taken, "ignore")
        raise PressError(
            f"Line {len(_lines(before))} of {file} is not {taken}. Save the table as CSV UTF-8, or "
            "name its encoding with --encoding."
        ) from error
    return Text(_lines(text.removeprefix("\ufeff")), taken, not certain)


def _lines(text: str) -> list[str]:
    return re.split(r"\r\n?|\n", text)


def _certain(content: bytes) -> str | None:
    """Return UTF-8 or UTF-16 if a text is one of them, a few broken bytes or not."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    # In UTF-16, digits and what stands between cells have a zero as every other byte.
    zeros = {"utf-16-be": content[::2].count(0), "utf-16-le": content[1::2].count(0)}
    if max(zeros.values()) > max(len(content) / 10, 3 * min(zeros.values())):
        return max(zeros, key=zeros.__getitem__)
    text = content.decode("utf-8", errors="replace")
    broken, beyond = text.count("\ufffd"), sum(sign > "\x7f" for sign in text)
    # Letters of another encoding hardly ever make one of UTF-8.
    whole = text.encode() == content or beyond > 3 * broken
    return "utf-8" if whole else None


def _likeliest(file: Path, content: bytes) -> str:
    """Return the encoding in which a text looks most like names.

    `charset_normalizer` weighs running text. In a list of names more is known: what is not ASCII
    is a letter, and a word begins with its only capital.
    """
    sample = b"\n".join([line for line in content.split(b"\n") if not line.isascii()][:500])
    possible = [name for name in ENCODINGS if _possible(content, name)]
    odd: dict[str, float] = {}
    for match in charset_normalizer.from_bytes(sample, threshold=0.9, cp_isolation=possible):
        for name in {match.encoding, *match.could_be_from_charset} & set(possible):
            odd[name] = round(match.chaos + _oddness(str(match)), 2)
    if not odd or b"\0" in content:
        raise PressError(f"{file} is no text. Open it in a spreadsheet, and save it as CSV UTF-8.")
    return min(possible, key=lambda name: odd.get(name, math.inf))


def _possible(content: bytes, encoding: str) -> bool:
    try:
        content.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _oddness(text: str) -> float:
    """Return how many of the signs beyond ASCII are odd in a list of names; 0 is none of them."""
    signs = [sign for sign in text if sign > "\x7f"]
    # At the places of ð and þ, which are Icelandic, more people have Turkish ğ and ş.
    odd = sum(unicodedata.category(sign)[0] not in "LM" or sign in "ðþÐÞ" for sign in signs)
    for word in re.findall(r"[^\W\d_]+", text):
        if not word.isascii():
            odd += word not in (word.title(), word.upper())
            odd += len({unicodedata.name(sign, "").split(" ")[0] for sign in word}) > 1
    return odd / max(1, len(signs))
