"""Spelling: nothing misspelt anywhere, and British with -ize in what a reader reads."""

import json
import shutil
import subprocess
import sysconfig
from pathlib import Path

import pytest
from conftest import NOTEBOOKS, ROOT
from patience import HANGS
from prose import QUIZZES, all_prose, named, prose

# codespell's own British dictionary turns more words round than the house does.
ALSO_RIGHT = (
    "biased,defence,defences,defenceless,refocused,refocuses,refocusing,licensing,routing,"
    "writable,overwritable,cognizant,equalizers,organizers,organizational,sanitizers,"
    "synchronizers,synthesizers"
)
# And lacks some that a course on pictures may need.
ALSO_AMERICAN = {
    "centering": "centring",
    "neighborhood": "neighbourhood",
    "neighborhoods": "neighbourhoods",
    "recolor": "recolour",
    "recolored": "recoloured",
}
MISSPELT = "recieve"  # codespell:ignore


def codespell(folder: Path, *options: str) -> list[str]:
    """Check a folder, with its `pyproject.toml` if it has one; return what was found."""
    command = shutil.which("codespell", path=sysconfig.get_path("scripts"))
    assert command, "codespell is not installed: `make test` installs it."
    result = subprocess.run(
        [command, *options],
        cwd=folder,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=HANGS,
        check=False,
    )
    found = [line for line in result.stdout.splitlines() if "==>" in line]
    assert result.returncode == (65 if found else 0), result.stdout + result.stderr
    return found


def american(texts: dict[str, str], folder: Path) -> list[str]:
    """Return where these texts are not British with -ize: name, line, word and correction."""
    folder.mkdir()
    for number, text in enumerate(texts.values()):
        (folder / f"{number:03}.txt").write_text(text, encoding="utf-8")
    more = folder.with_suffix(".words")
    more.write_text("".join(f"{a}->{b}\n" for a, b in ALSO_AMERICAN.items()), encoding="utf-8")
    found = codespell(
        folder,
        "--builtin=en_to_en-OX",
        f"--dictionary=-,{more}",
        f"--ignore-words-list={ALSO_RIGHT}",
    )
    names = list(texts)
    return [
        f"{names[int(Path(file).stem)]}:{rest}"
        for file, rest in (line.split(":", maxsplit=1) for line in found)
    ]


@pytest.fixture
def small_course(tmp_path: Path) -> Path:
    """Return a folder with the settings, a chapter with its pictures, a page and a quiz."""
    for file in (ROOT / "pyproject.toml", NOTEBOOKS[0], ROOT / "book" / "index.md", QUIZZES[0]):
        shutil.copy(file, tmp_path)
    return tmp_path


def plant(file: Path, sentence: str, kind: str) -> None:
    """Add a sentence: to the first cell of a kind, or at the end of a file."""
    if file.suffix == ".ipynb":
        notebook = json.loads(file.read_text(encoding="utf-8"))
        cell = next(one for one in notebook["cells"] if one["cell_type"] == kind)
        cell["source"] = [f"# {sentence}\n", *cell["source"]]
        text = json.dumps(notebook, indent=1, ensure_ascii=False)
    else:
        text = file.read_text(encoding="utf-8") + f"# {sentence}\n"
    file.write_text(text, encoding="utf-8")


def test_pictures_and_formulas_of_a_chapter_are_no_misspelt_words(small_course: Path) -> None:
    assert '"image/png"' in (small_course / NOTEBOOKS[0].name).read_text(encoding="utf-8")
    assert codespell(small_course) == []


def test_codespell_sees_cells_pages_and_quizzes(small_course: Path) -> None:
    chapter = NOTEBOOKS[0].name
    places = [(chapter, "markdown"), (chapter, "code"), ("index.md", ""), (QUIZZES[0].name, "")]
    for name, kind in places:
        plant(small_course / name, f"What you {MISSPELT}", kind)
    found = codespell(small_course)
    seen = sorted(line.split(":")[0] for line in found)
    assert seen == sorted(f"./{name}" for name, _ in places)
    assert all(line.endswith(f"{MISSPELT} ==> receive") for line in found)


def test_what_a_reader_reads_is_british_with_ize(tmp_path: Path) -> None:
    texts = {named(file, place): text for file, place, text in all_prose()}
    assert len(texts) > 300
    assert american(texts, tmp_path / "texts") == []


def test_american_words_and_those_with_ise_are_found(tmp_path: Path) -> None:
    words = ["color", "Colors", "gray", "center", "neighbor", "neighborhoods", "labeled"]
    words.append("recognise")
    pages = {f"page {word}": prose(f"First line.\n\nThe {word} of `code`.") for word in words}
    found = american(pages, tmp_path / "t")
    expected = [f"page {word}:3: {word} ==> " for word in words]
    assert [line[: len(start)] for line, start in zip(found, expected, strict=True)] == expected


def test_code_formulas_and_addresses_may_be_american(tmp_path: Path) -> None:
    texts = (
        'Write `color_mode="grayscale"`, or `plt.cm.gray`.',
        "```python\nax.plot(x, color='gray')\n# center\n```",
        "````\n```\ngray\n```\n````",
        "$color$ and\n$$\ncenter\n$$",
        "[the colour](https://example.org/color_gray/center.html)",
        '<div class="center"></div> and <https://example.org/gray>',
        "Colours of neighbours, centred, grey, labelled; normalization, biased, analyse.",
    )
    assert american({text: prose(text) for text in texts}, tmp_path / "t") == []
