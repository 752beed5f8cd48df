"""Training: hooks, loops and optimizer wrappers."""

from . import hooks
from .loops import ResumableIterBasedTrainLoop
from .optim.adversarial_optim_wrapper_constructor import (
    AdversarialOptimWrapperConstructor,
)
from .optim.autocast_optim_wrapper import AutocastOptimWrapper
from .optim.inverse_lr import InverseLR
from .optim.layer_decay_optim_wrapper_constructor import (
    LayerDecayOptimWrapperConstructor,
)
from .optim.named_optim_wrapper_constructor import NamedOptimWrapperConstructor
from .optim.sam_optim_wrapper import SAMOptimWrapper
from .optim.student_optim_wrapper_constructor import (
    StudentOptimWrapperConstructor,
)

__all__ = [
    'AdversarialOptimWrapperConstructor',
    'AutocastOptimWrapper',
    'InverseLR',
    'LayerDecayOptimWrapperConstructor',
    'NamedOptimWrapperConstructor',
    'ResumableIterBasedTrainLoop',
    'SAMOptimWrapper',
    'StudentOptimWrapperConstructor',
    'hooks',
]
