"""Generated class tests: keys against Keras, the same for ever, and no mistake that hides."""

import hashlib
import json
import math
import re
from collections import Counter
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup
from frameworks import keras, layers, without_weights
from markdown_it import MarkdownIt

from cnn_course import classtest, counting

DIGESTS = {  # of what the first 50 tests of a level are about, and of their keys
    "first": "cf6ebbdd202f3aa11ce8c1c493f65ea38089cffac51f1e8537da35190b8bb9a7",
    "exam": "6e0f43c06ab3da13e0808afdebc8b9db7990414df0079051d4d8de9a8265dc20",
    "hard": "836f263e451c2255cf0b465879eb35d66cc0ee089178ef91d577d89361d5d252",
}
PICTURE = counting.Input((20, 30, 3))
generate = cache(classtest.generate)
at_each_level = pytest.mark.parametrize("level", classtest.LEVELS)


# The networks, built in Keras from the words on the sheet, and counted there

_CLASSES = {
    "add": "Add",
    "average pooling": "AveragePooling2D",
    "batch normalization": "BatchNormalization",
    "concatenate along the channels": "Concatenate",
    "convolution": "Conv2D",
    "dense": "Dense",
    "depthwise convolution": "DepthwiseConv2D",
    "flatten": "Flatten",
    "global average pooling": "GlobalAveragePooling2D",
    "max pooling": "MaxPooling2D",
}


def built(test: Any) -> Any:
    """Build a test's network from the text that a student reads, not from its descriptions."""
    text = str(test.sheet()).replace("\\", "")
    height, width, channels = map(int, re.search(r"A picture of (.*?),", text)[1].split(" x "))
    tensors = {"input": keras.Input((height, width, channels), name="input")}
    table = text.split("| layer | takes | what it is |")[1].split("\n\n")[0]
    with without_weights():
        for line in table.splitlines()[2:]:
            name, takes, words = (cell.strip() for cell in line.strip("|").split("|"))
            taken = [tensors[one] for one in takes.split(" and ")]
            tensors[name] = _layer(name, words)(taken if len(taken) > 1 else taken[0])
        return keras.Model(tensors["input"], tensors[name])


def _layer(name: str, words: str) -> Any:
    kind = re.sub(r" \d+ x \d+$", "", words.split(",", maxsplit=1)[0])
    arguments: dict[str, Any] = {"name": name}
    for argument, pattern in (
        ("filters", r"(\d+) filter"),
        ("units", r"(\d+) unit"),
        ("pool_size" if "pooling" in kind else "kernel_size", r"(\d+) x \1"),
        ("strides", r"stride (\d+)"),
    ):
        if found := re.search(pattern, words):
            arguments[argument] = int(found[1])
    if "padding" in words:
        arguments["padding"] = "same" if "padding same" in words else "valid"
    if "without bias" in words:
        arguments["use_bias"] = False
    return getattr(layers, _CLASSES[kind])(**arguments)


def true_answers(test: Any) -> dict[str, Any]:
    """Return what Keras says to every question about a network, by the question's name."""
    model = built(test)
    found: dict[str, Any] = {"total parameters": model.count_params()}
    for layer in model.layers[1:]:
        found[f"{layer.name} shape"] = tuple(layer.output.shape[1:])
        found[f"{layer.name} parameters"] = layer.count_params()
        kernels = [math.prod(one.shape) for one in layer.weights if "kernel" in one.path]
        positions = math.prod(layer.output.shape[1:-1])
        found[f"{layer.name} multiplications"] = sum(kernels) * positions
        found[f"{layer.name} receptive field"] = _receptive_field(layer)
    return found


def _receptive_field(layer: Any, size: int = 1) -> int:
    """Return how many pixels of the input `size` neighbouring values see, going backwards."""
    if isinstance(layer, layers.InputLayer):
        return size
    window = getattr(layer, "kernel_size", getattr(layer, "pool_size", None))
    if window is not None:
        size = (size - 1) * layer.strides[0] + window[0]
    (node,) = layer._inbound_nodes
    return max(_receptive_field(one.operation, size) for one in node.parent_nodes)


@pytest.mark.tensorflow
@at_each_level
def test_every_answer_of_the_key_is_what_keras_says(level: str) -> None:
    for seed in range(40):  # as many networks as hold every kind of layer in every way
        test = generate(seed, level)
        true = true_answers(test)
        asked = {name: value for name, value in test.key.items() if "activation" not in name}
        assert asked == {name: true[name] for name in asked}, (level, seed)


@at_each_level
def test_a_seed_gives_the_same_test_for_ever(level: str) -> None:
    tests = [classtest.generate(seed, level) for seed in range(50)]
    content = [[[asdict(layer) for layer in test.layers], test.key] for test in tests]
    assert hashlib.sha256(json.dumps(content).encode()).hexdigest() == DIGESTS[level]


