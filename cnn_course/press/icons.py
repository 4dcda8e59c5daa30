"""Takes the icons out of a rendered site that no page of it shows.

The theme brings all of Font Awesome: 270 kB of fonts and 90 kB of styles on each page, for twenty
icons.
"""

import re
from pathlib import Path

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont

#: the rules that give icons their characters, a class and its older names at a time
_ICON = re.compile(r'(?:\.fa-[\w-]+:{1,2}before,?)+\{content:"\\([0-9a-f]{2,4}) ?"\}')
_NAME = re.compile(r"\bfa-([\w-]+)")
#: as themes write one: escaped, or as it is, in the area for private use
_CHARACTER = re.compile(r'"\\([0-9a-f]{4})"|([\ue000-\uf8ff])')
#: fonttools reads the other format with a library more
_COMPRESSED = re.compile(r'url\([^()]*/fa-[^()]*\.woff2\) format\("woff2"\),')


def keep_shown_icons(site: Path) -> None:
    """Keep the icons of Font Awesome that a page, a script or a style names; in one format."""
    readers = [*site.rglob("*.html"), *site.glob("_static/**/*.js")]
    shown = {name for file in readers for name in _NAME.findall(_text(file))}

    def rule(found: re.Match[str]) -> str:
        return found[0] if shown.intersection(_NAME.findall(found[0])) else ""

    characters: set[int] = set()
    for style in site.glob("_static/styles/*.css"):
        smaller = _COMPRESSED.sub("", _ICON.sub(rule, _text(style)))
        style.write_text(smaller, encoding="utf-8")
        found = _CHARACTER.findall(smaller)
        characters.update(int(code, 16) if code else ord(sign) for code, sign in found)
    for file in site.glob("_static/vendor/fontawesome/webfonts/fa-*"):
        if file.suffix == ".woff2":
            file.unlink()
        else:
            _subset(file, characters)


def _subset(file: Path, characters: set[int]) -> None:
    font = TTFont(file, recalcTimestamp=False)  # the same site from the same sources
    subsetter = Subsetter(Options(layout_features=[], hinting=False))
    subsetter.populate(unicodes=characters)
    subsetter.subset(font)
    font.save(file)


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8", errors="replace")
