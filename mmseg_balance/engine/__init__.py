"""Training: hooks, loops and optimizer wrappers."""

from . import hooks
from .loops import ResumableIterBasedTrainLoop
from .optim.adversarial_optim_wrapper_constructor import (
    AdversarialOptimWrapperConstructor,
)
from .optim.autocast_optim_wrapper import AutocastOptimWrapper
from .optim.named_optim_wrapper_constructor import NamedOptimWrapperConstructor
from .optim.sam_optim_wrapper import SAMOptimWrapper
from .optim.student_optim_wrapper_constructor import (
    StudentOptimWrapperConstructor,
)

__all__ = [
    'AdversarialOptimWrapperConstructor',
    'AutocastOptimWrapper',
    'NamedOptimWrapperConstructor',
    'ResumableIterBasedTrainLoop',
    'SAMOptimWrapper',
    'StudentOptimWrapperConstructor',
    'hooks',
]
