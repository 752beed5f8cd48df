"""Segmentors beside ``EncoderDecoder``, and wrappers of trained ones."""

from .hrda_encoder_decoder import HRDAEncoderDecoder
from .post_hoc_segmentor import PostHocSegmentor

__all__ = ['HRDAEncoderDecoder', 'PostHocSegmentor']
