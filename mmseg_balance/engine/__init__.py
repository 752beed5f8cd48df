"""Training: hooks, loops and optimizer wrappers."""

from . import hooks
from .adversarial_optim_wrapper_constructor import (
    AdversarialOptimWrapperConstructor,
)
from .autocast_optim_wrapper import AutocastOptimWrapper
from .loops import ResumableIterBasedTrainLoop
from .student_optim_wrapper_constructor import StudentOptimWrapperConstructor

__all__ = [
    'AdversarialOptimWrapperConstructor',
    'AutocastOptimWrapper',
    'ResumableIterBasedTrainLoop',
    'StudentOptimWrapperConstructor',
    'hooks',
]
