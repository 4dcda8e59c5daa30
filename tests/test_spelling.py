"""Spelling: nothing misspelt anywhere, and British with -ize in what a reader reads."""

import json
import shutil
import subprocess
import sysconfig
from pathlib import Path

from conftest import NOTEBOOKS, ROOT
from patience import HANGS
from prose import QUIZZES, all_prose, named, prose

# codespell's own British dictionary turns more words round than the course does.
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


def with_word(file: Path) -> tuple[str, int]:
    """Return a file with a misspelt word in each kind of cell, or at its end; and how often."""
    text = file.read_text(encoding="utf-8")
    if file.suffix != ".ipynb":
        return f"{text}# What you {MISSPELT}\n", 1
    notebook = json.loads(text)
    for kind in ("markdown", "code"):
        cell = next(one for one in notebook["cells"] if one["cell_type"] == kind)
        cell["source"] = [f"# What you {MISSPELT}\n", *cell["source"]]
    return json.dumps(notebook, indent=1, ensure_ascii=False), 2


def test_codespell_sees_cells_pages_and_quizzes_but_no_pictures_and_formulas(
    tmp_path: Path,
) -> None:
    files = (ROOT / "pyproject.toml", NOTEBOOKS[0], ROOT / "book" / "index.md", QUIZZES[0])
    for file in files:
        shutil.copy(file, tmp_path)
    assert '"image/png"' in (tmp_path / NOTEBOOKS[0].name).read_text(encoding="utf-8")
    assert codespell(tmp_path) == []
    expected = []
    for file in files[1:]:
        text, times = with_word(file)
        (tmp_path / file.name).write_text(text, encoding="utf-8")
        expected += [f"./{file.name}"] * times
    found = codespell(tmp_path)
    assert sorted(line.split(":")[0] for line in found) == sorted(expected)
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
