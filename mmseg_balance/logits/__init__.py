"""Distributions of logits: the heart of the package, in plain PyTorch."""

from .alignment import inverse_cdf, positive_cdf
from .bias import class_bias
from .em import mixture_cdf
from .gmm import GaussianMixtureBank
from .mixture_bias import js_divergence, mixture_bias
from .offline import fit_statistics
from .offset import logit_offset
from .offset_table import OffsetTable
from .post_hoc import post_hoc_scores
from .reservoir import LogitReservoir
from .statistics import LogitStatistics
from .statistics_file import load_statistics, save_statistics

__all__ = [
    'GaussianMixtureBank',
    'LogitReservoir',
    'LogitStatistics',
    'OffsetTable',
    'class_bias',
    'fit_statistics',
    'inverse_cdf',
    'js_divergence',
    'load_statistics',
    'logit_offset',
    'mixture_bias',
    'mixture_cdf',
    'positive_cdf',
    'post_hoc_scores',
    'save_statistics',
]
