"""Objectives: one term of the total loss a file."""

from .adversarial import AdversarialObjective
from .class_mixed import ClassMixedObjective
from .cross_attention import CrossAttentionObjective
from .entropy import EntropyObjective
from .feature_alignment import FeatureAlignmentObjective
from .labelled_target import LabelledTargetObjective
from .masked import MaskedObjective
from .objective import Objective
from .source import SourceObjective
from .target_pass import TargetPassObjective
from .target_term import TargetTerm

__all__ = [
    'AdversarialObjective',
    'ClassMixedObjective',
    'CrossAttentionObjective',
    'EntropyObjective',
    'FeatureAlignmentObjective',
    'LabelledTargetObjective',
    'MaskedObjective',
    'Objective',
    'SourceObjective',
    'TargetPassObjective',
    'TargetTerm',
]
