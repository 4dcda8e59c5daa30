"""Explorers: change a number and see what happens, in JupyterLab and on a page without a kernel."""

from cnn_course.explorers.augmentation import Augmentation
from cnn_course.explorers.class_test import ClassTests
from cnn_course.explorers.digit_training import DigitTraining
from cnn_course.explorers.digits import DigitNetwork
from cnn_course.explorers.gradients import Gradients
from cnn_course.explorers.shapes import Shapes
from cnn_course.explorers.training import KernelTraining
from cnn_course.explorers.transfer_cases import TransferCases
from cnn_course.explorers.windows import Convolution, Pooling

__all__ = [
    "Augmentation",
    "ClassTests",
    "Convolution",
    "DigitNetwork",
    "DigitTraining",
    "Gradients",
    "KernelTraining",
    "Pooling",
    "Shapes",
    "TransferCases",
]
