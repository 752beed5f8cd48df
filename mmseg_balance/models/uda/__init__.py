"""Unsupervised domain adaptation methods and their parts."""

from .adversarial_methods import AdaptSegNet, AdvEnt, MaxSquare, MinEnt
from .alignment_methods import PHFA, SIM
from .classification import (
    CDAN,
    MCC,
    SDAT,
    CDANAdaptation,
    ClassificationMIC,
    JointAdaptation,
    JointObjective,
    JointTerm,
    MCCAdaptation,
)
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
from .temporal import (
    TemporalConsistencyObjective,
    TemporalPseudoSupervisionObjective,
)
from .temporal_methods import ITCR, TPS

__all__ = [
    'CDAC',
    'CDAN',
    'DACS',
    'EDAPS',
    'HRDA',
    'ITCR',
    'MCC',
    'MIC',
    'PHFA',
    'SDAT',
    'SIM',
    'TPS',
    'AdaptSegNet',
    'AdvEnt',
    'AdversarialObjective',
    'CDANAdaptation',
    'ClassMixedObjective',
    'ClassificationMIC',
    'CrossAttentionObjective',
    'DAFormer',
    'EntropyObjective',
    'FeatureAlignmentObjective',
    'JointAdaptation',
    'JointObjective',
    'JointTerm',
    'LabelledTargetObjective',
    'MCCAdaptation',
    'MaskedObjective',
    'MaxSquare',
    'MinEnt',
    'Objective',
    'SourceObjective',
    'SourceOnly',
    'TargetPassObjective',
    'TargetTerm',
    'TemporalConsistencyObjective',
    'TemporalPseudoSupervisionObjective',
    'UDAModelWrapper',
    'UDASegmentor',
]
