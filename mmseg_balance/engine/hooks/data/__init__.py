"""Hooks that say what data a training draws."""

from .source_shares_hook import SourceSharesHook

__all__ = ['SourceSharesHook']
