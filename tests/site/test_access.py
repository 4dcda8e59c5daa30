"""What a page says to those who hear it, enlarge it, or set its colours and motion themselves.

Quizzes, the stepper and the explorers stand on one page of their own, which says the same as the
chapters; the rest is looked at on the built site.
"""

import re
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import pytest
from conftest import fresh
from explorer_pages import opened
from playwright.sync_api import Locator, Page, expect
from test_pages import in_table_of_contents

from cnn_course import examples, explorers
from cnn_course.checks import quiz
from cnn_course.plots.stepper import sliding_window

pytestmark = [pytest.mark.site, pytest.mark.browser]

KINDS = [getattr(explorers, name) for name in explorers.__all__]
SPACING = """* { line-height: 1.5 !important; letter-spacing: 0.12em !important;
    word-spacing: 0.16em !important; } p { margin-bottom: 2em !important; }"""  # WCAG 1.4.12

#: explorer -> what it is called, and below it lines of its tree, in their order
TREES = {
    "Convolution": """Convolution explorer
        combobox "kernel":
        option "loop" [selected]
        group "place":
        button "next place"
        figure "image, 7 x 5":
        grid:
        textbox "image, row 0, column 0": "-1"
        figure "kernel":
        textbox "kernel, row 2, column 2": "1"
        figure "output, 5 x 3":
        button "output, row 0, column 0: −1" [pressed]
        paragraph: "Row 0, column 0: −1·1""",
    "Pooling": """Pooling explorer
        combobox "kind":
        option "maximum" [selected]
        figure "image, 4 x 4":
        figure "output, 2 x 2":
        button "output, row 0, column 0: 8" [pressed]
        button "output, row 1, column 1: 2"
        the largest of 5, 1, 8, 2 is 8""",
    "DigitNetwork": """Digit network explorer
        combobox "drawing":
        combobox "layer":
        slider "map"
        figure "draw here":
        application "Drawing. The arrow keys move the pen, space puts it down and lifts it."
        button "shift left"
        img "conv_1: 32 maps of 26 x 26, the larger a value, the brighter"
        row "7 # # #":
        The network takes it for a 7, with a probability of #
        img "maps of conv_1, large"
        paragraph: "conv_1, map 0, row #, column #: 9 products add up to #; with the bias
        figure "its weights":
        row "# # #":
        figure "products: #"
        button "play"
        application "Map 0 of conv_1. The arrow keys choose a value. Row #, column #: #."
        img "the drawing, with a frame of 3 x 3 pixels around row #, column #\"""",
    "DigitTraining": """Digit training explorer
        slider "learning rate"
        slider "momentum"
        group "training":
        button "run"
        button "reset: the same start again"
        img "kernel 1:
        img "map of kernel 8, the larger a value, the brighter"
        button "a 5, taken for a
        img "The loss on digits that it has not seen, from 2.
        img "Unseen digits that are read rightly, from
        paragraph: "Step 0, 20 digits each: it has seen its 360 digits 0.0 times.""",
    "Gradients": """Gradients explorer
        combobox "activation":
        combobox "random start":
        slider "depth"
        slider "look at layer"
        img "values, from the digit on the left to the last layer: 3 maps of each of 10 layers
        img "gradient, from the loss on the right back to the first layer: 3 maps
        img "Size of the values by layer, from 0.
        img "The curve of sigmoid, and how many sums of this layer lie where
        paragraph: "Layer 10 of 10: values of size 0.""",
    "KernelTraining": """Kernel training explorer
        combobox "picture":
        combobox "kernel to be learned":
        slider "learning rate"
        slider "momentum"
        button "run"
        button "one step back"
        img "the picture, 7 x 5"
        img "the map that is wanted; orange is positive, purple negative"
        button "kernel, row 0, column 0:
        textbox "kernel wanted, row 1, column 1": −1
        figure "gradient":
        img "The loss from 17
        paragraph: "Weight in row 0, column 0: it starts at
        paragraph: "Step 0: loss 17""",
    "Augmentation": """Augmentation explorer
        button "draw again"
        combobox "horizontal flip":
        slider "rotation"
        img "the picture as it is"
        paragraph: "Seed 1, picture 1: turned by 35.8° with the clock; 1.01 times as much, so
        button "picture 1: turned by 35.8° with the clock; 1.01 times as much, so 0.99 times as
        button "picture 9: turned by
        layers.RandomFlip("horizontal")
        button "copy the code""",
    "Shapes": """Explorer of shapes and parameters
        combobox "a known network":
        button "add at the end"
        table "layers":
        columnheader "parameters"
        rowheader "1 convolution"
        textbox "layer 1 filters"
        button "remove layer 1"
        parameters, """,
    "TransferCases": """Explorer of transfers
        textbox "training pictures": "100"
        application "Plane: training pictures from left to right, similarity from top to bottom.
        term: rule of thumb
        definition: classifier on last features
        definition: ✓ Rule and measurement agree.
        rowheader "1 classifier on last features rule"
        rowheader "3 fine-tune the top best"
        img "single seeds: 0.
        Few pictures (100), near to the source. Try: classifier on last features.""",
    "ClassTests": """Explorer of class tests
        combobox "test":
        textbox "seed": "1"
        button "another test, from a seed drawn at random"
        table "layers":
        rowheader "conv_1"
        table "questions":
        columnheader "verdict"
        textbox "Shape of the output of conv_1, 3 points"
        button "mark all answers": mark
        paragraph: "Class test exam-1: 34 points.""",
}
#: explorer -> what somebody does there: a control, how, with what; and what is said aloud then
HEARD = {
    "Convolution": (
        ("next place", "click", None, "Row 0, column 1: 1·1 + 1·1"),
        ("stride", "select_option", "2", "Rows: ⌊(7 + 0 − 3) / 2⌋ + 1 = 3"),
    ),
    "Pooling": (
        ("kind", "select_option", "average", "(5 + 1 + 8 + 2) / 4 = 4"),
        ("image, row 0, column 0", "fill", "x", ""),
        ("image, row 0, column 0", "press", "Tab", '"x" is not a number'),
    ),
    "DigitNetwork": (
        ("drawing", "select_option", "3", "The network takes it for a 3"),
        ("layer", "select_option", "conv_2", "Its filter has 32 kernels of 3 x 3"),
        ("Map 0 of conv_2", "press", "ArrowLeft", "conv_2, map 0, row "),
    ),
    "DigitTraining": (
        ("one step", "click", None, "Step 1, 20 digits each: it has seen its 360 digits 0.1 times"),
    ),
    "Gradients": (
        ("activation", "select_option", "tanh", "It reaches the first layer."),
        ("look at layer", "press", "ArrowLeft", "Layer 9 of 10: values of size"),
    ),
    "KernelTraining": (
        ("one step", "click", None, "Step 1: loss "),
        ("kernel, row 1, column 1:", "click", None, ""),
    ),
    "Augmentation": (
        ("rotation", "press", "ArrowRight", "Seed 1, picture 1: turned by"),
        ("picture 2: ", "click", None, "Seed 1, picture 2: flipped; turned by"),
        ("all off", "click", None, "Seed 1, picture 2: as it is."),
    ),
    "Shapes": (
        ("a new layer", "select_option", "relu", ""),
        ("add at the end", "click", None, " multiplications for one picture in 8 layers."),
        ("input rows", "fill", "0", ""),
        ("input rows", "press", "Tab", '"0" is not a whole number from 1'),
    ),
    "TransferCases": (
        (
            "Plane: training",
            "press",
            "ArrowDown",
            "Few pictures (100), neither near to nor far from",
        ),
    ),
    "ClassTests": (("mark all answers", "click", None, "Class test exam-1: 0 of 34 points."),),
}
LISTEN = """() => {
    globalThis.heard = [];
    globalThis.listener?.disconnect();
    globalThis.listener = new MutationObserver((changes) => {
        for (const { target } of changes) {
            const at = target.nodeType === 1 ? target : target.parentElement;
            const place = at?.closest('[aria-live="polite"], [role=status]');
            if (place?.checkVisibility() && place.textContent) heard.push(place.textContent);
        }
    });
    listener.observe(document.body, { childList: true, characterData: true, subtree: true });
}"""


