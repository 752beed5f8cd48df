"""Hooks, one a file."""

from .gmm_update_hook import GMMUpdateHook
from .teacher_update_hook import TeacherUpdateHook

__all__ = ['GMMUpdateHook', 'TeacherUpdateHook']
