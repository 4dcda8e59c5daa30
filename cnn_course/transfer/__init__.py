"""Stand on a trained network: bases, freezing that is true, features computed once.

Importing this package imports Keras, and from then on `fit` refuses a model whose layers were
frozen or unfrozen after it was compiled.
"""

from cnn_course.transfer.bases import Base, base, mini_vgg16, store_mini_vgg16
from cnn_course.transfer.features import StoredFeatures, split, store
from cnn_course.transfer.freezing import freeze, trainable_table, unfreeze
from cnn_course.transfer.recompiling import changed_since_compile

__all__ = [
    "Base",
    "StoredFeatures",
    "base",
    "changed_since_compile",
    "freeze",
    "mini_vgg16",
    "split",
    "store",
    "store_mini_vgg16",
    "trainable_table",
    "unfreeze",
]
