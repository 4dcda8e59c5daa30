"""The table as text, as a page and as a sequence."""

import re

import pytest
from bs4 import BeautifulSoup
from frameworks import keras

from cnn_course import counting as c
from cnn_course.counting import Table, table

TEXT = """\
Input 12 x 12 x 3: 11,466 parameters, 9,850 of them trained; 54,240 multiplications for one picture

layer               | kind               | output  | parameters | calculation            | multiplications | receptive field
--------------------+--------------------+---------+------------+------------------------+-----------------+----------------
conv2d              | Conv2D             | 10x10x8 |        224 | (3x3x3 + 1) x 8        |          21,600 | 3x3
batch_normalization | BatchNormalization | 10x10x8 |         32 | 2x8 trained + 2x8 kept |               0 | 3x3
max_pooling2d       | MaxPooling2D       | 5x5x8   |          0 |                        |               0 | 4x4
conv2d_1            | Conv2D             | 5x3x64  |      1,600 | (1x3x8 + 1) x 64       |          23,040 | 4x8
<row> & [b]all[/b]  | Flatten            | 960     |          0 |                        |               0 | 4x8
dense               | Dense              | 10      |      9,610 | (960 + 1) x 10         |           9,600 | 12x12
--------------------+--------------------+---------+------------+------------------------+-----------------+----------------
total               |                    |         |     11,466 |                        |          54,240 |"""  # noqa: E501


@pytest.fixture(scope="module")
def counted() -> Table:
    return table(
        [
            c.Input((12, 12, 3)), c.Conv2D(8, 3), c.BatchNormalization(), c.MaxPooling2D(2),
            c.Conv2D(64, (1, 3), trainable=False), c.Flatten(name="<row> & [b]all[/b]"),
            c.Dense(10),
        ]
    )  # fmt: skip


def test_a_table_is_a_sequence_of_rows_with_their_sums(counted: Table) -> None:
    assert str(counted) == repr(counted) == TEXT
    assert (len(counted), len(counted[:2]), counted[-1].kind) == (6, 2, "Dense")
    assert counted.row("conv2d_1") is counted[3]
    assert counted.inputs == ((12, 12, 3),)
    assert counted.trainable_parameters == 224 + 16 + 9_610
    assert repr(counted[4]) == (
        "Row(name='<row> & [b]all[/b]', kind='Flatten', output_shape=(960,), parameters=0, "
        "trainable_parameters=0, multiplications=0, derivation='0', receptive_field=(4, 8))"
    )
    with pytest.raises(ValueError, match=r"no layer 'conv3'.*conv2d, batch_normalization"):
        counted.row("conv3")


def test_a_notebook_shows_a_table_with_a_caption_and_headers(counted: Table) -> None:
    page = BeautifulSoup(counted._repr_html_(), "html.parser")
    assert page.caption.text == TEXT.splitlines()[0]
    heads = [cell.text for cell in page.thead.find_all("th", scope="col")]
    assert heads == [cell.strip() for cell in TEXT.splitlines()[2].split("|")]
    rows = page.tbody.find_all("tr")
    assert [row.find("th", scope="row").text for row in rows] == [row.name for row in counted]
    assert [len(row.find_all("td")) for row in rows] == [6] * 6
    assert [cell.text for cell in rows[3].find_all("td")][2:5:2] == ["1,600", "23,040"]
    assert page.tfoot.find("th", scope="row").text == "total"
    assert not {"color", "background"} & set(re.findall(r"\w+", counted._repr_html_()))


@pytest.mark.tensorflow
def test_a_network_with_branches_is_counted_the_same_as_a_list_and_in_keras() -> None:
    layers = keras.layers
    inputs = keras.Input((12, 12, 3), name="input")
    one = layers.Conv2D(4, 1, name="one")(inputs)
    two = layers.Conv2D(4, 3, padding="same", name="two")(inputs)
    added = layers.Add(name="added")([one, two])
    joined = layers.Concatenate(name="joined")([added, inputs])
    described = table(
        [
            c.Input((12, 12, 3)),
            c.Conv2D(4, 1, name="one"),
            c.Conv2D(4, 3, padding="same", name="two", after="input"),
            c.Add(name="added", after=("one", "two")),
            c.Concatenate(name="joined", after=("added", "input")),
        ]
    )
    in_keras = table(keras.Model(inputs, joined))
    assert {row.name: row for row in described} == {row.name: row for row in in_keras}
    other = keras.Input((4,))
    both = layers.Concatenate()([layers.Flatten()(joined), other])
    text = str(table(keras.Model([inputs, other], both)))
    assert text.startswith("Input 12 x 12 x 3 and 4: 128 parameters")
    assert text.count("| -\n") == 6  # no receptive field for two inputs
