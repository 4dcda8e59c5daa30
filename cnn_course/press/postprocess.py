r"""Makes the rendered pages light, and lets them run and load only what is their own.

Jupyter Book's pages bring 1.5 MB of script that draws icons, which fonts draw as well, and 1.2 MB
that sets formulas, which browsers set themselves since they know MathML. Pictures come as PNG, and
each page brings an index of all words.
"""

import base64
import hashlib
import html
import io
import re
from concurrent.futures import ThreadPoolExecutor
from itertools import compress
from pathlib import Path

from latex2mathml.converter import convert
from PIL import Image

from cnn_course.press.icons import keep_shown_icons
from cnn_course.press.project import PressError

_SCRIPTS = re.compile(
    r'\s*<script defer src="[^"]*/fontawesome\.js[^"]*"></script>'
    r"|\s*<script>window\.MathJax = .*?</script>"
    r'|\s*<script defer="defer" src="[^"]*/mathjax/[^"]*"></script>'
)
#: all words of the site, for a search while one types, which is off; they stay where results are
_SEARCH = re.compile(
    r'\s*<script src="[^"]*(?:searchtools|language_data|searchindex)\.js[^"]*"></script>'
)
_RESULTS = 'id="search-results"'
_FORMULA = re.compile(
    r'(<(span|div) class="math notranslate nohighlight"[^>]*>)\s*'
    r"\\([(\[])(.*?)\\[)\]]\s*</\2>",
    re.DOTALL,
)
_PICTURE = re.compile(r'"[^"]*(_images/[^"/]+\.png)"')
#: what the converter leaves to TeX: ln x, not lnx; 48,120, not 48, 120; = −1, not = − 1
_SPACING = (
    (r"(<mi>[a-z]{2,}</mi>)(?=<m[infr])", r'\1<mspace width="0.17em"/>'),
    (r"(?<=\d)</mn><mo>&#x0002C;</mo><mn>(?=\d{3}<)", ","),
    (
        r"(<mo[^>]*>(?:&#x0003D;|&#x02192;|&#x0002C;|&#x00028;)</mo>)<mo>&#x02212;</mo>",
        r'\1<mo form="prefix">&#x02212;</mo>',
    ),
)
_LOGO = re.compile(r'<div class="sidebar-primary-item">(?=\s*<a class="navbar-brand)')
_CODE = re.compile(
    r'(<div class="(output )?[^"]*highlight-[^"]*"><div class="highlight"><pre)>(.*?\n)</pre>',
    re.DOTALL,
)
#: names, punctuation and spaces, which have the colour of all code in both modes
_UNCOLOURED = re.compile(r'<span class="[npw]">([^<]*)</span>')
_TAG = re.compile(r"<[^>]+>")
_IN_COLUMNS = re.compile(r"\S {2,}\S")
_FIGURE = re.compile(r'(<img [^>]*class="[^"]*figure-read"[^>]* style=")(?=width: (\d+)px)')
#: what opens a folded cell says what it shows, and not this
_SAME_NAME = re.compile(r'(?<=<summary) aria-label="Toggle hidden content"')
#: buttons that copy have a name (the title of their picture is none to WebKit), and say what comes
#: of it not by a tooltip alone
_COPYING = (
    (
        r'<button class="copybtn',
        '<button aria-label="${messages[locale][\'copy\']}" class="copybtn',
    ),
    (
        r"el\.setAttribute\('data-tooltip', (\w+)\)",
        r"['data-tooltip', 'aria-label'].forEach(name => el.setAttribute(name, \1))",
    ),
)
# The start page, which is named like the book.
_NAMED_TWICE = re.compile(r"<title>(.+?) &#8212; \1</title>")
_CHARSET = '<meta charset="utf-8" />'  # a browser looks for it in the first 1,024 bytes
_HANDLER = re.compile(r'(?<=<button) onclick="[^"]*"')  # menus.js listens instead
_INLINE = re.compile(r"<(script|style)\b((?:(?!\bsrc=)[^>])*)>(.*?)</\1>", re.DOTALL)
#: a page may load from its own site, and run and apply in itself what has one of these digests;
#: an attribute `style` is free, and a browser that cannot tell it from an element: any style
_POLICY = (
    "default-src 'self'; script-src 'self'{script}; style-src 'self' 'unsafe-inline'; "
    "style-src-elem 'self'{style}; img-src 'self' data:; form-action 'self'; base-uri 'none'; "
    "object-src 'none'; frame-src 'none'"
)
_WIDE = 600  # pixels; of a wider figure, a phone would draw the words less than 6 pixels high
_DETAILED = 60_000  # bytes; a picture that is larger without loss is a photograph


