"""What one loss, or one pass over a data set, collects."""

from .online import (
    MAX_PENDING,
    LogitStatistics,
)

__all__ = [
    'MAX_PENDING',
    'LogitStatistics',
]