@at_each_level
def test_another_seed_or_salt_gives_another_test_worth_the_same_points(level: str) -> None:
    tests = [generate(seed, level) for seed in range(200)]
    sheets = [str(test.sheet()).split("\n", 1)[1] for test in tests]
    assert max(Counter(sheets).values()) <= (3 if level == "first" else 1)
    assert len({sum(one.points for one in test.questions) for test in tests}) == 1
    salted = [classtest.generate(seed, level, "a secret").key for seed in range(20)]
    assert salted != [test.key for test in tests[:20]]
    assert salted == [classtest.generate(seed, level, "a secret").key for seed in range(20)]


def test_at_level_exam_no_answer_is_known_by_its_place() -> None:
    seen = {place: Counter() for place in range(3)}
    for seed in range(200):
        for place, layer in enumerate(generate(seed, "exam").network.layers[:3]):
            step = layer.strides if isinstance(layer, counting.Conv2D) else "window"
            seen[place][type(layer).__name__, getattr(layer, "padding", ""), step] += 1
    assert len(seen[0]) == 4  # padding and stride of the first convolution
    assert len(seen[1]) >= 6  # a convolution of four kinds, or a pooling of two
    assert len({name for name, *_ in seen[2]}) == 3  # a convolution or a pooling of either kind


@at_each_level
def test_no_common_mistake_gives_the_right_answer_and_no_numbers_to_exchange_are_equal(
    level: str,
) -> None:
    for seed in range(200):
        test = generate(seed, level)
        for layer in test.network.layers:
            right = test.key[f"{layer.name} parameters"]
            *sides, channels = test.network.shapes[layer.after[0]]
            assert channels not in sides, (level, seed, layer)
            if isinstance(layer, counting.Conv2D):
                side, filters, bias = layer.kernel_size, layer.filters, int(layer.use_bias)
                assert len({filters, side, channels}) == 3, (level, seed, layer)
                wrong = [
                    (side * side * channels + 1 - bias) * filters,  # the bias, the other way round
                    (side * side + bias) * filters if channels > 1 else -1,
                    (side * channels + bias) * filters if side > 1 else -1,
                    side * side * channels + bias,
                ]
                assert right not in wrong, (level, seed, layer)
            elif isinstance(layer, counting.Dense):
                assert layer.units != channels, (level, seed, layer)
                assert right != channels * layer.units, (level, seed, layer)
            elif isinstance(layer, counting.BatchNormalization):
                assert right != 2 * channels
        for name, value in test.key.items():  # larger than the picture is a matter of words
            assert "receptive" not in name or value <= min(test.network.input[:2])


def test_hard_tests_have_all_that_makes_them_hard() -> None:
    always = ("batch normalization", "depthwise", "without bias", "padding same", "of 1 x 1")
    merging: Counter[str] = Counter()
    for seed in range(100):
        test = generate(seed, "hard")
        sheet, solution = str(test.sheet()), str(test.worked_solution())
        assert all(words in sheet for words in always), seed
        merging.update({words for words in ("add, value", "concatenate") if words in sheet})
        sizes = re.findall(r"floor\(\(([\d,]+) - (\d+)\) / (\d+)\)", solution)
        sizes += re.findall(r"(ceil)\((\d+) / (\d+)\)", solution)
        over = [(0 if n == "ceil" else int(n)) - int(k) for n, k, _ in sizes]
        assert any(left % int(step) for left, (*_, step) in zip(over, sizes, strict=True)), seed
    assert merging.total() == 100
    assert min(merging.values()) > 20


def test_the_class_test_of_the_lecture_has_its_published_counts() -> None:
    test = classtest.read(classtest.CHAPTER_8)
    counts = [value for name, value in test.key.items() if name.endswith(" parameters")]
    assert counts == [5, 10, 0, 0, 90, 110, 33, 248]
    shapes = [value for name, value in test.key.items() if name.endswith("shape")]
    assert shapes == [(4, 4, 1), (4, 4, 2), (2, 2, 2), (8,), (10,), (10,), (3,)]
    assert (test.key["hidden activation"], test.key["output activation"]) == ("relu", "softmax")


@at_each_level
def test_a_worked_solution_shows_each_answer_with_its_calculation_and_a_sheet_none(
    level: str,
) -> None:
    test = generate(3, level)
    text = str(test.worked_solution()).replace("\\", "")
    for name, value in test.key.items():
        written = " x ".join(f"{n:,}" for n in value) if isinstance(value, tuple) else f"{value}"
        written = f"{value:,}" if isinstance(value, int) else written
        assert f"| {written} |" in text, name
    for calculation, result in re.findall(r"[|;] ([^|=;]+) = ([\d,]+)", text):
        python = re.sub(",| trained| kept|height |width ", "", calculation).replace(" x ", " * ")
        value = eval(python, {"floor": math.floor, "ceil": math.ceil})
        assert f"{value:,}" == result, calculation
    lines = str(test.sheet()).split("## Questions")[1].splitlines()[4:]
    assert all(line.rstrip().endswith("|  |") for line in lines if line)


