"""Shapes of pictures and maps, without the batch axis, and where Keras's `axis` points in them."""

from cnn_course.arguments import parts_of, shown, whole_number

Shape = tuple[int, ...]


def checked_shape(shape: object) -> Shape:
    """Return `shape` as a tuple; TypeError and ValueError unless it has known, whole sizes."""
    sizes = parts_of(shape)
    if sizes is None:
        raise TypeError(
            f"A shape is a tuple such as (28, 28, 1), not {shown(shape)} ({type(shape).__name__})."
        )
    if not sizes or any(size is None for size in sizes):
        raise ValueError(
            f"The shape {shown(sizes)} has unknown sizes, and without them nothing can be "
            "counted. Give every size, for example (28, 28, 1)."
        )
    if all(type(size) is int and size > 0 for size in sizes):  # as nearly always: no text is made
        return sizes
    return tuple(whole_number(f"Each size of {shown(sizes)}", size, 1) for size in sizes)


def axes_of(shape: Shape, axis: object) -> Shape:
    """Return where Keras's `axis` points to in a shape without the batch axis.

    Keras counts the batch as axis 0; here axis 1 is the first entry of the shape, -1 the last.
    """
    found = []
    parts = parts_of(axis)
    for one in (axis,) if parts is None else parts:
        number = whole_number("axis", one, -len(shape))
        if number == 0 or number > len(shape):
            raise ValueError(f"There is no axis {number} to use in an input of shape {shape}.")
        found.append(number - 1 if number > 0 else len(shape) + number)
    return tuple(found)


def one_axis_of(shape: Shape, axis: object) -> int:
    """Return where `axis` points to; ValueError unless it is one axis."""
    found = axes_of(shape, axis)
    if len(found) != 1:
        raise ValueError(f"axis must be one axis, not {shown(axis)}.")
    return found[0]
