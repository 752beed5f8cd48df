"""Labels of public data sets as train ids."""

from .converted_labels import CLASSES, NUM_CLASSES
from .label_conversion import (
    TRAIN_ID_SUFFIX,
    Conversion,
    convert_file,
    convert_folder,
)
from .label_scheme import (
    CITYSCAPES_IGNORED_IDS,
    CITYSCAPES_TRAIN_IDS,
    IGNORE,
    LabelScheme,
    to_train_ids,
)

__all__ = [
    'CITYSCAPES_IGNORED_IDS',
    'CITYSCAPES_TRAIN_IDS',
    'CLASSES',
    'IGNORE',
    'NUM_CLASSES',
    'TRAIN_ID_SUFFIX',
    'Conversion',
    'LabelScheme',
    'convert_file',
    'convert_folder',
    'to_train_ids',
]
