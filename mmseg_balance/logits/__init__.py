"""Distributions of logits: the heart of the package, in plain PyTorch.

``mixtures`` are banks of them, ``offsets`` what they move a logit by,
``statistics`` what follows a training or a data set, ``bias`` what they say
of a network, ``post_hoc`` the scores of one that is balanced afterwards.
Logits are (N, C, ...) and labels (N, ...) everywhere.
"""

from .bias.confusion import class_bias
from .bias.mixtures import js_divergence, mixture_bias
from .mixtures.em import mixture_cdf
from .mixtures.gmm import GaussianMixtureBank
from .offsets.difficulty import positive_cdf
from .offsets.offset import logit_offset
from .offsets.reference.adjustment import adjusted_logits
from .offsets.reference.alignment import inverse_cdf
from .offsets.tables.table import OffsetTable
from .post_hoc.scores import post_hoc_scores
from .statistics.file import load_statistics, save_statistics
from .statistics.offline import fit_statistics
from .statistics.online import LogitStatistics
from .statistics.reservoir import LogitReservoir
from .statistics.settings import StatisticsSettings

__all__ = [
    'GaussianMixtureBank',
    'LogitReservoir',
    'LogitStatistics',
    'OffsetTable',
    'StatisticsSettings',
    'adjusted_logits',
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
