"""Pictures of the book: as files beside it, in formats that paper and every e-reader know."""

import base64
import io
import re
import shutil
from pathlib import Path

from bs4 import BeautifulSoup, Tag
from PIL import Image

_DRAWN = 4096  # colours; a picture with more of them is a photograph
_WHITE = (255, 255, 255)
_MAP_STYLE = (
    "rect { fill: #fff; stroke: #1f4a78; stroke-width: 1.5 } path { fill: none; stroke: #555 } "
    "text { font: 600 15px sans-serif } .note { font: 13px sans-serif; fill: #444 }"
)


def put_pictures(document: BeautifulSoup, site: Path, folder: Path) -> None:
    """Write every picture of a document into `folder`, and make the document show those files.

    Args:
        document: its pictures are in `site`, or drawn in the document itself.
        site: the folder of the built site.
        folder: the pictures get into its folder `pictures`.
    """
    made = folder / "pictures"
    made.mkdir(parents=True)
    for chapter_map in document.select(".chapter-map"):
        listed = chapter_map.ul.extract() if chapter_map.ul else Tag(name="ul")
        drawn: Tag = chapter_map.svg  # type: ignore[assignment]
        drawn["aria-label"] = "Map of the chapters: " + " / ".join(
            entry.get_text(" ", strip=True) for entry in listed.select("li")
        )
        drawn.append(BeautifulSoup(f"<style>{_MAP_STYLE}</style>", "html.parser"))
        for link in drawn.select("a"):
            link.unwrap()
    for number, drawn in enumerate(document.select("svg"), start=1):
        file = made / f"drawn-{number}.svg"
        file.write_text(_as_file(drawn), encoding="utf-8")
        shown = document.new_tag("img", src=f"pictures/{file.name}", alt=drawn["aria-label"])
        shown["width"] = drawn["width"]
        drawn.replace_with(shown)
    known: dict[str, str] = {}
    for shown in document.select("img"):
        source = str(shown["src"])
        if not source.startswith("pictures/"):
            known[source] = known.get(source) or _converted(site / source, made)
            shown["src"] = f"pictures/{known[source]}"


def _as_file(drawn: Tag) -> str:
    """Return what is drawn in a page as a file of its own."""
    drawn["xmlns"] = "http://www.w3.org/2000/svg"
    drawn["viewBox"] = drawn.attrs.pop("viewbox")  # HTML does without capitals
    return re.sub(r"data:image/bmp;base64,([A-Za-z0-9+/=]+)", _as_png, str(drawn))


def _as_png(found: re.Match[str]) -> str:
    content = io.BytesIO()
    Image.open(io.BytesIO(base64.b64decode(found[1]))).save(content, "png")
    return f"data:image/png;base64,{base64.b64encode(content.getvalue()).decode()}"


def _converted(file: Path, folder: Path) -> str:
    """Write a picture into `folder` as PNG, or as JPEG where that is smaller; return its name."""
    if file.suffix == ".svg":
        return shutil.copyfile(file, folder / file.name).name
    with Image.open(file) as opened:
        over = opened.convert("RGBA")
    picture = Image.new("RGB", over.size, _WHITE)
    picture.paste(over, mask=over.getchannel("A"))
    if picture.getcolors(_DRAWN) is None:
        made = folder / f"{file.stem}.jpg"
        picture.save(made, quality=88)
    else:
        made = folder / f"{file.stem}.png"
        picture.save(made)
    return made.name
