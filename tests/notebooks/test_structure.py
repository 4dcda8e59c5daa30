"""Every stored chapter is complete: run, marked, described, and nothing hidden behind a tag."""

import ast
import json
import re
from collections import Counter

import pytest
from bs4 import BeautifulSoup
from conftest import NOTEBOOKS

from cnn_course.checks import exercise_names, quiz
from cnn_course.press import notebooks

TAGS = {"parameters", "exercise", "solution", "hide-cell", "hide-input", "remove-input"}
LONGEST_CELL = 20
WIDEST_LINE = 88


def code_cells(notebook, tag=None):
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    return [c for c in cells if tag is None or tag in c.metadata.get("tags", [])]


def text_of(cell):
    outputs = (o.get("text", "") or o.get("data", {}).get("text/plain", "") for o in cell.outputs)
    return "\n".join(outputs)


def checked(cell):
    return re.findall(r'(?m)^check\("([a-z0-9-]+)", ', cell.source)


@pytest.fixture
def chapter(request):
    return request.node.callspec.params["notebook"].stem


def test_every_code_cell_was_run_in_order_and_none_stores_an_error(computed):
    # nbval compares no cell whose count is missing: a notebook without outputs would pass.
    counts = [cell.execution_count for cell in code_cells(computed)]
    assert counts == list(range(1, len(counts) + 1))
    assert dict(computed.metadata.kernelspec) == notebooks.KERNELSPEC
    kinds = Counter(output.output_type for cell in code_cells(computed) for output in cell.outputs)
    assert kinds["error"] == 0
    assert kinds["display_data"] + kinds["execute_result"] + kinds["stream"] > len(counts) / 2
    assert not any(o.get("name") == "stderr" for c in code_cells(computed) for o in c.outputs)
    assert not any("WARNING" in text_of(cell) for cell in code_cells(computed))


def test_a_measurement_is_printed_as_its_number_and_not_as_a_verdict(computed):
    printed = [line for cell in code_cells(computed) for line in text_of(cell).splitlines()]
    assert [line for line in printed if re.search(r": +(True|False)$", line)] == []


def draws(statement: ast.stmt) -> bool:
    """Say whether a statement is a call of `plots` whose value nobody keeps, or only does it if."""
    if isinstance(statement, ast.If) and not statement.orelse:
        return all(map(draws, statement.body))
    called = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call)
    return called and ast.unparse(statement.value.func).startswith("plots.")


def test_one_cell_sets_the_profile_and_the_stored_one_is_tiny(computed):
    (cell,) = code_cells(computed, "parameters")
    profile, *more = cell.source.splitlines()
    assert re.match(r'profile = "tiny"', profile)
    # A chapter whose claims are measured with several seeds takes the seed as a parameter, too, and
    # one that can stand on another pretrained base the base's name.
    allowed = (r"seed = 1\b", r'base_name = ""')
    assert len(more) <= len(allowed)
    assert all(re.match(want, line) for want, line in zip(allowed, more, strict=False))


def test_no_cell_hides_behind_a_tag(computed):
    used = {tag for cell in computed.cells for tag in cell.metadata.get("tags", [])}
    assert used <= TAGS
    for cell in code_cells(computed, "remove-input"):
        assert re.fullmatch(r"quiz\(.*\)", cell.source, re.DOTALL), "only a quiz hides its input"
        assert cell.metadata.jupyter.source_hidden
    for cell in code_cells(computed, "hide-input"):
        if cell.id != "setup":
            assert draws(ast.parse(cell.source).body[-1]), "only a figure folds its input"
        assert cell.metadata.jupyter.source_hidden
    for cell in code_cells(computed, "hide-cell"):
        assert "solution" in cell.metadata.tags
    assert "NBVAL" not in "".join(cell.source for cell in computed.cells)


def test_the_cell_that_draws_is_folded_so_its_alternative_text_does_not_tell_first(computed):
    assert [c.id for c in code_cells(computed) if "alt=" in c.source] == [
        c.id for c in code_cells(computed, "hide-input") if c.id != "setup"
    ]


def test_every_exercise_has_one_check_and_one_solution_that_passes_it(notebook, chapter):
    attempts = [checked(cell) for cell in code_cells(notebook, "exercise")]
    solutions = [checked(cell) for cell in code_cells(notebook, "solution")]
    assert all(len(names) == 1 for names in attempts + solutions)
    assert attempts == solutions, "each solution follows its own exercise"
    assert sorted(name for (name,) in attempts) == sorted(exercise_names(chapter))
    assert len(attempts) >= 6, f"{chapter} has {len(attempts)} exercises; six are promised."
    for cell in code_cells(notebook, "exercise"):
        assert "..." in cell.source
        assert text_of(cell).startswith("Not attempted yet.")
    for cell in code_cells(notebook, "solution"):
        assert text_of(cell).splitlines()[-1].startswith("Right."), cell.source


