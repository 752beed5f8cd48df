"""Hooks, one a file."""

from .gmm_update_hook import GMMUpdateHook
from .iteration_seed_hook import IterationSeedHook
from .teacher_update_hook import TeacherUpdateHook

__all__ = ['GMMUpdateHook', 'IterationSeedHook', 'TeacherUpdateHook']
