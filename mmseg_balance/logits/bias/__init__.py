"""Bias(l), from a confusion matrix (Eq. 4) and from mixtures (Eq. 5)."""

from .confusion import (
    class_bias,
)

__all__ = [
    'class_bias',
]
