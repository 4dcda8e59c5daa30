"""Class tests in counting: made from a seed, printed, and marked with common mistakes named."""

# ruff: noqa: F401 - what is imported here is what the package offers
from cnn_course.classtest.class_test import LEVELS, ClassTest, about, generate
from cnn_course.classtest.marks import Mark, Marking
from cnn_course.classtest.networks import CHAPTER_8, read
from cnn_course.classtest.questions import HINTS, Question
