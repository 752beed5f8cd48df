"""Training: hooks, loops and optimizer wrappers."""

from . import hooks
from .autocast_optim_wrapper import AutocastOptimWrapper
from .loops import ResumableIterBasedTrainLoop
from .student_optim_wrapper_constructor import StudentOptimWrapperConstructor

__all__ = [
    'AutocastOptimWrapper',
    'ResumableIterBasedTrainLoop',
    'StudentOptimWrapperConstructor',
    'hooks',
]