@pytest.fixture(scope="module")
def parts(window: Page, tmp_path_factory: pytest.TempPathFactory) -> tuple[Page, list[str]]:
    """A page with a quiz, the stepper and every explorer; the tests share it."""
    question = quiz("01-convolution-by-hand", "image-properties")
    stepper = sliding_window(examples.NINE, examples.LOOP, title="The loop on the 9", divide=True)
    others = [SimpleNamespace(page=one._repr_html_) for one in (question, stepper)]
    shown = [*others, *(kind() for kind in KINDS)]
    return window, opened(fresh(window), tmp_path_factory.mktemp("parts"), *shown)


@pytest.fixture
def media(window: Page) -> Iterator[Callable[..., None]]:
    """What a reader asks for: colours, contrast, motion; afterwards as it was."""
    yield window.emulate_media
    window.emulate_media(
        forced_colors="none", contrast="no-preference", reduced_motion="no-preference"
    )


def style(one: Locator, *names: str) -> list[str]:
    """Return what an element looks like in the end."""
    return one.evaluate("(one, names) => names.map((n) => getComputedStyle(one)[n])", list(names))


def stand_in_order(lines: list[str], tree: str) -> None:
    """Check that lines stand in a tree, as a screen reader reads it, one after the other.

    A # stands for a number that depends on recorded weights.
    """
    at = 0
    for line in lines:
        found = re.compile(re.escape(line).replace(r"\#", "−?[0-9.]*[0-9]")).search(tree, at)
        assert found, f"{line} is missing, or stands too early, in\n{tree}"
        at = found.end()


