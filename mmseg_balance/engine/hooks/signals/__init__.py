"""Hooks that say how a training goes, without labels of the target."""

from .balance_signals_hook import BalanceSignalsHook

__all__ = ['BalanceSignalsHook']
