"""Drawn animals, which a network can be trained on where there are no photographs.

The same seed puts every kind of animal into the same scene, so colours, poses, sizes and
backgrounds tell nothing about the kind. Only the shape does.

Importing this package imports no Pillow; drawing does.
"""

from cnn_course.data.drawings.drawing import KINDS, VERSION, draw
from cnn_course.data.drawings.writing import write

__all__ = ["KINDS", "VERSION", "draw", "write"]