def test_a_question_is_called_by_its_words_and_an_option_says_right_or_no(parts) -> None:
    question = parts[0].locator(".course-quiz")
    question.locator("summary").nth(1).press("Enter")
    lines = [line.strip(" -") for line in question.aria_snapshot().splitlines()]
    asked = "Which property of images lets one small detector serve the whole picture?"
    assert lines[0] == f"""'group "Question: {asked}"':"""
    assert lines[2] == "group: Neighbouring pixels often have similar colours."
    assert lines[3:5] == ["group:", "text: The same small pattern appears in different places."]
    assert "Right." in lines[6]


def test_a_step_is_described_by_its_sum_and_the_cells_it_uses_are_told(parts) -> None:
    stepper = parts[0].locator(".course-stepper")
    steps = stepper.get_by_role("group", name="The loop on the 9: step").get_by_role("radio")
    expect(steps.first).to_have_accessible_description(re.compile(r"^Step 1 of 15: − 1 \+ 1"))
    steps.first.focus()
    parts[0].keyboard.press("ArrowRight")
    expect(steps.nth(1)).to_be_focused()
    expect(steps.nth(1)).to_have_accessible_description(re.compile(r"^Step 2 of 15.* = 1$"))
    for name, count in (("Image", 9), ("Kernel", 0), ("Map", 1)):
        table = stepper.get_by_role("table", name=name)
        assert table.locator("[aria-current=true]").count() == count
    assert stepper.locator("table.map:visible [aria-current]").inner_text() == "1"


@pytest.mark.parametrize("kind", TREES)
def test_an_explorer_read_aloud_has_names_and_states_in_their_order(parts, kind: str) -> None:
    page, names = parts
    called, *lines = map(str.strip, TREES[kind].splitlines())
    one = page.locator(f"#{names[explorers.__all__.index(kind)]}")
    expect(one).to_have_role("group")
    expect(one).to_have_accessible_name(called)
    tree = one.aria_snapshot()
    stand_in_order(lines, tree)
    for told in ("undefined", "[object", "1 kernels", "1 layers"):
        assert told not in tree


@pytest.mark.parametrize("kind", HEARD)
def test_an_explorer_says_aloud_what_a_change_did(parts, kind: str) -> None:
    page, names = parts
    one = page.locator(f"#{names[explorers.__all__.index(kind)]}")
    page.evaluate(LISTEN)
    for name, act, argument, said in HEARD[kind]:
        page.evaluate("heard.length = 0")
        control = one.get_by_label(name).or_(one.get_by_role("button", name=name)).first
        getattr(control, act)(*filter(None, [argument]))
        heard = page.evaluate("heard")
        assert any(said in text for text in heard) if said else heard == [], heard
        assert len(heard) == len(set(heard)), "the same is said twice"
        if "takes it for" in said:
            assert not any("add up to" in text for text in heard), "a drawing changes the map"


