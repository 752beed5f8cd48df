"""Objectives for classifiers of images."""

from .joint import JointObjective, JointOutputs, JointTerm

__all__ = ['JointObjective', 'JointOutputs', 'JointTerm']
