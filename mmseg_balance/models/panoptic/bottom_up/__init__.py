"""Instances from centres and offsets, as of Panoptic-DeepLab."""

from .center_fusion import CenterFusion
from .center_offset_head import CenterOffsetHead
from .losses import mean_over_weights

__all__ = ['CenterFusion', 'CenterOffsetHead', 'mean_over_weights']
