"""Distributions of logits: the heart of the package, in plain PyTorch."""

from .alignment import inverse_cdf, positive_cdf
from .bias import class_bias
from .em import mixture_cdf
from .gmm import GaussianMixtureBank
from .mixture_bias import js_divergence, mixture_bias
from .offset import logit_offset
from .offset_table import OffsetTable
from .post_hoc import post_hoc_scores
from .statistics import LogitStatistics

__all__ = [
    'GaussianMixtureBank',
    'LogitStatistics',
    'OffsetTable',
    'class_bias',
    'inverse_cdf',
    'js_divergence',
    'logit_offset',
    'mixture_bias',
    'mixture_cdf',
    'positive_cdf',
    'post_hoc_scores',
]
