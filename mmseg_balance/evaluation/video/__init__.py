"""Scores on video data sets, by the rules of the papers."""

from .shared_classes_metric import SharedClassesMetric
from .temporal_consistency_metric import TemporalConsistencyMetric

__all__ = ['SharedClassesMetric', 'TemporalConsistencyMetric']