def test_where_one_is_in_an_explorer_is_told(parts) -> None:
    page, names = parts
    conv, shapes, augmentation = (
        page.locator(f"#{names[explorers.__all__.index(kind)]}")
        for kind in ("Convolution", "Shapes", "Augmentation")
    )
    page.keyboard.press("Escape")
    conv.locator('[data-cell="output-0-0"]').click()
    assert conv.locator("[aria-pressed=true]").count() == 1
    size = len(conv.locator("figure").nth(1).locator("input").all())
    assert conv.locator("figure").first.locator("[aria-current=true]").count() == size
    shapes.get_by_role("button", name="layer 2 later").click()
    expect(shapes.get_by_role("button", name="layer 3 later")).to_be_focused()
    slider = augmentation.get_by_role("slider", name="rotation", exact=True)
    slider.press("ArrowRight")
    assert slider.get_attribute("aria-valuetext").startswith("±")
    latest = augmentation.locator(".explorer-latest")
    assert latest.inner_text().startswith("Changed: rotation ")
    assert latest.get_attribute("aria-live") == "off", "its words are told by the slider"
    assert augmentation.locator("label [role=status], label [aria-live]").count() == 0
    assert page.complaints == []


def test_in_forced_colours_bars_and_what_is_chosen_are_seen(parts, media) -> None:
    page, names = parts
    media(forced_colors="active")
    ground = style(page.locator("body"), "backgroundColor")
    digits, cases, augmentation = (
        page.locator(f"#{names[explorers.__all__.index(kind)]}")
        for kind in ("DigitNetwork", "TransferCases", "Augmentation")
    )
    best, other = (
        style(digits.locator(f"tr{which} .explorer-bar").first, "backgroundColor")
        for which in (".marked", ":not(.marked)")
    )
    bar, seed = (style(cases.locator(one).first, "backgroundColor") for one in (".bar", ".seed"))
    assert ground not in (best, other, bar)
    assert best != other
    assert seed != bar
    for where in (augmentation.locator(".explorer-draws"), page.locator(f"#{names[0]}")):
        buttons = [where.locator(f"[aria-pressed={state}]").first for state in ("true", "false")]
        chosen, rest = (style(one, "outlineStyle", "outlineWidth") for one in buttons)
        assert chosen == ["solid", "3px"] != rest
    marks = cases.locator("mark").first
    assert style(marks, "color") != ground
    for cell in ("seen", "weight", "now"):
        line = style(page.locator(f".frame:visible td.{cell}").first, "outlineStyle")
        assert line == ["solid"], cell


def test_with_more_contrast_lines_and_frames_are_stronger(parts, media) -> None:
    page, names = parts
    conv = page.locator(f"#{names[explorers.__all__.index('Convolution')]}")
    cells = [conv.locator("td").first, page.locator(".frame:visible td:not(.seen)").first]
    cells.append(page.locator(".course-quiz details").first)
    faint = [style(one, "borderTopColor") for one in cells]
    thin = style(conv.locator(".explorer-frame").first, "borderTopWidth")
    media(contrast="more")
    for one, before in zip(cells, faint, strict=True):
        assert before != style(one, "borderTopColor") == style(one, "color")
    assert thin == ["3px"]
    assert style(conv.locator(".explorer-frame").first, "borderTopWidth") == ["4px"]


# The built site


def opens(page: Page, site: Path, name: str) -> Page:
    page.goto(f"{site.as_uri()}/{name}.html")
    return page


def test_no_page_skips_a_level_of_headings(site: Path) -> None:
    for name in in_table_of_contents():
        text = (site / f"{name}.html").read_text(encoding="utf-8")
        body = text.rpartition('<article class="bd-article"')[2]  # not what is there for paper
        levels = [int(level) for level in re.findall(r"<h([1-6])[ >]", body)]
        assert levels[0] == 1
        for above, level in pairwise(levels):
            assert 2 <= level <= above + 1, f"{name}: h{level} follows h{above}"


#: chapter -> one of its exercises, and below it lines of its form, in their order
FORMS = {
    "02-mnist-convnet": """the first loss
        textbox "Your answer"
        button "Check"
        status""",
    "01-convolution-by-hand": """pool by hand
        group "Your answer":
        textbox "row 0, column 0"
        textbox "row 0, column 1"
        textbox "row 1, column 0"
        textbox "row 1, column 1"
        button "Check"
        status""",
    "04-data-augmentation": """at the ends
        textbox "zoom_factor"
        textbox "smallest_cat"
        combobox "still_row":
        option "choose" [selected]
        option "middle"
        button "Check"
        status""",
    "06-fine-tuning": """put them in order
        list "Your order":
        text: "A: train the classifier"
        button "A earlier"
        button "A later"
        text: "B: unfreeze the last layers of the base"
        button "E later"
        button "Check"
        status""",
}


