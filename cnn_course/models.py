"""The networks that chapter 9 has shown, block by block, to be imported where they are needed.

LeNet-5: LeCun, Bottou, Bengio and Haffner, "Gradient-Based Learning Applied to Document
Recognition" (1998).
AlexNet: Krizhevsky, Sutskever and Hinton, "ImageNet Classification with Deep Convolutional Neural
Networks" (2012).
VGG: Simonyan and Zisserman, "Very Deep Convolutional Networks for Large-Scale Image Recognition"
(2014).
Inception: Szegedy and others, "Going Deeper with Convolutions" (2014).
ResNet: He, Zhang, Ren and Sun, "Deep Residual Learning for Image Recognition" (2015).
Separable convolutions: Howard and others, "MobileNets" (2017); Chollet, "Xception" (2017).
"""

from typing import Any

import keras
from keras import layers, ops


def lenet(classes: int = 10, side: int = 28) -> Any:
    """Return LeNet-5 for grey pictures of `side` x `side` pixels: 61,706 parameters for 28.

    It is the network as it is usually taught. The published one had 60,000 parameters: it connected
    only some maps of its third layer, and its pooling was trained.

    Args:
        classes: units of the softmax at the end.
        side: pixels along each side; at least 12.
    """
    inputs = keras.Input(shape=(side, side, 1))
    x = layers.Conv2D(6, kernel_size=5, padding="same", activation="tanh", name="C1")(inputs)
    x = layers.AveragePooling2D(2, name="S2")(x)
    x = layers.Conv2D(16, kernel_size=5, activation="tanh", name="C3")(x)
    x = layers.AveragePooling2D(2, name="S4")(x)
    x = layers.Flatten(name="flatten")(x)
    x = layers.Dense(120, activation="tanh", name="F5")(x)
    x = layers.Dense(84, activation="tanh", name="F6")(x)
    outputs = layers.Dense(classes, activation="softmax", name="output")(x)
    return keras.Model(inputs, outputs, name="lenet")


@keras.saving.register_keras_serializable(package="cnn_course")
class LocalResponseNormalization(layers.Layer):
    """Divide each value by what the neighbouring channels show at the same place.

    b = a / (k + alpha x sum of squares over n neighbouring channels) ** beta, as in section 3.3 of
    the paper on AlexNet. Nothing is learned.

    Attributes:
        k: added to the sum.
        n: channels in the sum, an odd number; at the first and last channel there are fewer.
        alpha: weight of the sum.
        beta: the power.
    """

    def __init__(
        self, k: float = 2.0, n: int = 5, alpha: float = 1e-4, beta: float = 0.75, **named: Any
    ) -> None:
        super().__init__(**named)
        if n < 1 or n % 2 == 0:
            raise ValueError(f"n must be an odd number of channels, such as 5, but it is {n}.")
        self.k, self.n, self.alpha, self.beta = k, n, alpha, beta

    def call(self, inputs: Any) -> Any:
        """Return the normalized values; shape (N, H, W, C) in and out."""
        channels, reach = inputs.shape[-1], self.n // 2
        padded = ops.pad(ops.square(inputs), [[0, 0], [0, 0], [0, 0], [reach, reach]])
        squares = sum(padded[..., first : first + channels] for first in range(self.n))
        return inputs / (self.k + self.alpha * squares) ** self.beta

    def get_config(self) -> dict[str, Any]:
        """Return what `__init__` takes."""
        own = {"k": self.k, "n": self.n, "alpha": self.alpha, "beta": self.beta}
        return {**super().get_config(), **own}


