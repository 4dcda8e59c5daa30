"""Figures. Every one carries an alt text that states its message; a colour means one thing."""

from cnn_course.plots.architecture import architecture, architectures
from cnn_course.plots.costs import cost_and_accuracy
from cnn_course.plots.evidence import evidence
from cnn_course.plots.grids import (
    averaged_over,
    feature_maps,
    filters,
    number_grids,
    pictures,
    pictures_and_maps,
)
from cnn_course.plots.history import timeline
from cnn_course.plots.measurements import (
    confusion_matrix,
    histories,
    lines,
    points_by_shift,
    scores,
)
from cnn_course.plots.networks import maps_by_layer, sizes
from cnn_course.plots.palette import INPUT, KERNEL, OUTPUT, TRAINING, VALIDATION
from cnn_course.plots.showing import show
from cnn_course.plots.stepper import Stepper, sliding_window
from cnn_course.plots.transfers import strategies

__all__ = [
    "INPUT",
    "KERNEL",
    "OUTPUT",
    "TRAINING",
    "VALIDATION",
    "Stepper",
    "architecture",
    "architectures",
    "averaged_over",
    "confusion_matrix",
    "cost_and_accuracy",
    "evidence",
    "feature_maps",
    "filters",
    "histories",
    "lines",
    "maps_by_layer",
    "number_grids",
    "pictures",
    "pictures_and_maps",
    "points_by_shift",
    "scores",
    "show",
    "sizes",
    "sliding_window",
    "strategies",
    "timeline",
]