def make_light(site: Path) -> None:
    """Make the pages of a fresh site light and closed, and give its logo a landmark.

    Raises:
        PressError: a formula that cannot be set.
    """
    pages = {page: page.read_text(encoding="utf-8") for page in sorted(site.rglob("*.html"))}
    names = sorted({name for text in pages.values() for name in _PICTURE.findall(text)})
    with ThreadPoolExecutor() as threads:  # Pillow lets other threads run while it compresses
        smaller = list(compress(names, threads.map(lambda name: _to_webp(site / name), names)))
    for page, text in pages.items():
        try:
            light = _lighter(text)
        except ValueError as problem:
            raise PressError(f"{page.name}: {problem}") from problem
        for name in smaller:
            light = light.replace(f'{name}"', f'{name.removesuffix(".png")}.webp"')
        page.write_text(_with_policy(light), encoding="utf-8")
    templates = site.glob("_static/*webpack-macros.html")  # the theme's, for its own build
    for file in (*templates, *site.glob("_static/scripts/fontawesome.js*")):
        file.unlink()
    keep_shown_icons(site)
    for name in ("course", "print"):  # our own, with what only their makers read
        for style in site.glob(f"_static/{name}.css"):
            text = style.read_text(encoding="utf-8")
            style.write_text(
                re.sub(r"/\*.*?\*/|(?m:^\s+)", "", text, flags=re.DOTALL), encoding="utf-8"
            )
    for script in site.glob("_static/copybutton.js"):
        text = script.read_text(encoding="utf-8")
        for written, wanted in _COPYING:
            text = re.sub(written, wanted, text)
        script.write_text(text, encoding="utf-8")


def _lighter(page: str) -> str:
    page = page if _RESULTS in page else _SEARCH.sub("", page)
    page = _FORMULA.sub(_as_mathml, _SCRIPTS.sub("", page))
    page = _FIGURE.sub(_with_least_width, _CODE.sub(_in_lines, _UNCOLOURED.sub(r"\1", page)))
    page = _SAME_NAME.sub("", _NAMED_TWICE.sub(r"<title>\1</title>", page, count=1))
    return _LOGO.sub('<div class="sidebar-primary-item" role="banner">', page, count=1)


def _as_mathml(found: re.Match[str]) -> str:
    opening, tag, bracket, source = found.groups()
    tex = html.unescape(source).strip()
    formula = convert(tex, display="inline" if bracket == "(" else "block")
    for written, wanted in _SPACING:
        formula = re.sub(written, wanted, formula)
    if "\\" in formula:  # a command that the converter does not know stays as it is
        raise ValueError(f"this formula cannot be set for the page: {tex}")
    return f"{opening}{formula}</{tag}>"


def _in_lines(found: re.Match[str]) -> str:
    """Make each line of code an element, which goes on below its own beginning, not at the edge.

    An output is a table, whose lines stay whole, when two of its lines have two spaces in a row.
    """
    opening, output, code = found.groups()
    lines = [(line, _TAG.sub("", line)) for line in code.split("\n")[:-1]]
    if output and sum(_IN_COLUMNS.search(text) is not None for _, text in lines) > 1:
        return f'{opening} class="columns">{code}</pre>'
    elements = []
    for line, text in lines:
        indent = len(text) - len(text.lstrip(" "))
        style = f' style="--indent: {indent}"' if indent else ""
        elements.append(f'<span class="line"{style}>{line}\n</span>')
    return f"{opening}>{''.join(elements)}</pre>"


def _with_least_width(found: re.Match[str]) -> str:
    width = int(found[2])
    return found[1] + (f"--least: {width * 3 // 4}px; " if width > _WIDE else "")


def _with_policy(page: str) -> str:
    """Forbid a page everything but what it has now: a script that somebody slips in does not run.

    In the page itself, since neither a folder nor GitHub Pages sends it along.
    """
    page = _HANDLER.sub("", page)
    digests: dict[str, dict[str, None]] = {"script": {}, "style": {}}  # in order, each once
    for tag, attributes, content in _INLINE.findall(page):
        if "application/json" not in attributes:  # data, which no browser runs
            digest = hashlib.sha256(content.encode()).digest()
            digests[tag][f" 'sha256-{base64.b64encode(digest).decode()}'"] = None
    policy = _POLICY.format(**{tag: "".join(found) for tag, found in digests.items()})
    meta = f'<meta http-equiv="Content-Security-Policy" content="{policy}" />'
    head, charset, rest = page.partition(_CHARSET)
    return f"{head}{charset}{meta}{rest}" if charset else f"{meta}{page}"


def _to_webp(file: Path) -> bool:
    """Write a picture in a smaller format and remove it; return whether that one is smaller."""
    if not file.is_file():
        return False
    with Image.open(file) as opened:
        picture = opened.convert("RGBA" if "A" in opened.getbands() else "RGB")
    content = _webp(picture, lossless=True)
    if len(content) > _DETAILED:
        content = min(content, _webp(picture, quality=90), key=len)
    if len(content) >= file.stat().st_size:
        return False
    file.with_suffix(".webp").write_bytes(content)
    file.unlink()
    return True


def _webp(picture: Image.Image, **how: int) -> bytes:
    content = io.BytesIO()
    picture.save(content, format="webp", **how)
    return content.getvalue()
