"""Instances top-down: boxes are found first, and masks within them."""

from .mask_rcnn_head import MaskRCNNHead

__all__ = ['MaskRCNNHead']
