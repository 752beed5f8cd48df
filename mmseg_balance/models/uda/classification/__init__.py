"""Methods for classifiers of images, and what they are made of."""

from .conditional_adversary import CDAN
from .joint import JointObjective
from .joint_term import JointOutputs, JointTerm
from .methods import (
    SDAT,
    CDANAdaptation,
    ClassificationMIC,
    JointAdaptation,
    MCCAdaptation,
)
from .minimum_class_confusion import MCC

__all__ = [
    'CDAN',
    'MCC',
    'SDAT',
    'CDANAdaptation',
    'ClassificationMIC',
    'JointAdaptation',
    'JointObjective',
    'JointOutputs',
    'JointTerm',
    'MCCAdaptation',
]
