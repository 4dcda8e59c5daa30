"""Marks the learner: self-checks of exercises and quiz questions, each with its reason."""

# ruff: noqa: F401 - what is imported here is what the package offers
from cnn_course.checks.progress import Progress, forget_progress, progress
from cnn_course.checks.quiz import Question, Quiz, quiz
from cnn_course.checks.verdicts import Verdict, check, exercise_names
