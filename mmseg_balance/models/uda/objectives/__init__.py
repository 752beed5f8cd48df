"""Objectives: one term of the total loss a file.

An objective is a registered module with a ``prefix`` for the log, a flag
``needs_target``, and ``forward(student, step) -> dict`` of losses (whose
names contain 'loss') and diagnostics (whose names do not).
"""

from .class_mixed import ClassMixedObjective
from .source import SourceObjective

__all__ = ['ClassMixedObjective', 'SourceObjective']
