"""Scores on video data sets, by the rules of the papers."""

from .shared_classes_metric import SharedClassesMetric

__all__ = ['SharedClassesMetric']
