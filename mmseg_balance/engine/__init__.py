"""Training: hooks, loops and optimizer wrappers."""

from . import hooks
from .autocast_optim_wrapper import AutocastOptimWrapper

__all__ = ['AutocastOptimWrapper', 'hooks']
