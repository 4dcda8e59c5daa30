"""Convolution, pooling and ReLU by hand, with their gradients: NumPy and nothing else.

Chapter 1 builds these operations with loops. Here they are again without the loops over pixels, so
that a photograph takes milliseconds. Sizes, padding and strides mean what they mean in Keras, and
images are channels last: `(N, H, W, C)`.

Start reading in `_windows` (where a window stands), then `_convolution` and `_pooling`.

Numbers: whole numbers and booleans give int64 results, exact or refused, never wrapped around.
float32 and float64 stay what they are, float16 is computed in float32. Whole numbers next to
floats take the floats' type, as in Keras. NaN and infinity pass through. No input is modified.
"""

# ruff: noqa: F401 - what is imported here is what the package offers
from cnn_course.conv._convolution import conv2d, conv2d_gradients, convolve2d, correlate2d
from cnn_course.conv._pooling import pool2d, pool2d_gradient, relu
