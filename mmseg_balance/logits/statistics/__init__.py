"""What one loss, or one pass over a data set, collects."""

from .file import load_statistics, save_statistics
from .offline import fit_statistics
from .online import LogitStatistics
from .pending import MAX_PENDING
from .reservoir import LogitReservoir
from .settings import StatisticsSettings

__all__ = [
    'MAX_PENDING',
    'LogitReservoir',
    'LogitStatistics',
    'StatisticsSettings',
    'fit_statistics',
    'load_statistics',
    'save_statistics',
]
