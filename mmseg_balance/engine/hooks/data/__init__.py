"""Hooks that say what data a training draws."""

from .few_shot_hook import FewShotHook
from .source_shares_hook import SourceSharesHook

__all__ = ['FewShotHook', 'SourceSharesHook']
