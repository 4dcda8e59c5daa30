"""The Inception module: chapter 9.

Szegedy and others, "Going Deeper with Convolutions" (2014): filters of several sizes look at the
same maps, and what they find stands side by side.
"""

from typing import Any

from keras import layers


def naive_inception_module(x: Any, ones: int, threes: int, fives: int) -> Any:
    """Return convolutions 1x1, 3x3 and 5x5 and a max pooling of the same maps, joined.

    Args:
        x: maps of shape (H, W, C).
        ones: filters of 1x1.
        threes: filters of 3x3.
        fives: filters of 5x5.

    Returns:
        Maps of shape (H, W, ones + threes + fives + C).
    """
    found = [
        layers.Conv2D(filters, side, padding="same", activation="relu")(x)
        for filters, side in ((ones, 1), (threes, 3), (fives, 5))
    ]
    return layers.Concatenate()([*found, layers.MaxPooling2D(3, strides=1, padding="same")(x)])


def inception_module(
    x: Any,
    *,
    ones: int,
    before_threes: int,
    threes: int,
    before_fives: int,
    fives: int,
    pooled: int,
) -> Any:
    """Return the module with bottlenecks: 1x1 convolutions make few channels of many first.

    Args:
        x: maps of shape (H, W, C).
        ones: filters of 1x1.
        before_threes: channels that the bottleneck leaves for the filters of 3x3.
        threes: filters of 3x3.
        before_fives: channels that the bottleneck leaves for the filters of 5x5.
        fives: filters of 5x5.
        pooled: channels that a 1x1 convolution leaves of the max pooling.

    Returns:
        Maps of shape (H, W, ones + threes + fives + pooled).
    """

    def convolution(maps: Any, filters: int, side: int) -> Any:
        return layers.Conv2D(filters, side, padding="same", activation="relu")(maps)

    pool = layers.MaxPooling2D(3, strides=1, padding="same")(x)
    return layers.Concatenate()(
        [
            convolution(x, ones, 1),
            convolution(convolution(x, before_threes, 1), threes, 3),
            convolution(convolution(x, before_fives, 1), fives, 5),
            convolution(pool, pooled, 1),
        ]
    )