@pytest.mark.parametrize("stem", FORMS)
def test_an_exercise_read_aloud_says_what_to_fill_in_and_what_came_of_it(
    page: Page, site: Path, stem: str
) -> None:
    title, *lines = map(str.strip, FORMS[stem].splitlines())
    opens(page, site, f"notebooks/{stem}")
    form = page.get_by_role("form", name=f"Your answer. Exercise: {title}")
    stand_in_order(lines, form.aria_snapshot())
    page.evaluate(LISTEN)
    form.get_by_role("button", name="Check").click()
    said = "Not yet. " if "order" in title else "Not attempted yet. Fill in every field"
    assert [text[: len(said)] for text in page.evaluate("heard")] == [said]
    if "order" in title:
        form.get_by_role("button", name="A later").click()
        assert "A is number 2 of 5." in page.evaluate("heard")


def test_buttons_of_a_chapter_are_told_apart_and_say_what_they_did(page: Page, site: Path) -> None:
    opens(page, site, "notebooks/06-fine-tuning")
    solutions = page.locator(".tag_solution summary").all()
    names = [one.inner_text().replace("\n", "") for one in solutions]
    assert len(set(names)) == len(names) >= 5
    expect(solutions[0]).to_have_accessible_name(re.compile(r"^Show the solution of Exercise: "))
    folded = page.locator(".tag_hide-input summary").first
    expect(folded).to_have_accessible_name("Show what this chapter is built with")
    copy = page.locator(".copybtn").first
    expect(copy).to_have_attribute("aria-label", "Copy")
    page.evaluate(LISTEN)
    page.get_by_role("button", name=re.compile("^Done: ")).first.click()
    assert any(re.match(r"1 of \d+ parts done, 0 of", text) for text in page.evaluate("heard"))
    expect(page.get_by_role("button", name=re.compile("^Done: "), pressed=True)).to_have_count(1)


def test_the_map_says_what_each_chapter_builds_on(page: Page, site: Path) -> None:
    map_ = opens(page, site, "book/index").get_by_role("navigation", name="Map of the chapters")
    links = re.findall(r'link "(.*?)"\'?:', map_.aria_snapshot())
    assert len(links) == 10
    assert "builds on" not in links[0]
    assert re.match(r"6\. Fine-tuning \d+.min; its code .*; builds on chapter 5", links[5])
    assert links[0].startswith("1. Convolution by hand ")


# What Tab leads to, in the order of the page: of radio buttons the one that is chosen. The contents
# beside a page unfold below the section that is read, so their second level comes and goes.
UNFOLDS = ".section-nav .section-nav a"
FOLLOW = """(unfolds) => {
    const all = [...document.querySelectorAll("*")], radios = "input[type=radio]:not(:checked)";
    globalThis.met = [];
    addEventListener("focusin", ({ target }) => {
        if (target.matches(unfolds)) return;
        const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(target);
        const line = outlineStyle !== "none" && parseFloat(outlineWidth) >= 2;
        const seen = line || !/^(none|rgba\\(.*, 0\\) .*)$/.test(boxShadow);
        met.push([all.indexOf(target), seen, target.outerHTML.slice(0, 120)]);
    });
    return all.filter((one) => one.tabIndex >= 0 && !one.disabled
        && !one.matches(`${unfolds}, ${radios}`)
        && one.matches("a[href], button, input, select, summary, [tabindex], svg a")
        && one.checkVisibility({ visibilityProperty: true })).map((one) => all.indexOf(one));
}"""


def test_tab_leads_through_a_chapter_in_reading_order_shows_where_and_never_traps(
    page: Page, site: Path
) -> None:
    opens(page, site, "notebooks/08-class-test").wait_for_load_state("networkidle")
    page.locator(".copybtn").first.wait_for(state="attached")
    assert page.locator("[tabindex]:not([tabindex='0'], [tabindex='-1'])").count() == 0
    waiting = page.evaluate(FOLLOW, UNFOLDS)
    assert len(waiting) > 100
    for _ in range(len(waiting) + page.locator(UNFOLDS).count()):
        page.keyboard.press("Tab")
    met = page.evaluate("met")[: len(waiting)]
    assert [at for at, *_ in met] == waiting
    assert [html for _, seen, html in met if not seen] == []


