"""Figures. Each carries an alt text that states its message; a colour means one thing."""

# ruff: noqa: F401 - what is imported here is what the package offers
from cnn_course.plots.architecture import architecture, architectures, sizes
from cnn_course.plots.famous_networks import cost_and_accuracy, timeline
from cnn_course.plots.measurements import (
    confusion_matrix,
    histories,
    lines,
    points_by_shift,
    scores,
    strategies,
)
from cnn_course.plots.pictures import (
    averaged_over,
    evidence,
    feature_maps,
    filters,
    maps_by_layer,
    number_grids,
    pictures,
    pictures_and_maps,
)
from cnn_course.plots.stepper import Stepper, sliding_window
from cnn_course.plots.style import INPUT, KERNEL, OUTPUT, TRAINING, VALIDATION, show
