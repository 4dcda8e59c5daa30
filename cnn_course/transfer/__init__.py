"""Build on a trained network: bases, layers that are frozen or train, features computed once."""

from cnn_course.cases import STRATEGIES, advise, clearly_better, recorded_grid, rule
from cnn_course.transfer.bases import (
    Base,
    base,
    imagenet_classifier,
    mini_vgg16,
    store_mini_vgg16,
)
from cnn_course.transfer.features import StoredFeatures, store
from cnn_course.transfer.splitting import split
from cnn_course.transfer.trainable import RequireCompile, freeze, trainable_table, unfreeze

__all__ = [
    "STRATEGIES",
    "Base",
    "RequireCompile",
    "StoredFeatures",
    "advise",
    "base",
    "clearly_better",
    "freeze",
    "imagenet_classifier",
    "mini_vgg16",
    "recorded_grid",
    "rule",
    "split",
    "store",
    "store_mini_vgg16",
    "trainable_table",
    "unfreeze",
]
