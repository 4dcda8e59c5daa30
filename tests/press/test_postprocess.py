"""The pages are made light: formulas without a script, smaller pictures, icons from their fonts."""

from pathlib import Path

import numpy as np
import pytest
from bs4 import BeautifulSoup
from PIL import Image

from cnn_course.press.postprocess import make_light
from cnn_course.press.project import PressError

PAGE = """<html><head><title>Course &#8212; Course</title>
<script defer src="../_static/scripts/fontawesome.js?digest=55c2"></script>
<script>window.MathJax = {{"options": {{"enableMenu": false}}}}</script>
<script defer="defer" src="../_static/mathjax/none.js"></script>
<script src="../_static/kept.js"></script></head><body>
<div class="sidebar-primary-item"><a class="navbar-brand logo" href="#">Course</a></div>
<div class="sidebar-primary-item">menu</div>
<p>{inline}</p>{block}
<img alt="A figure." src="../_images/figure.png"><a href="../_images/figure.png">larger</a>
</body></html>"""


def inline(tex: str) -> str:
    return f'<span class="math notranslate nohighlight">\\({tex}\\)</span>'


def block(tex: str) -> str:
    return f'<div class="math notranslate nohighlight">\n\\[{tex}\\]</div>'


@pytest.fixture
def heavy(tmp_path: Path) -> Path:
    """A site of one page with a picture of noise, which no format makes small without loss."""
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "_images").mkdir()
    (tmp_path / "_static" / "scripts").mkdir(parents=True)
    (tmp_path / "_static" / "scripts" / "fontawesome.js").write_text("heavy")
    noise = np.random.default_rng(1).integers(0, 256, (200, 300, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "_images" / "figure.png")
    write(tmp_path, inline("n"), block("n"))
    return tmp_path


def write(heavy: Path, some: str, more: str) -> None:
    (heavy / "notebooks" / "one.html").write_text(PAGE.format(inline=some, block=more))


def read(heavy: Path) -> BeautifulSoup:
    return BeautifulSoup((heavy / "notebooks" / "one.html").read_text(), "html.parser")


def test_the_start_page_is_not_named_twice_in_its_title(heavy: Path):
    make_light(heavy)
    title = read(heavy).title
    assert title
    assert title.get_text() == "Course"


def test_formulas_become_mathml_and_keep_what_they_say(heavy: Path):
    write(heavy, inline(r"-\ln p &lt; 48,120"), block(r"\left\lfloor\frac{n}{s}\right\rfloor = -1"))
    make_light(heavy)
    small, large = read(heavy).find_all("math")
    assert small["display"] == "inline"
    assert small.get_text() == "−lnp<48,120"
    assert small.find("mi", string="ln").find_next_sibling().name == "mspace"
    assert large["display"] == "block"
    assert [part.get_text() for part in large.find("mfrac").find_all("mi")] == ["n", "s"]
    assert large.get_text() == "⌊ns⌋=−1"
    assert large.find_all("mo")[-1]["form"] == "prefix"


def test_a_formula_that_cannot_be_set_is_named_with_its_page(heavy: Path):
    tex = r"a \foo b"
    write(heavy, inline(tex), "")
    with pytest.raises(PressError, match=r"one\.html: this formula cannot be set") as problem:
        make_light(heavy)
    assert tex in str(problem.value)


def test_scripts_for_icons_and_formulas_are_gone_and_the_logo_is_a_landmark(heavy: Path):
    make_light(heavy)
    page = read(heavy)
    assert [script.get("src") for script in page.find_all("script")] == ["../_static/kept.js"]
    assert not list(heavy.rglob("fontawesome*"))
    (banner,) = page.select("[role=banner]")
    assert banner.find("a", class_="navbar-brand")


def test_lines_become_elements_except_in_an_output_that_is_a_table(heavy: Path):
    words = '<span></span><span class="k">if</span> a:\n    b  # 1\n\n    c  # 2\n'
    kinds = ("highlight-python", "output stream highlight-myst-ansi")
    boxes = [
        f'<div class="{kind}"><div class="highlight"><pre>{words}</pre></div></div>'
        for kind in kinds
    ]
    write(heavy, "", "".join(boxes))
    make_light(heavy)
    code, table = read(heavy).find_all("pre")
    assert code.get_text() == table.get_text() == "if a:\n    b  # 1\n\n    c  # 2\n"
    lines = [(line.get_text(), line.get("style")) for line in code.select(".line")]
    assert lines[0] == ("if a:\n", None)
    assert lines[1:3] == [("    b  # 1\n", "--indent: 4"), ("\n", None)]
    assert code.select_one(".line > .k")
    assert table["class"] == ["columns"]
    assert not table.select(".line")


def test_a_photograph_becomes_smaller_and_every_reference_follows(heavy: Path):
    before = (heavy / "_images" / "figure.png").stat().st_size
    make_light(heavy)
    assert [file.name for file in (heavy / "_images").iterdir()] == ["figure.webp"]
    assert (heavy / "_images" / "figure.webp").stat().st_size < before / 2
    page = read(heavy)
    assert page.img["src"] == page.find_all("a")[-1]["href"] == "../_images/figure.webp"
    assert page.img["alt"] == "A figure."


def test_a_diagram_loses_nothing(heavy: Path):
    values = np.zeros((200, 300, 4), dtype=np.uint8)
    values[50:150, 50:250] = (68, 119, 170, 128)
    Image.fromarray(values).save(heavy / "_images" / "figure.png")
    make_light(heavy)
    with Image.open(heavy / "_images" / "figure.webp") as picture:
        shown = np.asarray(picture.convert("RGBA"))
    seen = values[..., 3] > 0
    np.testing.assert_array_equal(shown[seen], values[seen])
    assert (shown[~seen][:, 3] == 0).all()
