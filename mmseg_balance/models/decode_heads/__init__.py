"""Decode heads that MMSegmentation lacks."""

from .accel_head import AccelHead
from .daformer_head import DAFormerHead
from .dlv2_head import DLV2Head
from .hrda_head import HRDAHead

__all__ = ['AccelHead', 'DAFormerHead', 'DLV2Head', 'HRDAHead']
