"""Unsupervised domain adaptation methods and their parts."""

from .adversarial_methods import AdaptSegNet, AdvEnt, MaxSquare, MinEnt
from .alignment_methods import PHFA, SIM
from .classification import JointObjective, JointTerm
from .edaps import EDAPS
from .methods import CDAC, DACS, HRDA, MIC, DAFormer, SourceOnly
from .objectives import (
    AdversarialObjective,
    ClassMixedObjective,
    CrossAttentionObjective,
    EntropyObjective,
    FeatureAlignmentObjective,
    LabelledTargetObjective,
    MaskedObjective,
    Objective,
    SourceObjective,
    TargetPassObjective,
    TargetTerm,
)
from .optimization.wrapper import UDAModelWrapper
from .segmentor import UDASegmentor

__all__ = [
    'CDAC',
    'DACS',
    'EDAPS',
    'HRDA',
    'MIC',
    'PHFA',
    'SIM',
    'AdaptSegNet',
    'AdvEnt',
    'AdversarialObjective',
    'ClassMixedObjective',
    'CrossAttentionObjective',
    'DAFormer',
    'EntropyObjective',
    'FeatureAlignmentObjective',
    'JointObjective',
    'JointTerm',
    'LabelledTargetObjective',
    'MaskedObjective',
    'MaxSquare',
    'MinEnt',
    'Objective',
    'SourceObjective',
    'SourceOnly',
    'TargetPassObjective',
    'TargetTerm',
    'UDAModelWrapper',
    'UDASegmentor',
]