def alexnet(classes: int = 1000) -> Any:
    """Return AlexNet for pictures of 227 x 227 pixels: 60,965,224 parameters for 1,000 classes.

    The paper says 224 x 224; its first convolution without padding needs 227. Three convolutions
    were split over two graphics cards there; here they have two groups.
    """
    inputs = keras.Input(shape=(227, 227, 3))
    x = layers.Conv2D(96, kernel_size=11, strides=4, activation="relu", name="conv_1")(inputs)
    x = LocalResponseNormalization(name="norm_1")(x)
    x = layers.MaxPooling2D(3, strides=2, name="pool_1")(x)
    x = layers.Conv2D(256, 5, padding="same", groups=2, activation="relu", name="conv_2")(x)
    x = LocalResponseNormalization(name="norm_2")(x)
    x = layers.MaxPooling2D(3, strides=2, name="pool_2")(x)
    x = layers.Conv2D(384, 3, padding="same", activation="relu", name="conv_3")(x)
    x = layers.Conv2D(384, 3, padding="same", groups=2, activation="relu", name="conv_4")(x)
    x = layers.Conv2D(256, 3, padding="same", groups=2, activation="relu", name="conv_5")(x)
    x = layers.MaxPooling2D(3, strides=2, name="pool_5")(x)
    x = layers.Flatten(name="flatten")(x)
    for name in ("dense_6", "dense_7"):
        x = layers.Dense(4096, activation="relu", name=name)(x)
        x = layers.Dropout(0.5)(x)
    outputs = layers.Dense(classes, activation="softmax", name="output")(x)
    return keras.Model(inputs, outputs, name="alexnet")


def vgg(depth: int = 16, classes: int = 1000, side: int = 224) -> Any:
    """Return VGG16 (138,357,544 parameters for 1,000 classes) or VGG19 (143,667,240).

    Args:
        depth: layers with weights, 16 or 19.
        classes: units of the softmax at the end.
        side: pixels along each side; at least 32.

    Raises:
        ValueError: another depth.
    """
    convolutions = {16: (2, 2, 3, 3, 3), 19: (2, 2, 4, 4, 4)}  # in each of the five blocks
    if depth not in convolutions:
        raise ValueError(f"There is no VGG{depth}. Its depth is 16 or 19.")
    x = inputs = keras.Input(shape=(side, side, 3))
    for block, number in enumerate(convolutions[depth], start=1):
        filters = min(64 * 2 ** (block - 1), 512)
        for conv in range(1, number + 1):
            x = _convolution(x, filters, 3, name=f"block{block}_conv{conv}")
        x = layers.MaxPooling2D(2, name=f"block{block}_pool")(x)
    x = layers.Flatten(name="flatten")(x)
    x = layers.Dense(4096, activation="relu", name="fc1")(x)
    x = layers.Dense(4096, activation="relu", name="fc2")(x)
    outputs = layers.Dense(classes, activation="softmax", name="predictions")(x)
    return keras.Model(inputs, outputs, name=f"vgg{depth}")


def _convolution(x: Any, filters: int, side: int, name: str | None = None) -> Any:
    return layers.Conv2D(filters, side, padding="same", activation="relu", name=name)(x)


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
        _convolution(x, filters, side) for filters, side in ((ones, 1), (threes, 3), (fives, 5))
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
    pool = layers.MaxPooling2D(3, strides=1, padding="same")(x)
    found = [
        _convolution(x, ones, 1),
        _convolution(_convolution(x, before_threes, 1), threes, 3),
        _convolution(_convolution(x, before_fives, 1), fives, 5),
        _convolution(pool, pooled, 1),
    ]
    return layers.Concatenate()(found)


def residual_block(x: Any, filters: int, stride: int = 1, *, shortcut: bool = True) -> Any:
    """Return two convolutions 3 x 3 with a shortcut around them, as in ResNet-18 and ResNet-34.

    The convolutions compute what is to be added to the input; the last ReLU comes after that.

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
    x: Any, filters: int, side: int, stride: int = 1, *, bias: bool = False, name: str | None = None
) -> Any:
    x = layers.Conv2D(
        filters, side, strides=stride, padding="same", use_bias=bias, name=name and f"{name}_conv"
    )(x)
    # Keras keeps 0.99 of its moving statistics at each step. That is for trainings of many thousand
    # steps; after a hundred they would still hold a third of what they began with.
    bn = name and f"{name}_bn"
    return layers.BatchNormalization(momentum=0.9, epsilon=1.001e-5, name=bn)(x)


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
