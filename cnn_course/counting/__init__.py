"""Counts what a network is made of: sizes, parameters, multiplications, receptive fields.

Each number comes with its calculation as a person writes it. Nothing here imports TensorFlow or
Keras; a Keras model that is handed in is read as it is.
"""

# ruff: noqa: F401, F403 - what is imported here is what the package offers
from .layers import *
from .network import Row, Table, layers_of, table
from .windows import (
    ReceptiveField,
    left_over,
    output_size,
    output_size_derivation,
    same_padding,
)
