"""Networks that the explorer of shapes offers: those of the chapters, and blocks of the large ones.

A block stands alone, on maps as they reach it in its network.
"""

from collections.abc import Sequence
from typing import Final

from cnn_course.counting import (
    Add,
    AveragePooling2D,
    BatchNormalization,
    Concatenate,
    Conv2D,
    Dense,
    DepthwiseConv2D,
    Dropout,
    Flatten,
    GlobalAveragePooling2D,
    Input,
    Layer,
    MaxPooling2D,
    ReLU,
)


def _dense(*units: int) -> list[Layer]:
    return [Flatten(), *map(Dense, units)]


def _normalized(filters: int, side: int, stride: int = 1, after: str | None = None) -> list[Layer]:
    conv = Conv2D(filters, side, stride, padding="same", use_bias=False, after=after)
    return [conv, BatchNormalization()]


def _vgg(convolutions: Sequence[int]) -> list[Layer]:
    maps: list[Layer] = []
    for block, number in enumerate(convolutions):
        filters = min(64 * 2**block, 512)
        maps += [*[Conv2D(filters, 3, padding="same")] * number, MaxPooling2D(2)]
    return [Input((224, 224, 3)), *maps, *_dense(4096, 4096, 1000)]


def _alexnet() -> list[Layer]:
    return [
        *(Input((227, 227, 3)), Conv2D(96, 11, 4), MaxPooling2D(3, 2)),
        *(Conv2D(256, 5, padding="same"), MaxPooling2D(3, 2)),
        *[Conv2D(filters, 3, padding="same") for filters in (384, 384, 256)],
        *(MaxPooling2D(3, 2), Flatten(), Dense(4096), Dropout(0.5)),
        *(Dense(4096), Dropout(0.5), Dense(1000)),
    ]


def _naive_inception() -> list[Layer]:
    """The windows of 1, 3 and 5 and a pooling, side by side: module 3a of GoogLeNet."""
    branches = [
        Conv2D(filters, side, padding="same", name=f"branch {side}", after="maps")
        for filters, side in ((64, 1), (128, 3), (32, 5))
    ]
    pool = MaxPooling2D(3, 1, padding="same", name="pool", after="maps")
    return [
        *(Input((28, 28, 192), name="maps"), *branches, pool),
        Concatenate(after=("branch 1", "branch 3", "branch 5", "pool")),
    ]


def _inception() -> list[Layer]:
    """The same with bottlenecks."""
    return [
        *(Input((28, 28, 192), name="maps"), Conv2D(64, 1, name="ones", after="maps")),
        *(Conv2D(96, 1, after="maps"), Conv2D(128, 3, padding="same", name="threes")),
        *(Conv2D(16, 1, after="maps"), Conv2D(32, 5, padding="same", name="fives")),
        MaxPooling2D(3, 1, padding="same", after="maps"),
        *(Conv2D(32, 1, name="pooled"), Concatenate(after=("ones", "threes", "fives", "pooled"))),
    ]


def _residual() -> list[Layer]:
    last = BatchNormalization(name="last")
    return [
        *(Input((56, 56, 64), name="maps"), *_normalized(64, 3), ReLU()),
        *(_normalized(64, 3)[0], last, Add(after=("last", "maps")), ReLU()),
    ]


def _bottleneck() -> list[Layer]:
    last, shortcut = BatchNormalization(name="last"), BatchNormalization(name="shortcut")
    return [
        *(Input((56, 56, 64), name="maps"), *_normalized(64, 1), ReLU()),
        *(*_normalized(64, 3), ReLU(), _normalized(256, 1)[0], last),
        *(_normalized(256, 1, after="maps")[0], shortcut),
        *(Add(after=("last", "shortcut")), ReLU()),
    ]


def _separable() -> list[Layer]:
    depthwise = DepthwiseConv2D(3, padding="same", use_bias=False)
    return [
        *(Input((14, 14, 512)), depthwise, BatchNormalization(), ReLU()),
        *(*_normalized(512, 1), ReLU()),
    ]


def _xception() -> list[Layer]:
    """A block of the middle: three times ReLU and a separable convolution, and a shortcut."""
    depthwise = DepthwiseConv2D(3, padding="same", use_bias=False)
    once = [ReLU(), depthwise, Conv2D(728, 1, use_bias=False), BatchNormalization()]
    last = BatchNormalization(name="last")
    return [
        *(Input((19, 19, 728), name="maps"), *once, *once, *once[:-1], last),
        Add(after=("last", "maps")),
    ]


KNOWN_NETWORKS: Final[dict[str, list[Layer]]] = {
    "chapter 2": [
        *(Input((28, 28, 1)), Conv2D(32, 3), MaxPooling2D(2), Conv2D(64, 3), MaxPooling2D(2)),
        *(Conv2D(128, 3), *_dense(10)),
    ],
    "the class test": [
        *(Input((8, 8, 1)), Conv2D(1, 2, 2), Conv2D(2, 2, padding="same"), MaxPooling2D(2)),
        *_dense(10, 10, 3),
    ],
    "LeNet-5": [
        *(Input((28, 28, 1)), Conv2D(6, 5, padding="same"), AveragePooling2D(2)),
        *(Conv2D(16, 5), AveragePooling2D(2), *_dense(120, 84, 10)),
    ],
    "AlexNet, on one card": _alexnet(),
    "VGG16": _vgg((2, 2, 3, 3, 3)),
    "VGG19": _vgg((2, 2, 4, 4, 4)),
    "Inception module, naive": _naive_inception(),
    "Inception module, GoogLeNet": _inception(),
    "residual block, ResNet-18": _residual(),
    "residual block, ResNet-50": _bottleneck(),
    "MobileNet block": _separable(),
    "Xception block": _xception(),
    "end of ResNet-50": [Input((7, 7, 2048)), GlobalAveragePooling2D(), Dense(1000)],
    "patches of ViT-B/16": [Input((224, 224, 3)), Conv2D(768, 16, 16)],
}
