"""Class tests in counting: made from a seed, printed, and marked with common mistakes named."""

from cnn_course.classtest.class_test import LEVELS, ClassTest, about, generate
from cnn_course.classtest.marks import Mark, Marking
from cnn_course.classtest.questions import HINTS, Question

__all__ = ["HINTS", "LEVELS", "ClassTest", "Mark", "Marking", "Question", "about", "generate"]
