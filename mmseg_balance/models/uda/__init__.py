"""Unsupervised domain adaptation methods and their parts."""

from .base import UDASegmentor
from .methods import DACS, SourceOnly
from .objectives import ClassMixedObjective, SourceObjective
from .wrapper import UDAModelWrapper

__all__ = [
    'DACS',
    'ClassMixedObjective',
    'SourceObjective',
    'SourceOnly',
    'UDAModelWrapper',
    'UDASegmentor',
]