@pytest.mark.parametrize(
    ("seed", "level", "error", "said"),
    [
        (1, "exams", ValueError, "Did you mean 'exam'"),
        (1, None, TypeError, "one of 'first', 'exam', 'hard', not None"),
        ("1", "exam", TypeError, "seed must be a whole number, not '1'"),
        (1.0, "exam", TypeError, "not 1.0"),
        (True, "exam", TypeError, "not True"),
    ],
)
def test_no_test_is_generated_without_a_seed_and_a_level(
    seed: object, level: str, error: type, said: str
) -> None:
    with pytest.raises(error, match=re.escape(said)):
        classtest.generate(seed, level)


@pytest.mark.parametrize(
    ("layers", "said"),
    [
        ([], "starts with its input"),
        ([PICTURE], "at least one layer"),
        ([PICTURE, counting.Resizing(4, 4)], "no questions about 'resizing' (Resizing)"),
        ([PICTURE, counting.Conv2D(2, 21)], "does not fit"),
        ([PICTURE, counting.Conv2D(4, (3, 5))], "kernel_size (3, 5)"),
        ([PICTURE, counting.Conv2D(4, 3, strides=(1, 2))], "strides (1, 2)"),
        ([PICTURE, counting.MaxPooling2D((1, 2))], "pool_size (1, 2)"),
        ([PICTURE, counting.Conv2D(4, 3, dilation_rate=2)], "dilation_rate 2"),
        ([PICTURE, counting.Conv2D(6, 3, groups=3)], "groups 3"),
        # Else two questions would be called `total parameters`, or two shapes `input`.
        ([PICTURE, counting.Conv2D(4, 3, name="total")], "cannot be called 'total'"),
        ([PICTURE, counting.Conv2D(4, 3, name="input")], "cannot be called 'input'"),
        ([PICTURE, counting.Conv2D(4, 3, name=5)], "cannot be called 5"),
    ],
)
def test_a_network_that_there_are_no_questions_about_is_told_why(
    layers: list[object], said: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        classtest.about(layers)


INPUT = '[[layers]]\nkind = "Input"\nshape = [8, 8, 1]\n'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no [[layers]]"),
        ("layers = 3", "no [[layers]]"),
        ("[[layers]]\nshape = [8, 8, 1]", "layer 1 has no kind"),
        (INPUT.replace("Input", "Inptu"), "Did you mean 'Input'"),
        (INPUT + '[[layers]]\nkind = "Dense"\nunit = 3', "layer 2 takes no 'unit'. Did you mean"),
        (INPUT + '[[layers]]\nkind = "Dense"\nunits = "3"', "layer 2: units"),
        (INPUT + '[[layers]]\nkind = "Flatten"\n', "'hapes'"),
        ("[[layers]\n", "line 1"),
        (f'ask = []\n{INPUT}[[layers]]\nkind = "Flatten"\n', "nothing is asked with ask = []"),
        (f'{INPUT}[[layers]]\nkind = "Flatten"\nname = 5', "cannot be called 5"),
    ],
)
def test_a_file_that_holds_no_network_is_told_where(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "network.toml"
    file.write_text('ask = ["hapes"]\n' + text if "hapes" in said else text)
    with pytest.raises(ValueError, match=re.escape(said)) as error:
        classtest.read(file)
    assert str(file) in str(error.value)


def test_a_file_may_begin_with_the_mark_of_an_editor(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_bytes(classtest.CHAPTER_8.read_text().encode("utf-8-sig"))
    assert classtest.read(tmp_path / "own.toml").key == classtest.read(classtest.CHAPTER_8).key


def test_a_test_asks_only_what_it_is_told_to() -> None:
    test = classtest.about([PICTURE, counting.Flatten()], ask=["shape"])
    assert [question.name for question in test.questions] == ["flatten shape"]
    with pytest.raises(ValueError, match="Did you mean 'parameters'"):
        classtest.about([PICTURE, counting.Flatten()], ask=["parameter"])


def test_negative_and_huge_seeds_are_seeds_too() -> None:
    assert classtest.generate(-7).key != classtest.generate(7).key
    assert classtest.generate(10**30).key


def test_names_of_students_are_never_taken_for_markup() -> None:
    sheet = classtest.generate(1).sheet("<b>A</b> | **B** [c](d) `e`\n# f")
    page = BeautifulSoup(sheet._repr_html_(), "html.parser")
    assert "Name: <b>A</b> | **B** [c](d) `e` # f" in page.get_text()
    assert page.b is None
    persian = "نور\N{ZERO WIDTH NON-JOINER}الدین"
    assert f"Name: {persian}\n" in str(classtest.generate(1).sheet(persian))
    # In a chapter its headings stay out of the page's outline.
    assert not page.find_all(["h1", "h2"])
    parsed = MarkdownIt("commonmark").enable("table").render(str(sheet))
    assert BeautifulSoup(parsed, "html.parser").find("p").text == page.find_all("p")[1].text
