"""Objectives: one term of the total loss a file."""

from .class_mixed import ClassMixedObjective
from .masked import MaskedObjective
from .objective import Objective
from .source import SourceObjective

__all__ = [
    'ClassMixedObjective',
    'MaskedObjective',
    'Objective',
    'SourceObjective',
]