#: adds a style as a reader's own settings do, which the policy of a page does not concern
STYLED = """text => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(text);
    document.adoptedStyleSheets.push(sheet);
}"""
#: words that only one layout needs: heads of columns, which cells say themselves on a phone
ONE_LAYOUT = {
    "layer",
    "settings",
    "sees",
    "question",
    "takes",
    "what",
    "it",
    "is",
    "kind",
    "output",
}
WORDS = "document.querySelector('article').innerText.split(/[\\s;]+/)"
# Text that stands out of its box, or is cut off there, and how far the page moves sideways.
CUT = """() => [document.scrollingElement.scrollWidth - document.scrollingElement.clientWidth,
    [...document.querySelectorAll("body *")].filter((one) => one.clientWidth > 1
        && [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim())
        && (one.scrollWidth > one.clientWidth + 1 || one.scrollHeight > one.clientHeight + 4)
        && !one.closest("math, svg") && one.checkVisibility()
        && !["auto", "scroll"].includes(getComputedStyle(one).overflowX))
        .map((one) => one.outerHTML.slice(0, 200))]"""


@pytest.mark.parametrize(
    "name", ["book/index", "notebooks/02-mnist-convnet", "notebooks/08-class-test"]
)
def test_enlarged_or_with_wide_letters_nothing_is_lost_cut_off_or_out_of_reach(
    page: Page, site: Path, name: str
) -> None:
    opens(page, site, name)
    words = set(page.evaluate(WORDS))
    for width in (640, 320):  # 200 and 400 % of 1280
        page.set_viewport_size({"width": width, "height": 800})
        page.wait_for_function("width => innerWidth === width", arg=width)
        lost = words - set(page.evaluate(WORDS))
        assert lost <= ONE_LAYOUT, width
    page.evaluate(STYLED, SPACING)
    for width in (320, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        page.wait_for_function("width => innerWidth === width", arg=width)
        assert page.evaluate(CUT) == [0, []], width


# How far the words of the map stand out of their boxes, to the right.
OUTSIDE = """() => Math.max(...[...document.querySelectorAll(".chapter-map svg a")].map((box) =>
    Math.max(...[...box.querySelectorAll("text")].map((one) => one.getBoundingClientRect().right))
    - box.querySelector("rect").getBoundingClientRect().right))"""


def test_the_map_has_room_for_wide_letters_and_keeps_to_forced_colours(
    page: Page, site: Path, media
) -> None:
    opens(page, site, "book/index").evaluate(STYLED, SPACING)
    assert page.evaluate(OUTSIDE) <= 0
    media(forced_colors="active")
    page.locator(".bd-links a").first.focus()
    page.keyboard.press("Tab")  # shows the focus by a line, where the theme's shadow is gone
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    box, words = page.locator(".chapter-map rect").first, page.locator(".chapter-map text").first
    assert style(box, "fill") != style(words, "fill") == style(box, "stroke")


def test_a_chapter_has_stronger_words_and_lines_for_who_asks_for_more_contrast(
    page: Page, site: Path, media
) -> None:
    opens(page, site, "notebooks/06-fine-tuning")
    muted = page.locator(".course-progress")
    for scheme, strongest in (("light", "rgb(0, 0, 0)"), ("dark", "rgb(255, 255, 255)")):
        media(color_scheme=scheme, contrast="no-preference")
        page.wait_for_function("s => document.documentElement.dataset.theme === s", arg=scheme)
        assert style(muted, "color") != [strongest]
        media(contrast="more")
        assert style(muted, "color") == [strongest]
        assert style(page.locator("article p").first, "color") == [strongest]
        field = page.locator(".course-exercise button").first
        assert style(field, "borderTopWidth") == ["2px"]


MOVING = """() => [...document.querySelectorAll("*")].flatMap((one) =>
    [null, "::before", "::after"].map((part) => getComputedStyle(one, part)))
    .filter((s) => s.animationName !== "none" || /[1-9]/.test(s.transitionDuration)
        || s.scrollBehavior === "smooth").length"""


def test_who_wants_little_motion_gets_no_transition_and_no_smooth_scrolling(
    page: Page, site: Path, media
) -> None:
    opens(page, site, "book/how-to-use")
    assert page.evaluate(MOVING) > 0
    media(reduced_motion="reduce")
    assert page.evaluate(MOVING) == 0
