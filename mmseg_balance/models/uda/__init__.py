"""Unsupervised domain adaptation methods and their parts."""

from .adversarial_methods import AdaptSegNet, AdvEnt, MaxSquare, MinEnt
from .methods import CDAC, DACS, HRDA, MIC, DAFormer, SourceOnly
from .objectives import (
    AdversarialObjective,
    ClassMixedObjective,
    CrossAttentionObjective,
    EntropyObjective,
    LabelledTargetObjective,
    MaskedObjective,
    Objective,
    SourceObjective,
)
from .optimization.wrapper import UDAModelWrapper
from .segmentor import UDASegmentor

__all__ = [
    'CDAC',
    'DACS',
    'HRDA',
    'MIC',
    'AdaptSegNet',
    'AdvEnt',
    'AdversarialObjective',
    'ClassMixedObjective',
    'CrossAttentionObjective',
    'DAFormer',
    'EntropyObjective',
    'LabelledTargetObjective',
    'MaskedObjective',
    'MaxSquare',
    'MinEnt',
    'Objective',
    'SourceObjective',
    'SourceOnly',
    'UDAModelWrapper',
    'UDASegmentor',
]
