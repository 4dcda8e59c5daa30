"""The table as text, as a page and as a sequence."""

import re

import keras
import pytest
from bs4 import BeautifulSoup

from cnn_course.counting import (
    BatchNormalization,
    Conv2D,
    Dense,
    Flatten,
    Input,
    MaxPooling2D,
    Row,
    Table,
    table,
)

TEXT = """\
Input 12 x 12 x 3: 37,040 parameters, 36,928 of them trained; 143,360 multiplications for one picture

layer               | kind               | output      | parameters | multiplications | receptive field | calculation of the parameters
--------------------+--------------------+-------------+------------+-----------------+-----------------+----------------------------------
conv2d              | Conv2D             | 10 x 10 x 8 |        224 |          21,600 | 3 x 3           | (3 x 3 x 3 + 1) x 8 = 224
"""  # noqa: E501


@pytest.fixture(scope="module")
def counted() -> Table:
    return table(
        [
            Input((12, 12, 3)), Conv2D(8, 3), BatchNormalization(), MaxPooling2D(2),
            Conv2D(64, (1, 3), trainable=False), Flatten(name="<row> & [b]all[/b]"), Dense(10),
        ]
    )  # fmt: skip


def test_the_text_of_a_table(counted: Table) -> None:
    assert str(counted) == """"""


def test_a_table_is_a_sequence_of_rows(counted: Table) -> None:
    assert len(counted) == 6
    assert all(isinstance(row, Row) for row in counted)
    assert counted[-1].kind == "Dense"
    assert [row.kind for row in counted[:2]] == ["Conv2D", "BatchNormalization"]
    assert counted.row("conv2d_1") is counted[3]
    assert counted.inputs == ((12, 12, 3),)
