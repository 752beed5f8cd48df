"""Bias(l), from a confusion matrix (Eq. 4) and from mixtures (Eq. 5)."""

from .balanced import balanced_bias
from .confusion import class_bias
from .mixtures import js_divergence, mixture_bias

__all__ = ['balanced_bias', 'class_bias', 'js_divergence', 'mixture_bias']
