"""Residual networks: chapter 9.

He, Zhang, Ren and Sun, "Deep Residual Learning for Image Recognition" (2015). A block computes what
is to be added to its input. Its last ReLU comes after the addition.
"""

from typing import Any

import keras
from keras import layers


def residual_block(x: Any, filters: int, stride: int = 1, *, shortcut: bool = True) -> Any:
    """Return two convolutions 3 x 3 with a shortcut around them, as in ResNet-18 and ResNet-34.

    Args:
        x: maps of shape (H, W, C).
        filters: of both convolutions.
        stride: of the first one, and of the projection.
        shortcut: without it, the block is one of a plain network of the same depth.

    Returns:
        Maps of shape (ceil(H / stride), ceil(W / stride), filters). The shortcut is the input
        itself where the shapes agree, else a projection: a 1x1 convolution of it.
    """
    y = _normalized(x, filters, 3, stride)
    y = layers.ReLU()(y)
    y = _normalized(y, filters, 3)
    if shortcut:
        same = stride == 1 and x.shape[-1] == filters
        y = layers.Add()([y, x if same else _normalized(x, filters, 1, stride)])
    return layers.ReLU()(y)


def bottleneck_block(
    x: Any,
    filters: int,
    stride: int = 1,
    *,
    projection: bool = False,
    bias: bool = False,
    name: str | None = None,
) -> Any:
    """Return 1x1, 3x3, 1x1 convolutions with a shortcut, as in ResNet-50 and deeper.

    Args:
        x: maps of shape (H, W, C).
        filters: of the first two convolutions; the last one has four times as many.
        stride: of the first convolution and of the projection, as in the paper.
        projection: whether the shortcut is a 1x1 convolution; else shapes have to agree.
        bias: whether convolutions have one, which the normalization after them makes needless.
        name: what the names of the layers begin with; without it, Keras chooses them.
    """

    def named(part: str) -> str | None:
        return name and f"{name}_{part}"

    y = _normalized(x, filters, 1, stride, bias=bias, name=named("1"))
    y = layers.ReLU(name=named("1_relu"))(y)
    y = _normalized(y, filters, 3, bias=bias, name=named("2"))
    y = layers.ReLU(name=named("2_relu"))(y)
    y = _normalized(y, 4 * filters, 1, bias=bias, name=named("3"))
    if projection:
        x = _normalized(x, 4 * filters, 1, stride, bias=bias, name=named("0"))
    return layers.ReLU(name=named("out"))(layers.Add(name=named("add"))([x, y]))


def resnet50(classes: int = 1000, side: int = 224) -> Any:
    """Return ResNet-50: 25,636,712 parameters for 1,000 classes, as in Keras Applications.

    26,560 of them are biases that the normalization behind them makes needless; Keras kept them
    because the weights that were published have them. The layers have the names that they have
    there: conv2_block1_1_conv is the first convolution of the first block behind the stem.
    """
    inputs = keras.Input(shape=(side, side, 3))
    x = layers.ZeroPadding2D(3, name="conv1_pad")(inputs)
    x = layers.Conv2D(64, kernel_size=7, strides=2, name="conv1_conv")(x)
    x = layers.BatchNormalization(epsilon=1.001e-5, name="conv1_bn")(x)
    x = layers.ZeroPadding2D(1, name="pool1_pad")(layers.ReLU(name="conv1_relu")(x))
    x = layers.MaxPooling2D(3, strides=2, name="pool1_pool")(x)
    for stage, (filters, blocks) in enumerate([(64, 3), (128, 4), (256, 6), (512, 3)], start=2):
        for block in range(1, blocks + 1):
            first, name = block == 1, f"conv{stage}_block{block}"
            stride = 2 if first and stage > 2 else 1
            x = bottleneck_block(x, filters, stride, projection=first, bias=True, name=name)
    x = layers.GlobalAveragePooling2D(name="avg_pool")(x)
    outputs = layers.Dense(classes, activation="softmax", name="predictions")(x)
    return keras.Model(inputs, outputs, name="resnet50")


def _normalized(
    x: Any,
    filters: int,
    side: int,
    stride: int = 1,
    *,
    bias: bool = False,
    name: str | None = None,
) -> Any:
    x = layers.Conv2D(
        filters,
        side,
        strides=stride,
        padding="same",
        use_bias=bias,
        name=name and f"{name}_conv",
    )(x)
    # Keras keeps 0.99 of its moving statistics at each step. That is for trainings of many thousand
    # steps; after a hundred they would still hold a third of what they began with.
    bn = name and f"{name}_bn"
    return layers.BatchNormalization(momentum=0.9, epsilon=1.001e-5, name=bn)(x)
