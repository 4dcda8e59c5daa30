"""Descriptions of layers, named and with arguments as in Keras, that can be counted."""

from types import MappingProxyType
from typing import Final

from .base import Count, Input, Layer, Shape
from .convolution import Conv2D, Dense, DepthwiseConv2D, SeparableConv2D
from .elementwise import (
    ELU,
    Activation,
    Dropout,
    GaussianDropout,
    GaussianNoise,
    Identity,
    LeakyReLU,
    LocalResponseNormalization,
    RandomBrightness,
    RandomContrast,
    RandomFlip,
    RandomRotation,
    RandomShear,
    RandomTranslation,
    RandomZoom,
    ReLU,
    Rescaling,
    Softmax,
    SpatialDropout2D,
    UnitNormalization,
)
from .merging import Add, Average, Concatenate, Maximum, Minimum, Multiply, Subtract
from .normalization import (
    BatchNormalization,
    GroupNormalization,
    LayerNormalization,
    Normalization,
)
from .pooling import (
    AveragePooling2D,
    GlobalAveragePooling2D,
    GlobalMaxPooling2D,
    MaxPooling2D,
)
from .reshaping import Cropping2D, Flatten, Reshape, Resizing, ZeroPadding2D

__all__ = [
    "ELU",
    "KNOWN",
    "Activation",
    "Add",
    "Average",
    "AveragePooling2D",
    "BatchNormalization",
    "Concatenate",
    "Conv2D",
    "Count",
    "Cropping2D",
    "Dense",
    "DepthwiseConv2D",
    "Dropout",
    "Flatten",
    "GaussianDropout",
    "GaussianNoise",
    "GlobalAveragePooling2D",
    "GlobalMaxPooling2D",
    "GroupNormalization",
    "Identity",
    "Input",
    "Layer",
    "LayerNormalization",
    "LeakyReLU",
    "LocalResponseNormalization",
    "MaxPooling2D",
    "Maximum",
    "Minimum",
    "Multiply",
    "Normalization",
    "RandomBrightness",
    "RandomContrast",
    "RandomFlip",
    "RandomRotation",
    "RandomShear",
    "RandomTranslation",
    "RandomZoom",
    "ReLU",
    "Rescaling",
    "Reshape",
    "Resizing",
    "SeparableConv2D",
    "Shape",
    "Softmax",
    "SpatialDropout2D",
    "Subtract",
    "UnitNormalization",
    "ZeroPadding2D",
]

#: Every kind of layer that can be counted, by the name of its Keras class.
KNOWN: Final = MappingProxyType(
    {
        name: value
        for name, value in sorted(globals().items())
        if isinstance(value, type) and issubclass(value, Layer) and value not in (Layer, Input)
    }
)
