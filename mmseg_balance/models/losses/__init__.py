"""Losses."""

from .blda_loss import BLDALoss
from .blv_loss import BLVLoss
from .class_frequency_loss import ClassBalancedLoss, InverseFrequencyLoss
from .counted_loss import CountedLoss
from .focal_loss import SoftmaxFocalLoss
from .gbw_loss import GBWLoss
from .instances.roi_classification_loss import RoIClassificationLoss
from .lbw_loss import LBWLoss
from .logit_adjustment_loss import LogitAdjustmentLoss
from .seesaw_loss import SeesawLoss
from .source_loss import SourceLoss
from .weighted_cross_entropy_loss import WeightedCrossEntropyLoss

__all__ = [
    'BLDALoss',
    'BLVLoss',
    'ClassBalancedLoss',
    'CountedLoss',
    'GBWLoss',
    'InverseFrequencyLoss',
    'LBWLoss',
    'LogitAdjustmentLoss',
    'RoIClassificationLoss',
    'SeesawLoss',
    'SoftmaxFocalLoss',
    'SourceLoss',
    'WeightedCrossEntropyLoss',
]
