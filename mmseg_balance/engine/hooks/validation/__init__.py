"""Hooks that look at the scores of validations."""

from .best_validation_hook import BestValidationHook

__all__ = ['BestValidationHook']
