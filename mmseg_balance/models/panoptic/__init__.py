"""Panoptic segmentors: a semantic decoder, and a branch for instances."""

from .bottom_up import CenterFusion, CenterOffsetHead
from .instance_head import InstanceHead
from .panoptic_encoder_decoder import PanopticEncoderDecoder
from .top_down import MaskRCNNHead

__all__ = [
    'CenterFusion',
    'CenterOffsetHead',
    'InstanceHead',
    'MaskRCNNHead',
    'PanopticEncoderDecoder',
]
