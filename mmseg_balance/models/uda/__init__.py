"""Unsupervised domain adaptation methods and their parts."""

from .base import UDASegmentor
from .methods import DACS, HRDA, MIC, DAFormer, SourceOnly
from .objectives import (
    ClassMixedObjective,
    MaskedObjective,
    Objective,
    SourceObjective,
)
from .wrapper import UDAModelWrapper

__all__ = [
    'DACS',
    'HRDA',
    'MIC',
    'ClassMixedObjective',
    'DAFormer',
    'MaskedObjective',
    'Objective',
    'SourceObjective',
    'SourceOnly',
    'UDAModelWrapper',
    'UDASegmentor',
]
