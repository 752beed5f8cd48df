"""What one loss, or one pass over a data set, collects."""

from .online import (
    LogitStatistics,
)

__all__ = [
    'LogitStatistics',
]
