"""Depthwise separable convolutions: chapter 9.

Howard and others, "MobileNets" (2017); Chollet, "Xception" (2017).
"""

from typing import Any

from keras import layers


def separable_block(x: Any, filters: int, stride: int = 1) -> Any:
    """Return MobileNet's block: a depthwise 3x3 convolution, then a 1x1 convolution.

    Each is followed by batch normalization and ReLU, and has no bias.

    Args:
        x: maps of shape (H, W, C).
        filters: of the 1x1 convolution.
        stride: of the depthwise one.

    Returns:
        Maps of shape (ceil(H / stride), ceil(W / stride), filters).
    """
    x = layers.DepthwiseConv2D(3, strides=stride, padding="same", use_bias=False)(x)
    x = layers.ReLU()(layers.BatchNormalization()(x))
    x = layers.Conv2D(filters, kernel_size=1, use_bias=False)(x)
    return layers.ReLU()(layers.BatchNormalization()(x))
