"""Stand on a trained network: bases, freezing that is true, features computed once.

Importing this package imports Keras, and from then on `fit` refuses a model whose layers were
frozen or unfrozen after it was compiled.
"""

from cnn_course.cases import STRATEGIES, Advice, advise, clearly_better, rule
from cnn_course.transfer.bases import Base, base, mini_vgg16, store_mini_vgg16
from cnn_course.transfer.features import StoredFeatures, split, store
from cnn_course.transfer.freezing import freeze, trainable_table, unfreeze
from cnn_course.transfer.recompiling import changed_since_compile

__all__ = [
    "STRATEGIES",
    "Advice",
    "Base",
    "StoredFeatures",
    "advise",
    "base",
    "changed_since_compile",
    "clearly_better",
    "freeze",
    "mini_vgg16",
    "rule",
    "split",
    "store",
    "store_mini_vgg16",
    "trainable_table",
    "unfreeze",
]
