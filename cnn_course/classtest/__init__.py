"""Class tests in counting: made from a seed, printed, and marked with the slip named."""

from cnn_course.classtest.class_test import LEVELS, ClassTest, about, generate
from cnn_course.classtest.marking import Mark, Marking
from cnn_course.classtest.questions import Question
from cnn_course.classtest.slips import HINTS

__all__ = ["HINTS", "LEVELS", "ClassTest", "Mark", "Marking", "Question", "about", "generate"]
