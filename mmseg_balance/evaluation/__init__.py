"""Metrics."""

from .balanced_iou_metric import BalancedIoUMetric
from .classification_metric import ClassificationMetric
from .confusion import confusion_matrix, iou_and_acc, mean_and_std
from .panoptic import PanopticQualityMetric
from .summaries import summarise
from .video import SharedClassesMetric, TemporalConsistencyMetric

__all__ = [
    'BalancedIoUMetric',
    'ClassificationMetric',
    'PanopticQualityMetric',
    'SharedClassesMetric',
    'TemporalConsistencyMetric',
    'confusion_matrix',
    'iou_and_acc',
    'mean_and_std',
    'summarise',
]
