"""Distributions of logits: the heart of the package, in plain PyTorch."""

from .alignment import inverse_cdf, logit_offset, positive_cdf
from .em import mixture_cdf
from .gmm import GaussianMixtureBank
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
