"""Objectives: one term of the total loss a file."""

from .adversarial import AdversarialObjective
from .class_mixed import ClassMixedObjective
from .cross_attention import CrossAttentionObjective
from .entropy import EntropyObjective
from .labelled_target import LabelledTargetObjective
from .masked import MaskedObjective
from .objective import Objective
from .source import SourceObjective

__all__ = [
    'AdversarialObjective',
    'ClassMixedObjective',
    'CrossAttentionObjective',
    'EntropyObjective',
    'LabelledTargetObjective',
    'MaskedObjective',
    'Objective',
    'SourceObjective',
]
