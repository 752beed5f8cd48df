"""Backbones and their weights."""

from .efficientnet_lite0_weights import EfficientNetLite0Weights
from .mit_keys import is_original_mit, mmseg_mit_keys
from .mix_vision_transformer import FusedMixVisionTransformer

__all__ = [
    'EfficientNetLite0Weights',
    'FusedMixVisionTransformer',
    'is_original_mit',
    'mmseg_mit_keys',
]
