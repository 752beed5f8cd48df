"""Objectives for classifiers of images."""

from .conditional_adversary import CDAN
from .joint import JointObjective, JointOutputs, JointTerm
from .minimum_class_confusion import MCC

__all__ = ['CDAN', 'MCC', 'JointObjective', 'JointOutputs', 'JointTerm']
