"""Segmentors beside ``EncoderDecoder``, and wrappers of trained ones."""

from .accel_encoder_decoder import (
    AccelEncoderDecoder,
    AccelHRDAEncoderDecoder,
)
from .hrda_encoder_decoder import HRDAEncoderDecoder
from .post_hoc_segmentor import PostHocSegmentor

__all__ = [
    'AccelEncoderDecoder',
    'AccelHRDAEncoderDecoder',
    'HRDAEncoderDecoder',
    'PostHocSegmentor',
]
