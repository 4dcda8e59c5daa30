"""The networks that chapter 9 has shown, block by block, to be imported where they are needed."""

from cnn_course.models.alexnet import LocalResponseNormalization, alexnet
from cnn_course.models.inception import inception_module, naive_inception_module
from cnn_course.models.lenet import lenet
from cnn_course.models.resnet import bottleneck_block, residual_block, resnet50
from cnn_course.models.separable import separable_block
from cnn_course.models.vgg import vgg

__all__ = [
    "LocalResponseNormalization",
    "alexnet",
    "bottleneck_block",
    "inception_module",
    "lenet",
    "naive_inception_module",
    "residual_block",
    "resnet50",
    "separable_block",
    "vgg",
]
