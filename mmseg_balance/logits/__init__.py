"""Distributions of logits: the heart of the package, in plain PyTorch."""

from .alignment import inverse_cdf, logit_offset, positive_cdf
from .gmm import GaussianMixtureBank, mixture_cdf
from .offset_table import OffsetTable
from .statistics import LogitStatistics

__all__ = [
    'GaussianMixtureBank',
    'LogitStatistics',
    'OffsetTable',
    'inverse_cdf',
    'logit_offset',
    'mixture_cdf',
    'positive_cdf',
]
