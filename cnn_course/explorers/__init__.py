"""Explorers: change a number and see what happens, in JupyterLab and on a page without a kernel."""

from cnn_course.explorers.convolution import Convolution

__all__ = ["Convolution"]