def test_an_exercise_stands_between_its_task_and_its_folded_solution(notebook):
    for place, cell in enumerate(notebook.cells):
        if "exercise" in cell.metadata.get("tags", []):
            task, (heading, solution, after) = (
                notebook.cells[place - 1],
                notebook.cells[place + 1 : place + 4],
            )
            kinds = (task.cell_type, heading.cell_type, after.cell_type)
            assert kinds == ("markdown",) * 3, f"{cell.id}: text, exercise, solution, text"
            assert "### Exercise: " in task.source
            # JupyterLab opens an output whenever its cell runs, but no section that is folded;
            # such a section ends at the next heading.
            assert (heading.source, heading.metadata.tags) == ("#### Solution", ["solution"])
            assert heading.metadata["jp-MarkdownHeadingCollapsed"]
            assert re.match("#{2,4} ", after.source), after.source
            assert "solution" in solution.metadata.tags
            assert solution.metadata.jupyter.source_hidden
            assert solution.metadata.jupyter.outputs_hidden
            # JupyterLab shows the first line of a folded cell: it must not say the answer.
            assert solution.source.startswith("# Solution\n")


def test_every_quiz_question_of_the_chapter_is_asked_once(notebook, chapter):
    asked = [
        name
        for cell in code_cells(notebook, "remove-input")
        for name in re.findall(r'"([a-z0-9-]+)"', cell.source)[1:]
    ]
    assert sorted(asked) == sorted(question.name for question in quiz(chapter).questions)


def test_every_figure_states_its_message_and_stands_alone_in_its_cell(computed):
    for cell in code_cells(computed):
        figures = [o for o in cell.outputs if "image/png" in o.get("data", {})]
        assert len(figures) <= 1, cell.source
        for figure in figures:
            alt = figure.metadata["image/png"]["alt"]
            assert len(alt.split()) >= 8, alt
            assert alt.endswith(".")


def test_what_needs_styles_or_scripts_asks_to_be_run_in_a_notebook_that_is_not_trusted(computed):
    pages = [
        o.data["text/html"]
        for c in code_cells(computed)
        for o in c.outputs
        if "data" in o and "text/html" in o.data
    ]
    for html in pages:
        soup = BeautifulSoup(html, "html.parser")
        for hidden in soup.select("style, script, [hidden]"):
            hidden.decompose()
        if "course-stepper" in html or "explorer-host" in html:
            assert re.fullmatch(r"Run this cell[^.]*\.", soup.get_text().strip())
        else:
            assert soup.get_text().strip()


def test_cells_are_small_enough_to_be_read_at_once(computed):
    for cell in code_cells(computed):
        assert max(map(len, cell.source.splitlines())) <= WIDEST_LINE, cell.source
        assert len(cell.source.splitlines()) <= LONGEST_CELL, cell.source


@pytest.mark.parametrize("file", NOTEBOOKS, ids=lambda file: file.stem)
def test_no_two_cells_of_a_chapter_have_the_same_id(file):
    ids = Counter(cell["id"] for cell in json.loads(file.read_text(encoding="utf-8"))["cells"])
    assert [name for name, count in ids.items() if count > 1] == []


def test_the_chapter_opens_with_a_question_and_a_picture_and_ends_with_key_points(notebook):
    title, parameters, setup, picture, *more = notebook.cells
    assert re.match(r"# \d+\. ", title.source)
    assert "parameters" in parameters.metadata.tags
    assert setup.source.startswith("# What this chapter is built with. Run it, and read on.\n")
    assert {"image/png", "text/html"} & {kind for o in picture.outputs for kind in o.data}
    box = next(cell for cell in more if cell.source.startswith("> "))
    assert more.index(box) <= 1
    for heading in ("**Questions**", "**After this chapter you can**", "**You need**"):
        assert heading in box.source
    assert "## Key points" in notebook.cells[-1].source
    titles = re.findall(
        r"(?m)^# .*", "\n".join(c.source for c in notebook.cells if c.cell_type == "markdown")
    )
    assert len(titles) == 1


def test_no_more_than_three_quiz_questions_stand_in_a_row(notebook):
    in_a_row = 0
    for cell in notebook.cells:
        is_quiz = "remove-input" in cell.metadata.get("tags", [])
        in_a_row = is_quiz * (in_a_row + len(re.findall(r'"[a-z0-9-]+"', cell.source)) - 1)
        assert in_a_row <= 3, cell.source


def test_a_term_of_the_glossary_is_linked_once_or_twice(notebook):
    links = Counter(re.findall(r"glossary\.md#([\w-]+)", "".join(c.source for c in notebook.cells)))
    assert links
    assert {name: n for name, n in links.items() if n > 2} == {}
